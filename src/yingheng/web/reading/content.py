"""What is read where no images are: a report, the record of an exam, or the record beside its standard protocol.

Everything goes through the veil of the case: what names people, places or days is covered unless nothing is hidden.
What is not there is said to be missing, for that is what is audited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from yingheng.catalog.models import Order, Report
from yingheng.review.faults import fault_text
from yingheng.review.models import SubjectKind
from yingheng.review.shown import reader_text
from yingheng.review.veiling import Known, known_of, veiled
from yingheng.web.reading.identity import known_about
from yingheng.web.reading.spans import Step
from yingheng.web.reading.veil import Veil

#: Parts of a report in which words can be marked, by the name of their column.
PARTS = ("findings", "impression")


@dataclass(frozen=True, slots=True)
class Line:
    """One fact; without a value it is missing.  `needed` False: nobody misses it."""

    name: str
    value: str = ""
    needed: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A group of facts, of the steps of a course, or of tables."""

    title: str
    lines: Sequence[Line] = ()
    steps: Sequence[Step] = ()
    grids: Sequence[Grid] = ()


@dataclass(frozen=True, slots=True)
class TextPart:
    """A text in which words can be marked; `name` is one of PARTS."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """The pane: notes at its head, texts, groups of facts, and earlier versions with what changed."""

    kind: str
    title: str
    notes: Sequence[str] = ()
    texts: Sequence[TextPart] = ()
    blocks: Sequence[Block] = ()
    versions: Sequence[Any] = field(default_factory=tuple)


class Texts:
    """The texts of a case as its reader may see them."""

    def __init__(self, veil: Veil) -> None:
        self.veil = veil
        self.exam = veil.exam(0)

    @cached_property
    def reports(self) -> list[Report]:
        """The versions of the report, the oldest first."""
        return list(Report.objects.filter(exam=self.exam).order_by("version"))

    @cached_property
    def order(self) -> Order | None:
        return self.exam.order

    @cached_property
    def known(self) -> Known:
        return (
            known_of()
            if self.veil.is_open
            else known_about(self.exam, self.veil.assignment.case.hospital, self.reports)
        )

    def shown(self, text: str) -> str:
        """The text as it may be shown, as long as it was."""
        return text if self.veil.is_open else veiled(text, self.known)


def content_data(veil: Veil) -> dict[str, Any] | None:
    """The pane of a case as the room takes it; None where images are read."""
    texts = Texts(veil) if veil.assignment.case.exam_id else None
    found = content_of(veil, texts)
    if found is None:
        return None
    html = render_to_string("web/_reading_content.html", {"content": found})
    others = _others(texts) if texts is not None and found.texts else []
    return {"kind": found.kind, "title": found.title, "html": html, "others": others}


def _others(texts: Texts) -> list[dict[str, Any]]:
    """What the readers before an arbiter marked in the text."""
    from yingheng.web.reading.report import earlier_marks  # noqa: PLC0415 - it builds on this module

    found = []
    for mark in earlier_marks(texts):
        names = [reader_text(mark.assignment.slot), *([fault_text(mark.defect)] if mark.defect else [])]
        found.append({name: mark.shape[name] for name in ("part", "start", "end")} | {"label": " · ".join(names)})
    return found


def content_of(veil: Veil, texts: Texts | None) -> Content | None:
    """What is read of a case beside its images; None where images are read."""
    from yingheng.web.reading.record import record_content, sop_content  # noqa: PLC0415 - they build on this module
    from yingheng.web.reading.report import report_content  # noqa: PLC0415

    kind = veil.assignment.campaign.subject_kind
    kinds = {SubjectKind.REPORT: report_content, SubjectKind.RECORD: record_content, SubjectKind.SOP: sop_content}
    build = kinds.get(kind)
    if build is None:
        return None
    return build(texts) if texts is not None else Content(kind, _("Nothing belongs to this case."))
