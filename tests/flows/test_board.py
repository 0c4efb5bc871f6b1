"""The exam-room board: what it shows, and what a technologist and a radiologist do on it."""

import csv
import io

import pytest
from django.urls import reverse

from imagingqc.dicom.synthetic import Patient, Study, dx_image
from yingheng.audit.actor import Actor
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Retake
from yingheng.catalog.services import retake_suggest
from yingheng.evidence.lights import exam_lights
from yingheng.evidence.models import Acceptance, Decision, Finding
from yingheng.ingest.services import folder_import
from yingheng.jobs.models import Signal
from yingheng.jobs.worker import run_due_here
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


def text(answer):
    return answer.content.decode()


def board(client, world):
    return text(client.get(reverse("web:room", args=[world.device])))


def test_the_board_says_what_failed_and_what_to_do(world, signed_in):
    page = board(signed_in("technologist"), world)
    assert 'class="room-card fail newest"' in page
    reason = page.partition('class="room-reason">')[2].partition("</p>")[0]
    assert "缺" in reason
    assert "补扫" in reason
    assert 'data-act="t"' in page
    assert reverse("web:live_exams") in page


def test_who_may_not_identify_sees_a_pseudonym(world, signed_in):
    assert "DEMO OWN" in board(signed_in("technologist"), world)
    page = board(signed_in("regional_centre", "city", world.hospital.parent), world)
    assert "DEMO OWN" not in page
    assert Exam.objects.get(pk=world.exam).patient.pseudonym in page


def test_the_browser_remembers_its_device(world, other_world, signed_in):
    client = signed_in("technologist")
    assert client.get(reverse("web:board")).status_code == 200
    board(client, world)
    assert client.get(reverse("web:board")).url == reverse("web:room", args=[world.device])
    assert client.get(reverse("web:board") + "?choose=1").status_code == 200
    client.cookies["yingheng_board"] = str(other_world.device)
    assert client.get(reverse("web:board")).status_code == 200


def test_a_verdict_is_a_signal_for_its_device(world):
    lines = Signal.objects.filter(topic="exam", key=str(world.exam))
    assert {(line.group, line.scope) for line in lines} >= {(str(world.device), world.hospital.path)}


def test_a_retake_is_recorded_with_one_answer(world, signed_in):
    client = signed_in("technologist")
    url = reverse("web:retake_new", args=[world.exam]) + "?next=board"
    form = text(client.get(url))
    assert 'data-quick="1"' in form
    answer = client.post(url, {"reason": "RT-06", "origin": "console"})
    assert answer.url == reverse("web:room", args=[world.device])
    row = Retake.objects.get()
    assert (row.reason, row.origin, row.asked_by) == ("RT-06", "console", "某technologist")
    assert "重拍：患者移动" in board(client, world)
    assert "患者移动" in text(client.get(reverse("web:exam", args=[world.exam])))


@pytest.mark.parametrize("data", [{"origin": "console"}, {"reason": "RT-99", "origin": "console"}])
def test_a_retake_without_a_known_reason_is_asked_again(world, signed_in, data):
    answer = signed_in("technologist").post(reverse("web:retake_new", args=[world.exam]), data)
    assert answer.status_code == 400
    assert not Retake.objects.exists()


def test_a_technologist_accepts_and_nothing_is_decided(world, signed_in):
    client = signed_in("technologist")
    answer = client.post(reverse("web:accept", args=[world.exam]), {"reason": "patient", "note": "外伤"})
    assert answer.url == reverse("web:exam", args=[world.exam])
    row = Acceptance.objects.get()
    assert (row.decides, row.outcome, row.reason, row.note) == (False, "FAIL", "patient", "外伤")
    assert str(world.finding) in row.findings
    assert Finding.objects.get(pk=world.finding).state == "open"
    assert not Decision.objects.exists()
    page = board(client, world)
    assert "待判定" in page
    assert 'data-act="a"' not in page.partition("</article>")[0]
    assert "外伤" in text(client.get(reverse("web:exam", args=[world.exam])))


