"""The formats of reports, their words, and what all renderers share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.words import CONFIDENCES, OUTCOMES
from yingheng.documents.report.model import LOCALES, JudgedRow, Report

_OFFICE = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
}
MARKS = {"PASS": "✓", "FAIL": "×", "NEEDS_HUMAN": "◐", "NOT_ASSESSABLE": "∅"}
COLOURS = {"PASS": "14743F", "FAIL": "B3261E", "NEEDS_HUMAN": "875200", "NOT_ASSESSABLE": "4D5763"}
DASH = "—"


@contextmanager
def spoken(report: Report) -> Iterator[None]:
    """The words of the report's language."""
    with translation.override(LOCALES[report.lang]):
        yield


def outcome_text(outcome: str) -> str:
    """Mark and word of a verdict; a dash for none."""
    return f"{MARKS[outcome]} {OUTCOMES[outcome].label}" if outcome else DASH


def words() -> dict[str, str]:
    """The fixed words of a report in the current language."""
    return {
        "item": pgettext("report", "Item"),
        "value": pgettext("report", "Value"),
        "limit": pgettext("report", "Limit"),
        "verdict": pgettext("report", "Verdict"),
        "clause": pgettext("report", "Clause"),
        "conclusion": pgettext("report", "Conclusion"),
        "signature": pgettext("report", "Signature"),
        "date": pgettext("report", "Date"),
        "signed": pgettext("report", "signed electronically"),
        "made": pgettext("report", "Made"),
        "number": pgettext("report", "Number"),
        "page": pgettext("report", "Page %(page)s of %(pages)s"),
        "demo": _("Demonstration data"),
        "nothing": pgettext("report", "Nothing was recorded."),
        "digest": pgettext("report", "Digest"),
        "colon": pgettext("between a label and what it says", ": "),
    }


def made_text(report: Report) -> str:
    """When the report was made, by the hospital's clock."""
    return report.made_at.strftime("%Y-%m-%d %H:%M")


def value_with_unit(row: JudgedRow) -> str:
    """Value and unit; a dash for no value."""
    return " ".join(filter(None, (row.value, row.unit))) if row.value else DASH


def clause_text(row: JudgedRow) -> str:
    """The clause, and how sure its source is unless it was verified."""
    sure = "" if row.confidence == "verified" else str(CONFIDENCES[row.confidence].label)
    return " · ".join(filter(None, (row.clause, sure))) or DASH
