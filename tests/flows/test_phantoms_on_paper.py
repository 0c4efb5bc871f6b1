"""What is on paper of a test with readings: instruments, numbers, who signed, and what people decided afterwards."""

import datetime as dt
import shutil
import subprocess
import zipfile
from io import BytesIO

import pytest
from django.urls import reverse
from docx import Document
from tests.flows.phantoms import send_water

from yingheng.documents.models import Signature
from yingheng.documents.services import report_render
from yingheng.evidence.models import Assessment
from yingheng.evidence.services import verdict_decide
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.naming import subject_of_test
from yingheng.phantomqc.reporting.test_report import test_report as report_of
from yingheng.phantomqc.services import device_test_open
from yingheng.registry.models import Device

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 1, 5)
ANSWERS = {
    "table_set": ["300", "0"], "table_measured": ["300.4", "-0.2"],
    "laser_deviations": ["9", "1"],
    "instrument": "电离室 A-1，水模 W-2", "certificate": "校准 2026-017",
}  # fmt: skip


@pytest.fixture
def test(hospital, tmp_path, actor, signed_in, person):
    """An open status test with readings that an engineer entered and a technologist witnessed."""
    send_water(hospital, tmp_path, "first")
    device = Device.objects.select_related("hospital").get()
    row = device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=DAY)
    witness = person("technologist", "witness")
    client = signed_in("engineer")
    began = client.post(reverse("phantomqc:fill", args=[row.pk]))
    signs = {"sign.witness.user": witness.username, "sign.witness.password": "Radiograph-2026"}
    assert client.post(began.url, ANSWERS | signs).status_code == 302
    return row


def on_paper(report):
    """The words of the Word file and of the Excel file."""
    words = Document(BytesIO(report_render(report, "docx")))
    texts = [p.text for p in words.paragraphs] + [c.text for t in words.tables for r in t.rows for c in r.cells]
    with zipfile.ZipFile(BytesIO(report_render(report, "xlsx"))) as book:
        shared = book.read("xl/sharedStrings.xml").decode()
    return {"docx": "\n".join(texts), "xlsx": shared}


def test_instruments_readings_and_the_witness_are_in_every_format(test, hospital):
    report = report_of(hospital, str(test.pk), "zh")
    signed = Signature.objects.get(role="witness")
    lines = {line.role: line.name for line in report.signatures}
    assert lines["见证人"] == signed.person_name
    assert lines["审核人"] == ""
    papers = on_paper(report)
    for paper in papers.values():
        for wanted in ("电离室 A-1，水模 W-2", "校准 2026-017", signed.person_name, "300.4", "检查床定位误差"):
            assert wanted in paper
    if shutil.which("pdftotext"):
        made = subprocess.run(
            ["pdftotext", "-raw", "-", "-"], input=report_render(report, "pdf"), capture_output=True, check=True
        )  # fmt: skip
        told = "".join(made.stdout.decode().split())
        for wanted in ("电离室A-1", "校准2026-017", signed.person_name, "300.4", "检查床定位误差"):
            assert wanted in told


def test_a_signature_on_another_version_of_the_sheet_is_none_on_this(test, hospital, signed_in):
    client = signed_in("engineer", "second")
    began = client.post(reverse("phantomqc:fill", args=[test.pk]))
    changed = ANSWERS | {"laser_deviations": ["0.5", "1"], "table_measured": ["300.1", "0"]}
    assert client.post(began.url, changed).status_code == 302
    lines = {line.role: line.name for line in report_of(hospital, str(test.pk), "zh").signatures}
    assert lines["见证人"] == ""


def test_what_people_decided_stands_beside_what_was_judged(test, hospital, actor):
    before = report_of(hospital, str(test.pk), "zh")
    assert not any(section.title == "人工判定" for section in before.sections)
    subject = subject_of_test(test, "laser")
    row = Assessment.objects.filter(subject_id=subject.id, is_current=True, n_fail__gt=0).first()
    failed = next(v for v in row.verdicts if v["outcome"] == "FAIL")
    told = {"criterion": failed["criterion"], "verb": "overrule", "outcome": "PASS", "reason": "激光灯已当场校正"}
    verdict_decide(actor=actor, assessment=row, **told)
    after = report_of(hospital, str(test.pk), "zh")
    assert after.digest != before.digest
    (section,) = [section for section in after.sections if section.title == "人工判定"]
    (cells,) = section.blocks[1].rows
    assert [cell.split()[-1] for cell in cells[2:4]] == ["不合格", "合格"]
    assert actor.name in cells[4]
    assert cells[5] == "激光灯已当场校正"
    judged = [
        r for s in after.sections for b in s.blocks if hasattr(b, "rows") for r in b.rows if hasattr(r, "outcome")
    ]
    assert any(r.outcome == "FAIL" for r in judged)  # the automatic verdict stands
    for paper in on_paper(after).values():
        assert "激光灯已当场校正" in paper
    assert "人工判定与自动判定不同" in after.conclusion


def test_a_decision_that_was_withdrawn_is_not_printed(test, hospital, actor):
    row = Assessment.objects.filter(subject_id=subject_of_test(test, "laser").id, n_fail__gt=0).first()
    criterion = next(v["criterion"] for v in row.verdicts if v["outcome"] == "FAIL")
    verdict_decide(actor=actor, assessment=row, criterion=criterion, verb="overrule", outcome="PASS", reason="误读")
    verdict_decide(actor=actor, assessment=row, criterion=criterion, verb="withdraw", reason="误点")
    assert not any(s.title == "人工判定" for s in report_of(hospital, str(test.pk), "zh").sections)
