"""The report of a test and the year's book: everything found is on paper, and nothing stronger than it was found."""

import datetime as dt
from io import BytesIO

import pytest
from django.test import Client
from docx import Document
from tests.flows.phantoms import TESTER, send_water, water_rule

from yingheng.common.errors import NotFound
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.report.model import Chart, JudgedTable, Picture, Table
from yingheng.documents.services import attachment_read, report_ask, report_make, report_render
from yingheng.jobs.worker import run_due_here
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, PhantomCase
from yingheng.phantomqc.reporting.conclusion import conclusion_of
from yingheng.phantomqc.reporting.facts import test_facts as facts_of
from yingheng.phantomqc.reporting.test_report import test_report as report_of
from yingheng.phantomqc.reporting.year_book import book_key, year_book
from yingheng.phantomqc.services import case_baseline_set, device_test_open, device_test_plan
from yingheng.registry.models import Device
from yingheng.schedule.services import PlanFields

pytestmark = pytest.mark.django_db


@pytest.fixture
def tested(hospital, tmp_path):
    """Three automatic tests of water: without baseline, with one, and failed."""
    water_rule(hospital)
    send_water(hospital, tmp_path, "first")
    case_baseline_set(actor=TESTER, case=PhantomCase.objects.get(), reason="验收")
    send_water(hospital, tmp_path, "second", hu=0.5, day="20260106")
    send_water(hospital, tmp_path, "third", hu=20.0, day="20260107")
    return list(DeviceTest.objects.order_by("local_day"))


def blocks(report, kind):
    return [block for section in report.sections for block in section.blocks if isinstance(block, kind)]


def judged(report):
    return [row for table in blocks(report, JudgedTable) for row in table.rows]


def test_the_report_holds_every_value_with_limit_and_verdict(hospital, tested):
    failed = tested[2]
    report = report_of(hospital, str(failed.pk), "zh")
    assert dict(report.facts)["序列号"] == failed.device.serial
    row = next(row for row in judged(report) if row.outcome == "FAIL")
    assert row.value
    assert row.unit == "HU"
    assert "基准" in row.limit or "基线" in row.limit or "参考" in row.limit
    assert row.clause
    values = {m["quantity"] for item in failed.items for m in item["values"]}
    assert len(judged(report)) >= len(values)
    assert report.outcome == "FAIL"
    assert [line.role for line in report.signatures] == ["检测人", "见证人", "审核人"]
    assert len(report.digest) == 64


def test_it_shows_the_images_with_what_was_measured_the_curve_and_the_course(hospital, tested):
    report = report_of(hospital, str(tested[2].pk), "zh")
    (picture,) = blocks(report, Picture)
    assert picture.data.startswith(b"\x89PNG")
    captions = [chart.caption for chart in blocks(report, Chart)]
    assert any("3 个值" in caption for caption in captions)
    assert all(chart.svg.startswith("<svg") for chart in blocks(report, Chart))


def test_an_earlier_report_knows_nothing_of_what_came_later(hospital, tested):
    captions = [chart.caption for chart in blocks(report_of(hospital, str(tested[1].pk), "zh"), Chart)]
    assert any("2 个值" in caption for caption in captions)
    assert not any("3 个值" in caption for caption in captions)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_conclusion_is_never_stronger_than_the_verdicts(hospital, tested, place):
    outcome, words = conclusion_of(facts_of(hospital, str(tested[place].pk)))
    verdicts = {v["outcome"] for item in tested[place].items for v in item["verdicts"]}
    assert outcome == tested[place].outcome
    if verdicts != {"PASS"}:
        assert "均在" not in words
    assert ("不合格：" in words) == ("FAIL" in verdicts)


def test_a_test_in_progress_is_a_draft_without_conclusion(hospital, tested):
    device = Device.objects.select_related("hospital").get()
    test = device_test_open(actor=TESTER, device=device, template=template_named("ct-constancy"))
    report = report_of(hospital, str(test.pk), "zh")
    assert "草稿" in report.title
    assert report.outcome == ""
    assert report.conclusion.startswith("草稿")
    assert blocks(report, JudgedTable) == []
    assert any("未做" in cell for table in blocks(report, Table) for row in table.rows for cell in row)


def test_the_same_test_gives_the_same_file_in_each_format_and_language(hospital, tested):
    key = str(tested[1].pk)
    for _round in range(2):
        for ending in ("pdf", "docx"):
            order = report_ask(actor=TESTER, hospital=hospital, builder="device_test", subject_id=key, format=ending)
            assert report_make(order_id=order.pk).state == "done", ReportOrder.objects.get(pk=order.pk).error
    files = Attachment.objects.filter(subject_type="device_test", subject_id=key)
    assert sorted(file.name.rsplit(".", 1)[1] for file in files) == ["docx", "pdf"]
    words = Document(BytesIO(attachment_read(files.get(name__endswith=".docx"))))
    cells = [cell.text for table in words.tables for row in table.rows for cell in row.cells]
    assert "限值" in cells
    english = report_of(hospital, key, "en")
    assert english.title == "Performance test report"


def test_another_hospital_has_no_such_report(other_hospital, tested):
    with pytest.raises(NotFound):
        report_of(other_hospital, str(tested[0].pk), "zh")
    with pytest.raises(NotFound):
        report_of(other_hospital, "no id", "zh")
    with pytest.raises(NotFound):
        year_book(other_hospital, book_key(tested[0].device_id, 2026), "zh")


def test_the_years_book_counts_tests_and_names_what_was_missed(hospital, tested):
    device = Device.objects.select_related("hospital").get()
    fields = PlanFields("周检", dt.date(2026, 1, 7), "week", owner_role="engineer")
    device_test_plan(actor=TESTER, device=device, template=template_named("ct-water-daily"), fields=fields)
    report = year_book(hospital, book_key(device.pk, 2026), "zh")
    months, tests = blocks(report, Table)[:2]
    assert months.rows[0][:2] == ("1", "3")
    assert [row[0] for row in tests.rows] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert dict(report.facts)["其中不合格"] == "1"
    assert blocks(report, Chart)
    assert report_render(report, "pdf").startswith(b"%PDF-")


@pytest.mark.parametrize("key", ["x/2026", "", "/", "00000000-0000-0000-0000-000000000000/2026"])
def test_a_book_of_no_device_is_refused(hospital, key):
    with pytest.raises(NotFound):
        year_book(hospital, key, "zh")


def test_a_person_asks_for_a_report_and_finds_the_file(hospital, tested, signed_in, django_assert_max_num_queries):
    client: Client = signed_in("engineer")
    page = f"/device-tests/{tested[1].pk}/report/"
    assert client.post(f"{page}pdf/zh/").status_code == 302
    assert "data-pending" in client.get(page).content.decode()
    run_due_here()
    with django_assert_max_num_queries(15):
        shown = client.get(page).content.decode()
    file = Attachment.objects.get(subject_id=str(tested[1].pk))
    assert f"/{file.pk}/" in shown
    assert client.get(f"/files/{file.pk}/").status_code == 200
    assert client.post(f"{page}exe/zh/").status_code == 404
    book = f"/device-tests/book/{tested[1].device_id}/2026/"
    with django_assert_max_num_queries(15):
        assert client.get(book).status_code == 200
    assert client.post(f"{book}pdf/en/").status_code == 302
    run_due_here()
    assert Attachment.objects.get(subject_type="device_book").name.endswith(".pdf")
    assert client.get(f"/device-tests/book/{tested[1].device_id}/1700/").status_code == 404
