"""From the course of a quantity to its chart, its table and its words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.criteria.judge import BASELINE_N
from imagingqc.phantom.readings import READINGS
from imagingqc.phantom.registry import TESTS
from imagingqc.quantity import quantity_catalogue
from imagingqc.stats.baseline import SD_PER_MAD, RobustBaseline, robust_z
from imagingqc.stats.control import Rule, westgard
from imagingqc.stats.drift import ewma
from yingheng.common.errors import NotFound
from yingheng.common.ui import words
from yingheng.common.ui.control_chart import ChartEvent, ChartLimit, ChartPoint, ControlChart, Stretch
from yingheng.common.ui.parts import Number, Tag
from yingheng.evidence.courses import Course
from yingheng.evidence.epochs import Boundary
from yingheng.evidence.models import Baseline, Epoch, QuantityPoint, Trend
from yingheng.evidence.services import OF_TESTS
from yingheng.phantomqc.naming import APART, SHEET
from yingheng.registry.models import Device, UseChange
from yingheng.sheets.library import product
from yingheng.web.trend_limits import Said
from yingheng.web.trend_words import Forecast, rule_text

BEYOND = 3.5  # robust standard deviations, as the rules of the product ask
CONTROL, WARNING = 3.0, 2.0  # standard deviations of a control chart


def trend_url(device: Device, protocol_key: str, quantity: str) -> str:
    """The page of one quantity of a device under a protocol."""
    query = urlencode({"protocol": protocol_key, "quantity": quantity})
    return f"{reverse('web:trend', args=[device.pk])}?{query}"


def is_test(protocol_key: str) -> bool:
    """Whether a course is of a performance test, not of exams."""
    return protocol_key.startswith(OF_TESTS)


def widths_of(protocol_key: str) -> float:
    """Standard deviations from the middle at which a value asks for a look."""
    return CONTROL if is_test(protocol_key) else BEYOND


def protocol_text(protocol_key: str) -> str:
    """A protocol as people read it: the name of a performance test, or the key that exams of a kind share."""
    if not is_test(protocol_key):
        return protocol_key
    name, _bar, condition = protocol_key.removeprefix(OF_TESTS).partition(APART)
    if name.startswith(SHEET):
        return _("Sheet: %(name)s") % {"name": _sheet_text(name.removeprefix(SHEET))}
    found = next((test for test in TESTS if test.name == name), None) or READINGS.get(name)
    text = _("Performance test: %(name)s") % {"name": found.label(words.language()) if found else name}
    return f"{text} · {_condition_text(name, condition)}" if condition else text


def _sheet_text(key: str) -> str:
    """The title of a sheet of the product; the key of a hospital's own."""
    try:
        return product(key).spec.title.text(words.language())
    except NotFound:
        return key


def _condition_text(reading: str, condition: str) -> str:
    """ "nominal=5" as people read it, by the names of the form."""
    known, lang = READINGS.get(reading), words.language()
    inputs = {one.key: one for one in known.inputs} if known else {}
    texts = []
    for part in condition.split(", "):
        key, _is, value = part.partition("=")
        one = inputs.get(key)
        choices = {c.key: c.zh if lang == "zh" else c.en for c in one.choices} if one else {}
        unit = words.unit_text(one.unit) if one else ""
        texts.append(" ".join(filter(None, (one.label(lang) if one else key, choices.get(value, value), unit))))
    return ", ".join(texts)


def unit_of(quantity: str) -> str:
    """The unit of a quantity, "" when the catalogue does not know it any more."""
    known = quantity_catalogue().get(quantity)
    return known.unit if known else ""


def drift_tag(row: Trend) -> Tag:
    """Where a quantity stands, as icon and words."""
    if row.baseline is None and is_test(row.protocol_key):
        return Tag(_("no baseline set"), "neutral", "target")
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
    """Median ± robust standard deviation with the unit; of a value that stands alone, the value."""
    unit = words.unit_text(unit_of(quantity))
    if row.n == 1:
        return " ".join(filter(None, (words.number_text(row.median), unit)))
    spread = words.number_text(float(f"{SD_PER_MAD * row.mad:.2g}"))
    return f"{words.number_text(row.median)} ± {spread}{f' {unit}' if unit else ''}"


def change_text(boundary: Boundary) -> str:
    """What changed, in words."""
    if boundary.before or boundary.after:
        return _("%(what)s: %(before)s → %(after)s (header)") % {
            "what": change_short(boundary),
            "before": boundary.before,
            "after": boundary.after,
        }
    return f"{kind_text(boundary.kind)} · {boundary.text}" if boundary.text else kind_text(boundary.kind)


def change_short(boundary: Boundary) -> str:
    """The kind of a change, in as few words as stand beside a line."""
    names = {"SoftwareVersions": _("software"), "DetectorID": _("detector"), "GantryID": _("gantry")}
    return names.get(boundary.kind) or kind_text(boundary.kind)


def kind_text(kind: str) -> str:
    """The kind of a change, as people call it."""
    return str(dict(Epoch.Kind.choices).get(kind, kind))


