"""A control chart: single values in order of time against what is normal, with changes of the device as lines.

Values stand at equal distances, as they came: a chart by the clock would crowd the busy mornings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from .chart_parts import (
    Band,
    ChartEvent,
    ChartForecast,
    ChartLimit,
    ChartPoint,
    Dot,
    EventMark,
    LimitMark,
    Stretch,
    Tick,
    text_width,
)
from .charts import round_step
from .parts import Part

__all__ = ["ChartEvent", "ChartForecast", "ChartLimit", "ChartPoint", "ControlChart", "Stretch"]

WIDTH, HEIGHT = 920.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 34.0, 30.0
REACH = 2.5  # widths of the band beyond which a value is drawn at the rim
FARTHEST = 16.0  # heights of the course beyond which a limit is named but not drawn
LETTER = 12.0
TICKS_Y, TICKS_X = 5, 6


@dataclass(frozen=True)
class ControlChart(Part):
    """`averages[i]` is the moving average after point i, None where there is none."""

    template = "ui/components/control_chart.html"
    points: Sequence[ChartPoint]
    title: str
    unit: str = ""
    stretches: Sequence[Stretch] = ()
    averages: Sequence[float | None] = ()
    events: Sequence[ChartEvent] = ()
    limits: Sequence[ChartLimit] = ()
    forecast: ChartForecast | None = None
    noun: str = ""
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    bottom: float = HEIGHT - BOTTOM
    top: float = TOP
    right: float = WIDTH - RIGHT

    @cached_property
    def scale(self) -> tuple[float, float]:
        """Smallest and largest value shown: the bands, and what does not lie far beyond them."""
        values = [p.value for p in self.points] + [a for a in self.averages if a is not None]
        low, high = min(values), max(values)
        if self.stretches:
            bottom, top = min(s.low for s in self.stretches), max(s.high for s in self.stretches)
            room = REACH * (top - bottom) or math.inf  # a band without width bounds nothing
            low, high = min(bottom, max(low, bottom - room)), max(top, min(high, top + room))
        low, high = self._with_limits(low, high)
        span = high - low
        margin = 0.06 * span if span > 0 else abs(high) * 0.1 or 1.0
        return low - margin, high + margin

    def _with_limits(self, low: float, high: float) -> tuple[float, float]:
        """The scale with the limits that do not lie so far out that they would flatten the course."""
        near = FARTHEST * (high - low or abs(high) or 1.0)
        ends = [limit.value for limit in self.limits if low - near <= limit.value <= high + near]
        ends += [self.forecast.limit] if self.forecast else []
        return min([low, *ends]), max([high, *ends])

    @property
    def ahead(self) -> int:
        """Places kept free for the time to come."""
        return max(3, round(0.22 * len(self.points))) if self.forecast else 0

    @property
    def _half(self) -> float:
        return (WIDTH - LEFT - RIGHT) / max(len(self.points) + self.ahead, 1) / 2

    def x(self, index: float) -> float:
        return round(LEFT + self._half * (2 * index + 1), 2)

    def y(self, value: float) -> float:
        low, high = self.scale
        held = min(max(value, low), high)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (held - low) / (high - low), 2)

    @property
    def dots(self) -> list[Dot]:
        low, high = self.scale
        return [Dot(self.x(i), self.y(p.value), p, not low <= p.value <= high) for i, p in enumerate(self.points)]

    @property
    def radius(self) -> float:
        return 4.0 if len(self.points) <= 60 else 3.0 if len(self.points) <= 150 else 2.2

    @property
    def bands(self) -> list[Band]:
        half = self._half
        out = []
        for s in self.stretches:
            start, end = self.x(s.first) - half, self.x(s.last) + half
            inner, near = ((self.y(pair[1]), self.y(pair[0])) if pair else None for pair in (s.inner, s.near))
            places = (self.y(s.high), self.y(s.low), self.y(s.middle))
            out.append(Band(round(start, 2), round(end - start, 2), *places, inner, near))
        return out

    @cached_property
    def limit_marks(self) -> list[LimitMark]:
        """The limits from the highest down; letters that would cover each other stand side by side."""
        low, high = self.scale
        marks: list[LimitMark] = []
        for n, limit in enumerate(sorted(self.limits, key=lambda found: -found.value)):
            y = self.y(limit.value)
            beside = bool(marks) and abs(marks[-1].y - y) < LETTER
            x = marks[-1].x - LETTER if beside else WIDTH - RIGHT + 3
            marks.append(LimitMark(chr(ord("A") + n % 26), y, x, limit, low <= limit.value <= high))
        return marks

    @property
    def ahead_line(self) -> str:
        """The forecast: from the last point to the limit."""
        found = self.forecast
        if found is None or not self.points:
            return ""
        last = len(self.points) - 1
        return f"{self.x(last):g},{self.y(found.start):g} {self._x_ahead(found.days):g},{self.y(found.limit):g}"

    @property
    def ahead_span(self) -> tuple[float, float, float] | None:
        """Left, right and height of the interval in which the limit is met."""
        found = self.forecast
        if found is None:
            return None
        until = found.reach if found.latest is None else min(found.latest, found.reach)
        return self._x_ahead(found.earliest), self._x_ahead(until), self.y(found.limit)

    def _x_ahead(self, days: float) -> float:
        assert self.forecast is not None
        return self.x(len(self.points) - 1 + (self.ahead - 0.5) * days / self.forecast.reach)

    @property
    def lines(self) -> list[str]:
        """The moving average, one line for each stretch without a gap."""
        runs: list[list[str]] = [[]]
        for i, average in enumerate(self.averages):
            if average is None:
                runs.append([])
            else:
                runs[-1].append(f"{self.x(i):g},{self.y(average):g}")
        return [" ".join(run) for run in runs if len(run) > 1]

    @property
    def marks(self) -> list[tuple[int, float, ChartEvent]]:
        """Changes with their number and place; several between the same points stand side by side."""
        marks: list[tuple[int, float, ChartEvent]] = []
        for n, event in enumerate(self.events, start=1):
            later = sum(other.before == event.before for other in self.events[n:])
            marks.append((n, round(self.x(event.before) - self._half - later * LETTER, 2), event))
        return marks

    @property
    def event_marks(self) -> list[EventMark]:
        """The same with the name of the kind beside the number, where it covers nothing else; else the number alone."""
        found = [EventMark(n, x, event) for n, x, event in self.marks]
        for i, mark in enumerate(found):
            others = found[:i] + found[i + 1 :]
            tried = (EventMark(mark.number, mark.x, mark.event, named=True, row=row) for row in (0, 1))
            fits = (one for one in tried if mark.event.short and self._has_room(one, others))
            found[i] = next(fits, mark)
        return found

    def _has_room(self, mark: EventMark, others: Sequence[EventMark]) -> bool:
        low, high = mark.span
        left = LEFT + text_width(self.title) + 60 if mark.row else 0  # beside the name of the axis
        free = all(high < other.span[0] or low > other.span[1] for other in others if other.row == mark.row)
        return free and low >= left and high <= WIDTH

    @property
    def y_ticks(self) -> list[Tick]:
        low, high = self.scale
        step = round_step((high - low) / TICKS_Y)
        first = math.ceil(low / step)
        found = [n * step for n in range(first, math.floor(high / step) + 1)]
        digits = max(0, -math.floor(math.log10(step)))
        return [Tick(self.y(v), f"{v:.{digits}f}") for v in found]

    @property
    def x_ticks(self) -> list[Tick]:
        n = len(self.points)
        every = max(1, math.ceil(n / TICKS_X))
        days = [point.day for point in self.points]
        form = "%m-%d" if n > 1 and days[0].year == days[-1].year else "%Y-%m-%d"
        return [Tick(self.x(i), days[i].strftime(form)) for i in range(0, n, every)]

    @property
    def summary(self) -> str:
        """What the picture shows, for those who do not see it."""
        beyond = sum(p.beyond for p in self.points)
        text = _("%(title)s: %(n)d values, %(beyond)d beyond the limits, %(events)d changes of the device") % {
            "title": self.title,
            "n": len(self.points),
            "beyond": beyond,
            "events": len(self.events),
        }
        return f"{text}; {self.forecast.label}" if self.forecast else text

    @property
    def kinds(self) -> set[str]:
        """Which marks there are, for the key below."""
        return {p.mark for p in self.points if p.mark} | ({"rules"} if any(p.rules for p in self.points) else set())
