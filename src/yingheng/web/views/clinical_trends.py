"""What exams of patients say of a scanner over time, on one page: noise of low-dose CT and contrast peak time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import Avg
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui import words
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Empty, Link, Section, Tab
from yingheng.evidence.courses import Course, courses_of, trend_list
from yingheng.evidence.models import QuantityPoint, Trend
from yingheng.imagequality.courses import BOLUS, NOISE
from yingheng.registry.banner import use_alerts
from yingheng.registry.models import Device, UseChange
from yingheng.registry.selectors import device_get, use_change_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_VIEW, EXAM_VIEW
from yingheng.tenancy.scope import Scope
from yingheng.web.courses import (
    Drawing,
    chart_of,
    judged_points,
    normal_text,
    protocol_text,
    trend_url,
    unit_of,
    widths_of,
)
from yingheng.web.trend_limits import Said, asked_of_course, limit_lines, said_of
from yingheng.web.trend_words import forecast_of

MODALITIES = frozenset({"CT"})
POINTS, CHARTS, USES = 150, 6, 12
SSDE = "ct.dose.ssde"
LOW_SSDE = 4.0  # mGy: CTDIvol of 3 mGy, the ceiling for lung screening of a standard patient (ACR-STR), by his size
_CHEST = re.compile(r"chest|thorax|lung|胸|肺", re.IGNORECASE)
_NAMED = re.compile(r"low[ _-]?dose|ldct|\bld\b|lung ?screen|低剂量|低劑量|筛查", re.IGNORECASE)


def has_page(device: Device) -> bool:
    """Whether a device has such a page."""
    return device.modality in MODALITIES


@page(DEVICE_VIEW)
@require_safe
def clinical_trends(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Noise of low-dose protocols (or of all) and contrast peak time, each as a control chart with what was done."""
    device = device_get(request.scope, device_id)
    every = request.GET.get("protocols", "") == "all"
    rows = list(trend_list(request.scope, device).filter(quantity__in=(NOISE, *BOLUS), last_value__isnull=False))
    noise = [row for row in rows if row.quantity == NOISE]
    low = _low_dose(request.scope, device, noise)
    shown = noise if every else [row for row in noise if row.protocol_key in low]
    bolus = sorted((row for row in rows if row.quantity in BOLUS), key=lambda r: BOLUS.index(r.quantity))
    url = reverse("web:clinical_trends", args=[device.pk])
    return ThingPage(
        title=_("What exams say over time"),
        purpose=_("Measured on exams of patients, each against the device's own normal under the same protocol."),
        kind=_("Quality trend"),
        crumbs=[
            Link(_("Devices"), reverse("web:devices")),
            Link(device.label, reverse("web:device", args=[device.pk])),
        ],
        alerts=use_alerts(device),
        tabs=[
            Tab(_("Low dose"), url, len(low), not every),
            Tab(_("All protocols"), f"{url}?protocols=all", len(noise), every),
        ],
        sections=_sections(request, device, shown, bolus),
        wide=True,
    ).response(request)


def _low_dose(scope: Scope, device: Device, rows: Iterable[Trend]) -> frozenset[str]:
    """The protocols of low dose: those that say so, and those of the chest with a mean SSDE of LOW_SSDE at most."""
    keys = {row.protocol_key for row in rows}
    chest = {key for key in keys if _CHEST.search(key)}
    points = scope.filter(QuantityPoint.objects.filter(device=device, quantity=SSDE, protocol_key__in=chest))
    means = points.order_by().values_list("protocol_key").annotate(mean=Avg("value"))
    little = {key for key, mean in means if mean <= LOW_SSDE} if chest else set()
    return frozenset({key for key in keys if _NAMED.search(key)} | little)


def _sections(request: HttpRequest, device: Device, noise: Sequence[Trend], bolus: Sequence[Trend]) -> list[Section]:
    chosen = [*noise[:CHARTS], *bolus[:CHARTS]]
    courses = courses_of(request.scope, trends=chosen, limit=POINTS)
    said = _said(request.scope, courses)
    uses = list(use_change_list(request.scope, device)[:USES]) if device.use_since else []
    charts = [_chart(request, (device, row), course, said, uses) for row, course in zip(chosen, courses, strict=True)]
    first, second = charts[: len(noise[:CHARTS])], charts[len(noise[:CHARTS]) :]
    none_low = Empty(
        _("No low-dose protocol yet"),
        _("A protocol counts as low dose by its name, or as one of the chest by a mean dose of 4 mGy (SSDE) at most."),
        icon="chart-line",
    )
    none_bolus = Empty(
        _("No contrast peak time yet"),
        _("It is measured on test bolus and bolus tracking series that are kept with the exam."),
        icon="chart-line",
    )
    return [
        *(first or [Section(_("Noise"), none_low)]),
        *(second or [Section(_("Contrast peak time"), none_bolus)]),
    ]


def _said(scope: Scope, courses: Iterable[Course]) -> dict[str, dict[UUID, Said]]:
    """What standards say of the newest value of each, by quantity.  One query for each quantity."""
    newest: dict[str, list[QuantityPoint]] = {}
    for course in courses:
        newest.setdefault(course.quantity, []).extend(course.points[-1:])
    return {quantity: said_of(scope, points, quantity) for quantity, points in newest.items()}


def _chart(
    request: HttpRequest,
    about: tuple[Device, Trend],
    course: Course,
    said: dict[str, dict[UUID, Said]],
    uses: Collection[UseChange],
) -> Section:
    device, row = about
    own = said.get(row.quantity, {})
    judged = judged_points(course, own)
    asked = asked_of_course(course.points, own, judged[-1].baseline if judged else None)
    cuts = [b.at for b in course.boundaries]
    current = [point for point in course.points if not cuts or point.at >= cuts[-1]]
    unit = unit_of(row.quantity)
    forecast = forecast_of(current, asked, row.baseline, widths_of(row.protocol_key), unit)
    allowed = scope_of(request, EXAM_VIEW).contains(device.hospital.path)

    def to_exam(point: QuantityPoint) -> str:
        return reverse("web:exam", args=[point.exam_id]) if allowed and point.exam_id else ""

    name = words.quantity_text(row.quantity)
    normal = normal_text(row.baseline, row.quantity) if row.baseline else _("no baseline yet")
    return Section(
        f"{name} · {protocol_text(row.protocol_key)}",
        chart_of(course, name, judged, to_exam, Drawing(limit_lines(asked, unit), forecast, list(uses))),
        hint=normal,
        actions=[Action(_("Values and baselines"), trend_url(device, row.protocol_key, row.quantity), kind="quiet")],
    )
