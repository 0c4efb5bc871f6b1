"""Means and shares of a frame from a sample of it, weighted by the chance of each unit to be drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, Interval, wilson

FEWEST = 5  # units below which nothing is said of the frame, unless they are the whole of it
_ROUNDING = 1e-24
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of the whole frame with its interval; `n` units, worth `effective` independent ones of an endless frame.

    The unit is that of the values; of shares a fraction.  `effective` is None when the whole frame was seen.  There is
    no interval of a mean when all drawn values are alike: that says little about the others.
    """

    value: float
    se: float
    interval: Interval | None
    n: int
    effective: float | None


def sampled_mean(
    values: Sequence[float],
    chances: Sequence[float],
    strata: Sequence[str] | None = None,
    *,
    frame: Mapping[str, int] | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Mean of the frame: Σ(y/p) / Σ(1/p), p being the `chances` (0 to 1) of the units drawn.

    Error by linearisation within strata, each with its own finite-population correction (1 − p); for p = n/N of the
    stratum it is that of the stratified mean.  A stratum with one unit is measured from the mean of all.  Interval by
    Student's t, units less strata degrees of freedom.
    Sources: Hajek, in Godambe & Sprott, Foundations of Statistical Inference (1971), p. 236; Cochran, Sampling
    Techniques, 3rd ed. (1977), theorem 5.3; Särndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), 5.6.
    `frame`: units of every stratum; then a stratum with units but none drawn is refused.
    Raises AnalysisError `few_cases` below 5 units that are not the whole frame, `value_not_finite`, `stratum_unseen`;
    ValueError for chances not within 0 to 1.
    """
    y, p, cell = _checked(values, chances, strata, frame)
    mean, variance = _mean(y, p, cell)
    free = max(1, len(y) - len(np.unique(cell)))
    half = float(scipy.special.stdtrit(free, 0.5 + level / 2)) * math.sqrt(variance)
    if (p == 1).all():
        return Estimate(mean, 0.0, (mean, mean), len(y), None)
    interval = (mean - half, mean + half) if half > 1e-12 * float(np.abs(y).max()) else None
    return Estimate(mean, math.sqrt(variance), interval, len(y), _effective(y, mean, p, variance))


def sampled_share(
    hits: Sequence[bool],
    chances: Sequence[float],
    strata: Sequence[str] | None = None,
    *,
    frame: Mapping[str, int] | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Share of the frame, as `sampled_mean` of 0 and 1 but with Wilson's interval at the effective sample size.

    That size is share (1 − share) / variance (Korn and Graubard, Surv Methodol 24:193, 1998); where the share is 0 or
    1, or every stratum is alike within, that of the weights alone, (Σ 1/p)² / Σ (1 − p)/p².
    Raises as `sampled_mean`.
    """
    y, p, cell = _checked([float(hit) for hit in hits], chances, strata, frame)
    share, variance = _mean(y, p, cell)
    if (p == 1).all():
        return Estimate(share, 0.0, (share, share), len(y), None)
    effective = _effective(y, share, p, variance)
    return Estimate(share, math.sqrt(variance), wilson(share * effective, effective, level), len(y), effective)


def weighted_share(hits: NDArray[np.bool_], weights: _Floats) -> tuple[float, float]:
    """Share by weights and the size of the equal-weight sample that would know it as well.

    Drawn with replacement; where the share is 0 or 1 Kish's size (Σw)² / Σw².  Raises AnalysisError `no_cases`.
    """
    if not len(hits):
        raise AnalysisError("no_cases")
    y, total, n = hits.astype(float), float(weights.sum()), len(hits)
    share = min(1.0, float((weights * y).sum()) / total)
    kish = total**2 / float((weights**2).sum())
    if n < 2 or hits.all() or not hits.any():
        return (1.0 if hits.all() else 0.0 if not hits.any() else share), kish
    variance = float((weights**2 * (y - share) ** 2).sum()) / total**2 * n / (n - 1)
    return share, min(float(n), share * (1 - share) / variance)


def _mean(y: _Floats, p: _Floats, cell: NDArray[np.intp]) -> tuple[float, float]:
    total = float((1 / p).sum())
    mean = float((y / p).sum()) / total
    z = (y - mean) / p / total
    counts = np.bincount(cell)
    middle = np.where(counts > 1, np.bincount(cell, z) / np.maximum(counts, 1), 0.0)
    factor = np.where(counts > 1, counts / np.maximum(counts - 1, 1), 1.0)
    variance = float((factor[cell] * (1 - p) * (z - middle[cell]) ** 2).sum())
    # Of equal values within every stratum binary digits leave about 1e-32 of their squares: that is no variance.
    return mean, variance if variance > _ROUNDING * float((z**2).sum()) else 0.0


def _effective(y: _Floats, mean: float, p: _Floats, variance: float) -> float:
    spread = float(((y - mean) ** 2 / p).sum() / (1 / p).sum())
    if variance > 0:
        return spread / variance
    return float((1 / p).sum() ** 2 / ((1 - p) / p**2).sum())


def _checked(
    values: Sequence[float], chances: Sequence[float], strata: Sequence[str] | None, frame: Mapping[str, int] | None
) -> tuple[_Floats, _Floats, NDArray[np.intp]]:
    y, p = np.asarray(values, dtype=float), np.asarray(chances, dtype=float)
    names = ["" for _ in values] if strata is None else list(strata)
    if not len(y) == len(p) == len(names) or not ((p > 0) & (p <= 1)).all():
        raise ValueError("a chance above 0 and up to 1, and a stratum, for each value")
    if len(y) == 0 or (len(y) < FEWEST and not (p == 1).all()):
        raise AnalysisError("few_cases", n=len(y), fewest=FEWEST)
    if not np.isfinite(y).all():
        raise AnalysisError("value_not_finite")
    unseen = sorted(name for name, size in (frame or {}).items() if size > 0 and name not in set(names))
    if unseen:
        raise AnalysisError("stratum_unseen", stratum=unseen[0], n=len(unseen))
    place = {name: i for i, name in enumerate(sorted(set(names)))}
    return y, p, np.array([place[name] for name in names], dtype=np.intp)
