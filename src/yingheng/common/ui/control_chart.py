"""A control chart: single values in order of time against what is normal, with changes of the device as lines.

Values stand at equal distances, as they came: a chart by the clock would crowd the busy mornings.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from . import words
from .parts import Part

WIDTH, HEIGHT = 920.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 34.0, 30.0
REACH = 2.5  # widths of the band beyond which a value is drawn at the rim
TICKS_Y, TICKS_X = 5, 6


@dataclass(frozen=True)
class ChartPoint:
    """One value.  `aside` was left out of the baseline; `beyond` asks for a look."""

    day: dt.date
    value: float
    label: str = ""
    url: str = ""
    aside: bool = False
    beyond: bool = False


@dataclass(frozen=True)
class Stretch:
    """Points `first` to `last` (both included) are compared with `middle` and the band `low` .. `high`.

    `inner` is what their moving average may reach.
    """

    first: int
    last: int
    middle: float
    low: float
    high: float
    inner: tuple[float, float] | None = None


@dataclass(frozen=True)
class ChartEvent:
    """A change of the device before point `before` (the number of points: after the last)."""

    before: int
    label: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    point: ChartPoint
    rim: bool

    @property
    def title(self) -> str:
        value = words.number_text(self.point.value)
        note = f" · {_('outside the scale')}" if self.rim else ""
        return f"{self.point.label}: {value}{note}" if self.point.label else f"{value}{note}"


@dataclass(frozen=True)
class Band:
    x: float
    width: float
    top: float
    bottom: float
    middle: float
    inner: tuple[float, float] | None

    @property
    def height(self) -> float:
        return round(self.bottom - self.top, 2)

    @property
    def end(self) -> float:
        return round(self.x + self.width, 2)


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


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
            room = REACH * (top - bottom)
            low, high = min(bottom, max(low, bottom - room)), max(top, min(high, top + room))
        span = high - low
        margin = 0.06 * span if span > 0 else abs(high) * 0.1 or 1.0
        return low - margin, high + margin

    def x(self, index: float) -> float:
        n = len(self.points)
        room = WIDTH - LEFT - RIGHT
        return round(LEFT + room * (index + 0.5) / max(n, 1), 2)

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
        half = (WIDTH - LEFT - RIGHT) / max(len(self.points), 1) / 2
        out = []
        for s in self.stretches:
            start, end = self.x(s.first) - half, self.x(s.last) + half
            inner = (self.y(s.inner[1]), self.y(s.inner[0])) if s.inner else None
            out.append(
                Band(round(start, 2), round(end - start, 2), self.y(s.high), self.y(s.low), self.y(s.middle), inner)
            )
        return out

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
        """Changes with their number and place."""
        half = (WIDTH - LEFT - RIGHT) / max(len(self.points), 1) / 2
        return [(n, round(self.x(e.before) - half, 2), e) for n, e in enumerate(self.events, start=1)]

    @property
    def y_ticks(self) -> list[Tick]:
        low, high = self.scale
        step = _round_step((high - low) / TICKS_Y)
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
        return _("%(title)s: %(n)d values, %(beyond)d beyond the limits, %(events)d changes of the device") % {
            "title": self.title,
            "n": len(self.points),
            "beyond": beyond,
            "events": len(self.events),
        }


def _round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
