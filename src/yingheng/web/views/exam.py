"""The page of one exam: its series, the evidence on the image, every verdict, and what people decided."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.catalog.models import Exam, Series
from yingheng.catalog.pseudonyms import patient_shown
from yingheng.catalog.selectors import exam_get_amid, series_of_exam
from yingheng.common import events
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.pages import Keys, ThingPage
from yingheng.common.ui.panels import panels_for, timeline_for
from yingheng.common.ui.parts import Action, Alert, Fact, Link, Section, Timeline, When
from yingheng.evidence.selectors import verdicts_effective_of_exam
from yingheng.evidence.truth import EffectiveVerdict, is_minor_gap, worst
from yingheng.jobs.selectors import is_pending
from yingheng.registry.banner import use_tags
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_EVALUATE, EXAM_VIEW, REVIEW_TEACH
from yingheng.web.scanner_panel import gone_alerts
from yingheng.web.views.exam_series import ExamSections, has_pictures
from yingheng.web.views.exams import exam_name, exam_state, flag_tags
from yingheng.web.views.item_pages import item_section
from yingheng.web.views.performers import performer_section
from yingheng.web.views.workflow import workflow_sections


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """A series in the strip: picture, counts, worst outcome."""

    series: Series
    url: str
    picture: str
    outcome: str
    count: int | None
    current: bool
    key: str = ""


@page(EXAM_VIEW)
@require_safe
def exam(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """One exam with its series; `series` in the address chooses the one on the stage."""
    row = exam_get_amid(request.scope, exam_id)
    series = list(series_of_exam(request.scope, row))
    row.shown_series = series  # for the timeline
    verdicts = verdicts_effective_of_exam(request.scope, row)
    by_subject: dict[UUID, list[EffectiveVerdict]] = defaultdict(list)
    for verdict in verdicts:
        by_subject[verdict.assessment.subject_id].append(verdict)
    chosen = _chosen(request, series, by_subject)
    request.demo = row.is_demo
    return ThingPage(
        title=exam_name(row),
        purpose=" · ".join(filter(None, (row.modality, row.accession, row.hospital.name))),
        kind=_("Exam"),
        crumbs=[Link(_("Exam list"), reverse("web:exams"))],
        state=exam_state(row),
        tags=[*flag_tags(row), *use_tags(row.device)],
        facts=_facts(request, row),
        actions=_actions(request, row),
        alerts=[*gone_alerts(series), *_alerts(request, row, series)],
        sections=[
            *_strip(request, series, by_subject, chosen),
            *_judged_sections(request, row, series, chosen, by_subject),
            item_section(request, row, actions=True),
            performer_section(request, row),
            *workflow_sections(request, row),
            *panels_for("exam", request, row),
        ],
        timeline=Timeline(timeline_for(request, row)),
        wide=True,
        page_keys=_keys(len(series) > 1),
    ).response(request)


def _judged_sections(
    request: HttpRequest,
    row: Exam,
    series: Sequence[Series],
    chosen: Series | None,
    by_subject: dict[UUID, list[EffectiveVerdict]],
) -> list[Section]:
    """The chosen series and the exam as a whole; what failed on the whole exam comes first."""
    shown = ExamSections(request, row, series)
    sections = [shown.series(chosen, by_subject[chosen.pk])] if chosen is not None else []
    whole = by_subject[row.pk]
    if not whole:
        return sections
    failed = any(v.outcome == "FAIL" for v in whole if v.counts)
    return [shown.exam(whole), *sections] if failed else [*sections, shown.exam(whole)]


def _keys(several: bool) -> Keys:  # noqa: FBT001
    keys: Keys = [("j / k", _("next / previous verdict")), ("v", _("show it on the image")), ("d", _("decide on it"))]
    return [*keys, ("[ ]", _("previous / next series"))] if several else keys


def _alerts(request: HttpRequest, row: Exam, series: Sequence[Series]) -> list[Alert]:
    """That an evaluation is under way (the page then renews itself), or that there was none."""
    if row.is_phantom or (row.outcome and not request.GET.get("asked")):
        return []
    kinds = (events.SERIES_READY, events.EXAM_CLOSED)
    if is_pending(request.scope, kinds, [str(row.pk), *(str(one.pk) for one in series)]):
        text = _("The exam is being evaluated. This page renews itself when the result is there.")
        return [Alert(text, "accent", pending=True)]
    if not row.outcome:
        return [Alert(_("This exam has not been evaluated yet. It is, once all its images have arrived."), "human")]
    return []


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
    """The worst outcome that holds, minor gaps aside as for the exam; "" when nothing was judged."""
    counted = [v for v in verdicts if v.counts]
    told = [v.outcome for v in counted if not is_minor_gap(v.outcome, v.verdict)]
    return worst(told or (v.outcome for v in counted)) if counted else ""


def _facts(request: HttpRequest, row: Exam) -> list[Fact]:
    facts = [
        Fact(_("Examined"), When(row.sort_at)),
        Fact(_("Device"), row.device.label if row.device else "—", hint=_station(row)),
        Fact(_("Series / images"), f"{row.n_series} / {row.n_instances}"),
    ]
    return [*facts, _patient_fact(request, row)]


def _patient_fact(request: HttpRequest, row: Exam) -> Fact:
    """The patient as far as this reader may see him, with the way to his other exams."""
    sex = {"F": _("female"), "M": _("male")}.get(row.sex, "")
    age = _("%(n)s years") % {"n": f"{row.age_years:.0f}"} if row.age_years is not None else ""
    words = " · ".join(filter(None, (sex, age)))
    if row.patient is None:
        return Fact(_("Patient"), words or "—")
    shown = patient_shown(request, row.patient, row.hospital.path)
    number = shown.number if shown.number != shown.label else ""
    link = Link(shown.label, reverse("web:patient", args=[row.patient.pk]))
    return Fact(_("Patient"), link, hint=" · ".join(filter(None, (number, words))))


def _station(row: Exam) -> str:
    return row.device.station_name if row.device else ""


def _actions(request: HttpRequest, row: Exam) -> list[Action]:
    actions = []
    if row.later_id is not None:
        actions.append(
            Action(_("Newer"), reverse("web:exam", args=[row.later_id]), icon="chevron-left", kind="quiet", key="p")
        )
    if row.earlier_id is not None:
        actions.append(
            Action(_("Older"), reverse("web:exam", args=[row.earlier_id]), icon="chevron-right", kind="quiet", key="n")
        )
    if row.n_instances:
        url = reverse("web:viewer", args=[row.pk]) + _shown(request)
        actions.append(Action(_("Open the viewer"), url, icon="photo-scan", kind="primary", key="w"))
    if scope_of(request, EXAM_EVALUATE).contains(row.hospital.path):
        url = reverse("web:exam_evaluate", args=[row.pk])
        actions.append(Action(_("Evaluate again"), url, icon="refresh", method="post"))
    if row.n_instances and scope_of(request, REVIEW_TEACH).contains(row.hospital.path):
        url = reverse("web:teaching_add", args=[row.pk])
        actions.append(Action(_("Add to the teaching library"), url, icon="school", kind="quiet"))
    return actions


def _shown(request: HttpRequest) -> str:
    """The series on the stage, for the viewer to begin with."""
    asked = identifier(request.GET.get("series", ""))
    return f"?series={asked}" if asked else ""


def _strip(
    request: HttpRequest,
    series: Sequence[Series],
    by_subject: dict[UUID, list[EffectiveVerdict]],
    chosen: Series | None,
) -> list[Section]:
    """Cards of all series; nothing where there is no choice."""
    if len(series) <= 1:  # that one is on the stage
        return []
    at = next((i for i, one in enumerate(series) if one == chosen), 0)
    keys = {at - 1: "[", at + 1: "]"}
    cards = [
        _card(request, one, by_subject[one.pk], keys.get(i, ""), current=one == chosen) for i, one in enumerate(series)
    ]
    failed = sum(card.outcome == "FAIL" for card in cards)
    hint = _("%(n)s series, %(failed)s of them failed") % {"n": len(cards), "failed": failed}
    context = {"cards": cards}
    return [Section(_("Series"), body_template="web/_series_strip.html", context=context, hint=hint, flush=True)]


def _card(
    request: HttpRequest,
    one: Series,
    verdicts: Sequence[EffectiveVerdict],
    key: str,
    *,
    current: bool,
) -> SeriesCard:
    counts = Counter(v.outcome for v in verdicts if v.counts)
    outcome = _outcome(verdicts)
    return SeriesCard(
        series=one,
        url=f"{request.path}?series={one.pk}",
        picture=reverse("web:thumbnail", args=[one.pk]) if has_pictures(one) else "",
        outcome=outcome,
        count=counts[outcome] if outcome in {"FAIL", "NEEDS_HUMAN"} else None,
        current=current,
        key=key,
    )
