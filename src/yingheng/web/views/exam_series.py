"""One series on the exam page: the stage, its verdicts beside it, everything that was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.selectors import instances_of_series
from yingheng.common.ui.judged import HumanVerdict, Judged, JudgedList, reason_text, value_text
from yingheng.common.ui.parts import Link, Section
from yingheng.common.ui.stage import SliceRuler, Stage, Window, overlays_of
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import quantity_text, unit_text
from yingheng.evidence.selectors import measurements_of_exam
from yingheng.evidence.truth import EffectiveVerdict
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_DECIDE
from yingheng.web.hints import hints_for
from yingheng.web.method_pages import method_url, methods_used

# (window, label) by modality: what a reader presses every day; "" is what the header says.
_CT_WINDOWS = (("40,80", "brain"), ("-600,1500", "lung"), ("40,400", "soft tissue"), ("400,1800", "bone"))

# Where evidence on a stack of slices lists the faults that a quantity counts.
_FAULTS = {"missing": "gaps", "duplicated": "duplicates", "irregular": "irregular"}


def has_pictures(series: Series) -> bool:
    """Whether there is something to show: a document has no picture, and retention takes pictures away."""
    return bool(series.geometry.get("rows")) and series.pixels_gone_at is None


class ExamSections:
    """The sections of the exam page that need the request and the exam."""

    def __init__(self, request: HttpRequest, row: Exam, series: Sequence[Series]) -> None:
        self.request = request
        self.row = row
        self.by_uid = {one.series_uid: one for one in series}
        self.names = {one.pk: one.description or one.modality for one in series}
        self.may_decide = scope_of(request, EXAM_DECIDE).contains(row.hospital.path)
        sets = measurements_of_exam(request.scope, row)
        self.values = {s.subject_id: s.values for s in sets}

    def series(self, series: Series, verdicts: Sequence[EffectiveVerdict]) -> Section:
        """Stage and verdicts of one series, side by side where there is room."""
        instances = list(instances_of_series(self.request.scope, series))
        values = self.values.get(series.pk, [])
        stage = self.stage(series, instances, verdicts) if has_pictures(series) else None
        items = self.judged(verdicts, values, Slices(instances if stage else ()))
        return Section(
            series.description or series.modality,
            body_template="web/_series.html",
            context={
                "stage": stage,
                "verdicts": JudgedList(items, compact=True),
                "measured": _measured(values),
                "n_measured": len(values),
            },
            hint=_("%(modality)s · %(n)s images") % {"modality": series.modality, "n": series.n_frames},
            flush=True,
        )

    def exam(self, verdicts: Sequence[EffectiveVerdict]) -> Section:
        """What is judged on the exam as a whole; the clauses for a person are folded below the measured ones."""
        items = self.judged(verdicts, self.values.get(self.row.pk, []), Slices(()))
        manual = [replace(i, hints=hints_for(i.verdict, self.values, self.names)) for i in items if i.manual]
        return Section(
            _("Whole exam"),
            body_template="web/_whole_exam.html",
            context={
                "measured": JudgedList([item for item in items if not item.manual]),
                "manual": JudgedList(manual, keep_order=True, counted=False),
                "n_decided": sum(item.human is not None for item in manual),
            },
            hint=_("clauses that concern all series, and clauses that a person judges"),
            flush=True,
        )

    def judged(
        self, verdicts: Sequence[EffectiveVerdict], values: Sequence[dict[str, Any]], slices: Slices
    ) -> list[Judged]:
        methods = methods_used(values)
        return [
            Judged(
                verdict=v.verdict,
                **methods.get(v.verdict.get("quantity") or "", {}),
                human=human_of(v),
                slice_index=slices.of(v.verdict),
                show_url=self.show_url(v.verdict),
                decide_url=self.decide_url(v),
            )
            for v in verdicts
        ]

    def show_url(self, verdict: Mapping[str, Any]) -> str:
        """Where the viewer shows what a verdict is about; "" when the evidence names no image."""
        evidence = verdict.get("evidence") or {}
        series = self.by_uid.get(evidence.get("series") or "")
        if series is None or not evidence.get("instance"):
            return ""
        place = {"instance": evidence["instance"], "frame": evidence.get("frame") or 0, "overlay": 1}
        return f"{reverse('web:viewer', args=[self.row.pk])}?{urlencode({'series': series.pk, **place})}"

    def decide_url(self, verdict: EffectiveVerdict) -> str:
        if not self.may_decide:
            return ""
        url = reverse("web:decide", args=[self.row.pk, verdict.assessment.pk])
        return f"{url}?criterion={verdict.verdict['criterion']}"

    def stage(self, series: Series, instances: Sequence[Instance], verdicts: Sequence[EffectiveVerdict]) -> Stage:
        frames = [(i, f) for i in instances for f in range(i.n_frames)]
        url = reverse("web:slice", args=[series.pk, 0]).replace("/0.png", "/{index}.png") + "?window={window}"
        shape = _slices_shape(self.values.get(series.pk, []))
        positions = [i.position_mm for i, _frame in frames]
        ruler = SliceRuler(shape, places=_nearest(shape["positions_mm"], positions)) if shape else None
        return Stage(
            image_url=url,
            columns=int(series.geometry["columns"]),
            rows=int(series.geometry["rows"]),
            count=len(frames),
            title=series.description or series.modality,
            windows=_windows(series.modality),
            overlays=overlays_of([v.verdict for v in verdicts], [i.sop_uid for i, _frame in frames]),
            start=len(frames) // 2,
            labels=[f"{p:.1f} mm" if p is not None else "" for p in positions],
            ruler=ruler,
        )


class Slices:
    """Where evidence lies on the stage: slices counted as the stage counts them."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        self.first: dict[str, int] = {}
        self.positions: list[float | None] = []
        for instance in instances:
            self.first[instance.sop_uid] = len(self.positions)
            self.positions += [instance.position_mm] * instance.n_frames

    def of(self, verdict: Mapping[str, Any]) -> int | None:
        """Index of the slice that shows what a verdict is about; None when no single slice does."""
        evidence = verdict.get("evidence") or {}
        first = self.first.get(evidence.get("instance") or "")
        if first is not None:
            return first + (evidence.get("frame") or 0)
        shape = evidence.get("shape") or {}
        aspect = (verdict.get("quantity") or "").rsplit(".", 1)[-1]
        faults = shape.get(_FAULTS.get(aspect, "")) or ()
        if verdict["outcome"] not in {"FAIL", "NEEDS_HUMAN"} or not faults:
            return None
        place = faults[0].get("from_mm", faults[0].get("position_mm"))
        known = [(abs(p - place), i) for i, p in enumerate(self.positions) if p is not None and place is not None]
        return min(known)[1] if known else None


