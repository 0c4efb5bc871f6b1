"""Whether a reader grows milder or stricter over the months, held against the other readers of his cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from imagingqc.errors import AnalysisError
from imagingqc.stats.additive import Fit, Floats, Score, fit
from imagingqc.stats.agreement import LEVEL, Interval
from imagingqc.stats.drift import Slope, slope_of

FEWEST_MONTHS = 3
FEWEST_OTHERS = 2  # with a single partner it cannot be told who drifts
_MARK = "\x1f"


@dataclass(frozen=True, slots=True)
class MonthEffect:
    """Leniency of the reader in one month against the mean of the others, in the unit of the scores."""

    month: int
    n: int
    effect: float
    se: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class ReaderDrift:
    """The reader's months, and the straight line through them; slope in units of the score a month."""

    reader: str
    others: int
    months: tuple[MonthEffect, ...]
    slope: Slope

    @property
    def drifting(self) -> bool:
        """Whether the interval of the slope excludes 0."""
        return not self.slope.interval[0] <= 0 <= self.slope.interval[1]


def reader_drift(scores: Sequence[Score], reader: str, level: float = LEVEL) -> ReaderDrift:
    """Effect of `reader` in each month of his scores, the other readers being held constant, and its slope.

    The additive model with a level of its own for each of his months; others who drift together look like him
    drifting the other way.  Months that no shared case links to the others are left out.
    Raises AnalysisError `few_months` below 3 months, `few_readers` below 2 others, and as `additive.fit`; ValueError
    for a score of his without a month.
    """
    own = [score for score in scores if score.reader == reader]
    if any(score.month is None for score in own):
        raise ValueError("a month for every score of the reader")
    _require_months(len({score.month for score in own}))
    model = fit([(s.case, f"{_MARK}{s.month}" if s.reader == reader else s.reader, s.value) for s in scores])
    mine, others = _linked(model)
    effects, errors = _against(model, mine, others)
    t = float(scipy.special.stdtrit(model.free, 0.5 + level / 2))
    months = [
        MonthEffect(month, int(model.counts[i]), float(effect), se, (float(effect) - t * se, float(effect) + t * se))
        for (month, i), effect, se in zip(mine, effects, np.sqrt(np.diag(errors)).tolist(), strict=True)
    ]
    line = slope_of([float(month) for month, _ in mine], effects, errors, free=model.free, level=level)
    return ReaderDrift(reader, len(others), tuple(months), line)


def _require_months(n: int) -> None:
    if n < FEWEST_MONTHS:
        raise AnalysisError("few_months", n=n, fewest=FEWEST_MONTHS)


def _linked(model: Fit) -> tuple[list[tuple[int, int]], list[int]]:
    """(month, place) of the reader's months in time, and the places of the others, of the largest common group."""
    best: tuple[list[tuple[int, int]], list[int]] = ([], [])
    for group in range(model.groups):
        members = np.flatnonzero(model.group == group).tolist()
        mine = sorted((int(model.levels[i][1:]), i) for i in members if model.levels[i].startswith(_MARK))
        others = [i for i in members if not model.levels[i].startswith(_MARK)]
        if len(mine) > len(best[0]):
            best = (mine, others)
    _require_months(len(best[0]))
    if len(best[1]) < FEWEST_OTHERS:
        raise AnalysisError("few_readers", n=len(best[1]), fewest=FEWEST_OTHERS)
    return best


def _against(model: Fit, mine: Sequence[tuple[int, int]], others: Sequence[int]) -> tuple[Floats, Floats]:
    """Effects of the months less the mean of the others, with their covariance."""
    contrast = np.zeros((len(mine), len(model.levels)))
    contrast[:, others] = -1 / len(others)
    for row, (_month, i) in enumerate(mine):
        contrast[row, i] = 1
    covariance = np.asarray(model.sd**2 * contrast @ model.inverse @ contrast.T, dtype=float)
    return contrast @ model.effects, covariance
