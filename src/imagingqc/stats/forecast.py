"""When a drifting value will leave its limits: the line through its course, carried on, with an interval.

The interval of the crossing is that of inverse regression by Fieller's theorem: Draper & Smith, Applied Regression
Analysis, 3rd edition, section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError

FEWEST = 8  # values behind a forecast
ALPHA = 0.01  # a slope is believed when chance alone gives such a one less often than this
CONFIDENCE = 0.95  # of the interval
FURTHEST = 365.0  # days ahead; a line is not carried on further than that, nor further than it was watched
CURVED = 0.01  # p of the bend beside the line below which the course is no line


@dataclass(frozen=True, slots=True)
class Crossing:
    """The day on which the line meets `limit`, in days after the last value.

    `earliest` .. `latest` is the 95 % interval; `latest` is None where it reaches beyond what may be said.
    `slope` is in units a day.
    """

    limit: float
    days: float
    earliest: float
    latest: float | None
    slope: float
    n: int


def crossing(days: Sequence[float], values: Sequence[float], limits: Sequence[float]) -> Crossing:
    """The first of `limits` that the line through (`days`, `values`) will meet after the last day.

    A forecast is refused rather than guessed.  Raises AnalysisError: `too_few_values`; `value_not_finite`;
    `no_drift` when the slope may be chance (p >= ALPHA); `course_curved` when a bend beside the line is certain
    (p < CURVED); `limit_passed` when the line is already outside; `limit_far` when no limit is met within the time
    watched so far or FURTHEST days, whichever is less.
    """
    x, y = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    _require(x, y)
    last = float(x.max())
    fit = _line(x, y)
    if fit.p >= ALPHA:
        raise AnalysisError("no_drift")
    if _bend(x, y) < CURVED:
        raise AnalysisError("course_curved")
    now, horizon = fit.at(last), min(last - float(x.min()), FURTHEST)
    ahead = [(limit - now) / fit.slope for limit in limits]
    reached = [(d, limit) for d, limit in zip(ahead, limits, strict=True) if d > 0]
    if not reached or _outside(now, limits):
        raise AnalysisError("limit_passed")
    distance, limit = min(reached)
    if distance > horizon:
        raise AnalysisError("limit_far", days=round(horizon))
    low, high = fit.interval(limit)
    latest = high - last
    return Crossing(
        limit, distance, max(low - last, 0.0), latest if latest <= FURTHEST else None, fit.slope, len(values)
    )


@dataclass(frozen=True, slots=True)
class _Line:
    n: int
    middle: float
    height: float
    slope: float
    spread: float  # sum of squares of x about its middle
    sd: float  # of the residuals
    p: float  # of a slope as steep by chance

    def at(self, x: float) -> float:
        return self.height + self.slope * (x - self.middle)

    def interval(self, limit: float) -> tuple[float, float]:
        """Where the band of the line meets `limit`; the slope differs from zero, so that both roots are real."""
        t = float(scipy.special.stdtrit(self.n - 2, (1 + CONFIDENCE) / 2))
        g = (t * self.sd / self.slope) ** 2 / self.spread
        ahead = (limit - self.height) / self.slope
        centre = ahead / (1 - g)
        half = abs(t * self.sd / self.slope) / (1 - g) * math.sqrt((1 - g) / self.n + ahead**2 / self.spread)
        return self.middle + centre - half, self.middle + centre + half


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> _Line:
    middle, n = float(x.mean()), len(x)
    spread = float(((x - middle) ** 2).sum())
    slope = float(((x - middle) * y).sum()) / spread
    residuals = y - y.mean() - slope * (x - middle)
    sd = math.sqrt(float((residuals**2).sum()) / (n - 2))
    t = abs(slope) * math.sqrt(spread) / sd if sd > 0 else math.inf
    p = 2 * float(scipy.special.stdtr(n - 2, -t)) if slope else 1.0
    return _Line(n, middle, float(y.mean()), slope, spread, sd, p)


def _bend(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """p of the square term in a parabola: small when the course is surely bent."""
    u = (x - x.mean()) / x.std()
    design = np.column_stack([np.ones_like(u), u, u**2])
    if np.linalg.matrix_rank(design) < 3:
        return 1.0
    solved, *_rest = np.linalg.lstsq(design, y, rcond=None)
    residuals = y - design @ solved
    free = len(x) - 3
    scale = float((residuals**2).sum()) / free
    tiny = 1e-12 * float(((y - y.mean()) ** 2).sum())
    if scale * free <= tiny:  # the values lie on the curve to the last digit
        return 0.0 if abs(float(solved[2])) > 1e-9 * float(np.abs(y).max()) else 1.0
    error = math.sqrt(scale * float(np.linalg.inv(design.T @ design)[2, 2]))
    return 2 * float(scipy.special.stdtr(free, -abs(float(solved[2])) / error))


def _outside(value: float, limits: Sequence[float]) -> bool:
    return len(limits) > 1 and not min(limits) <= value <= max(limits)


def _require(x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    if len(x) != len(y):
        raise ValueError("days and values differ in number")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise AnalysisError("value_not_finite")
    n = len(np.unique(x))
    if n < FEWEST:
        raise AnalysisError("too_few_values", n=n, fewest=FEWEST)
