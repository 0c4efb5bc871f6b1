"""Agreement of two judges: shares with intervals, kappa plain and weighted, sensitivity when few passes were seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError

Interval = tuple[float, float]
LEVEL = 0.95
_DRAWS = 20_000
_JEFFREYS = 0.5  # the prior Beta(1/2, 1/2) of a share, and Gamma(1/2, 0) of a count


def wilson(k: float, n: float, level: float = LEVEL) -> Interval:
    """Interval of a share: `k` of `n`, both as fractions from 0 to 1.

    Of a weighted sample `n` is its effective size and `k` the share of it; neither need be whole.

    Source: Wilson, J Am Stat Assoc 22:209 (1927), score interval without continuity correction.
    Raises AnalysisError `no_cases` when n is 0, ValueError when k is not within 0 to n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n == 0:
        raise AnalysisError("no_cases")
    z = quantile(level)
    share, scale = k / n, 1 + z * z / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (middle - half) / scale, (middle + half) / scale
    # Rounding must not lift an interval off the ends that it reaches.
    return (0.0 if k == 0 else low, 1.0 if k == n else high)


def quantile(level: float) -> float:
    """Standard normal deviate that holds `level` of the distribution on both sides."""
    return NormalDist().inv_cdf(0.5 + level / 2)


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance: 1 is perfect, 0 what chance gives, below 0 worse than chance."""

    value: float
    interval: Interval
    observed: float
    expected: float
    n: int


def cohen_kappa(table: Sequence[Sequence[float]], level: float = LEVEL) -> Kappa:
    """Cohen's kappa of a square table of counts (rows: one judge, columns: the other, same order of classes).

    Interval: value ± z · SE with the large-sample error of Fleiss, Cohen and Everitt, Psychol Bull 72:323 (1969),
    cut at −1 and 1; of perfect agreement or disagreement, where that error is 0, as far as Wilson's interval of n (or
    0) of n leaves.
    Source of kappa: Cohen, Educ Psychol Meas 20:37 (1960).
    Raises AnalysisError `no_cases` for an empty table and `one_class` when chance alone would agree always.
    """
    counts = np.asarray(table, dtype=float)
    return kappa_of(counts, np.eye(len(counts)), level)


def kappa_of(counts: NDArray[np.float64], weights: NDArray[np.float64], level: float = LEVEL) -> Kappa:
    """Kappa with any weights of agreement (1 on the diagonal, 0 to 1 beside it); see `cohen_kappa`.

    Cohen, Psychol Bull 70:213 (1968); error: Fleiss, Cohen and Everitt (1969).  It holds for tables that
    `symmetrised` gives, too: there the influence of a pair is that of its mirror image.
    """
    n = float(counts.sum())
    if n == 0:
        raise AnalysisError("no_cases")
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((weights * p).sum()), float(rows @ weights @ columns)
    if expected > 1 - 1e-12:
        raise AnalysisError("one_class")
    kappa = (observed - expected) / (1 - expected)
    # Mean weight of a class of either judge against all of the other.
    margins = (weights @ columns)[:, None] + (rows @ weights)[None, :]
    spread = float((p * (weights - margins * (1 - kappa)) ** 2).sum())
    variance = spread - (kappa - expected * (1 - kappa)) ** 2
    half = quantile(level) * math.sqrt(max(0.0, variance) / n) / (1 - expected)
    return Kappa(kappa, interval_of(kappa, half, observed, expected, n, level), observed, expected, round(n))


def interval_of(value: float, half: float, observed: float, expected: float, n: float, level: float) -> Interval:
    """value ± half within −1 to 1; at the ends, where the large-sample error is 0, what Wilson leaves of n of n.

    `value` is (observed − expected) / (1 − expected); of 0 of n the other end is told the same way.
    """
    low, high = value - half, value + half
    if observed > 1 - 1e-12:
        low = (wilson(n, n, level)[0] - expected) / (1 - expected)
    if observed < 1e-12:
        high = (wilson(0, n, level)[1] - expected) / (1 - expected)
    return max(-1.0, low), min(1.0, high)


@dataclass(frozen=True, slots=True)
class Verified:
    """Cases of one automatic outcome: `decided` of them by a person, `faulty` of these held to be faulty.

    `seen` cases of the outcome were counted among a random `fraction` of all cases, so that there are about
    seen / fraction of them; with a fraction of 1 all were counted.
    """

    seen: int
    decided: int
    faulty: int
    fraction: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise ValueError(f"{self.fraction} is no sampling fraction")
        if not 0 <= self.faulty <= self.decided or self.seen < 0 or (self.fraction == 1 and self.decided > self.seen):
            raise ValueError(f"{self.faulty} of {self.decided} of {self.seen} cannot be")

    @property
    def total(self) -> float:
        """Number of cases of this outcome, estimated where not all were counted."""
        return max(self.seen / self.fraction, float(self.decided))


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Share of the faulty cases that the automatic verdict fails, with its interval; fractions."""

    value: float
    interval: Interval


def corrected_sensitivity(*, failed: Verified, passed: Verified, level: float = LEVEL, seed: int = 0) -> Sensitivity:
    """Sensitivity when only part of the cases was decided by a person, and of the passes a random sample.

    Of each automatic outcome total · faulty/decided cases are faulty: what was decided stands for what was not.
    Source of the estimate: Begg and Greenes, Biometrics 39:207 (1983).  Interval: percentiles of 20 000 draws from
    the Jeffreys posteriors of both shares, and of the numbers of cases where these are estimates; it holds also when
    no sampled pass was faulty.  Raises AnalysisError `no_cases` unless cases of both outcomes were decided,
    `no_faulty` when none was held to be faulty.
    """
    if not failed.decided or not passed.decided:
        raise AnalysisError("no_cases")
    if not failed.faulty and not passed.faulty:
        raise AnalysisError("no_faulty")
    caught = failed.total * failed.faulty / failed.decided
    missed = passed.total * passed.faulty / passed.decided
    rng = np.random.default_rng(seed)
    caught_draws, missed_draws = _faulty_draws(failed, rng), _faulty_draws(passed, rng)
    tail = 50 * (1 - level)
    low, high = np.percentile(caught_draws / (caught_draws + missed_draws), [tail, 100 - tail])
    return Sensitivity(caught / (caught + missed), (float(low), float(high)))


def _faulty_draws(cases: Verified, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws of the number of faulty cases of one outcome."""
    share = rng.beta(cases.faulty + _JEFFREYS, cases.decided - cases.faulty + _JEFFREYS, _DRAWS)
    if cases.fraction == 1:
        return np.asarray(cases.total * share, dtype=float)
    number = np.maximum(rng.gamma(cases.seen + _JEFFREYS, 1 / cases.fraction, _DRAWS), cases.decided)
    return np.asarray(number * share, dtype=float)
