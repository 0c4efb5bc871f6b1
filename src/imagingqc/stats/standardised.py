"""Means of groups of unlike composition, put side by side by giving every group the composition of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, Interval

COVERED = 0.8  # of the standard composition that a group's strata must make up
FEWEST = 5  # values of a group below which nothing is said


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
    spread: float | None = None,
    level: float = LEVEL,
) -> Standardised:
    """Direct standardisation: Σ W·ȳ / Σ W over the strata of which the group has values.

    `values` holds a group's values by stratum, `weights` the composition that all groups are given (any positive scale;
    a stratum without a weight counts nothing).  Variance Σ (W/ΣW)² s²/n with s² of the group pooled over its strata,
    for small strata say nothing of their own spread; `spread` (a standard deviation) is used where no stratum has two
    values.  Interval by Student's t on the degrees of freedom of s².
    Sources: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), section 19.3;
    Cochran, Sampling Techniques, 3rd ed. (1977), theorem 5.3.
    Raises AnalysisError `few_cases` below 5 values, `mix_uncovered` when less than 80 % of the composition is covered,
    `value_not_finite`; ValueError for a negative weight or spread.
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
    mean = sum(weights[key] * float(own.mean()) for key, own in used.items()) / mine
    free = n - len(used)
    variance = _pooled(list(used.values()), free, spread)
    se = math.sqrt(variance * sum((weights[key] / mine) ** 2 / len(own) for key, own in used.items()))
    half = float(stdtrit(max(1, free), 0.5 + level / 2)) * se
    return Standardised(mean, se, (mean - half, mean + half), n, covered)


def _pooled(strata: Sequence[np.ndarray], free: int, spread: float | None) -> float:
    """Variance within strata; that of `spread` where no stratum has two values."""
    if free > 0:
        return sum(float(((own - own.mean()) ** 2).sum()) for own in strata) / free
    if spread is None:
        raise AnalysisError("few_cases", n=len(strata), fewest=len(strata) + 1)
    return spread**2


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
