"""What the page of a case shows: the ruling, dimensions, defects, images with marks, readings without names."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.ui.judged import Judged, JudgedList
from yingheng.common.ui.parts import (
    Action,
    Empty,
    KeyValues,
    Lines,
    Many,
    Section,
    Tag,
    When,
)
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import number_text
from yingheng.evidence.models import Assessment
from yingheng.review.faults import fault_advice, fault_cause, fault_list, fault_text
from yingheng.review.following import marks_of, readings_of
from yingheng.review.marked_text import marked_text
from yingheng.review.models import Appeal, Case, Reading, Ruling, Tracing
from yingheng.review.services.evidencing import STANDARD
from yingheng.review.shown import (
    appeal_tag,
    dimension_text,
    grade_tag,
    item_rows,
    listed,
    reader_text,
    score_text,
    tracing_tag,
    veto_texts,
)
from yingheng.review.views.after import seeing
from yingheng.review.views.case_images import marked_images
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec


def case_sections(
    request: HttpRequest, case: Case, rulings: list[Ruling], appeals: list[Appeal], tracing: Tracing | None
) -> list[Section]:
    """Result first, then defects and images, how it was read, and what followed."""
    spec, ruling = spec_of(case.template), rulings[0]
    readings = readings_of(case)
    found = [_ruling(spec, ruling), *_dimensions(spec, ruling), *_items(spec, ruling), *_faults(ruling)]
    marks = marks_of(case)
    found += marked_text(request, case, marks)
    found += marked_images(request, case, [mark for mark in marks if not mark.in_text])
    found += _readings(spec, readings)
    found += _automatic(case)
    if len(rulings) > 1:
        found.append(_history(spec, rulings))
    if appeals:
        found.append(_appeals(appeals))
    if tracing is not None:
        found.append(_tracing(request, tracing))
    return found


def _ruling(spec: Spec, ruling: Ruling) -> Section:
    rows: list[tuple[str, Any]] = [
        (_("Grade"), grade_tag(spec, ruling.grade) or "—"),
        (_("Points"), score_text(ruling.score)),
        (_("How it was settled"), str(ruling.get_basis_display())),
        (_("When"), When(ruling.made_at)),
    ]
    if ruling.vetoed:
        rows.append((_("Veto"), Many([Tag(text, "fail", "ban") for text in veto_texts(spec, ruling.vetoed)])))
    if ruling.reason:
        rows.append((_("Reason"), ruling.reason))
    return Section(_("Result"), KeyValues(rows))


def _dimensions(spec: Spec, ruling: Ruling) -> list[Section]:
    told = ruling.details.get("dimensions") or []
    if not told:
        return []
    rows = []
    for one in told:
        line, points = one.get("line"), one.get("points")
        met = None if line is None or points is None else points >= line
        tag = None if met is None else Tag(_("reached"), "pass", "check") if met else Tag(_("below"), "fail", "x")
        rows.append(
            Row(
                {
                    "name": dimension_text(spec, one["key"]),
                    "points": score_text(points),
                    "line": "—" if line is None else f"≥ {number_text(line)}",
                    "met": tag,
                },
                id=str(one["key"]),
            )
        )
    columns = [Column("name", _("Dimension"), wide=True), Column("points", _("Points"), align="right", nowrap=True)]
    if any(one.get("line") is not None for one in told):
        columns += [Column("line", _("Line"), align="right", nowrap=True), Column("met", "", nowrap=True)]
    title = _("Dimensions")
    return [Section(title, Table(columns=columns, rows=rows, caption=title), flush=True)]


def _items(spec: Spec, ruling: Ruling) -> list[Section]:
    told = item_rows(spec, ruling)
    if not any(row.get("most") for _label, row, _words in told):
        return []  # a sheet that gives a grade and no points: its reasons are among the defects
    rows = [
        Row(
            {
                "name": label,
                "points": f"{score_text(row.get('points'))} / {score_text(row.get('most'))}",
                "why": listed(words) or None,
            },
            id=str(row["key"]),
        )
        for label, row, words in told
    ]
    columns = (
        Column("name", _("Score item"), wide=True),
        Column("points", _("Points"), align="right", nowrap=True),
        Column("why", _("Why")),
    )
    return [Section(_("Score items"), Table(columns=columns, rows=rows, caption=_("Score items")), flush=True)]


def _faults(ruling: Ruling) -> list[Section]:
    if not ruling.faults:
        return []
    named, n = ruling.details.get("named") or {}, ruling.details.get("n") or 1
    rows = [
        Row(
            {
                "name": Lines(fault_text(code, ruling.made_at), fault_cause(code)),
                "n": f"{named.get(code, 1)} / {n}",
                "advice": fault_advice(code) or None,
            },
            id=code,
        )
        for code in ruling.faults
    ]
    columns = (
        Column("name", _("Defect"), wide=True),
        Column("n", _("Named by"), align="right", nowrap=True),
        Column("advice", _("Advice"), roomy=True),
    )
    return [Section(_("Defects"), Table(columns=columns, rows=rows, caption=_("Defects")), flush=True)]


def _readings(spec: Spec, readings: list[Reading]) -> list[Section]:
    if not readings:
        return []
    rows = [
        Row(
            {
                "who": reader_text(one.slot),
                "points": score_text(one.score),
                "grade": grade_tag(spec, one.grade),
                "faults": Lines(fault_list(one.faults, one.submitted_at), str(one.details.get("note") or ""))
                if one.faults
                else None,
                "veto": listed(veto_texts(spec, one.vetoed)) or None,
            },
            id=str(one.slot),
        )
        for one in readings
    ]
    columns = (
        Column("who", _("Read by"), nowrap=True),
        Column("points", _("Points"), align="right", nowrap=True),
        Column("grade", _("Grade"), nowrap=True),
        Column("veto", _("Veto"), phone=False),
        Column("faults", _("Defects"), wide=True),
    )
    hint = _("readers are not named")
    return [
        Section(
            _("How it was read"), Table(columns=columns, rows=rows, caption=_("How it was read")), hint=hint, flush=True
        )
    ]


def _automatic(case: Case) -> list[Section]:
    """What the machine said of the exam, beside what people said: failures and open questions."""
    if case.exam_id is None:
        return []
    rows = Assessment.objects.filter(exam_id=case.exam_id, is_current=True, run_kind=Assessment.RunKind.AUTO)
    told = [v for row in rows.order_by("standard", "pk") for v in row.verdicts if row.family != STANDARD]
    wanted = [v for v in told if v["outcome"] in {"FAIL", "NEEDS_HUMAN"} and v["grade"] != "manual"]
    title = _("What the automatic evaluation said")
    if not told:
        return []
    if not wanted:
        return [Section(title, Empty(_("Nothing failed and nothing waits for a person."), icon="check"))]
    shown = JudgedList([Judged(v) for v in wanted[:30]], compact=True)
    return [Section(title, shown, hint=_("hidden from the readers until they had submitted"), flush=True)]


def _history(spec: Spec, rulings: list[Ruling]) -> Section:
    rows = [
        Row(
            {
                "at": When(one.made_at),
                "points": score_text(one.score),
                "grade": grade_tag(spec, one.grade),
                "basis": Lines(str(one.get_basis_display()), one.reason),
            },
            id=str(one.version),
        )
        for one in rulings
    ]
    columns = (
        Column("at", _("When"), nowrap=True),
        Column("points", _("Points"), align="right", nowrap=True),
        Column("grade", _("Grade"), nowrap=True),
        Column("basis", _("How it was settled"), wide=True),
    )
    title = _("What held before")
    return Section(title, Table(columns=columns, rows=rows, caption=title), flush=True)


def _appeals(appeals: list[Appeal]) -> Section:
    rows = [
        Row(
            {
                "level": _("Level %(n)s") % {"n": one.level},
                "state": appeal_tag(one.state, one.get_state_display()),
                "reason": Lines(one.reason, one.decision_reason),
                "at": When(one.filed_at),
            },
            url=reverse("review:appeal", args=[one.pk]),
            id=str(one.pk),
        )
        for one in appeals
    ]
    columns = (
        Column("level", _("Appeal"), nowrap=True),
        Column("state", _("State"), nowrap=True),
        Column("reason", _("Reason"), wide=True),
        Column("at", _("Filed"), nowrap=True, phone=False),
    )
    return Section(_("Appeals"), Table(columns=columns, rows=rows, caption=_("Appeals")), flush=True)


def _tracing(request: HttpRequest, row: Tracing) -> Section:
    rows: list[tuple[str, Any]] = [(_("State"), tracing_tag(row.state, row.get_state_display()))]
    if row.cause:
        rows.append((_("Cause"), Lines(str(row.get_cause_display()), row.cause_text)))
        rows.append((_("What is done"), row.action))
    if row.due_on:
        rows.append((_("Due"), When(row.due_on)))
    if row.proof:
        rows.append((_("What shows it"), row.proof))
    if row.verified_by is not None:
        rows.append((_("Verified by case"), f"{row.verified_by.campaign.title} · {row.verified_by.number}"))
    if row.closing_reason:
        rows.append((_("Reason"), row.closing_reason))
    to = [Action(_("Open"), reverse("review:tracing", args=[row.pk]), "arrow-right", kind="quiet")]
    mine = row.responsible_id == request.user.pk or bool(seeing(request))
    return Section(_("Cause tracing"), KeyValues(rows), actions=to if mine else [])
