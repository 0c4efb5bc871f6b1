"""Who gets an exam, what is held, how it goes, and what is told of results; the sending itself is tests/network."""

import datetime as dt
import json

import pytest
from django.urls import reverse
from tests.apps.ingest.making import SECRET, destination, rule

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.audit.models import Entry
from yingheng.catalog.holds import hold_words, holds
from yingheng.catalog.models import Exam, Instance
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.models import Delivery, Notice, SentObject
from yingheng.ingest.receiver.filemeta import head
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.forwarding_notices import WebhookFields, exam_notices, webhook_put
from yingheng.ingest.services.forwarding_outbox import (
    deliveries_release,
    delivery_cancel,
    delivery_retry,
    holds_release,
)
from yingheng.ingest.services.forwarding_routing import exam_route, forward_ask
from yingheng.ingest.tasks import release_reviewed
from yingheng.jobs.models import Job

pytestmark = pytest.mark.django_db
BAD_ADDRESSES = ("ris.local/in", "ftp://x/y", "https://", "https://u:p@x/", "http://x:99999/", "javascript:1")


@pytest.fixture
def exam(home, hospital, actor, tmp_path):
    ct_series(tmp_path / "ct", n=3, rows=16, patient=Patient(id="forward-1"), study=Study(key="fw", description="胸部"))
    folder_import(hospital=hospital, paths=[tmp_path / "ct"], actor=actor)
    return Exam.objects.get()


@pytest.fixture
def pacs(home, hospital, actor):
    return destination(hospital, actor)


def state():
    return Delivery.objects.get().state


def asked():
    return Job.objects.filter(kind=events.FORWARD_SEND).count()


def test_it_sends_nothing_without_a_rule(exam, pacs):
    assert exam_route(exam_id=exam.pk) == 0
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("conditions", "meets"),
    [
        ({}, True),
        ({"modalities": ["ct", "MR"]}, True),
        ({"modalities": ["MR"]}, False),
        ({"emergency": True}, False),
        ({"emergency": False}, True),
        ({"ae_titles": ["CT1"]}, False),
        ({"modalities": ["CT"], "emergency": True}, False),
    ],
)
def test_it_asks_for_all_conditions_of_a_rule(exam, pacs, hospital, actor, conditions, meets):
    rule(hospital, actor, pacs, **conditions)
    assert bool(exam_route(exam_id=exam.pk)) is meets


def test_it_knows_device_and_item(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, devices=[exam.device])
    assert exam_route(exam_id=exam.pk) == 1
    assert exam_route(exam_id=exam.pk) == 1  # the same fact again
    assert Delivery.objects.count() == 1
    assert asked() == 1


def test_the_first_rule_that_names_a_destination_decides(exam, pacs, hospital, actor):
    other = destination(hospital, actor, title="VNA", port=11113)
    rule(hospital, actor, pacs, other, name="later", position=20)
    rule(hospital, actor, pacs, name="first", position=5, hold=True, with_results=True)
    exam_route(exam_id=exam.pk)
    held, plain = Delivery.objects.get(destination=pacs), Delivery.objects.get(destination=other)
    assert (held.state, held.with_results, held.rule.name) == ("held", True, "first")
    assert (plain.state, plain.with_results) == ("waiting", False)


def test_nothing_goes_back_to_who_sent_it(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs)
    for row in Instance.objects.all():
        path = default_path(row)
        told = head(row.sop_class_uid, row.sop_uid, row.transfer_syntax_uid, "PACS", "YH")
        path.chmod(0o600)
        path.write_bytes(told)
    assert exam_route(exam_id=exam.pk) == 0
    assert not Delivery.objects.exists()


def default_path(row):
    from yingheng.catalog.storage import default_storage  # noqa: PLC0415 - only here

    return default_storage().local_path(row.storage_key)


def test_a_held_exam_waits_for_a_person(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True)
    exam_route(exam_id=exam.pk)
    assert (state(), asked()) == ("held", 0)
    assert holds_release() == 0
    Exam.objects.update(outcome="PASS")
    row = Delivery.objects.select_related("exam").get()
    assert deliveries_release(actor=actor, rows=[row]) == 1
    released = Delivery.objects.get()
    assert (released.state, released.release, released.released_by) == ("waiting", "person", actor.name)
    assert asked() == 1
    assert Entry.objects.get(action="delivery.release").actor_id == actor.id


def test_it_asks_why_an_exam_with_open_failures_goes(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True)
    exam_route(exam_id=exam.pk)
    Exam.objects.update(outcome="FAIL", n_findings=2)
    row = Delivery.objects.get()
    with pytest.raises(Invalid, match=r"ingest\.release_reason"):
        deliveries_release(actor=actor, rows=[row])
    assert state() == "held"
    deliveries_release(actor=actor, rows=[row], reason="患者已离院，无法补拍")
    assert state() == "waiting"
    assert Entry.objects.get(action="delivery.release").reason == "患者已离院，无法补拍"


