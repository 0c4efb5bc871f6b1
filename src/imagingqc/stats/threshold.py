"""Which threshold separates sound from faulty best, and whether another one would do better beyond noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, Interval

FEWEST = 20  # decided cases below which nothing is said
FEWEST_OF_A_CLASS = 5
RESAMPLES = 500
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts at one threshold; a case fails when its score lies beyond it."""

    caught: int
    missed: int
    false_alarms: int
    passed: int

    @property
    def sensitivity(self) -> float:
        return self.caught / (self.caught + self.missed)

    @property
    def false_alarm_rate(self) -> float:
        return self.false_alarms / (self.false_alarms + self.passed)

    @property
    def youden(self) -> float:
        """Sensitivity − false-alarm rate (Youden, Cancer 3:32, 1950): 1 separates all, 0 nothing."""
        return self.sensitivity - self.false_alarm_rate


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold of the sweep with what it would do: anything from the score `low` to below the next, `high`."""

    low: float
    high: float
    counts: Confusion

    @property
    def at(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The threshold in use against the best of the sweep.

    `gain` is the interval of the difference in Youden's index (best − present), each time on cases that did not
    choose the best; `better` when it lies wholly above 0.  `best_range` is where the best threshold fell.
    """

    n: int
    present: Confusion
    best: Point
    best_range: Interval
    gain: Interval
    better: bool
    points: tuple[Point, ...]


def compare_thresholds(
    scores: Sequence[float], faulty: Sequence[bool], *, present: float, inclusive: bool = False, seed: int = 0
) -> Comparison:
    """Sweeps a threshold over scores (higher is worse) of cases that people held to be faulty or not.

    A case fails when its score > threshold; at the threshold in use also when equal, if `inclusive`.  The best has
    the largest Youden index, of several the one nearest to `present`.  Its gain is judged by 500 seeded bootstrap
    resamples within each class: chosen on the resample, measured on the cases that are not in it (Efron and
    Tibshirani, J Am Stat Assoc 92:548, 1997), 95 % percentiles.
    Raises AnalysisError `few_cases` below 20 cases, `few_of_a_class` with fewer than 5 of either class, `one_value`
    when all scores are equal; ValueError for scores that are not finite.
    """
    values, bad = np.asarray(scores, dtype=float), np.asarray(faulty, dtype=bool)
    if values.shape != bad.shape or not np.isfinite(values).all() or not math.isfinite(present):
        raise ValueError("one finite score for each case")
    require_enough(bad)
    levels, rank = np.unique(values, return_inverse=True)
    if len(levels) < 2:
        raise AnalysisError("one_value")
    current = int(np.searchsorted(levels, present, side="left" if inclusive else "right"))
    middles = (levels[:-1] + levels[1:]) / 2
    curve = _curve(rank, bad, len(levels))
    best = _best(curve, middles, present)
    gaps = zip(levels[:-1].tolist(), levels[1:].tolist(), strict=True)
    points = tuple(Point(low, high, _confusion(rank, bad, i + 1)) for i, (low, high) in enumerate(gaps))
    gains, chosen = _bootstrap(rank, bad, middles, present, current, seed)
    tail = 50 * (1 - LEVEL)
    gain, best_range = np.percentile(gains, [tail, 100 - tail]), np.percentile(chosen, [tail, 100 - tail])
    return Comparison(
        n=len(values),
        present=_confusion(rank, bad, current),
        best=points[best - 1],
        best_range=(float(best_range[0]), float(best_range[1])),
        gain=(float(gain[0]), float(gain[1])),
        better=bool(gain[0] > 0),
        points=points,
    )


def round_between(low: float, high: float, closed: Literal["low", "high", ""] = "") -> float:
    """The number with the fewest decimals that lies between two others, nearest to their middle.

    `closed` names the end that counts as between.  Raises ValueError unless low < high.
    """
    if not low < high:
        raise ValueError("nothing lies between")
    middle = (low + high) / 2
    for digits in range(-9, 16):
        rounded = round(middle, digits)
        if low < rounded < high or (rounded == low and closed == "low") or (rounded == high and closed == "high"):
            return rounded
    return middle


def require_enough(bad: NDArray[np.bool_]) -> None:
    """Raises AnalysisError `few_cases` below 20 cases, `few_of_a_class` below 5 faulty or 5 sound ones."""
    n, n_bad = len(bad), int(bad.sum())
    if n < FEWEST:
        raise AnalysisError("few_cases", n=n, fewest=FEWEST)
    if min(n_bad, n - n_bad) < FEWEST_OF_A_CLASS:
        raise AnalysisError("few_of_a_class", faulty=n_bad, sound=n - n_bad, fewest=FEWEST_OF_A_CLASS)


def _curve(rank: NDArray[np.intp], bad: NDArray[np.bool_], size: int) -> _Floats:
    """Youden's index for every first failing rank, 0 (all fail) to `size` (none does)."""

    def failing(who: NDArray[np.bool_]) -> _Floats:
        counts = np.bincount(rank[who], minlength=size)
        beyond = np.concatenate([counts[::-1].cumsum()[::-1], [0]])
        return np.asarray(beyond / max(1, int(who.sum())), dtype=float)

    return failing(bad) - failing(~bad)


def _best(curve: _Floats, middles: _Floats, present: float) -> int:
    """First failing rank of the best threshold between two scores."""
    inner = curve[1:-1]
    ties = np.flatnonzero(inner >= inner.max() - 1e-12)
    return int(ties[np.argmin(np.abs(middles[ties] - present))]) + 1


def _confusion(rank: NDArray[np.intp], bad: NDArray[np.bool_], first: int) -> Confusion:
    fails = rank >= first
    caught, alarms = int((fails & bad).sum()), int((fails & ~bad).sum())
    return Confusion(caught, int(bad.sum()) - caught, alarms, int((~bad).sum()) - alarms)


def _bootstrap(
    rank: NDArray[np.intp], bad: NDArray[np.bool_], middles: _Floats, present: float, current: int, seed: int
) -> tuple[_Floats, _Floats]:
    """Gains on the cases left out, and the thresholds chosen, of every resample that leaves out both classes."""
    rng = np.random.default_rng(seed)
    classes = [np.flatnonzero(bad), np.flatnonzero(~bad)]
    size = len(middles) + 1
    gains, chosen = [], []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rng.choice(members, len(members)) for members in classes])
        first = _best(_curve(rank[drawn], bad[drawn], size), middles, present)
        chosen.append(middles[first - 1])
        out = np.setdiff1d(np.arange(len(rank)), drawn)
        if bad[out].any() and not bad[out].all():
            left = _curve(rank[out], bad[out], size)
            gains.append(left[first] - left[current])
    return np.asarray(gains, dtype=float), np.asarray(chosen, dtype=float)
