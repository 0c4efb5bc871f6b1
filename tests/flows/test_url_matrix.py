"""Nobody where they do not belong: every address as every role, as the other hospital, and as a stranger.

The one table is `page_routes.ROUTES`.
"""

from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.apps.catalog.operating import make_operator
from tests.apps.governance.making import make_meetings
from tests.apps.ingest.making import make_intake
from tests.apps.ingest.telling import tell
from tests.apps.phantomqc.making import programme_of
from tests.apps.rejects.making import make_rejects
from tests.apps.review.following import make_followed
from tests.apps.review.making import make_review
from tests.apps.review.schooling import make_teaching
from tests.apps.rulebook.making import draft, published, table
from tests.apps.sheets.making import make_sheets
from tests.flows.api_routes import API_ROUTES
from tests.flows.page_routes import ANYBODY, PUBLIC, ROUTES

from yingheng.audit.services import record
from yingheng.catalog.models import Exam, Instance, Quarantine, Retake
from yingheng.common.clock import now
from yingheng.evidence.models import Trend
from yingheng.evidence.services import Change, epoch_add
from yingheng.jobs.models import Job
from yingheng.jobs.services import emit
from yingheng.notify.models import Delivery
from yingheng.notify.services import notify
from yingheng.registry.models import Device
from yingheng.rulebook.services import shadow_ask
from yingheng.tenancy.models import Membership, User
from yingheng.tenancy.roles import ROLES
from yingheng.tenancy.services import user_create
from yingheng.tenancy.tokens import token_make

pytestmark = pytest.mark.django_db


# artificial samples, and the language of one's own browser
UNGUARDED = {"ui:gallery", "ui:page", "ui:sample_image", "ui:language"}


def names(resolver=None, space=""):
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLResolver):
            yield from names(item, f"{item.namespace}:" if item.namespace else space)
        elif isinstance(item, URLPattern) and item.name:
            yield f"{space}{item.name}"


def things_of(world, person) -> dict:
    """Everything an address can name, in one hospital."""
    key = world.hospital.code
    user = person("nurse", f"nurse-{key}", world.hospital)
    emit("matrix.none", key, scope=world.hospital.path)
    job = Job.objects.get(kind="matrix.none", natural_key=key)
    Job.objects.filter(pk=job.pk).update(state="parked", error="x", finished_at=job.created_at)
    notify(key=f"m:{key}", kind="job.parked", params={"kind": "k", "natural_key": key}, recipients=[user])
    record(actor=user.actor, action="matrix.look", subject=f"hospital:{key}", scope=world.hospital.path)
    return {
        "exam": world.exam,
        "series": world.series,
        "instance": Instance.objects.filter(series=world.series).values_list("pk", flat=True)[0],
        "assessment": world.assessment,
        "criterion": world.criterion,
        "finding": world.finding,
        "device": world.device,
        "epoch": on_course(world, user),
        "user": user.pk,
        "membership": Membership.objects.get(user=user).pk,
        "job": job.pk,
        "delivery": Delivery.objects.get(recipient=user).pk,
        "quarantine": put_aside(world.hospital).pk,
        "retake": suggested_retake(world).pk,
        **rules_of(world.hospital, user.actor),
        **tokens_of(world.hospital, user),
        **intake_of(world, user.actor),
        **told_of(world),
        **programme_of(world, user.actor),
        **make_sheets(Device.objects.get(pk=world.device), user.actor),
        **make_review(Exam.objects.select_related("hospital").get(pk=world.exam), key),
        **make_followed(world.exam),
        **make_rejects(Device.objects.get(pk=world.device)),
        **make_teaching(world.hospital, key),
        "operator": make_operator(Exam.objects.get(pk=world.exam)).pk,
        **make_meetings(world.hospital, key),
        "hospital": world.hospital.pk,
        "key": quote(Exam.objects.get(pk=world.exam).item_key),
    }


def on_course(world, user):
    """A trend of the device, and a statement about it; gives the id of the latter."""
    device = Device.objects.get(pk=world.device)
    Trend.objects.create(
        hospital=world.hospital, device=device, protocol_key="P", quantity="ct.noise.global", n=0, n_usable=0,
        updated_at=now(),
    )  # fmt: skip
    Trend.objects.create(
        hospital=world.hospital, device=device, protocol_key="phantom:ct.water", quantity="ct.phantom.ct_number", n=0,
        n_usable=0, updated_at=now(),
    )  # fmt: skip
    return epoch_add(actor=user.actor, device=device, change=Change("tube", now(), "x")).pk


def rules_of(hospital, actor) -> dict:
    """A draft that was tried, and published rules."""
    made = draft(hospital, actor, table())
    trial = shadow_ask(actor=actor, edition=made, days=30)
    return {"rules": made.pk, "signed": published(hospital, actor, table()).pk, "trial": trial.pk}


def tokens_of(hospital, user) -> dict:
    """Somebody's token, and a machine account with one."""
    machine = user_create(actor=None, username=f"m-{hospital.code}", display_name="PACS", organisation=hospital,
                          machine=True).user  # fmt: skip
    own, other = (token_make(actor=whose, user=whose, name="x", days=30).row for whose in (user, machine))
    return {"token": own.pk, "machine": machine.pk, "machine_token": other.pk}


