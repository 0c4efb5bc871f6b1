"""Nobody reads a name who may not: every address, every role without patient.identify, names planted everywhere."""

import pytest
from django.urls import reverse
from tests.apps.ingest.telling import FAMILY, GIVEN, secrets_of, tell
from tests.flows.api_routes import API_ROUTES
from tests.flows.page_routes import ROUTES
from tests.flows.test_api_matrix import uids_of
from tests.flows.test_url_matrix import ask, things_of

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Order, Patient, PatientLink, Report
from yingheng.catalog.pseudonyms import pseudonym
from yingheng.ingest.models import Message
from yingheng.tenancy.roles import ROLES

pytestmark = pytest.mark.django_db
NUMBER = "ID-own"
UNVISITED = {"tenancy:logout", "ingest:message_again", "ingest:remote_test"}  # ends, mends, calls somebody
BLIND = sorted(key for key, role in ROLES.items() if "patient.identify" not in role.permissions)


def body(answer) -> str:
    if getattr(answer, "is_async", False):  # a stream that goes on: its content is that of the page
        return ""
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return data.decode(errors="replace")


def visited(client, things, world):
    """(address, text) of everything a person can read: pages, downloads, answers to programs."""
    for name, route in ROUTES.items():
        if name not in UNVISITED:
            answer = ask(client, name, route, things)
            yield name, body(answer) if answer.status_code == 200 else ""
    for row in Message.objects.all():
        yield f"message {row.control_id}", body(client.get(reverse("ingest:message", args=[row.pk])))
    for row in Patient.objects.all():
        yield "patient", body(client.get(reverse("web:patient", args=[row.pk])))
    for tab in ("suspected", "merged", "undone"):
        yield f"patients {tab}", body(client.get(reverse("web:patients"), {"tab": tab}))
    uids = uids_of(world)
    for name, route in API_ROUTES.items():
        if "GET" in route.methods:
            answer = client.get(reverse(name, kwargs={key: uids[key] for key in route.things} | route.kwargs))
            yield name, body(answer) if answer.status_code == 200 else ""


def test_the_names_are_planted(world, person, signed_in):
    things_of(world, person)
    assert FAMILY + GIVEN in Order.objects.get().history
    assert FAMILY in Report.objects.filter(exam=world.exam).get().findings
    page = body(signed_in("head").get(reverse("web:exam", args=[world.exam])))
    assert f"{FAMILY} {GIVEN}" in page
    assert NUMBER in page
    assert f"{FAMILY}{GIVEN}（{NUMBER}）双肺纹理清晰" in page


@pytest.mark.parametrize("role", BLIND)
def test_a_role_without_the_right_reads_no_name_anywhere(role, world, person, signed_in):
    things = things_of(world, person)
    client = signed_in(role, f"blind-{role}")
    planted = [*secrets_of(NUMBER), "DEMO^OWN"]
    for address, text in visited(client, things, world):
        assert [secret for secret in planted if secret in text] == [], address


def test_the_audit_trail_and_notices_keep_no_name(world, person):
    things_of(world, person)
    for row in Entry.objects.all():
        told = f"{row.subject} {row.before_text} {row.after_text} {row.reason}"
        assert [secret for secret in secrets_of(NUMBER) if secret in told] == [], row.action


def test_messages_are_masked_and_not_empty(world, signed_in):
    tell(Exam.objects.select_related("hospital").get(pk=world.exam), NUMBER)
    row = Message.objects.get(control_id="C3")
    url = reverse("ingest:message", args=[row.pk])
    blind, seeing = (body(signed_in(role, f"m-{role}").get(url)) for role in ("engineer", "qc_officer"))
    assert "■■（■■）双肺纹理清晰" in blind
    assert f"{FAMILY}{GIVEN}（{NUMBER}）双肺纹理清晰" in seeing
    assert "PID-8" in blind


def test_the_pseudonym_stands_for_the_patient(world, signed_in):
    patient = Exam.objects.select_related("patient").get(pk=world.exam).patient
    page = body(signed_in("expert").get(reverse("web:exam", args=[world.exam])))
    assert pseudonym(patient) in page


def test_a_patient_id_is_searched_by_those_alone_who_may_see_it(world, signed_in):
    url, shown = reverse("web:exams"), str(world.exam)
    patient = Exam.objects.select_related("patient").get(pk=world.exam).patient
    for role, by_number in (("head", True), ("expert", False), ("regional_centre", False)):
        client = signed_in(role, f"s-{role}")
        assert (shown in body(client.get(url, {"text": NUMBER}))) is by_number, role
        assert shown in body(client.get(url, {"text": pseudonym(patient)})), role


def test_two_ids_are_merged_and_parted_by_hand(world, signed_in):
    client = signed_in("qc_officer")
    exam = Exam.objects.select_related("patient__hospital").get(pk=world.exam)
    other = Patient.objects.create(hospital=exam.hospital, key="f" * 64, pseudonym="P-0000-0000-0001")
    url = reverse("web:patient_merge", args=[exam.patient.pk])
    assert client.post(url, {"other": other.pseudonym}).status_code == 400  # no reason
    assert client.post(url, {"other": "P-9999-9999-9999", "reason": "x"}).status_code == 400
    assert client.post(url, {"other": other.pseudonym, "reason": "同一人"}).status_code == 302
    link = PatientLink.objects.get()
    assert (link.kept, link.merged, link.reason) == (exam.patient, other, "同一人")
    page = body(client.get(reverse("web:patient", args=[other.pk])))
    assert str(world.exam) in page
    undo = reverse("web:patient_unmerge", args=[link.pk])
    assert client.post(undo, {"reason": "看错了"}).status_code == 302
    link.refresh_from_db()
    assert link.undone_reason == "看错了"
    assert str(world.exam) not in body(client.get(reverse("web:patient", args=[other.pk])))
    assert Entry.objects.filter(action__startswith="patient.").count() == 2
