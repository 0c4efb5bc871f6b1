"""Agreement on ordered grades: weighted kappa, Gwet's coefficient, the share on which two agree.

Grades are classes in their order (best first or last); a table holds how often one reader gave the grade of the row
while the other gave that of the column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, Interval, Kappa, interval_of, kappa_of, quantile, wilson

Scheme = Literal["identity", "linear", "quadratic"]
Table = Sequence[Sequence[float]]
FEWEST = 10  # pairs below which agreement beyond chance is not given
_Floats = NDArray[np.float64]


def cross_table(first: Sequence[str], second: Sequence[str], grades: Sequence[str]) -> list[list[int]]:
    """How often each pair of grades was given; rows: `first`, columns: `second`, both in the order of `grades`.

    Raises ValueError for sequences of different length or a grade that is not listed.
    """
    place = {grade: i for i, grade in enumerate(grades)}
    if len(first) != len(second) or not place.keys() >= {*first, *second}:
        raise ValueError("two listed grades for each case")
    table = [[0] * len(place) for _ in place]
    for one, other in zip(first, second, strict=True):
        table[place[one]][place[other]] += 1
    return table


def symmetrised(table: Table) -> list[list[float]]:
    """The mean of a table and its mirror image: for pairs of changing readers, where neither is the first."""
    counts = np.asarray(table, dtype=float)
    return ((counts + counts.T) / 2).tolist()  # type: ignore[no-any-return]


def agreement_weights(n: int, scheme: Scheme) -> _Floats:
    """Weights of agreement between `n` ordered grades, an n × n matrix with 1 on the diagonal.

    linear: 1 − |i − j| / (n − 1) (Cicchetti and Allison, Am J EEG Technol 11:101, 1971); quadratic: 1 − (i − j)² /
    (n − 1)² (Fleiss and Cohen, Educ Psychol Meas 33:613, 1973); identity: 1 or 0.  Raises ValueError below 2 grades.
    """
    if n < 2:
        raise ValueError("at least two grades")
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / (n - 1)
    power = {"linear": 1, "quadratic": 2}.get(scheme)
    return np.eye(n) if power is None else np.asarray(1 - apart**power, dtype=float)


def weighted_kappa(table: Table, scheme: Scheme = "quadratic", *, fewest: int = FEWEST, level: float = LEVEL) -> Kappa:
    """Weighted kappa of a square table of counts of ordered grades, with the interval of `kappa_of`.

    Raises AnalysisError `few_cases` below `fewest` pairs, `one_class` when both gave one grade only.
    """
    counts = _square(table, fewest)
    return kappa_of(counts, agreement_weights(len(counts), scheme), level)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """Agreement beyond chance, 1 when perfect, with its interval."""

    value: float
    interval: Interval
    observed: float
    expected: float
    n: int


def gwet_ac(table: Table, scheme: Scheme = "identity", *, fewest: int = FEWEST, level: float = LEVEL) -> Coefficient:
    """Gwet's AC1 (identity) or AC2 (linear, quadratic) of a square table of counts.

    Chance agreement is taken from how evenly the grades are used, so that it stays low where nearly all cases are of
    one grade: there kappa is near 0 however well two readers agree.  Interval: large-sample error by linearisation.
    Source: Gwet, Br J Math Stat Psychol 61:29 (2008); weights: Handbook of Inter-Rater Reliability, 4th ed. (2014).
    Raises AnalysisError `few_cases` below `fewest` pairs.
    """
    counts = _square(table, fewest)
    size, n = len(counts), float(counts.sum())
    weights, p = agreement_weights(size, scheme), counts / n
    used = (p.sum(axis=1) + p.sum(axis=0)) / 2
    scale = float(weights.sum()) / (size * (size - 1))
    observed, expected = float((weights * p).sum()), scale * float((used * (1 - used)).sum())
    value = (observed - expected) / (1 - expected)
    influence = weights - (1 - value) * scale * (2 - used[:, None] - used[None, :])
    variance = float((p * influence**2).sum()) - float((p * influence).sum()) ** 2
    half = quantile(level) * math.sqrt(max(0.0, variance) / n) / (1 - expected)
    return Coefficient(value, interval_of(value, half, observed, expected, n, level), observed, expected, round(n))


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `n` cases with its interval; fractions."""

    value: float
    interval: Interval
    n: int


def percent_agreement(table: Table, within: int = 0, level: float = LEVEL) -> Share:
    """Share of pairs with the same grade, or grades at most `within` steps apart; interval: Wilson.

    Raises AnalysisError `no_cases` for an empty table.
    """
    counts = _square(table, 0)
    near = np.abs(np.subtract.outer(np.arange(len(counts)), np.arange(len(counts)))) <= within
    n, agreed = float(counts.sum()), float(counts[near].sum())
    interval = wilson(agreed, n, level)
    return Share(agreed / n, interval, round(n))


def _square(table: Table, fewest: int) -> _Floats:
    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2 or (counts < 0).any():
        raise ValueError("a square table of counts of at least two grades")
    if counts.sum() < fewest:
        raise AnalysisError("few_cases", n=round(float(counts.sum())), fewest=fewest)
    return counts
