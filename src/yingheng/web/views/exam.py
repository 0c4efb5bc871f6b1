"""The page of one exam: its series, the evidence on the image, every verdict, and what people decided."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.selectors import (
    exam_get,
    exam_neighbours,
    instances_of_series,
    patient_identity,
    series_of_exam,
)
from yingheng.common.ui.judged import HumanVerdict, Judged, JudgedList, reason_text, value_text
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.panels import panels_for, timeline_for
from yingheng.common.ui.parts import Action, Fact, Link, Section, Timeline, When
from yingheng.common.ui.stage import SliceRuler, Stage, Window, overlays_of
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import quantity_text, unit_text
from yingheng.evidence.selectors import measurements_of_exam, verdicts_effective_of_exam
from yingheng.evidence.truth import EffectiveVerdict, worst
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_DECIDE, EXAM_EVALUATE, EXAM_VIEW, PATIENT_IDENTIFY
from yingheng.web.views.exams import exam_name, exam_state, flag_tags

# (window, label) by modality: what a reader presses every day; "" is what the header says.
_CT_WINDOWS = (("40,80", "brain"), ("-600,1500", "lung"), ("40,400", "soft tissue"), ("400,1800", "bone"))


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """A series in the strip: picture, counts, worst outcome."""

    series: Series
    url: str
    picture: str
    outcome: str
    n_fail: int
    current: bool


@page(EXAM_VIEW)
@require_safe
def exam(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """One exam with its series; `series` in the address chooses the one on the stage."""
    row = exam_get(request.scope, exam_id)
    series = list(series_of_exam(request.scope, row))
    verdicts = verdicts_effective_of_exam(request.scope, row)
    by_subject: dict[UUID, list[EffectiveVerdict]] = defaultdict(list)
    for verdict in verdicts:
        by_subject[verdict.assessment.subject_id].append(verdict)
    chosen = _chosen(request, series, by_subject)
    shown = _Shown(request, row)
    sections = [_strip(request, series, by_subject, chosen)]
    if chosen is not None:
        sections.append(shown.series_section(chosen, by_subject[chosen.pk]))
    if by_subject[row.pk]:
        sections.append(shown.exam_section(by_subject[row.pk]))
    sections += panels_for("exam", request, row)
    return ThingPage(
        title=exam_name(row),
        purpose=" · ".join(filter(None, (row.modality, row.accession, row.hospital.name))),
        kind=_("Exam"),
        crumbs=[Link(_("Exam list"), reverse("web:exams"))],
        state=exam_state(row),
        facts=_facts(request, row),
        actions=_actions(request, row),
        sections=sections,
        timeline=Timeline(timeline_for(request, row)),
        extra={"tags": flag_tags(row)},
    ).response(request)


def _chosen(
    request: HttpRequest, series: Sequence[Series], by_subject: dict[UUID, list[EffectiveVerdict]]
) -> Series | None:
    """The series asked for, else the first with the worst outcome among those with images."""
    asked = request.GET.get("series", "")
    for one in series:
        if str(one.pk) == asked:
            return one
    with_images = [s for s in series if s.geometry.get("rows")]
    order = ("FAIL", "NEEDS_HUMAN", "PASS", "NOT_ASSESSABLE", "")
    return min(with_images or series, key=lambda s: order.index(_outcome(by_subject[s.pk])), default=None)


def _outcome(verdicts: Sequence[EffectiveVerdict]) -> str:
    """The worst outcome that holds; "" when nothing was judged."""
    counted = [v.outcome for v in verdicts if v.counts]
    return worst(counted) if counted else ""


def _facts(request: HttpRequest, row: Exam) -> list[Fact]:
    facts = [
        Fact(_("Examined"), When(row.sort_at)),
        Fact(_("Device"), row.device.label if row.device else "—"),
        Fact(_("Series / images"), f"{row.n_series} / {row.n_instances}"),
    ]
    if row.patient_id and scope_of(request, PATIENT_IDENTIFY).contains(row.hospital.path):
        name, number = patient_identity(request.scope, row)
        facts.append(Fact(_("Patient"), " · ".join(filter(None, (name.replace("^", " "), number))) or "—"))
    else:
        sex = {"F": _("female"), "M": _("male")}.get(row.sex, "")
        age = _("%(n)s years") % {"n": f"{row.age_years:.0f}"} if row.age_years is not None else ""
        facts.append(Fact(_("Patient"), " · ".join(filter(None, (sex, age))) or "—"))
    return facts


def _actions(request: HttpRequest, row: Exam) -> list[Action]:
    earlier, later = exam_neighbours(request.scope, row)
    actions = []
    if later is not None:
        actions.append(
            Action(_("Newer"), reverse("web:exam", args=[later.pk]), icon="chevron-left", kind="quiet", key="p")
        )
    if earlier is not None:
        actions.append(
            Action(_("Older"), reverse("web:exam", args=[earlier.pk]), icon="chevron-right", kind="quiet", key="n")
        )
    if scope_of(request, EXAM_EVALUATE).contains(row.hospital.path):
        url = reverse("web:exam_evaluate", args=[row.pk])
        actions.append(Action(_("Evaluate again"), url, icon="refresh", method="post"))
    return actions


def _strip(
    request: HttpRequest,
    series: Sequence[Series],
    by_subject: dict[UUID, list[EffectiveVerdict]],
    chosen: Series | None,
) -> Section:
    cards = []
    for one in series:
        verdicts = by_subject[one.pk]
        counts = Counter(v.outcome for v in verdicts if v.counts)
        cards.append(
            SeriesCard(
                series=one,
                url=f"{request.path}?series={one.pk}",
                picture=reverse("web:thumbnail", args=[one.pk]) if one.geometry.get("rows") else "",
                outcome=_outcome(verdicts),
                n_fail=counts["FAIL"],
                current=one == chosen,
            )
        )
    return Section(_("Series"), body_template="web/_series_strip.html", context={"cards": cards}, flush=True)


class _Shown:
    """The parts of the page that need the request and the exam."""

    def __init__(self, request: HttpRequest, row: Exam) -> None:
        self.request = request
        self.row = row
        self.may_decide = scope_of(request, EXAM_DECIDE).contains(row.hospital.path)
        sets = measurements_of_exam(request.scope, row)
        self.values = {s.subject_id: s.values for s in sets}

    def series_section(self, series: Series, verdicts: Sequence[EffectiveVerdict]) -> Section:
        """Stage and verdicts of one series, side by side where there is room."""
        instances = list(instances_of_series(self.request.scope, series))
        stage = self.stage(series, instances, verdicts) if series.geometry.get("rows") else None
        values = self.values.get(series.pk, [])
        places = _places(instances)
        return Section(
            series.description or series.series_uid,
            body_template="web/_series.html",
            context={
                "stage": stage,
                "verdicts": self.judged(verdicts, values, places),
                "measured": _measured(values),
                "n_measured": len(values),
            },
            hint=_("%(modality)s · %(n)s images") % {"modality": series.modality, "n": series.n_frames},
        )

    def exam_section(self, verdicts: Sequence[EffectiveVerdict]) -> Section:
        """What is judged on the exam as a whole; clauses for a person come after the measured ones."""
        return Section(
            _("Whole exam"),
            body=self.judged(verdicts, self.values.get(self.row.pk, []), {}),
            hint=_("clauses that concern all series, and clauses that a person judges"),
        )

    def judged(
        self, verdicts: Sequence[EffectiveVerdict], values: Sequence[dict[str, Any]], places: dict[str, int]
    ) -> JudgedList:
        methods = {v["quantity"]: f"{v['method']} {v['version']}" for v in values}
        return JudgedList(
            [
                Judged(
                    verdict=v.verdict,
                    method=methods.get(v.verdict.get("quantity") or "", ""),
                    human=human_of(v),
                    slice_index=places.get((v.verdict.get("evidence") or {}).get("instance") or ""),
                    decide_url=self.decide_url(v),
                )
                for v in verdicts
            ]
        )

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
            title=series.description,
            windows=_windows(series.modality),
            overlays=overlays_of([v.verdict for v in verdicts], [i.sop_uid for i, _frame in frames]),
            start=len(frames) // 2,
            labels=[f"{p:.1f} mm" if p is not None else "" for p in positions],
            ruler=ruler,
        )


def _measured(values: Sequence[dict[str, Any]]) -> Table:
    """Every measurement of a series, with or without a limit."""
    rows = [
        Row(
            {
                "quantity": quantity_text(value["quantity"]),
                "value": _value_words(value),
                "method": f"{value['method']} {value['version']}",
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


def _places(instances: Sequence[Instance]) -> dict[str, int]:
    """SOP Instance UID -> index of its first slice on the stage."""
    places, index = {}, 0
    for instance in instances:
        places[instance.sop_uid] = index
        index += instance.n_frames
    return places


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