def test_a_radiologist_accepts_and_the_findings_are_confirmed_and_closed(world, signed_in):
    before = Exam.objects.get(pk=world.exam)
    signed_in("radiologist").post(reverse("web:accept", args=[world.exam]), {"reason": "diagnostic", "note": ""})
    finding = Finding.objects.get(pk=world.finding)
    assert (finding.state, finding.closing_reason) == ("closed", "accept:diagnostic")
    assert [(d.verb, d.outcome) for d in finding.decisions.all()] == [("confirm", "FAIL")]
    after = Exam.objects.get(pk=world.exam)
    assert (after.outcome, after.n_fail) == (before.outcome, before.n_fail) == ("FAIL", before.n_fail)
    assert after.n_findings == 0
    assert Acceptance.objects.get().decides
    assert Entry.objects.filter(action="exam.accept").count() == 1


@pytest.mark.parametrize("data", [{"note": ""}, {"reason": "because"}, {"note": "  "}])
def test_accepting_needs_a_reason(world, signed_in, data):
    assert signed_in("technologist").post(reverse("web:accept", args=[world.exam]), data).status_code == 400
    assert not Acceptance.objects.exists()


def test_what_passes_cannot_be_accepted(world, signed_in):
    Exam.objects.filter(pk=world.exam).update(outcome="PASS")
    signed_in("technologist").post(reverse("web:accept", args=[world.exam]), {"reason": "patient"})
    assert not Acceptance.objects.exists()


def test_a_new_failure_is_not_covered_by_an_older_acceptance(world, signed_in):
    signed_in("technologist").post(reverse("web:accept", args=[world.exam]), {"reason": "patient"})
    exam = Exam.objects.get(pk=world.exam)
    scope = Scope.everything()
    assert exam_lights(scope, [exam])[exam.pk].accepted
    known = Finding.objects.get(pk=world.finding)
    known.pk, known.quantity, known._state.adding = None, "ct.other", True
    known.save()
    assert not exam_lights(scope, [exam])[exam.pk].accepted


def test_a_nurse_looks_and_changes_nothing(world, signed_in):
    page = board(signed_in("nurse"), world)
    assert "data-act=" not in page


def test_a_repeated_exposure_is_suggested_and_settled(hospital, tmp_path, signed_in):
    patient, study = Patient(name="X", id="1"), Study(key="twice", description="DR")
    for number, time in enumerate(("083000", "083300"), start=1):
        dx_image(tmp_path, patient=patient, study=study, number=number, time=time)
    folder_import(hospital=hospital, paths=[tmp_path], actor=Actor("system:test", "test"))
    run_due_here()
    row = Retake.objects.get()
    assert (row.origin, row.state, row.n_exposures) == ("automatic", "suggested", 1)
    client = signed_in("technologist")
    listed = text(client.get(reverse("web:retakes")))
    assert reverse("web:retake_confirm", args=[row.pk]) in listed
    client.post(reverse("web:retake_confirm", args=[row.pk]), {"reason": "RT-01"})
    row.refresh_from_db()
    assert (row.state, row.reason, row.settled_by) == ("recorded", "RT-01", "某technologist")
    assert "体位不正" in text(client.get(reverse("web:retake_counts")))
    client.post(reverse("web:retake_reject", args=[row.pk]), {"reason": "双侧对照"})
    row.refresh_from_db()
    assert (row.state, row.settled_reason) == ("rejected", "双侧对照")


def test_the_register_is_exported_for_a_spreadsheet(world, signed_in):
    client = signed_in("head")
    exam = Exam.objects.get(pk=world.exam)
    client.post(reverse("web:retake_new", args=[exam.pk]), {"reason": "RT-06", "origin": "console", "note": "=1+1"})
    raw = client.get(reverse("web:retakes_export")).content
    assert raw.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert "RT-06" in rows[1]
    assert "'=1+1" in rows[1]
    retake_suggest(exam=exam, origin="automatic", n_exposures=1, details={})
    narrowed = client.get(reverse("web:retakes_export") + "?state=suggested").content.decode("utf-8-sig")
    assert len(narrowed.strip().splitlines()) == 2


def test_the_storage_page_and_its_rule(world, signed_in):
    client = signed_in("system_admin")
    assert client.get(reverse("web:storage")).status_code == 200
    url = reverse("web:retention_rule", args=[world.hospital.pk])
    assert client.post(url, {"modality": "CT", "reason": "x"}).status_code == 400
    assert client.post(url, {"modality": "CT", "days": "90", "reason": "教学"}).url == reverse("web:storage")
    assert "90" in text(client.get(reverse("web:storage")))
    assert Entry.objects.filter(action="retention.set").count() == 1
    assert signed_in("qc_officer").get(url).status_code == 403
