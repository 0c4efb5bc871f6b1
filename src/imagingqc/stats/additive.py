"""The additive model of scores: score = case + reader + error, when each case was read by a few of many readers.

Cases are eliminated first, so that the work grows with the scores and only the readers are solved for: the intra-block
analysis of an incomplete block design (Yates, Ann Eugen 10:317, 1940; John and Williams, Cyclic and Computer Generated
Designs, 2nd ed.).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError

Floats = NDArray[np.float64]
FEWEST = 10  # cases with two readers below which nothing is fitted


@dataclass(frozen=True, slots=True)
class Score:
    """What one reader gave one case; `month` is any whole number that counts months, when the course matters."""

    case: str
    reader: str
    value: float
    month: int | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """Effects of the levels (readers), summing to 0 in each group of levels that shared cases link.

    `information` A and `score` b are the reduced normal equations A effect = b; the covariance of the effects is
    sd² `inverse`.  `counts`: cases of each level; `pairs` M and `squares` q: M variance = q for their own variances.
    """

    levels: tuple[str, ...]
    group: NDArray[np.intp]
    counts: NDArray[np.intp]
    effects: Floats
    information: Floats
    score: Floats
    inverse: Floats
    sd: float
    free: int
    cases: int
    pairs: Floats
    squares: Floats

    @property
    def groups(self) -> int:
        return int(self.group.max()) + 1


def fit(scores: Sequence[tuple[str, str, float]]) -> Fit:
    """Least squares of (case, level, value); values of one level for one case are averaged first.

    Cases with one level say nothing and are left out, and so are levels that occur in no others.
    Raises AnalysisError `value_not_finite`, `few_cases` below 10 cases, `no_error_variance`.
    """
    case, level, y, levels = _shared(scores)
    n, m = int(case.max(initial=-1)) + 1, len(levels)
    if n < FEWEST:
        raise AnalysisError("few_cases", n=n, fewest=FEWEST)
    size = np.bincount(case).astype(float)
    within = y - (np.bincount(case, y) / size)[case]
    counts = np.bincount(level, minlength=m)
    information = np.diag(counts.astype(float)) - _crossed(case, level, 1 / size)
    score = np.bincount(level, within, minlength=m).astype(float)
    group = _components(np.abs(information) > 1e-9)
    groups = int(group.max()) + 1
    same = (group[:, None] == group[None, :]) / np.bincount(group)[group][:, None]
    inverse = np.linalg.inv(information + same) - same
    effects = inverse @ score
    residuals = within - effects[level] + (np.bincount(case, effects[level]) / size)[case]
    free = len(y) - n - (m - groups)
    squares = float((residuals**2).sum())
    if free < 1 or squares <= 1e-18 * float((y**2).sum()):
        raise AnalysisError("no_error_variance")
    per_level = np.bincount(level, residuals**2, minlength=m) * (len(y) - n) / free
    pairs = np.diag(np.bincount(level, 1 - 2 / size[case], minlength=m)) + _crossed(case, level, 1 / size**2)
    return Fit(
        levels=levels,
        group=group,
        counts=counts,
        effects=effects,
        information=information,
        score=score,
        inverse=inverse,
        sd=float(np.sqrt(squares / free)),
        free=free,
        cases=n,
        pairs=pairs,
        squares=per_level,
    )


def averaged(scores: Sequence[tuple[str, str, float]]) -> dict[tuple[str, str], float]:
    """Mean value of each (case, level), in sorted order.  Raises AnalysisError `value_not_finite`."""
    groups: dict[tuple[str, str], list[float]] = {}
    for case, level, value in scores:
        groups.setdefault((case, level), []).append(value)
    found = {key: float(np.mean(groups[key])) for key in sorted(groups)}
    if not np.isfinite(list(found.values())).all():
        raise AnalysisError("value_not_finite")
    return found


def _shared(
    scores: Sequence[tuple[str, str, float]],
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, tuple[str, ...]]:
    """Numbers of case and level and the value, of cases with at least two levels."""
    means = averaged(scores)
    seen: dict[str, int] = {}
    for case, _level in means:
        seen[case] = seen.get(case, 0) + 1
    kept = [(case, level, value) for (case, level), value in means.items() if seen[case] > 1]
    cases = {case: i for i, case in enumerate(sorted({case for case, _, _ in kept}))}
    levels = {level: i for i, level in enumerate(sorted({level for _, level, _ in kept}))}
    return (
        np.array([cases[case] for case, _, _ in kept], dtype=np.intp),
        np.array([levels[level] for _, level, _ in kept], dtype=np.intp),
        np.array([value for _, _, value in kept], dtype=float),
        tuple(levels),
    )


def _crossed(case: NDArray[np.intp], level: NDArray[np.intp], weight: Floats) -> Floats:
    """Sum over cases of weight · (levels of the case) × (levels of the case): a square matrix of levels.

    Scores are sorted by case, so that those of one case are neighbours.
    """
    m, of_score = int(level.max()) + 1, weight[case]
    crossed = np.diag(np.bincount(level, of_score, minlength=m)).astype(float)
    for apart in range(1, int(np.bincount(case).max())):
        pair = case[apart:] == case[:-apart]
        first, second = level[:-apart][pair], level[apart:][pair]
        half = np.bincount(first * m + second, of_score[apart:][pair], minlength=m * m).reshape(m, m)
        crossed += half + half.T
    return crossed


def _components(linked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of the connected group of each level, from 0 on; `linked` has every level linked to itself."""
    size = len(linked)
    lowest = np.arange(size)
    while True:
        reached = np.where(linked, lowest[None, :], size).min(axis=1)
        if (reached == lowest).all():
            return np.asarray(np.unique(lowest, return_inverse=True)[1], dtype=np.intp)
        lowest = reached
