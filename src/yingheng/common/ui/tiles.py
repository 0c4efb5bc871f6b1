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
    def between(self) -> str:
        """The interval as it is read; "" for none."""
        return f"{self.interval[0]:.1f}–{self.interval[1]:.1f}" if self.interval else ""

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
    better: Literal["high", "low", ""] = ""  # on which side of `target` a plain figure should be
    minimum_n: int = 0  # fewer cases than these: grey; of a rate its own

    @property
    def figure_text(self) -> str:
        if isinstance(self.figure, int | float) and not isinstance(self.figure, bool):
            return number_text(self.figure)
        return "—" if self.figure is None else str(self.figure)

    @property
    def shown_target(self) -> float | None:
        return self.rate.target if self.rate else self.target

    @property
    def target_sign(self) -> str:
        return {"high": "≥", "low": "≤", "": ""}[self.rate.better if self.rate else self.better]

    @property
    def least_n(self) -> int:
        """How many cases there should be, where there are fewer but some; else 0."""
        least = self.rate.minimum_n if self.rate else self.minimum_n
        return least if 0 < (self.shown_n or 0) < least else 0

    @property
    def trend(self) -> TrendShape | None:
        """None for fewer than two periods: a single point is no trend."""
        if sum(one.value is not None for one in self.points) < 2:
            return None
        return trend_shape(self.points, self.shown_target, self.control)

    @property
    def shown_n(self) -> int | None:
        return self.rate.denominator if self.rate else self.n
