"""How well scores agree: intraclass correlation, limits of agreement, repeatability of one reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, Interval, quantile

FEWEST = 5  # cases, or differences between repeats, below which nothing is said
Form = Literal["1,1", "2,1", "3,1"]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Icc:
    """Intraclass correlation of single scores: the part of their variance that lies between the cases.

    At most 1; `cases` × `readers` is the size of the table.
    """

    form: Form
    value: float
    interval: Interval
    cases: int
    readers: int


def icc(scores: Sequence[Sequence[float]], form: Form = "2,1", level: float = LEVEL) -> Icc:
    """Intraclass correlation of a complete table: a row for each case, a column for each reader.

    "1,1": each case has readers of its own (columns have no meaning); "2,1": the same readers for all, a sample of
    many, their severity counts as disagreement; "3,1": these readers only, their severity is left out.
    Sources: Shrout and Fleiss, Psychol Bull 86:420 (1979); intervals by F: McGraw and Wong, Psychol Methods 1:30
    (1996), table 7; the degrees of freedom of "2,1" are taken at a coefficient of 0 when it is negative.
    Raises AnalysisError `few_cases` below 5 cases, `value_not_finite`, `no_variance` when all scores are equal,
    `no_error_variance` when nothing but the cases (and, for "2,1" and "3,1", readers) differs.
    """
    table = _table(scores)
    n, k = table.shape
    squares = _squares(table)
    error, free = (squares.within, n * (k - 1)) if form == "1,1" else (squares.error, (n - 1) * (k - 1))
    if error <= 1e-12 * float(table.var() or 1.0):
        raise AnalysisError("no_error_variance" if table.var() > 0 else "no_variance")
    if form == "2,1":
        value, interval = _absolute(squares, n, k, level)
    else:
        ratio, tail = squares.cases / error, 0.5 + level / 2
        low, high = ratio / scipy.special.fdtri(n - 1, free, tail), ratio * scipy.special.fdtri(free, n - 1, tail)
        value, interval = _from_ratio(ratio, k), (_from_ratio(low, k), _from_ratio(high, k))
    return Icc(form, value, interval, n, k)


@dataclass(frozen=True, slots=True)
class _Squares:
    """Mean squares of the analysis of variance: between cases, between readers, within cases, what is left."""

    cases: float
    readers: float
    within: float
    error: float


def _squares(table: _Floats) -> _Squares:
    n, k = table.shape
    middle = table.mean()
    cases = k * float(((table.mean(axis=1) - middle) ** 2).sum())
    readers = n * float(((table.mean(axis=0) - middle) ** 2).sum())
    within = float(((table - table.mean(axis=1, keepdims=True)) ** 2).sum())
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + middle
    error = float((left**2).sum()) / ((n - 1) * (k - 1))
    return _Squares(cases / (n - 1), readers / (k - 1), within / (n * (k - 1)), error)


def _from_ratio(ratio: float, k: int) -> float:
    return float((ratio - 1) / (ratio + k - 1))


def _absolute(ms: _Squares, n: int, k: int, level: float) -> tuple[float, Interval]:
    value = (ms.cases - ms.error) / (ms.cases + (k - 1) * ms.error + k * (ms.readers - ms.error) / n)
    odds = max(value, 0.0) / (1 - value)
    a, b = k * odds / n, 1 + k * odds * (n - 1) / n
    parts = (a * ms.readers) ** 2 / (k - 1) + (b * ms.error) ** 2 / ((n - 1) * (k - 1))
    free = (a * ms.readers + b * ms.error) ** 2 / parts
    tail, rest = 0.5 + level / 2, k * ms.readers + (k * n - k - n) * ms.error
    down, up = float(scipy.special.fdtri(n - 1, free, tail)), float(scipy.special.fdtri(free, n - 1, tail))
    low = n * (ms.cases - down * ms.error) / (down * rest + n * ms.cases)
    high = n * (up * ms.cases - ms.error) / (rest + n * up * ms.cases)
    return value, (max(-1.0, low), min(1.0, high))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Bias (mean difference, first − second) and the limits within which 95 % of differences are expected.

    In the unit of the scores; each figure with its interval.
    """

    n: int
    bias: float
    bias_interval: Interval
    sd: float
    lower: float
    lower_interval: Interval
    upper: float
    upper_interval: Interval


