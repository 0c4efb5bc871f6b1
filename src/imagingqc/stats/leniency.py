"""Which reader is lenient and which severe, how steady each is, and what a case is worth whoever read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.additive import Fit, Floats, Score, averaged, fit
from imagingqc.stats.agreement import LEVEL, Interval

FEWEST_FOR_SD = 20  # shared cases of a reader below which his own spread is not given


@dataclass(frozen=True, slots=True)
class ReaderEffect:
    """Leniency of one reader, in the unit of the scores: above 0 he gives more than the readers of his group.

    `shrunken` is drawn towards 0 by how little is known of him, and the better forecast of his next case.
    `sd`: spread of his own errors, None where it cannot be told from those of his partners.  `n`: shared cases.
    """

    reader: str
    group: int
    n: int
    effect: float
    se: float
    interval: Interval
    shrunken: float
    shrunken_interval: Interval
    sd: float | None


@dataclass(frozen=True, slots=True)
class Leniency:
    """Effects of all readers; they sum to 0 within each group, and groups cannot be compared.

    `sd`: spread of one score about case + reader; `between`: spread of the readers' true effects (τ), both in the
    unit of the scores.  `refused`: readers who share no case with another.
    """

    readers: tuple[ReaderEffect, ...]
    refused: Mapping[str, Reason]
    groups: int
    cases: int
    sd: float
    between: float
    free: int
    model: Fit = field(repr=False, compare=False)
    level: float = LEVEL

    def of(self, reader: str) -> ReaderEffect:
        """The effect of one reader.  Raises AnalysisError `reader_alone` for one who is refused or unknown."""
        for effect in self.readers:
            if effect.reader == reader:
                return effect
        raise AnalysisError("reader_alone", reader=reader)

    def difference(self, first: str, second: str) -> tuple[float, Interval]:
        """How much more `first` gives than `second`, with its interval.

        Raises AnalysisError `reader_alone`, `readers_not_linked` when no chain of shared cases links them.
        """
        one, other = self.of(first), self.of(second)
        if one.group != other.group:
            raise AnalysisError("readers_not_linked", first=first, second=second)
        i, j = self.model.levels.index(first), self.model.levels.index(second)
        v = self.model.inverse
        half = (
            float(scipy.special.stdtrit(self.free, 0.5 + self.level / 2))
            * self.sd
            * math.sqrt(v[i, i] + v[j, j] - 2 * v[i, j])
        )
        apart = one.effect - other.effect
        return apart, (apart - half, apart + half)


def leniency(scores: Sequence[Score], level: float = LEVEL) -> Leniency:
    """Leniency of every reader by least squares over the cases he shares, with intervals by Student's t.

    Errors are taken to be alike for all readers.  τ² by moments, (Σ effect² − Σ se²) / (readers − groups), not below
    0; the shrunken effects solve (A + sd²/τ² I) x = b (Henderson, Biometrics 31:423, 1975).  The readers' own
    variances are those that give the observed squares of the residuals, none below 0.
    Raises as `imagingqc.stats.additive.fit`.
    """
    model = fit([(score.case, score.reader, score.value) for score in scores])
    t = float(scipy.special.stdtrit(model.free, 0.5 + level / 2))
    se = model.sd * np.sqrt(np.maximum(0.0, np.diag(model.inverse)))
    between = _between(model, se)
    shrunken, error = _shrunken(model, between)
    unsure = np.sqrt(np.maximum(0.0, np.diag(error)))
    own = _own_spread(model)
    readers = tuple(
        ReaderEffect(
            name,
            int(model.group[i]),
            int(model.counts[i]),
            float(model.effects[i]),
            float(se[i]),
            _around(float(model.effects[i]), t * float(se[i])),
            float(shrunken[i]),
            _around(float(shrunken[i]), t * float(unsure[i])),
            own[i],
        )
        for i, name in enumerate(model.levels)
    )
    alone = sorted({score.reader for score in scores} - set(model.levels))
    refused = {reader: Reason("reader_alone", {"reader": reader}) for reader in alone}
    return Leniency(readers, refused, model.groups, model.cases, model.sd, between, model.free, model, level)


@dataclass(frozen=True, slots=True)
class Consensus:
    """What a case is worth after the leniency of its `n` readers is taken off; in the unit of the scores."""

    value: float
    se: float
    interval: Interval
    n: int


def consensus(scores: Sequence[Score], found: Leniency) -> dict[str, Consensus]:
    """Mean score of each case less the mean shrunken effect of its readers.

    The error holds both that of the scores and that of the effects (mixed-model equations with the cases fixed).  A
    reader of unknown leniency counts as 0 ± τ.  Scores of different groups rest on different zeros.
    Raises AnalysisError `value_not_finite`.
    """
    model, (shrunken, error) = found.model, _shrunken(found.model, found.between)
    place = {name: i for i, name in enumerate(model.levels)}
    by_case: dict[str, list[tuple[str, float]]] = {}
    for (case, reader), value in averaged([(s.case, s.reader, s.value) for s in scores]).items():
        by_case.setdefault(case, []).append((reader, value))
    t = float(scipy.special.stdtrit(found.free, 0.5 + found.level / 2))
    worth = {}
    for case, given in by_case.items():
        known = [place[reader] for reader, _ in given if reader in place]
        n, unknown = len(given), len(given) - len(known)
        value = (math.fsum(v for _, v in given) - float(shrunken[known].sum())) / n
        variance = found.sd**2 / n + (float(error[np.ix_(known, known)].sum()) + unknown * found.between**2) / n**2
        se = math.sqrt(variance)
        worth[case] = Consensus(value, se, _around(value, t * se), n)
    return worth


@dataclass(frozen=True, slots=True)
class AdjustedMean:
    """Mean over `n` cases freed of who read them, beside the `plain` one; in the unit of the scores."""

    value: float
    plain: float
    se: float
    interval: Interval
    n: int


def adjusted_mean(scores: Sequence[Score], level: float = LEVEL) -> AdjustedMean:
    """Mean of the cases' consensus values, as if all readers of average leniency had read all of them alike.

    The error holds the spread of the cases' values (s²/n) and that of the readers' effects, which all cases share
    (wᵀEw with w the mean weight of each reader and E the covariance of the shrunken effects); Student's t with n − 1.
    The cases count as a simple sample of those that could be read.  Raises as `leniency`; AnalysisError `reader_alone`
    for a reader who shares no case, `readers_not_linked` where no chain of shared cases links all readers: then the
    zeros of the groups cannot be compared.
    """
    found = leniency(scores, level)
    if found.refused:
        raise AnalysisError("reader_alone", reader=min(found.refused))
    if found.groups > 1:
        first = {one.group: one.reader for one in reversed(found.readers)}
        raise AnalysisError("readers_not_linked", first=first[0], second=first[1])
    worth = consensus(scores, found)
    values = np.array([one.value for one in worth.values()])
    given = averaged([(s.case, s.reader, s.value) for s in scores])
    by_case: dict[str, list[float]] = {}
    for (case, _reader), value in given.items():
        by_case.setdefault(case, []).append(value)
    plain = math.fsum(math.fsum(several) / len(several) for several in by_case.values()) / len(by_case)
    weights = np.zeros(len(found.model.levels))
    place = {name: i for i, name in enumerate(found.model.levels)}
    for case, reader in given:
        weights[place[reader]] += 1 / (len(by_case[case]) * len(by_case))
    error = _shrunken(found.model, found.between)[1]
    n = len(values)
    se = math.sqrt(float(values.var(ddof=1)) / n + float(weights @ error @ weights))
    half = float(scipy.special.stdtrit(n - 1, 0.5 + level / 2)) * se
    value = float(values.mean())
    return AdjustedMean(value, plain, se, _around(value, half), n)


def _around(value: float, half: float) -> Interval:
    return (value - half, value + half)


def _between(model: Fit, se: Floats) -> float:
    excess = float((model.effects**2).sum() - (se**2).sum()) / (len(model.levels) - model.groups)
    return math.sqrt(max(0.0, excess))


def _shrunken(model: Fit, between: float) -> tuple[Floats, Floats]:
    """Forecasts of the effects about the mean of their group, and the covariance of their errors."""
    size = len(model.levels)
    if between == 0:
        return np.zeros(size), np.zeros((size, size))
    inverse = np.linalg.inv(model.information + (model.sd / between) ** 2 * np.eye(size))
    same = model.group[:, None] == model.group[None, :]
    centre = np.eye(size) - same / same.sum(axis=1, keepdims=True)
    return inverse @ model.score, np.asarray(model.sd**2 * centre @ inverse @ centre, dtype=float)


def _own_spread(model: Fit) -> list[float | None]:
    """Standard deviation of each reader's own errors.

    Where cases have two readers and these fall into two halves that only meet each other (two readers are the
    simplest), only sums of variances are known: nobody's own.
    """
    own: list[float | None] = [None] * len(model.levels)
    for group in range(model.groups):
        members = np.flatnonzero(model.group == group)
        part = model.pairs[np.ix_(members, members)]
        if np.linalg.matrix_rank(part, tol=1e-6 * float(part.max()), hermitian=True) < len(members):
            continue
        variances = _not_negative(part, model.squares[members])
        for i, variance in zip(members, variances, strict=True):
            if model.counts[i] >= FEWEST_FOR_SD:
                own[i] = math.sqrt(float(variance))
    return own


def _not_negative(matrix: Floats, right: Floats) -> Floats:
    """The solution of matrix · x = right, whose negative parts are set to 0 and the others solved again."""
    solved, positive = np.zeros(len(right)), np.ones(len(right), dtype=bool)
    while positive.any():
        solved[positive] = np.linalg.solve(matrix[np.ix_(positive, positive)], right[positive])
        solved[~positive] = 0.0
        if (solved >= 0).all():
            break
        positive &= solved >= 0
    return np.maximum(solved, 0.0)
