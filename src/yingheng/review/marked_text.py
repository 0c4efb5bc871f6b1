"""A report with what its readers marked in it, for pages of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.catalog.models import Report
from yingheng.catalog.pseudonyms import identity_loaded, may_identify
from yingheng.common.ui.parts import Part, Section
from yingheng.review.faults import fault_text
from yingheng.review.models import Case, Mark, SubjectKind
from yingheng.review.shown import reader_text
from yingheng.review.veiling import known_of, veiled
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW

PARTS = ("findings", "impression")


class Piece(NamedTuple):
    """A piece of a text; `label` says what was marked in it, "" for nothing."""

    text: str
    label: str = ""


@dataclass(frozen=True)
class MarkedText(Part):
    """The parts of a report, each in pieces."""

    template: ClassVar[str] = "review/_marked_text.html"
    parts: Sequence[tuple[str, Sequence[Piece]]]


def pieces_of(text: str, marks: Sequence[tuple[int, int, str]]) -> list[Piece]:
    """A text cut where marks begin and end; marks are (start, end, label), those over each other share their pieces."""
    cuts = sorted({0, len(text), *(min(place, len(text)) for start, end, _label in marks for place in (start, end))})
    found = []
    for start, end in pairwise(cuts):
        labels = [label for first, last, label in marks if first <= start and end <= last]
        found.append(Piece(text[start:end], " · ".join(dict.fromkeys(labels))))
    return [one for one in found if one.text]


def marked_text(request: HttpRequest, case: Case, marks: Sequence[Mark]) -> list[Section]:
    """The report that was drawn with the marks of its readers, for who may see exams and for who signed it; names of
    the patient only for who may see them."""
    if case.campaign.subject_kind != SubjectKind.REPORT or case.exam is None:
        return []
    own = case.performer is not None and case.performer.user_id == request.user.pk
    report = Report.objects.filter(pk=case.subject_id).first()
    if report is None or not (own or scope_of(request, EXAM_VIEW).contains(case.hospital.path)):
        return []
    titles = {"findings": pgettext("report", "Findings"), "impression": _("Impression")}
    parts = []
    for name in PARTS:
        placed = [_placed(mark) for mark in marks if mark.in_text and mark.shape["part"] == name]
        parts.append((titles[name], pieces_of(_shown(request, case, getattr(report, name)), placed)))
    newest = case.exam.reports.order_by("-version").values_list("version", flat=True).first()
    newer = _("version %(n)s came later") % {"n": newest} if newest and newest > report.version else ""
    hint = " · ".join(filter(None, (_("version %(n)s") % {"n": report.version}, newer)))
    return [Section(_("Report with the marks of the readers"), MarkedText(parts), hint=hint)]


def _shown(request: HttpRequest, case: Case, text: str) -> str:
    """The text for this person: places stay where names are covered."""
    patient = case.exam.patient if case.exam else None
    if patient is None or may_identify(request, case.hospital.path):
        return text
    own = identity_loaded(patient)
    return veiled(text, known_of(patient=own, numbers=own))


def _placed(mark: Mark) -> tuple[int, int, str]:
    label = " · ".join(
        filter(None, (reader_text(mark.assignment.slot), fault_text(mark.defect) if mark.defect else ""))
    )
    return mark.shape["start"], mark.shape["end"], label
