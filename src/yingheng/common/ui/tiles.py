"""Rates and dashboard tiles as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .charts import Point, TrendShape, trend_shape
from .parts import Part
from .words import number_text


@dataclass(frozen=True)
class Rate(Part):
    """A share with its n.  `interval` is the 95 % interval in percent; below `minimum_n` the figure is greyed."""

    template = "ui/components/rate.html"
    numerator: int
    denominator: int
    interval: tuple[float, float] | None = None
    target: float | None = None
    better: Literal["high", "low"] = "high"
    minimum_n: int = 30

    @property
    def percent(self) -> float | None:
        return 100 * self.numerator / self.denominator if self.denominator else None

    @property
    def text(self) -> str:
        return "—" if self.percent is None else f"{self.percent:.1f}"

    @property
    def few(self) -> bool:
        return self.denominator < self.minimum_n

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is no target or too few cases to say."""
        if self.target is None or self.percent is None or self.few:
            return None
        return self.percent >= self.target if self.better == "high" else self.percent <= self.target


@dataclass(frozen=True)
class Tile(Part):
    """A tile answers one question: figure, target, trend with control limits, n, and a way to the list behind it.

    `figure` is text or a number; `rate` replaces it where the figure is a share.
    """

    template = "ui/components/tile.html"
    question: str
    figure: Any = None
    unit: str = ""
    rate: Rate | None = None
    target: float | None = None
    points: Sequence[Point] = ()
    control: tuple[float, float] | None = None
    n: int | None = None
    url: str = ""
    note: str = ""
    change: str = ""
    tone: str = ""

    @property
    def figure_text(self) -> str:
        if isinstance(self.figure, int | float) and not isinstance(self.figure, bool):
            return number_text(self.figure)
        return "—" if self.figure is None else str(self.figure)

    @property
    def shown_target(self) -> float | None:
        return self.rate.target if self.rate else self.target

    @property
    def trend(self) -> TrendShape | None:
        return trend_shape(self.points, self.shown_target, self.control)

    @property
    def shown_n(self) -> int | None:
        return self.rate.denominator if self.rate else self.n
