"""Means of groups of unlike composition, put side by side by giving every group the composition of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, Interval

COVERED = 0.8  # of the standard composition that a group's strata must make up
FEWEST = 5  # values of a group below which nothing is said
_ROUNDING = 1e-24
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standardised:
    """A directly standardised mean in the unit of the values; `covered` (0 to 1) of the standard composition lies in
    strata of which the group has values, `n` values were used."""

    value: float
    se: float
    interval: Interval
    n: int
    covered: float


def standardised_mean(
    values: Mapping[str, Sequence[float]],
    weights: Mapping[str, float],
    *,
    chances: Mapping[str, Sequence[float]] | None = None,
    spread: float | None = None,
    level: float = LEVEL,
) -> Standardised:
    """Direct standardisation: Σ W·ȳ / Σ W over the strata of which the group has values.

    `values` holds a group's values by stratum, `weights` the composition that all groups are given (any positive scale;
    a stratum without a weight counts nothing).  `chances` (above 0, up to 1) are those of the values to be drawn: then
    ȳ = Σ(y/p) / Σ(1/p), so that what was drawn by risk does not stand for the rest.  Variance Σ (W/ΣW)² s²/n with s²
    of the group pooled over its strata, for small strata say nothing of their own spread (of unequal chances that of
    the residuals times 1/p over its mean: linearisation); `spread` (a standard deviation) is used where no stratum has
    two values or all are alike, with n by the weights, (Σ 1/p)² / Σ 1/p² (Kish, Survey Sampling, 1965, 11.7).
    Interval by Student's t on the degrees of freedom of s²; nothing is taken off for a finite frame.
    Sources: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), section 19.3;
    Cochran, Sampling Techniques, 3rd ed. (1977), theorem 5.3.
    Raises AnalysisError `few_cases` below 5 values, `mix_uncovered` when less than 80 % of the composition is covered,
    `value_not_finite`, `all_alike` when nothing tells of any spread; ValueError for a negative weight or spread.
    """
    if any(weight < 0 for weight in weights.values()) or (spread is not None and spread < 0):
        raise ValueError("weights and spread are not negative")
    used = {key: np.asarray(own, dtype=float) for key, own in values.items() if len(own) and weights.get(key, 0) > 0}
    n, whole = sum(len(own) for own in used.values()), sum(weights.values())
    if n < FEWEST:
        raise AnalysisError("few_cases", n=n, fewest=FEWEST)
    if not all(np.isfinite(own).all() for own in used.values()):
        raise AnalysisError("value_not_finite")
    mine = sum(weights[key] for key in used)
    covered = mine / whole
    if covered < COVERED:
        raise AnalysisError("mix_uncovered", covered=round(100 * covered), least=round(100 * COVERED))
    each = {key: _each(len(own), None if chances is None else chances[key]) for key, own in used.items()}
    mean = sum(weights[key] * float(each[key] @ own) for key, own in used.items()) / mine
    free = n - len(used)
    within = _pooled([(own, each[key]) for key, own in used.items()], free)
    if within is None and not spread:
        raise AnalysisError("all_alike") if free else AnalysisError("few_cases", n=n, fewest=n + 1)
    size = {key: len(own) if within is not None else 1 / float(each[key] @ each[key]) for key, own in used.items()}
    variance = within or (spread or 0.0) ** 2
    se = math.sqrt(variance * sum((weights[key] / mine) ** 2 / size[key] for key in used))
    half = float(scipy.special.stdtrit(max(1, free), 0.5 + level / 2)) * se
    return Standardised(mean, se, (mean - half, mean + half), n, covered)


def _each(n: int, chances: Sequence[float] | None) -> _Floats:
    """What each of `n` values of a stratum counts, with sum 1."""
    p = np.ones(n) if chances is None else np.asarray(chances, dtype=float)
    if len(p) != n or not ((p > 0) & (p <= 1)).all():
        raise ValueError("a chance above 0 and up to 1 for each value")
    return np.asarray((1 / p) / float((1 / p).sum()), dtype=float)


def _pooled(strata: Sequence[tuple[_Floats, _Floats]], free: int) -> float | None:
    """Variance within strata of (values, what each counts); None where they tell none."""
    n = sum(len(own) for own, _each in strata)
    squares = sum(float(((len(own) * each * (own - each @ own)) ** 2).sum()) for own, each in strata)
    largest = max(float(np.abs(own).max()) for own, _each in strata)
    return squares / free if free > 0 and squares > _ROUNDING * n * largest**2 else None


def places(intervals: Mapping[str, Interval]) -> dict[str, tuple[int, int]]:
    """Best and worst place (1 is the highest) of each group that its interval leaves open.

    One place stands between another only where their intervals do not touch: where best and worst are the same, the
    place is certain at the level of the intervals, each taken by itself.
    """
    found = {}
    for name, (low, high) in intervals.items():
        above = sum(other[0] > high for key, other in intervals.items() if key != name)
        below = sum(other[1] < low for key, other in intervals.items() if key != name)
        found[name] = (above + 1, len(intervals) - below)
    return found