def _measured(values: Sequence[dict[str, Any]]) -> Table:
    """Every measurement of a series, with or without a limit."""
    rows = [
        Row(
            {
                "quantity": quantity_text(value["quantity"]),
                "value": _value_words(value),
                "method": _method_link(value),
            }
        )
        for value in values
    ]
    columns = (
        Column("quantity", _("Quantity")),
        Column("value", _("Value"), wide=True),
        Column("method", _("Method"), phone=False),
    )
    return Table(columns=columns, rows=rows, caption=_("Measurements"))


def _method_link(value: dict[str, Any]) -> Link | str:
    text, url = f"{value['method']} {value['version']}", method_url(value["method"])
    return Link(text, url) if url else text


def _value_words(value: dict[str, Any]) -> str:
    if value["value"] is None:
        return reason_text(value)
    unit = unit_text(value["unit"])
    return " ".join(filter(None, (value_text(value["value"]), unit)))


def human_of(verdict: EffectiveVerdict) -> HumanVerdict | None:
    decision = verdict.decision
    if decision is None:
        return None
    return HumanVerdict(decision.outcome, decision.actor_name, decision.made_at, decision.reason)


def _windows(modality: str) -> list[Window]:
    names = {"brain": _("Brain"), "lung": _("Lung"), "soft tissue": _("Soft tissue"), "bone": _("Bone")}
    presets = [Window("", _("As sent"))]
    return presets + [Window(value, names[key]) for value, key in _CT_WINDOWS if modality == "CT"]


def _slices_shape(values: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The positions of the slices with gaps and duplicates, as measured; of several stacks the one with most faults."""
    shapes = [
        value["evidence"]["shape"]
        for value in values
        if value["quantity"].endswith(".slices.missing")
        and value.get("evidence")
        and value["evidence"]["shape"].get("kind") == "slices"
        and value["evidence"]["shape"].get("positions_mm")
    ]
    return max(shapes, key=lambda s: (len(s.get("gaps") or ()), len(s["positions_mm"])), default=None)


def _nearest(measured: Sequence[float], positions: Sequence[float | None]) -> list[int]:
    """For every measured position the index of the slice on the stage that lies nearest."""
    known = sorted((p, i) for i, p in enumerate(positions) if p is not None)
    if not known:
        return [0] * len(measured)
    found, at = [], 0
    for target, order in sorted((p, i) for i, p in enumerate(measured)):
        while at + 1 < len(known) and abs(known[at + 1][0] - target) <= abs(known[at][0] - target):
            at += 1
        found.append((order, known[at][1]))
    return [index for _order, index in sorted(found)]
