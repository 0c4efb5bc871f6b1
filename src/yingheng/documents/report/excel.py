"""Excel by xlsxwriter: tables and values to count with.  The same bytes for the same report."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import xlsxwriter

from yingheng.documents.report.formats import COLOURS, clause_text, made_text, outcome_text, spoken, words
from yingheng.documents.report.model import Block, Chart, Facts, JudgedTable, Picture, Report, Table, Text

_WIDTHS = (34, 16, 12, 22, 16, 40)


class _Book:
    """A workbook with one sheet and the row that is written next."""

    def __init__(self, out: BytesIO, report: Report) -> None:
        self.book = xlsxwriter.Workbook(out, {"in_memory": True})
        at = report.made_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
        self.book.set_properties({"title": report.title, "author": report.hospital, "created": at})
        self.sheet = self.book.add_worksheet(words()["conclusion"] if not report.title else _sheet_name(report.title))
        self.row = 0
        self.looks = {
            "title": self.book.add_format({"bold": True, "font_size": 16}),
            "section": self.book.add_format({"bold": True, "font_size": 12, "top": 1}),
            "head": self.book.add_format({"bold": True, "bg_color": "#F4F6F8", "border": 1, "text_wrap": True}),
            "cell": self.book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
            "label": self.book.add_format({"font_color": "#55606D"}),
            "demo": self.book.add_format({"bold": True, "font_color": "#B3261E"}),
        }
        for outcome, colour in COLOURS.items():
            self.looks[outcome] = self.book.add_format({"bold": True, "font_color": f"#{colour}", "border": 1})
        for column, width in enumerate(_WIDTHS):
            self.sheet.set_column(column, column, width)
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)

    def line(self, *texts: str, look: str = "") -> None:
        """One row of texts; a text is never taken for a formula."""
        for column, text in enumerate(texts):
            self.sheet.write_string(self.row, column, text, self.looks.get(look))
        self.row += 1


def _sheet_name(title: str) -> str:
    """A name that Excel takes: at most 31 characters, none of its own signs."""
    return "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "1"


def xlsx_bytes(report: Report) -> bytes:
    """The report as an Excel file: numbers as numbers, everything else as text; pictures are left out."""
    out = BytesIO()
    with spoken(report):
        book = _Book(out, report)
        _head(book, report)
        for section in report.sections:
            book.row += 1
            book.line(section.title, look="section")
            for block in section.blocks:
                _block(book, block)
        _foot(book, report)
        book.book.close()
    return out.getvalue()


def _head(book: _Book, report: Report) -> None:
    said = words()
    if report.demo:
        book.line(said["demo"], look="demo")
    book.line(report.title, look="title")
    for text in (report.hospital, report.subtitle):
        if text:
            book.line(text)
    rows = [*report.facts, (said["made"], made_text(report))]
    rows += [(said["number"], report.number)] if report.number else []
    for label, value in rows:
        book.line(label, value)


def _foot(book: _Book, report: Report) -> None:
    said = words()
    book.row += 1
    if report.outcome or report.conclusion:
        book.line(said["conclusion"], outcome_text(report.outcome), report.conclusion)
    for one in report.signatures:
        book.line(one.role, one.name, one.at)
    if report.digest:
        book.line(said["digest"], report.digest)


def _block(book: _Book, block: Block) -> None:
    if isinstance(block, Text):
        book.line(block.text)
    elif isinstance(block, Facts):
        for label, value in block.rows:
            book.line(label, value)
    elif isinstance(block, Table):
        _rows(book, [c.title for c in block.columns], [list(row) for row in block.rows])
    elif isinstance(block, JudgedTable):
        _judged(book, block)
    elif isinstance(block, Chart | Picture) and block.caption:
        book.line(block.caption, look="label")


def _rows(book: _Book, titles: list[str], rows: list[list[Any]]) -> None:
    book.line(*titles, look="head")
    for row in rows:
        book.line(*row, look="cell")


def _judged(book: _Book, block: JudgedTable) -> None:
    said = words()
    titles = [said["item"], said["value"], "", said["limit"], said["verdict"], said["clause"]]
    book.line(*titles, look="head")
    for one in block.rows:
        texts = (one.name, one.value, one.unit, one.limit, outcome_text(one.outcome), clause_text(one))
        at = book.row
        book.line(*texts, look="cell")
        if one.number is not None:
            book.sheet.write_number(at, 1, one.number, book.looks["cell"])
        if one.outcome:
            book.sheet.write_string(at, 4, texts[4], book.looks[one.outcome])
