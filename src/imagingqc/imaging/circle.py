"""Circles through points: centre and radius to a fraction of a pixel, in spite of a part that is no circle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_POINTS = 8
ROUNDS = 30
SETTLED = 1e-7  # of the radius: no step worth taking
OUTLIER = 4.0  # robust standard deviations


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle in the unit of its points.

    `residual` is the RMS distance of the points kept from the circle, `kept` the share (0-1) of points kept.
    """

    x: float
    y: float
    radius: float
    residual: float
    kept: float

    @property
    def diameter(self) -> float:
        return 2 * self.radius


def fit_circle(x: Floats, y: Floats, tolerance: float) -> Circle | None:
    """The circle that most of the points (x, y) of one unit lie on; points that are not finite are left out.

    Geometric fit: Gauss-Newton on the distances from the circle with weights of Cauchy, from the algebraic fit of
    Kasa; then points further off than four robust standard deviations, and further than `tolerance`, are left out and
    the rest is fitted alone.  `tolerance` is how far off a good point may lie (half a pixel, say).
    None with fewer than 8 points or when they lie on no circle (on a line).
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = np.asarray(x[known], dtype=np.float64), np.asarray(y[known], dtype=np.float64)
    if x.size < FEWEST_POINTS:
        return None
    start = _algebraic(x, y)
    if start is None:
        return None
    found = _geometric(x, y, start, tolerance)
    if found is None:
        return None
    off = np.abs(np.hypot(x - found[0], y - found[1]) - found[2])
    spread = 1.4826 * float(np.median(off))
    good = off <= max(OUTLIER * spread, tolerance)
    if int(good.sum()) < FEWEST_POINTS:
        return None
    final = _geometric(x[good], y[good], found, math.inf)
    if final is None:
        return None
    rest = np.hypot(x[good] - final[0], y[good] - final[1]) - final[2]
    return Circle(*final, float(np.sqrt((rest**2).mean())), int(good.sum()) / known.size)


def _algebraic(x: Floats, y: Floats) -> tuple[float, float, float] | None:
    """Kasa's fit: x² + y² = a x + b y + c by least squares."""
    cx, cy = float(x.mean()), float(y.mean())
    u, v = x - cx, y - cy
    design = np.column_stack([u, v, np.ones_like(u)])
    solution, _, rank, _ = np.linalg.lstsq(design, u * u + v * v, rcond=1e-10)
    if rank < 3:
        return None
    a, b, c = (float(value) for value in solution)
    square = c + a * a / 4 + b * b / 4
    return (cx + a / 2, cy + b / 2, math.sqrt(square)) if square > 0 else None


def _geometric(
    x: Floats, y: Floats, start: tuple[float, float, float], scale: float
) -> tuple[float, float, float] | None:
    """Gauss-Newton from `start`; residuals far beyond `scale` and beyond their own median weigh little."""
    cx, cy, radius = start
    for _ in range(ROUNDS):
        distance = np.maximum(np.hypot(x - cx, y - cy), 1e-12)
        off = distance - radius
        width = max(scale, float(np.median(np.abs(off))))
        weight = np.ones_like(off) if math.isinf(scale) else 1 / (1 + (off / width) ** 2)
        design = np.column_stack([-(x - cx) / distance, -(y - cy) / distance, -np.ones_like(off)])
        root = np.sqrt(weight)[:, np.newaxis]
        step, _, rank, _ = np.linalg.lstsq(design * root, -off * root[:, 0], rcond=1e-10)
        if rank < 3:
            return None
        cx, cy, radius = cx + float(step[0]), cy + float(step[1]), radius + float(step[2])
        if not math.isfinite(cx + cy + radius) or radius <= 0:
            return None
        if float(np.abs(step).max()) < SETTLED * radius:
            break
    return cx, cy, radius