def cause_text(cause: str) -> str:
    """What made a version of a baseline necessary."""
    if cause == "first":
        return _("the first %(n)d exams") % {"n": BASELINE_N}
    # What a person wrote for the baseline of a performance test is shown as it is.
    names = {"SoftwareVersions": _("software changed"), "DetectorID": _("detector replaced")}
    return str(names.get(cause) or kind_text(cause))


@dataclass(frozen=True, slots=True)
class Judged:
    """A point with what it is compared with, the control rules that it breaks, and what standards said of it."""

    point: QuantityPoint
    baseline: Baseline | None
    rules: tuple[Rule, ...] = ()
    outcome: str = ""

    @property
    def z(self) -> float | None:
        """Robust z, None without a baseline or spread."""
        if self.baseline is None:
            return None
        return robust_z(self.point.value, RobustBaseline(self.baseline.n, self.baseline.median, self.baseline.mad))

    @property
    def beyond(self) -> bool:
        return self.z is not None and abs(self.z) > widths_of(self.point.protocol_key)

    @property
    def aside(self) -> bool:
        return bool(self.point.aside)

    @property
    def rule_words(self) -> list[str]:
        return [rule_text(rule) for rule in self.rules]


def judged_points(course: Course, said: Mapping[UUID, Said] | None = None) -> list[Judged]:
    """Every point with its baseline, oldest first; `said` is what standards said, by subject."""
    known: dict[object, Baseline | None] = {}
    cuts = [b.at for b in course.boundaries]
    out = []
    for point in course.points:
        window = sum(cut <= point.at for cut in cuts)
        if window not in known:
            known[window] = course.in_force(point.at)
        found = (said or {}).get(point.subject_id)
        out.append(Judged(point, known[window], outcome=found.outcome if found else ""))
    return _with_rules(out)


def _with_rules(rows: Sequence[Judged]) -> list[Judged]:
    """The Westgard rules, each stretch with one baseline for itself."""
    out = list(rows)
    for first, last, _baseline in _runs(rows):
        z = [row.z for row in rows[first : last + 1]]
        known = [value for value in z if value is not None]
        if len(known) < len(z):
            continue
        for broken in westgard(known):
            at = first + broken.index
            out[at] = replace(out[at], rules=(*out[at].rules, broken.rule))
    return out


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn besides points and baselines."""

    limits: Sequence[ChartLimit] = ()
    forecast: Forecast | None = None
    uses: Sequence[UseChange] = ()


def chart_of(
    course: Course,
    title: str,
    rows: Sequence[Judged],
    to_subject: Callable[[QuantityPoint], str],
    drawing: Drawing | None = None,
) -> ControlChart:
    """The control chart of a course; `to_subject` gives "" where the reader may not see what was measured."""
    more = drawing or Drawing()
    averages, inner = _averages(rows)
    return ControlChart(
        points=[_chart_point(row, to_subject(row.point)) for row in rows],
        title=title,
        unit=unit_of(course.quantity),
        stretches=_stretches(rows, inner),
        averages=averages,
        events=_events(course, rows, more.uses),
        limits=more.limits,
        forecast=more.forecast.line if more.forecast else None,
        noun=_("a test") if is_test(course.protocol_key) else "",
    )


def _chart_point(row: Judged, url: str) -> ChartPoint:
    point = row.point
    return ChartPoint(
        point.local_day, point.value, str(point.local_day), url, row.aside, row.beyond, row.outcome, row.rule_words
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
        wide = widths_of(baseline.protocol_key) * sd
        near = (middle - WARNING * sd, middle + WARNING * sd) if sd else None
        out.append(Stretch(first, last, middle, middle - wide, middle + wide, inner, near))
    return out


def _events(course: Course, rows: Sequence[Judged], uses: Sequence[UseChange]) -> list[ChartEvent]:
    """Changes of the device and of its use, and baselines that people set, between the points shown."""
    known = [(b.at, change_text(b), change_short(b)) for b in (*course.boundaries, *course.notes)]
    known += [(u.made_at, _use_text(u), str(u.get_event_display())) for u in uses]
    known += [(b.created_at, _baseline_text(b), _("baseline")) for b in course.baselines if set_by_person(b)]
    events = []
    for at, text, short in sorted(known):
        before = sum(row.point.at < at for row in rows)
        if before > 0 or len(rows) == course.total:
            events.append(ChartEvent(before, f"{at:%Y-%m-%d} {text}", short))
    return events


def _use_text(row: UseChange) -> str:
    text = f"{row.get_event_display()} · {row.reason}"
    return f"{text} ({_('until %(day)s') % {'day': f'{row.until:%Y-%m-%d}'}})" if row.until else text


def set_by_person(row: Baseline) -> bool:
    """Whether a person set a baseline; others form by themselves."""
    return bool(row.set_by_id) and not row.set_by_id.startswith("system:")


def _baseline_text(row: Baseline) -> str:
    told = " · ".join(filter(None, (row.cause, row.set_by_name)))
    return _("new baseline v%(version)d") % {"version": row.version} + (f" · {told}" if told else "")


def value_part(value: float | None, quantity: str) -> Number | None:
    """A value with its unit."""
    return None if value is None else Number(value, unit_of(quantity))


def z_text(z: float | None) -> str:
    """A robust z with its sign."""
    return "—" if z is None else f"{z:+.1f}"