def intake_of(world, actor) -> dict:
    """Connections, a rule, an exam in the outbox, and a notice."""
    return make_intake(Exam.objects.get(pk=world.exam), actor)


def suggested_retake(world) -> Retake:
    """A retake that a machine saw."""
    exam = Exam.objects.get(pk=world.exam)
    return Retake.objects.create(
        hospital=world.hospital, exam=exam, origin="automatic", state="suggested", asked_at=now()
    )


def told_of(world) -> dict:
    """Messages about the exam, their source, its patient, and a merge."""
    number = "ID-own" if world.hospital.code == "h1" else "ID-other"
    return tell(Exam.objects.select_related("hospital").get(pk=world.exam), number)


def put_aside(hospital) -> Quarantine:
    """An object that contradicts the catalog."""
    return Quarantine.objects.create(
        hospital=hospital,
        sop_uid=f"2.25.7{hospital.code[-1]}",
        series_uid="2.25.8",
        study_uid="2.25.9",
        sha256="0" * 64,
        storage_key="none",
        size=1,
        reason=Quarantine.Reason.CONTENT_DIFFERS,
        received_at=now(),
    )


def address(name, route, things):
    values = {key: things[value] if value in things else str(value).lstrip("=") for key, value in route.things.items()}
    return reverse(name, kwargs=values) + route.query.format(**things)


def ask(client, name, route, things):
    url = address(name, route, things)
    return client.post(url) if route.post else client.get(url)


def names_a_thing(route):
    return any(value in {"exam", "series", "instance", "assessment", "finding", "device", "user", "membership",
                         "job", "delivery", "quarantine", "retake", "hospital", "rules", "signed", "trial", "token",
                         "machine", "local_ae", "remote_ae", "forward_rule", "outgoing", "webhook", "notice", "told",
                         "message_source", "patient", "patient_link", "plan", "due", "device_test", "phantom_case",
                         "phantom_rule", "item_value", "instrument_reading", "sheet", "sheet_done", "reject_log",
                         "reject_folder",
                         "rejected_exposure", "review_results", "review_result", "review_reading", "review_appeal",
                         "review_tracing", "review_year", "review_plan", "review_sample", "review_case",
                         "review_person", "review_reader", "review_assignment", "review_day", "review_film",
                         "teaching", "teaching_draft", "teaching_copy", "exercise", "attempt", "meeting",
                         "meeting_held", "meeting_recorded", "meeting_signed", "meeting_topic", "meeting_topic_gone",
                         "meeting_action", "meeting_series", "sheet_template", "sheet_begun", "sheet_file",
                         "commitment", "commitment_ask"}
               for value in route.things.values())  # fmt: skip


def test_every_address_is_in_the_table():
    assert set(names()) - UNGUARDED == set(ROUTES) | set(API_ROUTES)
    assert not set(ROUTES) & set(API_ROUTES)


def test_a_stranger_is_sent_to_the_sign_in_page(world, person):
    things = things_of(world, person)
    for name, route in ROUTES.items():
        answer = ask(Client(), name, route, things)
        if route.access == PUBLIC:
            assert answer.status_code in {200, 302}, name
        else:
            assert answer.status_code == 302, name
            assert answer.url.startswith(reverse("tenancy:login")), name


def every_visit(signed_in, things):
    """(role, address, route, answer) of every role at every address, but signing out."""
    for role in sorted(ROLES):
        client = signed_in(role, f"me-{role}")
        for name, route in ROUTES.items():
            if name != "tenancy:logout":
                yield role, f"{role} {name}", route, ask(client, name, route, things)


def test_a_role_opens_what_it_may_and_nothing_else(world, person, signed_in):
    things = things_of(world, person)
    for role, name, route, answer in every_visit(signed_in, things):
        may = route.access in {PUBLIC, ANYBODY} or route.access in ROLES[role].permissions
        if {"delivery", "token"} & set(route.things.values()):
            assert answer.status_code == 404, name  # somebody else's message or token
        elif may:
            assert answer.status_code in route.fine, f"{name}: {answer.status_code}"
            assert not getattr(answer, "url", "").startswith(reverse("tenancy:login")), name
        else:
            assert answer.status_code == 403, f"{name}: {answer.status_code}"


def test_the_other_hospital_does_not_exist(world, other_world, person, signed_in):
    theirs = things_of(other_world, person)
    secrets = [str(theirs[key]) for key in ("exam", "series", "finding", "device", "user", "job")]
    secrets += [other_world.hospital.name, "ID-other", "SN-other"]
    for _role, name, route, answer in every_visit(signed_in, theirs):
        if names_a_thing(route):
            assert answer.status_code in {403, 404}, f"{name}: {answer.status_code}"
        elif answer.status_code == 200 and not answer.streaming:
            page = answer.content.decode(errors="replace")
            assert [secret for secret in secrets if secret in page] == [], name


def test_the_region_sees_both_hospitals(world, other_world, region, signed_in):
    client = signed_in("regional_centre", "city", region)
    page = client.get(reverse("web:exams")).content.decode()
    assert str(world.exam) in page
    assert str(other_world.exam) in page
    assert User.objects.count() == 1
