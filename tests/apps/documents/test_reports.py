"""Reports: one model, three formats, the same bytes for the same report, nothing blank and nothing executed."""

import datetime as dt
import zipfile
from dataclasses import replace
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from yingheng.common.errors import Invalid
from yingheng.documents.report.model import (
    Chart,
    Column,
    Facts,
    JudgedRow,
    JudgedTable,
    Picture,
    Report,
    Section,
    SignatureLine,
    Table,
    Text,
    judged_row,
)
from yingheng.documents.report.pdf import breakable, page_pictures
from yingheng.documents.services import report_render

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40"><rect width="100" height="40" fill="#0f766e"/>'
    '<text x="5" y="20" font-family="Noto Sans SC" font-size="9">限值</text></svg>'
)
VERDICT = {
    "standard": "ws-519-2019", "criterion": "x", "clause": "5.1", "outcome": "FAIL",
    "quantity": "ct.phantom.ct_number", "value": 8.5, "unit": "[hnsf'U]", "limit": {"op": "abs<=", "value": 6},
    "reason": None, "reason_code": None, "confidence": "memory", "grade": "A", "severity": "major", "evidence": None,
    "reference": None,
}  # fmt: skip


def png():
    out = BytesIO()
    Image.new("L", (40, 30), 90).save(out, "PNG")
    return out.getvalue()


def report(**changes):
    rows = (judged_row(VERDICT, "zh"), JudgedRow("水的 CT 值", "", "", "", "NOT_ASSESSABLE", reason="未测"))
    table = Table((Column("序号", 0.5, "right"), Column("读数")), tuple((str(i), "") for i in range(70)))
    made = Report(
        title="性能检测报告",
        hospital="演示医院",
        made_at=dt.datetime(2026, 11, 22, 14, 5, tzinfo=ZoneInfo("Asia/Shanghai")),
        facts=(("设备", "CT-01"), ("序列号", "S" * 90), ("温度", "")),
        sections=(
            Section("结果", (JudgedTable(rows), Text("说明", strong=True), Facts((("a", "b"),)))),
            Section("图", (Chart(SVG, "图 1"), Picture(png(), "图 2"))),
            Section("读数", (table, Table((Column("空"),), ()), JudgedTable(()))),
        ),
        outcome="FAIL",
        conclusion="=1+1 不合格",
        signatures=(SignatureLine("检测人", "张三", "2026-11-22 14:00"), SignatureLine("复核人")),
        digest="ab" * 32,
        demo=True,
    )
    return replace(made, **changes)


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx"])
def test_the_same_report_is_the_same_bytes(kind):
    first = report_render(report(), kind)
    assert first == report_render(report(), kind)
    assert first != report_render(report(conclusion="x"), kind)


def test_the_pdf_has_its_font_and_its_pages():
    data = report_render(report(), "pdf")
    assert data.startswith(b"%PDF-")
    assert b"NotoSansSC" in data
    pages = page_pictures(report(), 40)
    assert len(pages) >= 3
    assert Image.open(BytesIO(pages[0])).size == pytest.approx((331, 468), abs=1)


def test_texts_are_never_markup():
    evil = '#panic("x") $ \\ ] } @a <b> `c` // *d* _e_'
    made = report(title=evil, facts=((evil, evil),), conclusion=evil)
    assert report_render(made, "pdf").startswith(b"%PDF-")
    words = Document(BytesIO(report_render(made, "docx")))
    assert evil in [p.text for p in words.paragraphs]


def test_word_holds_everything():
    words = Document(BytesIO(report_render(report(), "docx")))
    texts = [p.text for p in words.paragraphs] + [c.text for t in words.tables for r in t.rows for c in r.cells]
    for wanted in ("性能检测报告", "S" * 90, "—", "8.5 HU", "=1+1 不合格", "图 1"):
        assert wanted in texts
    assert any("张三" in text for text in texts)
    assert len(words.inline_shapes) == 2
    assert words.sections[0].page_width.mm == pytest.approx(210, abs=0.1)


def test_word_has_real_headings_in_the_order_of_the_report():
    words = Document(BytesIO(report_render(report(), "docx")))
    styled = [(p.style.name, p.text) for p in words.paragraphs if p.style.name != "Normal"]
    sections = [("Heading 1", one.title) for one in report().sections]
    assert styled[0] == ("Title", report().title)
    assert [one for one in styled if one[0] == "Heading 1"][: len(sections)] == sections
    assert ("Caption", "图 1") in styled
    fonts = words.styles["Heading 1"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "微软雅黑"
    assert fonts.get(qn("w:eastAsiaTheme")) is None  # a theme's font would win over the one that is named


def test_the_pages_of_word_are_numbered_by_fields():
    words = Document(BytesIO(report_render(report(), "docx")))
    fields = words.sections[0].footer.paragraphs[0]._p.findall(qn("w:fldSimple"))
    assert [one.get(qn("w:instr")) for one in fields] == ["PAGE", "NUMPAGES"]


def test_excel_has_numbers_as_numbers_and_no_formula():
    with zipfile.ZipFile(BytesIO(report_render(report(), "xlsx"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        shared = book.read("xl/sharedStrings.xml").decode()
    assert "<v>8.5</v>" in sheet
    assert "<f>" not in sheet
    assert "=1+1 不合格" in shared


def test_a_verdict_says_value_limit_and_how_sure_the_limit_is():
    row = judged_row(VERDICT, "zh")
    assert (row.value, row.unit, row.limit, row.number, row.confidence) == ("8.5", "HU", "±6 HU 以内", 8.5, "memory")
    manual = judged_row(VERDICT | {"value": None, "outcome": "NOT_ASSESSABLE", "reason_code": "still_receiving",
                                   "reason_values": {}}, "zh")  # fmt: skip
    assert (manual.value, manual.number) == ("", None)
    assert manual.reason


def test_a_broken_picture_and_an_unknown_format_are_refused():
    broken = report(sections=(Section("x", (Picture(b"\x89PNG\r\n\x1a\nno", "x"),)),))
    with pytest.raises(Invalid):
        report_render(broken, "pdf")
    with pytest.raises(Invalid):
        report_render(report(sections=(Section("x", (Chart("<svg", "x"),)),)), "pdf")
    with pytest.raises(Invalid):
        report_render(report(), "odt")


def test_long_words_may_break_and_nothing_is_blank():
    assert breakable("") == "—"
    assert breakable("水模体") == "水模体"
    assert max(map(len, breakable("A" * 95).split("\u200b"))) <= 10
    assert breakable("A" * 95).replace("\u200b", "") == "A" * 95


def test_an_english_report_speaks_english():
    words = Document(BytesIO(report_render(report(lang="en"), "docx")))
    cells = [c.text for t in words.tables for r in t.rows for c in r.cells]
    assert "Limit" in cells
    assert "设备" in cells  # what the report says itself stays as it was given