def bland_altman(first: Sequence[float], second: Sequence[float], level: float = LEVEL) -> Agreement:
    """Bias and limits of agreement bias ± 1.96 SD of paired scores.

    Bland and Altman, Lancet 327:307 (1986).  Interval of the bias: Student's t, exact for normal differences.  Those
    of the limits are approximate: t(n − 1) · SD · sqrt(1/n + 1.96² / (2 (n − 1))), Stat Methods Med Res 8:135 (1999).
    Raises AnalysisError `few_cases` below 5 pairs, `value_not_finite`, `no_error_variance` when all differences are
    equal.
    """
    pairs = _table(list(zip(first, second, strict=True)))
    n, apart = len(pairs), pairs[:, 0] - pairs[:, 1]
    sd, bias = float(apart.std(ddof=1)), float(apart.mean())
    if sd <= 1e-12 * float(np.abs(pairs).max()):
        raise AnalysisError("no_error_variance")
    reach, t = quantile(0.95), float(scipy.special.stdtrit(n - 1, 0.5 + level / 2))
    of_bias, of_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(1 / n + reach**2 / (2 * (n - 1)))
    lower, upper = bias - reach * sd, bias + reach * sd
    return Agreement(
        n,
        bias,
        (bias - of_bias, bias + of_bias),
        sd,
        lower,
        (lower - of_limit, lower + of_limit),
        upper,
        (upper - of_limit, upper + of_limit),
    )


@dataclass(frozen=True, slots=True)
class Repeatability:
    """Spread of one reader about himself: `within_sd` with its interval, from `n` cases read more than once.

    Two readings of one case differ by less than `coefficient` = 1.96 · sqrt(2) · within_sd = 2.77 within_sd in 95 %.
    """

    n: int
    within_sd: float
    interval: Interval
    coefficient: float


def repeatability(repeats: Sequence[Sequence[float]], level: float = LEVEL) -> Repeatability:
    """Within-subject standard deviation from cases of which each has at least two readings by the same reader.

    Bland and Altman, BMJ 313:744 (1996); interval by chi-squared.  Raises AnalysisError `few_cases` below 5 degrees
    of freedom (pairs), `value_not_finite`, `no_error_variance` when no case was read differently; ValueError for a
    case with one reading.
    """
    groups = [np.asarray(group, dtype=float) for group in repeats]
    if any(len(group) < 2 for group in groups):
        raise ValueError("at least two readings of each case")
    if not all(np.isfinite(group).all() for group in groups):
        raise AnalysisError("value_not_finite")
    free = sum(len(group) - 1 for group in groups)
    if free < FEWEST:
        raise AnalysisError("few_cases", n=free, fewest=FEWEST)
    squares = math.fsum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    if squares == 0:
        raise AnalysisError("no_error_variance")
    low, high = (
        math.sqrt(squares / float(scipy.special.chdtri(free, tail))) for tail in (0.5 - level / 2, 0.5 + level / 2)
    )
    sd = math.sqrt(squares / free)
    return Repeatability(len(groups), sd, (low, high), quantile(0.95) * math.sqrt(2) * sd)


def _table(scores: Sequence[Sequence[float]]) -> _Floats:
    """Raises AnalysisError for too few rows or values that are not finite, ValueError for no complete table."""
    if len({len(row) for row in scores}) > 1 or (scores and len(scores[0]) < 2):
        raise ValueError("one score by each of at least two readers for every case")
    if len(scores) < FEWEST:
        raise AnalysisError("few_cases", n=len(scores), fewest=FEWEST)
    table = np.asarray(scores, dtype=float)
    if not np.isfinite(table).all():
        raise AnalysisError("value_not_finite")
    return table
