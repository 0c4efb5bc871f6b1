"""Word by python-docx: the same report, to be edited.  The same bytes for the same report."""

from __future__ import annotations

import datetime as dt
import zipfile
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from yingheng.common.errors import Invalid
from yingheng.documents.report.formats import (
    COLOURS,
    DASH,
    clause_text,
    made_text,
    outcome_text,
    spoken,
    value_with_unit,
    words,
)
from yingheng.documents.report.model import Block, Chart, Facts, JudgedTable, Picture, Report, Table, Text
from yingheng.documents.report.pdf import picture_png

_ALIGN = {"left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_WIDTH_MM = 174.0
_GREY = RGBColor(0x55, 0x60, 0x6D)
_INK = RGBColor(0x1C, 0x25, 0x30)
_LATIN, _CHINESE = "Arial", "微软雅黑"
_THEMED = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")
# Real styles, so that Word's navigation and a table of contents know the headings: size, colour, space before, after.
_STYLES = {
    "Title": (18, _INK, 0, 4),
    "Subtitle": (10.5, _GREY, 0, 8),
    "Heading 1": (12, _INK, 14, 5),
    "Caption": (8.5, _GREY, 2, 8),
}


def docx_bytes(report: Report) -> bytes:
    """The report as a Word file, A4."""
    with spoken(report):
        return _whole(report)


def _whole(report: Report) -> bytes:
    document = _empty(report)
    _line(document.add_paragraph(), report.hospital, 11, grey=True).alignment = _ALIGN["center"]
    for text, style in ((report.title, "Title"), (report.subtitle, "Subtitle")):
        if text:
            document.add_paragraph(text, style=style).alignment = _ALIGN["center"]
    if report.facts:
        _facts(document, report.facts)
    for section in report.sections:
        document.add_paragraph(section.title, style="Heading 1")
        for block in section.blocks:
            _block(document, block)
    _conclusion(document, report)
    _signatures(document, report)
    out = BytesIO()
    document.save(out)
    return _same_bytes(out.getvalue())


def _empty(report: Report) -> Any:
    document = Document()
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.PORTRAIT, Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    document.styles["Normal"].font.size = Pt(9.5)
    _font(document.styles["Normal"])
    for name, look in _STYLES.items():
        _style(document.styles[name], *look)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = report.title, report.hospital, ""
    at = report.made_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    properties.created = properties.modified = at
    head = [words()["demo"]] if report.demo else []
    _line(section.header.paragraphs[0], " · ".join([*head, report.hospital, report.number]).rstrip(" ·"), 8, grey=True)
    _footer(section.footer.paragraphs[0], report)
    return document


def _font(style: Any) -> None:
    """One font for Latin and one for Chinese, and none of the theme's."""
    style.font.name = _LATIN
    fonts = style.element.rPr.rFonts
    for name in _THEMED:
        fonts.attrib.pop(qn(f"w:{name}"), None)
    fonts.set(qn("w:eastAsia"), _CHINESE)


def _style(style: Any, size: float, colour: RGBColor, before: float, after: float) -> None:
    _font(style)
    style.font.size, style.font.color.rgb, style.font.italic = Pt(size), colour, False
    style.font.bold = colour == _INK
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    for line in style.element.pPr.findall(qn("w:pBdr")):
        style.element.pPr.remove(line)


def _footer(paragraph: Any, report: Report) -> None:
    said = words()
    told = [f"{said['made']} {made_text(report)}", report.foot]
    told += [f"{said['digest']} {report.digest[:16]}"] if report.digest else []
    _line(paragraph, " · ".join(filter(None, told)) + "　", 8, grey=True)
    for part in said["page"].replace("%(page)s", "\0PAGE\0").replace("%(pages)s", "\0NUMPAGES\0").split("\0"):
        run = paragraph.add_run("1" if part in {"PAGE", "NUMPAGES"} else part)
        run.font.size, run.font.color.rgb = Pt(8), _GREY
        if part in {"PAGE", "NUMPAGES"}:
            field = OxmlElement("w:fldSimple")
            field.set(qn("w:instr"), part)
            field.append(run._r)  # noqa: SLF001 - the library has no fields of its own
            paragraph._p.append(field)  # noqa: SLF001


def _line(paragraph: Any, text: str, size: float = 9.5, *, grey: bool = False, bold: bool = False) -> Any:
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold
    if grey:
        run.font.color.rgb = _GREY
    return paragraph


def _grid(document: Any, shares: list[float], n_rows: int) -> Any:
    table = document.add_table(rows=n_rows, cols=len(shares), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    whole = sum(shares)
    for row in table.rows:
        for cell, share in zip(row.cells, shares, strict=True):
            cell.width = Mm(_WIDTH_MM * share / whole)
    return table


def _facts(document: Any, rows: tuple[tuple[str, str], ...]) -> None:
    table = _grid(document, [1, 2, 1, 2], (len(rows) + 1) // 2)
    for i, (label, value) in enumerate(rows):
        cells = table.rows[i // 2].cells
        _line(cells[2 * (i % 2)].paragraphs[0], label, grey=True)
        _line(cells[2 * (i % 2) + 1].paragraphs[0], value or DASH)
    document.add_paragraph()


def _headed(document: Any, titles: list[str], shares: list[float], n_rows: int) -> Any:
    """A table whose head is repeated on every page."""
    table = _grid(document, shares, n_rows + 1)
    for cell, title in zip(table.rows[0].cells, titles, strict=True):
        _line(cell.paragraphs[0], title, bold=True)
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)  # noqa: SLF001 - the library has no repeated heads
    return table


def _block(document: Any, block: Block) -> None:
    if isinstance(block, Text):
        _line(document.add_paragraph(), block.text or DASH, bold=block.strong)
    elif isinstance(block, Facts):
        _facts(document, block.rows)
    elif isinstance(block, Table):
        _table(document, block)
    elif isinstance(block, JudgedTable):
        _judged(document, block)
    else:
        _picture(document, block)


def _table(document: Any, block: Table) -> None:
    if not block.rows:
        _line(document.add_paragraph(), block.empty or words()["nothing"], grey=True)
        return
    table = _headed(document, [c.title for c in block.columns], [c.share for c in block.columns], len(block.rows))
    for row, texts in zip(table.rows[1:], block.rows, strict=True):
        for cell, text, column in zip(row.cells, texts, block.columns, strict=True):
            _line(cell.paragraphs[0], text or DASH).alignment = _ALIGN[column.align]
    document.add_paragraph()


def _judged(document: Any, block: JudgedTable) -> None:
    if not block.rows:
        _line(document.add_paragraph(), block.empty or words()["nothing"], grey=True)
        return
    said = words()
    titles = [said[key] for key in ("item", "value", "limit", "verdict", "clause")]
    table = _headed(document, titles, [2.4, 1.2, 1.6, 1.2, 2.6], len(block.rows))
    for cells, row in zip((r.cells for r in table.rows[1:]), block.rows, strict=True):
        _line(cells[0].paragraphs[0], row.name)
        _line(cells[1].paragraphs[0], value_with_unit(row)).alignment = _ALIGN["right"]
        _line(cells[2].paragraphs[0], row.limit or DASH)
        _outcome(cells[3].paragraphs[0], row.outcome)
        if row.reason:
            _line(cells[3].add_paragraph(), row.reason, 8, grey=True)
        _line(cells[4].paragraphs[0], clause_text(row), 8, grey=True)
    document.add_paragraph()


def _outcome(paragraph: Any, outcome: str) -> None:
    run = paragraph.add_run(outcome_text(outcome))
    run.bold = True
    if outcome:
        run.font.color.rgb = RGBColor.from_string(COLOURS[outcome])


def _picture(document: Any, block: Chart | Picture) -> None:
    data = picture_png(block) if isinstance(block, Chart) else block.data
    paragraph = document.add_paragraph()
    paragraph.alignment = _ALIGN["center"]
    try:
        paragraph.add_run().add_picture(BytesIO(data), width=Mm(min(block.width_mm, _WIDTH_MM)))
    except UnrecognizedImageError as exc:
        raise Invalid("documents.picture_bad") from exc
    if block.caption:
        document.add_paragraph(block.caption, style="Caption").alignment = _ALIGN["center"]


def _conclusion(document: Any, report: Report) -> None:
    if not (report.conclusion or report.outcome):
        return
    paragraph = document.add_paragraph(words()["conclusion"], style="Heading 1")
    if report.outcome:
        paragraph.add_run("　")
        _outcome(paragraph, report.outcome)
    if report.conclusion:
        _line(document.add_paragraph(), report.conclusion)


def _signatures(document: Any, report: Report) -> None:
    said = words()
    document.add_paragraph()
    for one in report.signatures:
        signed = (
            f"{one.name}（{said['signed']} {one.at}）"
            if one.name
            else f"{'_' * 24}　{said['date']}{said['colon']}{'_' * 14}"
        )
        _line(document.add_paragraph(), f"{one.role}{said['colon']}{signed}")


def _same_bytes(data: bytes) -> bytes:
    """The archive again with one date for all its parts: when it was packed says nothing."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, _EPOCH)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return out.getvalue()
