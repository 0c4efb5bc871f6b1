"""Differences of two judges over their mean (Bland and Altman): mean difference and limits of agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .charts import round_step
from .parts import Part
from .words import number_text

WIDTH, HEIGHT = 920.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 52.0, 30.0, 40.0
TICKS = 6  # between which values lie, at most


@dataclass(frozen=True)
class Line:
    """A line across; the middle one is drawn through, the limits are dashed."""

    y: float
    text: str
    middle: bool = False


@dataclass(frozen=True)
class Differences(Part):
    """`points` are (mean, difference) of each pair; `across` and `upward` name both axes."""

    template = "ui/components/differences.html"
    points: Sequence[tuple[float, float]]
    across: str
    upward: str
    bias: float | None = None
    limits: tuple[float, float] | None = None
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM

    @property
    def _ends(self) -> tuple[float, float, float, float]:
        xs, ys = [x for x, _y in self.points], [y for _x, y in self.points]
        ys = [*ys, 0.0, *([self.bias] if self.bias is not None else []), *(self.limits or ())]
        room = 0.08 * (max(ys) - min(ys)) or 1.0
        wide = 0.04 * (max(xs) - min(xs)) or 1.0
        return min(xs) - wide, max(xs) + wide, min(ys) - room, max(ys) + room

    def x(self, value: float) -> float:
        low, high, _bottom, _top = self._ends
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low), 2)

    def y(self, value: float) -> float:
        _left, _right, low, high = self._ends
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 2)

    @property
    def dots(self) -> list[tuple[float, float, str]]:
        """Place of every pair, and what it says."""
        return [(self.x(x), self.y(y), f"{number_text(x)}: {y:+.1f}") for x, y in self.points]

    @property
    def lines(self) -> list[Line]:
        found = [Line(self.y(self.bias), f"{self.bias:+.1f}", middle=True)] if self.bias is not None else []
        return [*found, *(Line(self.y(one), f"{one:+.1f}") for one in self.limits or ())]

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        low, high, _bottom, _top = self._ends
        return [(self.x(v), number_text(v)) for v in _round_values(low, high)]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        """Round numbers; 0, where both agree, is always one of them."""
        _left, _right, low, high = self._ends
        return [(self.y(v), f"{v:+g}" if v else "0") for v in _round_values(low, high)]

    @property
    def middle(self) -> float:
        """The middle of the lower axis."""
        return (LEFT + WIDTH - RIGHT) / 2

    @property
    def summary(self) -> str:
        """What the picture shows, for those who do not see it."""
        text = _("%(n)d pairs: %(what)s") % {"n": len(self.points), "what": self.upward}
        return text if self.bias is None else f"{text}, {self.bias:+.1f}"


def _round_values(low: float, high: float) -> list[float]:
    """The multiples of a round step from `low` to `high`."""
    step = round_step((high - low) / TICKS)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(step * n, 9) for n in range(first, last + 1)]
