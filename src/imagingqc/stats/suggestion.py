"""Which limit people's decisions suggest for a measured value, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.agreement import LEVEL, Interval, wilson
from imagingqc.stats.sampled import weighted_share
from imagingqc.stats.threshold import RESAMPLES, require_enough

Worse = Literal["higher", "lower"]
_FOLDS = 10
_DOUBT = 2  # how many cases are worth one, for a limit that was chosen on cases like them
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What a limit would do: shares of the faulty and of the sound that lie beyond it."""

    limit: float
    sensitivity: float
    false_alarm_rate: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A suggested limit, in the unit of the values, with what it would do; each with its interval."""

    limit: float
    interval: Interval
    sensitivity: float
    sensitivity_interval: Interval
    specificity: float
    specificity_interval: Interval


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Limits for a value that fails when beyond: `youden` separates best, `wanted` keeps the wanted sensitivity.

    `wanted` is None with `reason` where too few cases are faulty to tell.  `area`: under the ROC curve, the chance
    that a faulty case has the worse value of a pair; 0.5 says nothing.
    """

    n: int
    faulty: int
    area: float
    area_interval: Interval
    youden: Limit
    wanted: Limit | None
    reason: Reason | None
    roc: tuple[RocPoint, ...]


def limit_suggestion(
    values: Sequence[float],
    faulty: Sequence[bool],
    weights: Sequence[float] | None = None,
    *,
    worse: Worse = "higher",
    sensitivity: float = 0.95,
    seed: int = 0,
) -> Suggestion:
    """Sweeps a limit halfway between the values of cases that people held to be faulty or not.

    `weights` (1/p) make the shares those of the frame.  Youden: the largest sensitivity − false-alarm rate (Cancer
    3:32, 1950); wanted: the limit with the fewest alarms that still catches the wanted share of the faulty.
    Intervals of limits and area: 95 % percentiles of 500 seeded resamples within each class.  What the best separating
    limit would do is measured in tenths, each on a limit that the other nine chose (ten-fold cross-validation: Stone,
    J R Stat Soc B 36:111, 1974): on the cases that chose it, it would look better by 0.05 to 0.15 of the index.  The
    wanted limit is measured on the cases that chose it.  Both rates have Wilson's interval at half of the effective
    number: the limit itself varies about as much as a rate at a fixed one.  A shadow run tells more.
    Raises AnalysisError `few_cases` below 20 cases, `few_of_a_class` below 5 of either, `one_value`; ValueError for
    numbers out of range.  `wanted` needs 1 / (1 − sensitivity) faulty cases: else Reason `limit_few_faulty`; and a
    limit that catches so many: else Reason `limit_not_reached`.
    """
    sign = 1.0 if worse == "higher" else -1.0
    y, bad = sign * np.asarray(values, dtype=float), np.asarray(faulty, dtype=bool)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    if not len(y) == len(bad) == len(w) or not 0 < sensitivity < 1:
        raise ValueError("a weight and a decision for each value, a sensitivity between 0 and 1")
    if not np.isfinite(y).all() or not (np.isfinite(w) & (w > 0)).all():
        raise ValueError("finite values, weights above 0")
    require_enough(bad)
    levels, rank = np.unique(y, return_inverse=True)
    if len(levels) < 2:
        raise AnalysisError("one_value")
    sweep = _Sweep((levels[:-1] + levels[1:]) / 2, rank, bad, sensitivity)
    drawn = sweep.resamples(w, seed)
    curve = sweep.curve(w)
    reason = sweep.why_not(curve)
    area = np.array([_area(*one) for one in drawn])
    best, wanted = (sweep.limit(curve, drawn, sign, wanted=which) for which in (False, True))
    points = zip((sign * sweep.middles).tolist(), *(part[1:-1].tolist() for part in curve), strict=True)
    return Suggestion(
        n=len(y),
        faulty=int(bad.sum()),
        area=_area(*curve),
        area_interval=_percentiles(area),
        youden=sweep.told(best[:2], sweep.by_others(w, seed), w),
        wanted=sweep.told(wanted[:2], wanted[2], w) if reason is None else None,
        reason=reason,
        roc=tuple(RocPoint(*point) for point in points),
    )


