"""From the course of a quantity to its chart, its table and its words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.criteria.judge import BASELINE_N
from imagingqc.quantity import quantity_catalogue
from imagingqc.stats.baseline import SD_PER_MAD, RobustBaseline, robust_z
from imagingqc.stats.drift import ewma
from yingheng.common.ui import words
from yingheng.common.ui.control_chart import ChartEvent, ChartPoint, ControlChart, Stretch
from yingheng.common.ui.parts import Number, Tag
from yingheng.evidence.courses import Course
from yingheng.evidence.epochs import Boundary
from yingheng.evidence.models import Baseline, Epoch, QuantityPoint, Trend
from yingheng.registry.models import Device

BEYOND = 3.5  # robust standard deviations, as the rules of the product ask


def trend_url(device: Device, protocol_key: str, quantity: str) -> str:
    """The page of one quantity of a device under a protocol."""
    query = urlencode({"protocol": protocol_key, "quantity": quantity})
    return f"{reverse('web:trend', args=[device.pk])}?{query}"


def unit_of(quantity: str) -> str:
    """The unit of a quantity, "" when the catalogue does not know it any more."""
    known = quantity_catalogue().get(quantity)
    return known.unit if known else ""


def drift_tag(row: Trend) -> Tag:
    """Where a quantity stands, as icon and words."""
    if row.baseline is None:
        text = _("forming %(n)d/%(need)d") % {"n": min(row.n_usable, BASELINE_N), "need": BASELINE_N}
        return Tag(text, "neutral", "hourglass")
    if row.baseline.mad == 0:
        return Tag(_("no spread"), "none", "minus")
    if row.drift:
        icon = "arrow-up" if row.drift == Trend.Drift.ABOVE else "arrow-down"
        return Tag(str(row.get_drift_display()), "human", icon)
    return Tag(_("no drift"), "pass", "check")


def normal_text(row: Baseline, quantity: str) -> str:
    """Median ± robust standard deviation with the unit."""
    unit = words.unit_text(unit_of(quantity))
    spread = words.number_text(float(f"{SD_PER_MAD * row.mad:.2g}"))
    return f"{words.number_text(row.median)} ± {spread}{f' {unit}' if unit else ''}"


def change_text(boundary: Boundary) -> str:
    """What changed, in words."""
    if boundary.before or boundary.after:
        names = {"SoftwareVersions": _("software"), "DetectorID": _("detector"), "GantryID": _("gantry")}
        what = names.get(boundary.kind, boundary.kind)
        return _("%(what)s: %(before)s → %(after)s (header)") % {
            "what": what,
            "before": boundary.before,
            "after": boundary.after,
        }
    return f"{kind_text(boundary.kind)} · {boundary.text}" if boundary.text else kind_text(boundary.kind)


def kind_text(kind: str) -> str:
    """The kind of a change, as people call it."""
    return str(dict(Epoch.Kind.choices).get(kind, kind))


def cause_text(cause: str) -> str:
    """What made a version of a baseline necessary."""
    if cause == "first":
        return _("the first %(n)d exams") % {"n": BASELINE_N}
    names = {"SoftwareVersions": _("software changed"), "DetectorID": _("detector replaced")}
    return str(names.get(cause) or kind_text(cause))


@dataclass(frozen=True, slots=True)
class Judged:
    """A point with what it is compared with."""

    point: QuantityPoint
    baseline: Baseline | None

    @property
    def z(self) -> float | None:
        """Robust z, None without a baseline or spread."""
        if self.baseline is None:
            return None
        return robust_z(self.point.value, RobustBaseline(self.baseline.n, self.baseline.median, self.baseline.mad))

    @property
    def beyond(self) -> bool:
        return self.z is not None and abs(self.z) > BEYOND

    @property
    def aside(self) -> bool:
        return bool(self.point.aside)


def judged_points(course: Course) -> list[Judged]:
    """Every point with its baseline, oldest first."""
    known: dict[object, Baseline | None] = {}
    cuts = [b.at for b in course.boundaries]
    out = []
    for point in course.points:
        window = sum(cut <= point.at for cut in cuts)
        if window not in known:
            known[window] = course.in_force(point.at)
        out.append(Judged(point, known[window]))
    return out


def chart_of(course: Course, title: str, quantity: str, exam_url: Callable[[QuantityPoint], str]) -> ControlChart:
    """The control chart of a course; `exam_url` gives "" where the reader may not see the exam."""
    rows = judged_points(course)
    averages, inner = _averages(rows)
    return ControlChart(
        points=[
            ChartPoint(r.point.local_day, r.point.value, str(r.point.local_day), exam_url(r.point), r.aside, r.beyond)
            for r in rows
        ],
        title=title,
        unit=unit_of(quantity),
        stretches=_stretches(rows, inner),
        averages=averages,
        events=_events(course, rows),
    )


def _runs(rows: Sequence[Judged]) -> list[tuple[int, int, Baseline]]:
    """Stretches of points compared with the same baseline, as indices of the first and the last."""
    runs: list[tuple[int, int, Baseline]] = []
    for i, row in enumerate(rows):
        if row.baseline is None:
            continue
        if runs and runs[-1][1] == i - 1 and runs[-1][2].pk == row.baseline.pk:
            runs[-1] = (runs[-1][0], i, row.baseline)
        else:
            runs.append((i, i, row.baseline))
    return runs


def _averages(rows: Sequence[Judged]) -> tuple[list[float | None], Mapping[object, float]]:
    """The moving average after each point in the unit of the quantity, and how far it may go by baseline."""
    averages: list[float | None] = [None] * len(rows)
    widest: dict[object, float] = {}
    for first, last, baseline in _runs(rows):
        later = [i for i in range(first, last + 1) if baseline.last_at is None or rows[i].point.at > baseline.last_at]
        if baseline.mad == 0 or not later:
            continue
        chart = ewma([rows[i].z or 0.0 for i in later], baseline.n)
        for i, average in zip(later, chart.average, strict=True):
            averages[i] = baseline.median + average * SD_PER_MAD * baseline.mad
        widest[baseline.pk] = chart.limit[-1]
    return averages, widest


def _stretches(rows: Sequence[Judged], widest: Mapping[object, float]) -> list[Stretch]:
    out = []
    for first, last, baseline in _runs(rows):
        sd, middle = SD_PER_MAD * baseline.mad, baseline.median
        reach = widest.get(baseline.pk, math.nan) * sd
        inner = None if math.isnan(reach) else (middle - reach, middle + reach)
        out.append(Stretch(first, last, middle, middle - BEYOND * sd, middle + BEYOND * sd, inner))
    return out


def _events(course: Course, rows: Sequence[Judged]) -> list[ChartEvent]:
    """Changes of the device between the points shown, with their day."""
    events = []
    for boundary in course.boundaries:
        before = sum(row.point.at < boundary.at for row in rows)
        shown = before > 0 or len(rows) == course.total
        if shown:
            events.append(ChartEvent(before, f"{boundary.at:%Y-%m-%d} {change_text(boundary)}"))
    return events


def value_part(value: float | None, quantity: str) -> Number | None:
    """A value with its unit."""
    return None if value is None else Number(value, unit_of(quantity))


def z_text(z: float | None) -> str:
    """A robust z with its sign."""
    return "—" if z is None else f"{z:+.1f}"
