"""Whether a reader may count: a set of cases with known answers, read before the first real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

import scipy

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.agreement import LEVEL, Interval, Kappa, wilson
from imagingqc.stats.grades import FEWEST, Scheme, Share, cross_table, weighted_kappa

Outcome = Literal["passed", "failed", "not_assessable"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One case of the set: score, grade and veto as known, and as the reader gave them."""

    case: str
    known_score: float
    score: float
    known_grade: str
    grade: str
    known_veto: bool = False
    veto: bool = False


@dataclass(frozen=True, slots=True)
class Demands:
    """What a reader has to reach; None: not asked.  `bias` and `sd` in the unit of the scores, `vetoes` a fraction."""

    cases: int = 20
    bias: float | None = None
    sd: float | None = None
    kappa: float | None = None
    vetoes: float | None = None


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """Bias (reader − known) with interval, spread of the differences, agreement on grades, vetoes recognised.

    `outcome` with every `reasons` why it is not "passed".  `false_vetoes`: cases wrongly vetoed.  A figure is None
    where the set does not give it.
    """

    n: int
    bias: float | None
    bias_interval: Interval | None
    sd: float | None
    kappa: Kappa | None
    vetoes: Share | None
    false_vetoes: int
    outcome: Outcome
    reasons: tuple[Reason, ...]


def calibration_result(
    answers: Sequence[Answer],
    grades: Sequence[str],
    demands: Demands,
    *,
    scheme: Scheme = "quadratic",
    level: float = LEVEL,
) -> CalibrationResult:
    """Compares a reader with the known answers; `grades` are the classes in order, `scheme` weights their distance.

    The point estimates are held against the demands, not their intervals: a set of twenty leaves them wide.  A demand
    whose figure the set cannot give, or too few cases, makes it "not_assessable": Reasons `few_cases`,
    `calibration_no_kappa`, `calibration_no_veto`; failures: `calibration_bias`, `calibration_sd`, `calibration_kappa`,
    `calibration_veto`.  Raises ValueError for a grade that is not listed.
    """
    n = len(answers)
    apart = [answer.score - answer.known_score for answer in answers]
    bias = fmean(apart) if n else None
    sd = stdev(apart) if n > 1 else None
    half = float(scipy.special.stdtrit(n - 1, 0.5 + level / 2)) * sd / n**0.5 if sd else None
    kappa = _kappa(answers, grades, scheme, min(FEWEST, demands.cases))
    vetoed = [answer.veto for answer in answers if answer.known_veto]
    vetoes = Share(fmean(vetoed), wilson(sum(vetoed), len(vetoed), level), len(vetoed)) if vetoed else None
    unfit = _unfit(n, kappa, vetoes, demands)
    reasons = unfit or _failures((bias, sd), kappa, vetoes, demands)
    outcome: Outcome = "not_assessable" if unfit else "failed" if reasons else "passed"
    return CalibrationResult(
        n=n,
        bias=bias,
        bias_interval=None if bias is None or half is None else (bias - half, bias + half),
        sd=sd,
        kappa=kappa,
        vetoes=vetoes,
        false_vetoes=sum(answer.veto and not answer.known_veto for answer in answers),
        outcome=outcome,
        reasons=tuple(reasons),
    )


def _kappa(answers: Sequence[Answer], grades: Sequence[str], scheme: Scheme, fewest: int) -> Kappa | None:
    table = cross_table([answer.known_grade for answer in answers], [answer.grade for answer in answers], grades)
    try:
        return weighted_kappa(table, scheme, fewest=max(1, fewest))
    except AnalysisError:
        return None


def _unfit(n: int, kappa: Kappa | None, vetoes: Share | None, demands: Demands) -> list[Reason]:
    reasons = [Reason("few_cases", {"n": n, "fewest": demands.cases})] if n < demands.cases else []
    if demands.kappa is not None and kappa is None and not reasons:
        reasons.append(Reason("calibration_no_kappa"))
    if demands.vetoes is not None and vetoes is None:
        reasons.append(Reason("calibration_no_veto"))
    return reasons


def _failures(
    errors: tuple[float | None, float | None], kappa: Kappa | None, vetoes: Share | None, demands: Demands
) -> list[Reason]:
    bias, sd = errors
    reasons = []
    if demands.bias is not None and bias is not None and abs(bias) > demands.bias:
        reasons.append(Reason("calibration_bias", {"value": f"{bias:+.1f}", "limit": f"{demands.bias:g}"}))
    if demands.sd is not None and sd is not None and sd > demands.sd:
        reasons.append(Reason("calibration_sd", {"value": f"{sd:.1f}", "limit": f"{demands.sd:g}"}))
    if demands.kappa is not None and kappa is not None and kappa.value < demands.kappa:
        reasons.append(Reason("calibration_kappa", {"value": f"{kappa.value:.2f}", "limit": f"{demands.kappa:g}"}))
    if demands.vetoes is not None and vetoes is not None and vetoes.value < demands.vetoes:
        found, limit = round(vetoes.value * vetoes.n), f"{100 * demands.vetoes:g}"
        reasons.append(Reason("calibration_veto", {"found": found, "n": vetoes.n, "limit": limit}))
    return reasons
