"""Geometry of small server-drawn charts: the trend of a tile with its control limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, PAD = 240.0, 56.0, 5.0


@dataclass(frozen=True)
class Point:
    """One period of a trend.  `value` None is a gap, never a zero; `flagged` breaks a control rule."""

    label: str
    value: float | None
    n: int | None = None
    flagged: bool = False


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    point: Point


@dataclass(frozen=True)
class TrendShape:
    """Paths in a 240 × 56 box: one polyline per unbroken run, horizontal lines at `y`."""

    runs: tuple[str, ...]
    marks: tuple[Mark, ...]
    target: float | None
    lower: float | None
    upper: float | None
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def band(self) -> float:
        """Height of the band between the control limits."""
        return 0.0 if self.lower is None or self.upper is None else self.lower - self.upper


def round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))


def trend_shape(
    points: Sequence[Point],
    target: float | None = None,
    control: tuple[float, float] | None = None,
) -> TrendShape | None:
    """Places points left to right; None when there is nothing to draw."""
    values = [p.value for p in points if p.value is not None]
    if not values:
        return None
    extra = ([target] if target is not None else []) + (list(control) if control else [])
    low, high = min([*values, *extra]), max([*values, *extra])
    span = (high - low) or abs(high) or 1.0
    step = (WIDTH - 2 * PAD) / max(1, len(points) - 1)

    def y(value: float) -> float:
        return round(HEIGHT - PAD - (HEIGHT - 2 * PAD) * (value - low) / span, 2)

    marks = [Mark(round(PAD + i * step, 2), y(p.value), p) for i, p in enumerate(points) if p.value is not None]
    return TrendShape(
        runs=_runs(points, step, y),
        marks=tuple(marks),
        target=None if target is None else y(target),
        lower=y(control[0]) if control else None,
        upper=y(control[1]) if control else None,
    )


def _runs(points: Sequence[Point], step: float, y) -> tuple[str, ...]:  # noqa: ANN001
    runs: list[list[str]] = [[]]
    for i, point in enumerate(points):
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append(f"{PAD + i * step:.2f},{y(point.value):.2f}")
    return tuple(" ".join(run) for run in runs if len(run) > 1)
