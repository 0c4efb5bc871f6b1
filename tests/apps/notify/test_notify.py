import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from yingheng.common.errors import NotFound
from yingheng.jobs.models import Job
from yingheng.jobs.services import claim, emit, fail
from yingheng.notify.handlers import tell_job_parked
from yingheng.notify.messages import Kind, message_kinds_add, message_text
from yingheng.notify.models import Delivery, Message
from yingheng.notify.selectors import delivery_list, unread_count
from yingheng.notify.services import deliveries_read, delivery_acknowledge, notify
from yingheng.tenancy.models import User
from yingheng.tenancy.services import user_deactivate

pytestmark = pytest.mark.django_db
PARAMS = {"device": "CT-1", "reason": "噪声"}


def tell(key="k1", **more):
    return notify(key=key, kind="device.restricted", params=PARAMS, **more)


def test_it_tells_a_person_once_however_often_it_is_told(person):
    user = person("engineer")
    for _again in range(3):
        tell(recipients=[user], link="/devices/1/", subject="device:1")
    assert unread_count(user) == 1
    assert (Message.objects.get().level, Message.objects.get().link) == ("urgent", "/devices/1/")


def test_it_reaches_those_who_were_not_reached_before(person):
    first, second = person("engineer"), person("head")
    tell(recipients=[first])
    tell(recipients=[first, second])
    assert (unread_count(first), unread_count(second)) == (1, 1)
    assert Message.objects.count() == 1


def test_it_tells_roles_at_the_place_and_above(person, hospital, other_hospital, region):
    for name, at in (("here", hospital), ("there", other_hospital), ("above", region)):
        person("engineer", name, at=at)
    person("nurse")
    tell(roles=["engineer", "qc_officer"], scope=hospital.path)
    assert set(Delivery.objects.values_list("recipient__username", flat=True)) == {"here", "above"}


def test_it_tells_no_closed_account(person, actor):
    user = person("engineer")
    user_deactivate(actor=actor, user=user, reason="离职")
    tell(recipients=[user])
    assert not Delivery.objects.exists()


def test_it_is_undone_with_the_fact(person):
    user = person("engineer")
    with transaction.atomic():
        tell(recipients=[user])
        transaction.set_rollback(True)
    assert unread_count(user) == 0
    assert not Message.objects.exists()


def test_it_refuses_a_kind_nobody_registered_and_a_missing_placeholder():
    with pytest.raises(KeyError):
        notify(key="k", kind="no.such.kind")
    with pytest.raises(KeyError):
        notify(key="k", kind="device.restricted", params={"device": "CT-1"})
    assert not Message.objects.exists()


def test_it_refuses_a_kind_registered_twice_with_other_words():
    message_kinds_add({"job.parked": Kind(message_kind_text("job.parked"), "warning")})
    with pytest.raises(ValueError, match="registered twice"):
        message_kinds_add({"job.parked": Kind("other words")})


def message_kind_text(key):
    from yingheng.notify.messages import message_kind  # noqa: PLC0415

    return message_kind(key).text


def test_it_speaks_the_readers_language():
    with translation.override("en"):
        assert message_text("device.restricted", PARAMS) == "CT-1 was restricted: 噪声."
    assert message_text("of.a.removed.part", {}) == "of.a.removed.part"


def test_reading_and_taking_note_are_two_things(person):
    user, other = person("engineer"), person("head")
    tell("k1", recipients=[user, other])
    tell("k2", recipients=[user])
    newest = delivery_list(user)[0].delivery
    assert newest.message.key == "k2"
    assert deliveries_read(user=user, delivery_ids=[newest.pk]) == 1
    assert deliveries_read(user=user, delivery_ids=[newest.pk]) == 0
    assert [told.delivery.message.key for told in delivery_list(user, unread_only=True)] == ["k1"]
    first = delivery_acknowledge(user=user, delivery_id=newest.pk)
    assert delivery_acknowledge(user=user, delivery_id=newest.pk).acknowledged_at == first.acknowledged_at
    with pytest.raises(NotFound):
        delivery_acknowledge(user=other, delivery_id=newest.pk)
    assert unread_count(other) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(recipient=other).update(acknowledged_at=first.acknowledged_at)


def test_the_page_shows_follows_and_notes(signed_in):
    client = signed_in("engineer")
    user = User.objects.get(username="engineer")
    tell("k1", recipients=[user], link="/devices/1/?tab=tests")
    tell("k2", recipients=[user], link="//elsewhere.example/")
    page = client.get(reverse("notify:list"), {"show": "unread"})
    assert "CT-1" in page.content.decode()
    assert page.context["page"].tabs[1].count == 2
    outward, inward = (told.delivery for told in delivery_list(user))
    assert client.get(reverse("notify:follow", kwargs={"delivery_id": inward.pk})).url == "/devices/1/?tab=tests"
    assert client.get(reverse("notify:follow", kwargs={"delivery_id": outward.pk})).url == reverse("notify:list")
    assert unread_count(user) == 0
    client.post(reverse("notify:acknowledge", kwargs={"delivery_id": inward.pk}))
    inward.refresh_from_db()
    assert inward.acknowledged_at is not None
    tell("k3", recipients=[user])
    assert client.post(reverse("notify:read_all")).status_code == 302
    assert unread_count(user) == 0


def test_messages_of_others_do_not_exist(signed_in, person):
    tell(recipients=[person("head")])
    theirs = Delivery.objects.get()
    client = signed_in("engineer")
    assert client.get(reverse("notify:follow", kwargs={"delivery_id": theirs.pk})).status_code == 404
    assert client.post(reverse("notify:acknowledge", kwargs={"delivery_id": theirs.pk})).status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_it_asks_the_database_as_often_for_many_rows_as_for_few(signed_in):
    client = signed_in("engineer")
    user = User.objects.get(username="engineer")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("notify:list")).status_code == 200
        return len(asked)

    queries()
    few = queries()
    for number in range(80):
        tell(f"k{number}", recipients=[user])
    page = client.get(reverse("notify:list")).context["page"]
    assert len(page.table.rows) == 50
    assert len(client.get(reverse("notify:list") + page.table.pager.next_url).context["page"].table.rows) == 30
    assert queries() <= max(few, 15)


def test_administrators_hear_of_a_parked_job_once(person, hospital):
    admin = person("system_admin")
    emit("series.ready", "s1", scope=hospital.path)
    fail(claim("w", 1, 60)[0], "hopeless", retry=False)
    job = Job.objects.get(kind="series.ready")
    facts = {"kind": job.kind, "natural_key": job.natural_key}
    for _again in range(2):
        tell_job_parked(str(job.pk), facts)
    assert unread_count(admin) == 1
    assert delivery_list(admin)[0].delivery.message.params == facts
    Job.objects.filter(pk=job.pk).update(state="queued")
    Message.objects.all().delete()
    tell_job_parked(str(job.pk), facts)
    assert unread_count(admin) == 0