@dataclass(frozen=True, slots=True)
class _Sweep:
    """All limits between two values; `rank` says which value a case has."""

    middles: _Floats
    rank: NDArray[np.intp]
    bad: NDArray[np.bool_]
    sensitivity: float

    def curve(self, weights: _Floats) -> tuple[_Floats, _Floats]:
        """Weighted sensitivity and false-alarm rate for every first failing rank, from all failing to none."""
        size = len(self.middles) + 1

        def beyond(who: NDArray[np.bool_]) -> _Floats:
            sums = np.bincount(self.rank[who], weights[who], minlength=size)[::-1].cumsum()[::-1]
            return np.append(sums / sums[0], 0.0)

        return beyond(self.bad), beyond(~self.bad)

    def resamples(self, weights: _Floats, seed: int) -> list[tuple[_Floats, _Floats]]:
        rng = np.random.default_rng(seed)
        members = [np.flatnonzero(self.bad), np.flatnonzero(~self.bad)]
        drawn = []
        for _ in range(RESAMPLES):
            times = np.zeros(len(weights))
            for of_class in members:
                times[of_class] = np.bincount(rng.integers(0, len(of_class), len(of_class)), minlength=len(of_class))
            drawn.append(self.curve(weights * times))
        return drawn

    def why_not(self, curve: tuple[_Floats, _Floats]) -> Reason | None:
        """Why no limit for the wanted sensitivity can be given."""
        n, needed = int(self.bad.sum()), math.ceil(1 / (1 - self.sensitivity) - 1e-9)
        if n < needed:
            return Reason("limit_few_faulty", {"n": n, "fewest": needed})
        if curve[0][1] < self.sensitivity - 1e-12:
            return Reason("limit_not_reached", {"percent": round(100 * self.sensitivity, 1)})
        return None

    def place(self, curve: tuple[_Floats, _Floats], *, wanted: bool) -> int:
        """Number of the best limit among the middles."""
        caught, alarms = curve[0][1:-1], curve[1][1:-1]
        if not wanted:
            return int(np.argmax(np.round(caught - alarms, 12)))
        enough = np.flatnonzero(caught >= self.sensitivity - 1e-12)
        return int(enough[-1]) if len(enough) else 0

    def limit(
        self, curve: tuple[_Floats, _Floats], drawn: Sequence[tuple[_Floats, _Floats]], sign: float, *, wanted: bool
    ) -> tuple[float, Interval, NDArray[np.bool_]]:
        """The best limit, where it fell in the resamples, and which cases lie beyond it."""
        best = self.place(curve, wanted=wanted)
        chosen = np.array([self.middles[self.place(one, wanted=wanted)] for one in drawn])
        return sign * float(self.middles[best]), _percentiles(sign * chosen), self.rank > best

    def by_others(self, weights: _Floats, seed: int) -> NDArray[np.bool_]:
        """Which cases lie beyond the limit that separates best among the other tenths."""
        rng, fold = np.random.default_rng(seed), np.zeros(len(weights), dtype=int)
        for of_class in (np.flatnonzero(self.bad), np.flatnonzero(~self.bad)):
            fold[rng.permutation(of_class)] = np.arange(len(of_class)) % _FOLDS
        beyond = np.zeros(len(weights), dtype=bool)
        for one in range(_FOLDS):
            place = self.place(self.curve(weights * (fold != one)), wanted=False)
            beyond[fold == one] = self.rank[fold == one] > place
        return beyond

    def told(self, found: tuple[float, Interval], beyond: NDArray[np.bool_], weights: _Floats) -> Limit:
        """A limit with the rates of the cases beyond it."""
        caught, seen = weighted_share(beyond[self.bad], weights[self.bad])
        passed, sound = weighted_share(~beyond[~self.bad], weights[~self.bad])
        seen, sound = seen / _DOUBT, sound / _DOUBT
        return Limit(*found, caught, wilson(caught * seen, seen), passed, wilson(passed * sound, sound))


def _area(caught: _Floats, alarms: _Floats) -> float:
    """Trapezia under the curve: ties count half."""
    return float(((alarms[:-1] - alarms[1:]) * (caught[:-1] + caught[1:]) / 2).sum())


def _percentiles(values: _Floats) -> Interval:
    low, high = np.percentile(values, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return (float(low), float(high))
