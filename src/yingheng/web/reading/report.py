"""A report as its auditor reads it: the version that was drawn, what was asked for, how long it took, its past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from yingheng.catalog.models import Report
from yingheng.review.differing import Piece, pieces
from yingheng.review.models import Mark, SubjectKind
from yingheng.review.models.reading import ARBITER
from yingheng.web.reading.content import PARTS, Block, Content, Line, TextPart, Texts
from yingheng.web.reading.record import patient_lines, request_block
from yingheng.web.reading.spans import course
from yingheng.web.reading.veil import Veil

_QUOTED = 60  # characters of a quotation


class Version(NamedTuple):
    """An earlier version: what the next one changed in it, part by part."""

    title: str
    state: str
    parts: Sequence[tuple[str, Sequence[Piece]]]


def drawn_report(texts: Texts) -> Report | None:
    """The version that was drawn, whatever came after it."""
    wanted = texts.veil.assignment.case.subject_id
    return next((one for one in texts.reports if one.pk == wanted), None)


def text_lengths(veil: Veil) -> dict[str, int]:
    """Part -> how many characters it has; nothing where no report is read."""
    case, campaign = veil.assignment.case, veil.assignment.campaign
    if campaign.subject_kind != SubjectKind.REPORT or case.exam_id is None:
        return {}
    row = Report.objects.filter(pk=case.subject_id, exam=case.exam_id).values(*PARTS).first() or {}
    return {name: len(text) for name, text in row.items()}


def quoted(texts: Texts, shape: Mapping[str, Any]) -> str:
    """The words that a mark stands in, as this reader may see them, with the part of the report."""
    own = drawn_report(texts)
    part, start, end = shape["part"], shape["start"], shape["end"]
    words = texts.shown(getattr(own, part))[start:end] if own is not None and part in PARTS else ""
    cut = words if len(words) <= _QUOTED else words[: _QUOTED - 1] + "…"
    return _("%(part)s: “%(words)s”") % {"part": part_title(part), "words": cut}


def earlier_marks(texts: Texts) -> list[Mark]:
    """What the two readers before an arbiter marked in the text, by reader; nothing for anybody else."""
    assignment = texts.veil.assignment
    if assignment.slot != ARBITER:
        return []
    rows = Mark.objects.filter(assignment__case=assignment.case_id, is_final=True, shape__kind=Mark.TEXT)
    return list(
        rows.exclude(assignment__slot=ARBITER).select_related("assignment").order_by("assignment__slot", "made_at")
    )


def report_content(texts: Texts) -> Content:
    """The pane of a report."""
    own = drawn_report(texts)
    title = pgettext("reading room", "Report")
    if own is None:
        return Content("report", title, notes=[_("The report cannot be found.")])
    return Content(
        kind="report",
        title=title,
        notes=_notes(texts, own),
        texts=[TextPart(name, part_title(name), texts.shown(getattr(own, name))) for name in PARTS],
        blocks=[_signed(texts, own), request_block(texts), Block(_("Exam"), _exam_lines(texts))],
        versions=_versions(texts, own),
    )


def part_title(name: str) -> str:
    """What a part of a report is called."""
    return {"findings": pgettext("report", "Findings"), "impression": _("Impression")}.get(name, name)


def _notes(texts: Texts, own: Report) -> list[str]:
    found = []
    newer = [one for one in texts.reports if one.version > own.version]
    if newer:
        found.append(
            _("Version %(own)d was drawn and is read here. Version %(newest)d came later: it does not count.")
            % {"own": own.version, "newest": newer[-1].version}
        )
    if own.is_critical:
        found.append(_("Reported as a critical value."))
    return found


def _signed(texts: Texts, own: Report) -> Block:
    is_open = texts.veil.is_open
    n = len(own.signers)
    signed = (
        "、".join(map(str, own.signers))
        if is_open
        else ngettext("%(n)d name, hidden", "%(n)d names, hidden", n) % {"n": n}
    )
    lines = [
        Line(_("State"), str(own.get_state_display()), note=_("version %(n)s") % {"n": own.version}),
        Line(_("Signed by"), signed if n else ""),
    ]
    exam = texts.exam
    moments: list[tuple[str, dt.datetime | None]] = [
        (_("Exam begun"), exam.started_at),
        (_("Exam ended"), exam.ended_at),
        (_("Report written"), own.written_at),
        (_("Report signed"), own.signed_at),
    ]
    return Block(_("Signature and times"), lines, course(moments, is_open=is_open))


def _exam_lines(texts: Texts) -> list[Line]:
    exam, veil = texts.exam, texts.veil
    contrast = _("given") if exam.is_contrast else _("nothing of it in the headers")
    return [
        Line(_("Exam item"), veil.item_words()),
        Line(_("Modality"), exam.modality),
        Line(_("Contrast medium"), contrast),
        *patient_lines(exam),
    ]


def _versions(texts: Texts, own: Report) -> list[Version]:
    """Versions before the one that was drawn, the newest first, each with what the next one made of it."""
    before = [one for one in texts.reports if one.version <= own.version]
    found = []
    for older, newer in pairwise(before):
        parts = [
            (part_title(name), pieces(texts.shown(getattr(older, name)), texts.shown(getattr(newer, name))))
            for name in PARTS
        ]
        title = _("Version %(older)d, and what version %(newer)d changed") % {
            "older": older.version,
            "newer": newer.version,
        }
        found.append(Version(title, str(older.get_state_display()), parts))
    return found[::-1]
