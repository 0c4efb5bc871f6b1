"""Charts of a report: the curves of a run, and the course of key quantities against limits and baseline."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from imagingqc.criteria.explain import limit_text
from imagingqc.quantity import quantity_catalogue
from imagingqc.stats.baseline import SD_PER_MAD
from yingheng.common.ui.bullet import allowed_range
from yingheng.common.ui.judged import limit_of, value_text
from yingheng.common.ui.words import language, quantity_text, unit_text
from yingheng.documents.report.model import Chart
from yingheng.evidence.courses import course_of
from yingheng.evidence.models import Baseline, QuantityPoint
from yingheng.phantomqc.models import ItemValue, PhantomCase, PhantomRun
from yingheng.phantomqc.naming import protocol_of
from yingheng.phantomqc.reporting.drawing import Level, Line, Place, beyond, course_svg, curves_svg
from yingheng.registry.models import Device
from yingheng.tenancy.scope import Scope

POINTS = 60  # values of a course that a report shows
WIDTH_MM = 160.0
CONTROL = 3.0  # standard deviations of a control chart
_NAMES = {
    "mtf": gettext_lazy("Modulation transfer (MTF)"),
    "mtf.x": gettext_lazy("Modulation transfer, across"),
    "mtf.y": gettext_lazy("Modulation transfer, down"),
    "bar_modulation": gettext_lazy("Modulation of the bars"),
    "resolution.bars": gettext_lazy("Modulation of the bars"),
    "radial_mean": gettext_lazy("Mean by distance from the centre"),
    "ramp_upper": gettext_lazy("Profile of the upper ramp"),
    "ramp_lower": gettext_lazy("Profile of the lower ramp"),
    "response.measured": gettext_lazy("Signal transfer, measured"),
    "response.fit": gettext_lazy("Signal transfer, fitted"),
    "dqe.x": gettext_lazy("Detective quantum efficiency (DQE), across"),
    "dqe.y": gettext_lazy("Detective quantum efficiency (DQE), down"),
    "nnps": gettext_lazy("Normalised noise power (NNPS)"),
    "air.profile": gettext_lazy("Profile of the reverberation in air"),
}
_AXES = {
    "{lp}/cm": pgettext_lazy("axis", "spatial frequency"),
    "{lp}/mm": pgettext_lazy("axis", "spatial frequency"),
    "/mm": pgettext_lazy("axis", "spatial frequency"),
    "mm": pgettext_lazy("axis", "place"),
}


def curve_charts(run: PhantomRun) -> list[Chart]:
    """The curves of a run; those with the same axes and one kind share a chart.  Numbers that are none are left out."""
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for one in run.result.get("curves") or ():
        kind = str(one["key"]).replace(".", "_").split("_")[0]
        line = _line(one)
        if line.x:
            groups.setdefault((kind, one["x_unit"], one["y_unit"]), []).append(line)
    return [_curve_chart(x_unit, y_unit, lines) for (_kind, x_unit, y_unit), lines in groups.items()]


def _line(one: Mapping[str, Any]) -> Line:
    pairs = [(x, y) for x, y in zip(one["x"], one["y"], strict=True) if _finite(x) and _finite(y)]
    return Line(str(_NAMES.get(one["key"], one["key"])), [x for x, _y in pairs], [y for _x, y in pairs])


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _curve_chart(x_unit: str, y_unit: str, lines: Sequence[Line]) -> Chart:
    x_text = " / ".join(filter(None, (str(_AXES.get(x_unit, "")), unit_text(x_unit))))
    name = (" · " if len(lines) > 1 else "").join(line.label for line in lines)
    y_text = " / ".join(filter(None, (lines[0].label if len(lines) == 1 else "", unit_text(y_unit))))
    return Chart(curves_svg(lines, x_text, y_text), name, WIDTH_MM)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A course to draw: of which test and quantity, up to which day, with which limits; `here` is the case shown."""

    test: str
    quantity: str
    last: dt.date
    first: dt.date | None = None
    verdicts: tuple[Mapping[str, Any], ...] = ()
    here: UUID | None = None
    occasion: str = ""