def test_it_goes_by_itself_after_its_time_with_an_entry(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True, hold_minutes=30)
    exam_route(exam_id=exam.pk)
    row = Delivery.objects.get()
    assert row.goes_at - row.held_at == dt.timedelta(minutes=30)
    assert holds_release() == 0
    Delivery.objects.update(goes_at=now() - dt.timedelta(seconds=1))
    assert (holds_release(), state()) == (1, "waiting")
    entry = Entry.objects.get(action="delivery.release")
    assert (entry.actor_id, json.loads(entry.after_text)) == ("", {"by": "time"})


def test_an_emergency_never_waits(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True)
    Exam.objects.update(is_emergency=True)
    exam_route(exam_id=exam.pk)
    row = Delivery.objects.get()
    assert (row.state, row.release, row.is_urgent) == ("waiting", "emergency", True)
    assert Entry.objects.filter(action="delivery.release").count() == 1


def test_what_is_held_for_the_daily_review_goes_once_it_is_reviewed(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, until_reviewed=True)
    exam_route(exam_id=exam.pk)
    row = Delivery.objects.get()
    assert (row.state, row.until_reviewed, row.goes_at - row.held_at) == ("held", True, dt.timedelta(days=1))
    payload = {"by": {"id": actor.id, "name": actor.name}}
    release_reviewed(str(exam.pk), payload)
    release_reviewed(str(exam.pk), payload)
    released = Delivery.objects.get()
    assert (released.state, released.release, released.released_by) == ("waiting", "review", actor.name)
    assert Entry.objects.filter(action="delivery.release").count() == 1


def test_a_review_does_not_let_go_what_a_person_was_asked_for(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True)
    exam_route(exam_id=exam.pk)
    release_reviewed(str(exam.pk), {})
    assert state() == "held"


def test_an_exam_that_turns_out_to_be_an_emergency_is_released(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True)
    exam_route(exam_id=exam.pk)
    Exam.objects.update(is_emergency=True)
    assert (holds_release(), state()) == (1, "waiting")
    assert Delivery.objects.get().release == "emergency"


def test_others_ask_by_exam_and_destination(exam, pacs, hospital, actor, other_hospital):
    theirs = destination(other_hospital, actor)
    assert forward_ask(exam_id=exam.pk, destination_id=pacs.pk)
    assert not forward_ask(exam_id=exam.pk, destination_id=theirs.pk)
    assert (state(), asked()) == ("waiting", 1)


def test_to_ask_does_not_release_what_is_held(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs, hold=True)
    exam_route(exam_id=exam.pk)
    forward_ask(exam_id=exam.pk, destination_id=pacs.pk)
    assert state() == "held"


def test_retention_leaves_what_still_has_to_go(exam, pacs, hospital):
    series = list(exam.series.values_list("pk", flat=True))
    delivery = Delivery.objects.create(
        hospital=hospital, exam=exam, destination=pacs, created_at=now(), changed_at=now()
    )
    for open_state in ("held", "waiting", "sending", "failed"):
        Delivery.objects.update(state=open_state, held_at=now(), cancel_reason="x")
        assert all("forwarding" in holds(series)[one] for one in series)
        assert hold_words("forwarding") != "forwarding"
    for settled in ("sent", "cancelled"):
        Delivery.objects.filter(pk=delivery.pk).update(state=settled)
        assert not any("forwarding" in codes for codes in holds(series).values())


def test_what_is_cancelled_stays_so_until_somebody_wants_it(exam, pacs, hospital, actor):
    rule(hospital, actor, pacs)
    exam_route(exam_id=exam.pk)
    row = Delivery.objects.get()
    with pytest.raises(Invalid, match=r"ingest\.reason_missing"):
        delivery_cancel(actor=actor, row=row, reason=" ")
    delivery_cancel(actor=actor, row=row, reason="测试检查")
    exam_route(exam_id=exam.pk)
    assert state() == "cancelled"
    with pytest.raises(Conflict, match=r"ingest\.delivery_state"):
        delivery_cancel(actor=actor, row=row, reason="again")
    delivery_retry(actor=actor, row=Delivery.objects.select_related("destination__hospital", "hospital").get())
    assert state() == "waiting"


