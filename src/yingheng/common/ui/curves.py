"""Shares over one axis as lines, with places on the axis marked: what a limit would do wherever it lay."""

from collections.abc import Sequence
from dataclasses import dataclass

from .parts import Part, Tone
from .words import number_text

WIDTH, HEIGHT = 100.0, 40.0
_MOST_POINTS = 200


@dataclass(frozen=True)
class Curve:
    """One line: shares from 0 to 1 by their place on the axis, from left to right."""

    label: str
    points: Sequence[tuple[float, float]]
    tone: Tone = "accent"


@dataclass(frozen=True)
class Place:
    """A place on the axis that has a name; outside of the curves it stands at their end."""

    label: str
    x: float
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Curves(Part):
    """Lines in one box, 0 to 100 % upwards.  `axis` says what lies below, with its unit."""

    template = "ui/components/curves.html"
    curves: Sequence[Curve]
    places: Sequence[Place] = ()
    axis: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        xs = [x for curve in self.curves for x, _y in curve.points]
        return (min(xs), max(xs)) if xs else (0.0, 0.0)

    @property
    def end_texts(self) -> tuple[str, str]:
        low, high = self.ends
        return number_text(low), number_text(high)

    @property
    def lines(self) -> list[tuple[Curve, str]]:
        """Each curve with the points of its polyline."""
        return [
            (c, " ".join(f"{self._x(x):.2f},{HEIGHT * (1 - y):.2f}" for x, y in thinned(c.points))) for c in self.curves
        ]

    @property
    def marks(self) -> list[tuple[Place, str]]:
        return [(place, f"{self._x(place.x):.2f}") for place in self.places]

    def _x(self, x: float) -> float:
        low, high = self.ends
        return WIDTH * min(1.0, max(0.0, (x - low) / (high - low))) if high > low else WIDTH / 2


def thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most two hundred of the points, evenly, the first and the last among them."""
    n = len(points)
    if n <= _MOST_POINTS:
        return points
    return [points[round(i * (n - 1) / (_MOST_POINTS - 1))] for i in range(_MOST_POINTS)]