def course_chart(device: Device, wanted: Wanted) -> Chart | None:
    """The course of one quantity of a device; None without at least two values.  Seven queries."""
    scope = Scope.everything()
    course = course_of(scope, device=device, protocol_key=protocol_of(wanted.test), quantity=wanted.quantity)
    found = _said([p.subject_id for p in course.points], wanted.quantity)
    points = [p for p in course.points if _within(p, wanted)]
    if wanted.occasion:
        points = [p for p in points if found.get(p.subject_id, ("", ""))[0] == wanted.occasion]
    points = points[-POINTS:]
    if len(points) < 2:
        return None
    places = [
        Place(p.local_day, p.value, found.get(p.subject_id, ("", ""))[1], here=p.subject_id == wanted.here)
        for p in points
    ]
    return _chart(wanted, places, course.in_force(points[-1].at))


def _said(subjects: Sequence[UUID], quantity: str) -> dict[UUID, tuple[str, str]]:
    """Type of test and worst outcome of a quantity by subject: a case of images, or a value that people read off."""
    cases = PhantomCase.objects.filter(pk__in=subjects, run__isnull=False)
    rows = list(cases.values_list("pk", "run__test_type", "run__result__verdicts"))
    read = ItemValue.objects.filter(pk__in=subjects)
    rows += read.values_list("pk", "device_test__test_type", "verdicts")
    return {
        pk: (kind, _worst(v["outcome"] for v in said or () if v["quantity"] == quantity)) for pk, kind, said in rows
    }


def _within(point: QuantityPoint, wanted: Wanted) -> bool:
    return point.local_day <= wanted.last and (wanted.first is None or point.local_day >= wanted.first)


def _worst(outcomes: Iterable[str]) -> str:
    present = set(outcomes)
    return next((o for o in ("FAIL", "NEEDS_HUMAN") if o in present), "")


def _chart(wanted: Wanted, places: Sequence[Place], baseline: Baseline | None) -> Chart:
    known = quantity_catalogue().get(wanted.quantity)
    unit = unit_text(known.unit if known else "")
    levels = limit_levels(wanted.verdicts)
    band = None
    if baseline is not None:
        levels.append(Level(baseline.median, _("baseline"), limit=False))
        spread = CONTROL * SD_PER_MAD * baseline.mad
        band = (baseline.median - spread, baseline.median + spread) if spread else None
    name = quantity_text(wanted.quantity)
    svg = course_svg(places, levels, band, " / ".join(filter(None, (name, unit))))
    return Chart(svg, _caption(name, places, levels, band), WIDTH_MM)


def _caption(name: str, places: Sequence[Place], levels: Sequence[Level], band: tuple[float, float] | None) -> str:
    words = [_("%(name)s: %(n)d values") % {"name": name, "n": len(places)}]
    if any(place.here for place in places):
        words.append(_("ring: this test"))
    if not any(not level.limit for level in levels):
        words.append(_("no baseline set"))
    if band:
        words.append(_("grey-green: baseline ± 3 standard deviations"))
    if any(place.outcome == "FAIL" for place in places):
        words.append(_("red: failed"))
    if any(place.outcome == "NEEDS_HUMAN" for place in places):
        words.append(_("brown: a person is asked"))
    far = [f"{level.label} = {value_text(level.value)}" for level in beyond(places, levels, band)]
    if far:
        words.append(_("outside the scale: %(levels)s") % {"levels": "；".join(far)})
    return " · ".join(words)


def limit_levels(verdicts: Sequence[Mapping[str, Any]]) -> list[Level]:
    """The ends of what the limits allow, each once; limits without numbers have none."""
    found: dict[float, Level] = {}
    for verdict in verdicts:
        limit, known = verdict["limit"], verdict.get("reference") or {}
        for part in _parts(limit):
            allowed = allowed_range(part, known.get("value"), known.get("spread"))
            shown = limit_of(part)
            for value in allowed or ():
                if math.isfinite(value) and shown is not None:
                    text = limit_text(shown, verdict["unit"] or "", language())
                    found.setdefault(value, Level(value, _("limit %(limit)s") % {"limit": text}))
    return list(found.values())


def _parts(limit: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    if not limit:
        return []
    for key in ("any", "all"):
        if key in limit:
            return [one for part in limit[key] for one in _parts(part)]
    return [limit]
