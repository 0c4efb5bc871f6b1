"""Whether something has slowly left its own normal: the EWMA control chart of a device, the slope of estimates.

The exponentially weighted moving average (EWMA) chart:
NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.4; Montgomery, Introduction to Statistical Quality Control,
chapter 9.2; Lucas & Saccucci, Technometrics 32 (1990) 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError

WEIGHT = 0.2  # of the newest value; 0.2 to 0.3 is usual (e-Handbook 6.3.2.4), 0.05 to 0.25 in Montgomery
WIDTH = 3.0  # half width of the limits in standard deviations of the average
CLIP = 3.5  # further out a value is an outlier of its own exam, not a drift of the device

Direction = Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class Ewma:
    """The chart of a sequence: `average[i]` after value i, allowed within -limit[i] .. +limit[i].

    `first` is the index of the first average outside its limits; `since` that of the first of those outside without
    a break up to the last one, None when the last one is inside.  Unit: robust standard deviations.
    """

    average: tuple[float, ...]
    limit: tuple[float, ...]
    first: int | None
    since: int | None

    @property
    def direction(self) -> Direction | None:
        """The side on which the sequence is outside now; None when it is inside."""
        if self.since is None:
            return None
        return "above" if self.average[-1] > 0 else "below"


def ewma(z: Sequence[float], baseline_n: int | None = None, *, weight: float = WEIGHT, width: float = WIDTH) -> Ewma:
    """The chart of robust z values in order of time, starting from 0.

    average[i] = weight z[i] + (1 - weight) average[i - 1], z held within ±CLIP;
    limit[i] = width sqrt(weight / (2 - weight) (1 - (1 - weight)^(2 (i + 1))) + pi / (2 baseline_n)).

    The second term is ours: the variance of the median of `baseline_n` normal values.  A middle known from thirty
    exams is itself uncertain by 0.23 standard deviations; without the term the chart would call that a drift.
    None: the middle is known exactly, and the limits are those of the handbook.

    Raises AnalysisError `value_not_finite` for NaN or infinity, ValueError for parameters out of range.
    """
    if not 0 < weight <= 1 or width <= 0 or (baseline_n is not None and baseline_n < 1):
        raise ValueError("0 < weight <= 1, width > 0 and baseline_n >= 1 are required")
    if not all(math.isfinite(v) for v in z):
        raise AnalysisError("value_not_finite")
    middle = math.pi / (2 * baseline_n) if baseline_n else 0.0
    average, limit = [], []
    last, kept = 0.0, 1.0
    for value in z:
        last = weight * min(max(value, -CLIP), CLIP) + (1 - weight) * last
        kept *= (1 - weight) ** 2
        average.append(last)
        limit.append(width * math.sqrt(weight / (2 - weight) * (1 - kept) + middle))
    outside = [abs(a) > bound for a, bound in zip(average, limit, strict=True)]
    return Ewma(tuple(average), tuple(limit), _first(outside), _since(outside))


def _first(outside: Sequence[bool]) -> int | None:
    return next((i for i, out in enumerate(outside) if out), None)


def _since(outside: Sequence[bool]) -> int | None:
    if not outside or not outside[-1]:
        return None
    inside = [i for i, out in enumerate(outside) if not out]
    return inside[-1] + 1 if inside else 0


@dataclass(frozen=True, slots=True)
class Slope:
    """Change per unit of time with its interval; `scatter` is how much wider than their errors the estimates lie."""

    value: float
    se: float
    interval: tuple[float, float]
    scatter: float


def slope_of(
    times: Sequence[float],
    estimates: NDArray[np.float64],
    covariance: NDArray[np.float64],
    *,
    free: int,
    level: float = 0.95,
) -> Slope:
    """Straight line through estimates that have errors of their own, by generalised least squares.

    `covariance` is that of the estimates, known from `free` degrees of freedom.  Where they scatter about the line by
    more than it says, the error is widened by the square root of chi-squared over its degrees of freedom (Birge,
    Phys Rev 40:207, 1932), so that wobbling is not taken for drift.  Interval by Student's t,
    with `free` degrees of freedom, or with the times less two where the error was widened: then it is known from the
    scatter alone.
    Raises AnalysisError `too_few_values` below 3 different times.
    """
    x = np.asarray(times, dtype=float)
    different = len(np.unique(x))
    if different < 3:
        raise AnalysisError("too_few_values", n=different, fewest=3)
    design = np.column_stack([np.ones_like(x), x - x.mean()])
    weighted = np.linalg.solve(covariance, np.column_stack([design, estimates]))
    inverse = np.linalg.inv(design.T @ weighted[:, :2])
    line = inverse @ (design.T @ weighted[:, 2])
    left = estimates - design @ line
    chi2 = float(left @ np.linalg.solve(covariance, left))
    scatter = max(1.0, math.sqrt(chi2 / (len(x) - 2)))
    value, se = float(line[1]), math.sqrt(float(inverse[1, 1])) * scatter
    known = free if scatter == 1.0 else min(free, len(x) - 2)
    half = float(scipy.special.stdtrit(known, 0.5 + level / 2)) * se
    return Slope(value, se, (value - half, value + half), scatter)
