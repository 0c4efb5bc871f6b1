"""A figure from period to period: a point with its interval and n for each, and the line it is held against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from .charts import round_step
from .parts import Part
from .words import number_text

WIDTH, HEIGHT = 920.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 24.0, 30.0, 54.0
TICKS = 4
MOST_LABELS = 12  # below the axis; of more periods every second, third … is named


class Period(NamedTuple):
    """One period.  `value` None is a gap, never a zero; `interval` is the 95 % one, None where it is not known."""

    label: str
    value: float | None
    n: int = 0
    interval: tuple[float, float] | None = None


class Drawn(NamedTuple):
    """A point in the box, its interval upright (None without one) and what it says."""

    x: float
    y: float
    ends: tuple[float, float] | None
    few: bool
    text: str


@dataclass(frozen=True)
class PeriodChart(Part):
    """`title` and `unit` name the upward axis; points of fewer than `minimum_n` cases are hollow.

    The scale lies within `least` and `most` and holds every point, every interval and the target.
    """

    template = "ui/components/period_chart.html"
    title: str
    periods: Sequence[Period]
    unit: str = ""
    target: float | None = None
    better: str = "high"
    minimum_n: int = 0
    least: float = 0.0
    most: float = 100.0
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM

    @property
    def shown(self) -> bool:
        """Whether there is something to compare: fewer than two points are told by a number."""
        return sum(one.value is not None for one in self.periods) > 1

    @property
    def _scale(self) -> tuple[float, float, float]:
        """Lowest and highest tick, and the step between ticks."""
        told = [one.value for one in self.periods if one.value is not None]
        told += [end for one in self.periods for end in one.interval or ()]
        told += [self.target] if self.target is not None else []
        low, high = min(told), max(told)
        step = round_step(max(high - low, 1.0) / TICKS)
        low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        return max(self.least, low if low < high else low - step), min(self.most, high), step

    def _y(self, value: float) -> float:
        low, high, _step = self._scale
        share = (min(max(value, low), high) - low) / ((high - low) or 1.0)
        return round(self.bottom - (self.bottom - TOP) * share, 2)

    def _x(self, place: int) -> float:
        room = (self.right - LEFT) / len(self.periods)
        return round(LEFT + room * (place + 0.5), 2)

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        low, high, step = self._scale
        values = [low + step * i for i in range(round((high - low) / step) + 1)]
        return [(self._y(v), number_text(round(v, 6))) for v in values]

    @property
    def x_ticks(self) -> list[tuple[float, str, str]]:
        """Place, name and n of the periods that are named."""
        every = math.ceil(len(self.periods) / MOST_LABELS)
        told = [(p.label, "—" if p.value is None else f"n = {p.n}") for p in self.periods]
        return [(self._x(i), *one) for i, one in enumerate(told) if i % every == 0]

    @property
    def dots(self) -> list[Drawn]:
        return [self._dot(i, p, p.value) for i, p in enumerate(self.periods) if p.value is not None]

    def _dot(self, place: int, one: Period, value: float) -> Drawn:
        between = f", {one.interval[0]:.1f}–{one.interval[1]:.1f}" if one.interval else ""
        ends = (self._y(one.interval[0]), self._y(one.interval[1])) if one.interval else None
        text = f"{one.label}: {value:.1f}{self.unit}{between} (n = {one.n})"
        return Drawn(self._x(place), self._y(value), ends, one.n < self.minimum_n, text)

    @property
    def target_y(self) -> float | None:
        return None if self.target is None else self._y(self.target)

    @property
    def target_text(self) -> str:
        if self.target is None:
            return ""
        sign = "≥" if self.better == "high" else "≤"
        return _("target %(line)s") % {"line": f"{sign} {number_text(self.target)}{self.unit}"}

    @property
    def has_few(self) -> bool:
        return any(one.few for one in self.dots)

    @property
    def has_intervals(self) -> bool:
        return any(one.ends for one in self.dots)

    @property
    def summary(self) -> str:
        """What the picture shows, for those who do not see it."""
        return f"{self.title}: " + "; ".join(one.text for one in self.dots)
