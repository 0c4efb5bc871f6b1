"""What a course says, in words: when it will leave its limits, and which control rules it breaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imagingqc.criteria.explain import reason_text
from imagingqc.errors import AnalysisError
from imagingqc.stats.baseline import SD_PER_MAD
from imagingqc.stats.control import Rule
from imagingqc.stats.forecast import Crossing, crossing
from yingheng.common.ui import words
from yingheng.common.ui.control_chart import ChartForecast
from yingheng.evidence.models import Baseline, QuantityPoint
from yingheng.web.trend_limits import Asked, end_text, to_meet

DAY = 86400.0


def rule_text(rule: Rule) -> str:
    """A Westgard rule with what it means."""
    return {
        "1_3s": _("1_3s: beyond 3 standard deviations"),
        "2_2s": _("2_2s: twice in a row beyond 2 standard deviations on the same side"),
        "R_4s": _("R_4s: two in a row beyond 2 standard deviations on opposite sides"),
    }[rule]


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a course will meet which limit, or in `text` why that cannot be said."""

    text: str
    crossing: Crossing | None = None
    asked: Asked | None = None

    @property
    def line(self) -> ChartForecast | None:
        """As drawn in the chart."""
        found = self.crossing
        if found is None:
            return None
        return ChartForecast(found.limit, found.slope, found.days, found.earliest, found.latest, self.text)


def forecast_of(
    points: Sequence[QuantityPoint], several: Sequence[Asked], baseline: Baseline | None, widths: float, unit: str
) -> Forecast:
    """When the line through `points` (one window, oldest first) meets a limit.

    The limits are those that judge the points; without any the baseline ± `widths` standard deviations.
    """
    limits = to_meet(several)
    ends = list(limits) or _ends(baseline, widths)
    if not ends:
        return Forecast(_("no limit to meet: there is neither a baseline with a spread nor a limit in numbers"))
    start = points[0].at if points else None
    days = [(point.at - start).total_seconds() / DAY for point in points if start]
    try:
        found = crossing(days, [point.value for point in points], ends)
    except AnalysisError as error:
        return Forecast(reason_text(error.reason, words.language()))
    asked = limits.get(found.limit)
    return Forecast(_said(found, asked, limits, unit, widths), found, asked)


def _ends(baseline: Baseline | None, widths: float) -> list[float]:
    if baseline is None or not baseline.mad:
        return []
    reach = widths * SD_PER_MAD * baseline.mad
    return [baseline.median - reach, baseline.median + reach]


def _said(found: Crossing, asked: Asked | None, limits: Mapping[float, Asked], unit: str, widths: float) -> str:
    ends = sorted(limits)
    if asked is None:
        what = _("the baseline ± %(widths)s standard deviations") % {"widths": words.number_text(widths)}
    elif len(ends) == 2:
        what = end_text(found.limit, (ends[0], ends[1]), unit)
    else:
        what = end_text(found.limit, asked.allowed or (-math.inf, math.inf), unit)
    n = max(1, round(found.days))
    text = ngettext(
        "at this rate in about %(n)d day (%(interval)s) outside %(what)s",
        "at this rate in about %(n)d days (%(interval)s) outside %(what)s",
        n,
    ) % {"n": n, "interval": interval_text(found), "what": what}
    return f"{text} · {asked.source}" if asked else text


def interval_text(found: Crossing) -> str:
    """The 95 % interval in days."""
    low = math.floor(found.earliest)
    if found.latest is None:
        return _("%(low)d days at least") % {"low": low}
    return _("%(low)d–%(high)d days") % {"low": low, "high": math.ceil(found.latest)}