def test_the_review_releases_several_at_once_and_gives_a_reason_where_needed(exam, pacs, hospital, actor, signed_in):
    rule(hospital, actor, pacs, hold=True)
    exam_route(exam_id=exam.pk)
    Exam.objects.update(outcome="FAIL", n_findings=1)
    client = signed_in("head")
    pk = str(Delivery.objects.get().pk)
    assert "胸部" in client.get(reverse("ingest:held")).content.decode()
    asks = client.post(reverse("ingest:release"), {"ids": [pk]})
    assert asks.status_code == 200
    assert asks.context["page"].form.initial["ids"] == pk
    assert state() == "held"
    done = client.post(reverse("ingest:release"), {"ids": pk, "reason": "已与临床沟通"})
    assert done.status_code == 302
    assert state() == "waiting"
    assert Delivery.objects.get().release_reason == "已与临床沟通"


def test_the_outbox_says_what_a_destination_did_not_take(exam, pacs, hospital, actor, signed_in):
    rule(hospital, actor, pacs)
    exam_route(exam_id=exam.pk)
    row = Delivery.objects.get()
    SentObject.objects.create(delivery=row, sop_uid="2.25.1", outcome="failed", status=0xA900,
                              trouble="not_of_its_class", at=now())  # fmt: skip
    client = signed_in("system_admin")
    page = client.get(reverse("ingest:delivery", args=[row.pk])).content.decode()
    assert "0xA900" in page
    assert client.get(reverse("ingest:outbox")).status_code == 200
    assert client.post(reverse("ingest:cancel", args=[row.pk]), {"reason": "不需要"}).status_code == 302
    assert state() == "cancelled"


def test_the_lists_cost_the_same_at_any_size(exam, pacs, hospital, actor, signed_in, django_assert_max_num_queries):
    rule(hospital, actor, pacs, hold=True, devices=[exam.device])
    for n in range(12):
        where = destination(hospital, actor, title=f"VNA{n}", port=12000 + n)
        rule(hospital, actor, where, name=f"r{n}", hold=bool(n % 2))
    exam_route(exam_id=exam.pk)
    assert Delivery.objects.count() == 13
    admin, head_ = signed_in("system_admin"), signed_in("head")
    for name in ("overview", "connections", "associations", "rules", "outbox", "webhooks"):
        with django_assert_max_num_queries(15):
            assert admin.get(reverse(f"ingest:{name}")).status_code == 200
    with django_assert_max_num_queries(15):
        assert head_.get(reverse("ingest:held")).status_code == 200
    with django_assert_max_num_queries(15):
        admin.get(reverse("ingest:remote", args=[pacs.pk]))
    with django_assert_max_num_queries(15):
        admin.get(reverse("ingest:delivery", args=[Delivery.objects.first().pk]))


def webhook(hospital, actor, **more):
    fields = WebhookFields(name="RIS", url="https://ris.invalid/in", secret=SECRET, **more)
    return webhook_put(actor=actor, hospital=hospital, fields=fields)


def test_an_outcome_is_told_once_until_it_is_another(exam, hospital, actor):
    webhook(hospital, actor)
    Exam.objects.update(outcome="PASS", n_pass=3)
    exam.refresh_from_db()
    assert exam_notices(exam) == 1
    assert exam_notices(exam) == 0
    for outcome in ("FAIL", "PASS"):
        Exam.objects.update(outcome=outcome)
        exam.refresh_from_db()
        assert exam_notices(exam) == 1
    assert list(Notice.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]


def test_a_notice_tells_no_patient_from_another_unless_asked(exam, hospital, actor):
    webhook(hospital, actor)
    Exam.objects.update(outcome="PASS")
    exam.refresh_from_db()
    exam_notices(exam)
    body = Notice.objects.get().body
    told = json.loads(body)
    assert told["exam"]["study_instance_uid"] == exam.study_uid
    assert "patient" not in told
    assert "forward-1" not in body
    assert exam.patient.key not in body
    named = WebhookFields(name="RIS2", url="https://ris.invalid/2", secret=SECRET, with_pseudonym=True)
    webhook_put(actor=actor, hospital=hospital, fields=named)
    exam_notices(exam)
    other = json.loads(Notice.objects.exclude(body=body).get().body)
    assert other["patient"]["pseudonym"].startswith("P-")
    assert "forward-1" not in json.dumps(other)


def test_only_the_outcomes_that_were_asked_for_are_told(exam, hospital, actor):
    webhook(hospital, actor, outcomes=["FAIL"])
    Exam.objects.update(outcome="PASS")
    exam.refresh_from_db()
    assert exam_notices(exam) == 0


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_it_refuses_an_address_that_is_none(hospital, actor, url):
    with pytest.raises(Invalid, match=r"ingest\.webhook_url"):
        webhook_put(actor=actor, hospital=hospital, fields=WebhookFields(name="x", url=url, secret=SECRET))


def test_the_secret_is_not_kept_in_clear(home, hospital, actor):
    row = webhook(hospital, actor)
    assert SECRET.encode() not in bytes(row.secret_cipher)
    assert SECRET not in "".join(Entry.objects.values_list("after_text", flat=True))
