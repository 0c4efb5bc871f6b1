"""What the page of one run shows: numbers and limits, the image with what was found on it, earlier runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.criteria import explain
from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Verdict
from imagingqc.errors import Reason, reason_catalogue
from yingheng.common.ui.judged import value_text
from yingheng.common.ui.parts import Action, Alert, Empty, KeyValues, Lines, Many, OutcomeBadge, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language, number_text, quantity_text, unit_text
from yingheng.phantomqc.by_hand import by_hand_texts, parameters_text
from yingheng.phantomqc.comparing import ByOccasion, side_by_side
from yingheng.phantomqc.models import Occasion, PhantomCase, PhantomRun
from yingheng.phantomqc.selectors import case_tests, run_list
from yingheng.phantomqc.views.common import (
    course_url,
    judged_on_course,
    may_test,
    occasion_light,
    on_course,
    template_text,
)
from yingheng.phantomqc.views.staging import case_stage
from yingheng.phantomqc.views.trials import trial_sections

_RUNS = 20


def case_sections(request: HttpRequest, case: PhantomCase) -> list[Section]:
    """Judged numbers first, then the image, the three occasions side by side, and what else is known."""
    run = case.run
    measured = run is not None and not run.refused
    found: list[Section] = []
    if measured and run.result["verdicts"]:
        shown = judged_on_course(run.result["verdicts"], case.device, case.test)
        found.append(Section(_("Verdicts on the device"), shown, flush=True))
    found += trial_sections(case)
    found += _stage(request, case)
    if measured:
        found.append(_side_by_side(case, run))
    found += _checks(run) if run is not None else []
    found += _tests(case)
    return [*found, _runs(request, case)]


def refusal_alerts(case: PhantomCase) -> list[Alert]:
    """Why the analysis gave no numbers, or why the images were put aside."""
    if case.state == PhantomCase.State.DISMISSED:
        words = {"rerouted": _("They were matched to another test."), "replaced": _("More images came.")}
        return [Alert(words.get(case.reason, case.reason), "neutral", _("Put these images aside"))]
    if case.run is None or not case.run.refused:
        return []
    return [Alert(refusal_text(case.run), "human", _("The analysis refused"))]


def refusal_text(run: PhantomRun) -> str:
    """The reason of a refusal in the reader's language."""
    if run.refused in reason_catalogue():
        return explain.reason_text(Reason(run.refused, run.result.get("refused_values") or {}), language())
    return run.result.get("refused") or run.refused


def _side_by_side(case: PhantomCase, run: PhantomRun) -> Section:
    by_occasion = side_by_side(case, run)
    columns = [Column("quantity", _("Quantity"), wide=True), Column("value", _("Value"), align="right", nowrap=True)]
    columns += [Column(key, str(label)) for key, label in Occasion.choices]
    return Section(
        _("Limits of the three occasions"),
        Table(
            columns=columns,
            rows=[_limits_row(case, value, by_occasion) for value in run.result["measurements"]],
            caption=_("Limits of the three occasions"),
        ),
        hint=_("the occasion of this run counts; the others are shown to compare; a row leads to its trend"),
        flush=True,
    )


def _limits_row(case: PhantomCase, value: Mapping[str, Any], by_occasion: ByOccasion) -> Row:
    number = value_text(value["value"]) if value["value"] is not None else ""
    shown = " ".join(filter(None, (number, unit_text(value["unit"])))) if number else _reason(value)
    cells: dict[str, Any] = {"quantity": quantity_text(value["quantity"]), "value": shown}
    for occasion in Occasion.values:
        verdicts = by_occasion[occasion].get(value["quantity"], ())
        cells[occasion] = Many([_limit(v) for v in verdicts]) if verdicts else None
    url = course_url(case.device, case.test, value["quantity"]) if on_course(value["value"]) else ""
    return Row(cells, url=url, id=value["quantity"])


def _reason(value: Mapping[str, Any]) -> str:
    code = value.get("reason_code")
    if code in reason_catalogue():
        return explain.reason_text(Reason(str(code), value.get("reason_values") or {}), language())
    return value.get("reason") or "—"


def _limit(verdict: Verdict) -> Lines:
    limit = limit_text(verdict.limit, verdict.unit, language()) if verdict.limit else ""
    return Lines(OutcomeBadge(verdict.outcome.value), limit)


def _stage(request: HttpRequest, case: PhantomCase) -> list[Section]:
    """The images with the shapes that the analysis drew; only for those who may see exams."""
    stage = case_stage(request, case)
    if stage is None:
        return []
    by_hand = [Action(_("Choose by hand"), reverse("phantomqc:route", args=[case.pk]), "pin")]
    actions = by_hand if may_test(request, case.hospital) else []
    return [Section(_("Images"), stage, flush=True, actions=actions)]


def _checks(run: PhantomRun) -> list[Section]:
    """The plausibility checks that passed, what was given, and what of it was chosen by hand."""
    rows = [(_("Phantom"), run.phantom)] if run.phantom else []
    rows += [(key, number_text(value)) for key, value in (run.result.get("checks") or {}).items()]
    chosen = by_hand_texts(run, language())
    rows += [(name, Many([text, Tag(_("by hand"), "human", "pin")])) for name, text in chosen.values()]
    rows += [(key, value_text(value)) for key, value in run.parameters.items() if key not in chosen]
    if run.asked_reason:
        rows.append((_("Why it was analysed anew"), run.asked_reason))
    return [Section(_("Plausibility and parameters"), KeyValues(rows))] if rows else []


def _tests(case: PhantomCase) -> list[Section]:
    tests = case_tests(case)
    if not tests:
        return []
    rows = [
        Row(
            {"what": Lines(template_text(t), t.device.label), "day": When(t.local_day), "outcome": occasion_light(t)},
            url=reverse("phantomqc:test", args=[t.pk]),
            id=str(t.pk),
        )
        for t in tests
    ]
    columns = (
        Column("what", _("Test"), wide=True),
        Column("day", _("Day"), nowrap=True),
        Column("outcome", _("Outcome"), nowrap=True),
    )
    return [Section(_("Part of"), Table(columns=columns, rows=rows, caption=_("Part of")), flush=True)]


def _runs(request: HttpRequest, case: PhantomCase) -> Section:
    rows = list(run_list(request.scope, case)[:_RUNS])
    return Section(
        _("Runs"),
        Table(
            columns=(
                Column("at", _("When"), nowrap=True),
                Column("what", _("Test"), wide=True),
                Column("result", _("Result"), nowrap=True),
                Column("who", _("Asked by"), phone=False),
            ),
            rows=[_run_row(row, holds=row.pk == case.run_id) for row in rows],
            caption=_("Runs"),
            empty=Empty(_("Not analysed yet"), icon="clock"),
        ),
        flush=True,
    )


def _run_row(row: PhantomRun, *, holds: bool) -> Row:
    given = "、".join(filter(None, (parameters_text(row.parameters), row.asked_reason)))
    result = Tag(row.refused, "human") if row.refused else OutcomeBadge(row.outcome)
    return Row(
        {
            "at": When(row.made_at),
            "what": Lines(f"{row.test} {row.version}", given),
            "result": Many([result, Tag(_("holds"), "accent")]) if holds else result,
            "who": row.asked_by_name or None,
        },
        id=str(row.pk),
    )
