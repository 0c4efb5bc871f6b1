"""How an automatic verdict compares with people's on each item, when the cases were sampled with unequal chances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.agreement import LEVEL, Interval, wilson
from imagingqc.stats.sampled import weighted_share

FEWEST = 20  # cases below which nothing is said
_DRAWS = 20_000
_JEFFREYS = 0.5
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One case: failed by the machine (`flagged`), by people (`faulty`), and how many cases it stands for (1/p)."""

    flagged: bool
    faulty: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of the frame with its interval, both fractions; or why there is none.  `n`: cases it rests on."""

    n: int
    value: float | None = None
    interval: Interval | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of the faulty the share flagged (sensitivity), of the sound the share passed (specificity), of the flagged the
    share faulty (ppv), of the passed the share sound (npv), and the share faulty of all (prevalence)."""

    n: int
    agreement: Rate
    sensitivity: Rate
    specificity: Rate
    ppv: Rate
    npv: Rate
    prevalence: Rate


def accuracy(
    cases: Sequence[Judged], *, flagged_share: float | None = None, level: float = LEVEL, seed: int = 0
) -> Accuracy:
    """Rates of the whole frame from weighted cases.

    `flagged_share` is the share of the frame that the machine flagged where that is known (it judges every case); else
    it is estimated.  With q flagged, f faulty among the flagged and o among the passed, sensitivity = q f / (q f +
    (1 − q) o): Begg and Greenes, Biometrics 39:207 (1983).  Intervals: Wilson at the effective sample size for shares
    of one outcome; for the others percentiles of 20 000 seeded draws from the Jeffreys posteriors of q, f and o, which
    claim no certainty when no sampled pass was faulty.
    Raises AnalysisError `few_cases` below 20; ValueError for weights not above 0 or a share not between 0 and 1.
    """
    flagged = np.array([case.flagged for case in cases], dtype=bool)
    faulty = np.array([case.faulty for case in cases], dtype=bool)
    weights = np.array([case.weight for case in cases], dtype=float)
    if not (np.isfinite(weights) & (weights > 0)).all() or not 0 < (flagged_share or 0.5) < 1:
        raise ValueError("weights above 0, and a share between 0 and 1")
    if len(cases) < FEWEST:
        raise AnalysisError("few_cases", n=len(cases), fewest=FEWEST)
    ppv, npv = (_share((faulty == side)[flagged == side], weights[flagged == side], level) for side in (True, False))
    agreement = _share(flagged == faulty, weights, level)
    if ppv.value is None or npv.value is None:
        none = Rate(len(cases), reason=Reason("one_outcome"))
        return Accuracy(len(cases), agreement, none, none, ppv, npv, _share(faulty, weights, level))
    q = flagged_share if flagged_share is not None else weighted_share(flagged, weights)[0]
    f, o = ppv.value, 1 - npv.value
    parts = np.array([q * f, (1 - q) * o, (1 - q) * (1 - o), q * (1 - f)])  # caught, missed, passed, alarms
    draws = _draws(flagged, faulty, weights, flagged_share, seed)
    return Accuracy(
        len(cases),
        agreement,
        _ratio(parts, draws, (0, 1), int(faulty.sum()), level),
        _ratio(parts, draws, (2, 3), int((~faulty).sum()), level),
        ppv,
        npv,
        _ratio(parts, draws, None, len(cases), level),
    )


def _share(hits: NDArray[np.bool_], weights: _Floats, level: float) -> Rate:
    if not len(hits):
        return Rate(0, reason=Reason("one_outcome"))
    value, size = weighted_share(hits, weights)
    return Rate(len(hits), value, wilson(value * size, size, level))


def _ratio(parts: _Floats, draws: _Floats, of: tuple[int, int] | None, n: int, level: float) -> Rate:
    """First of the two parts in their sum; without `of` the faulty of all."""

    def share(of_parts: _Floats) -> _Floats:
        if of is None:
            return np.asarray(of_parts[0] + of_parts[1], dtype=float)
        return np.asarray(of_parts[of[0]] / (of_parts[of[0]] + of_parts[of[1]]), dtype=float)

    if n == 0:
        return Rate(0, reason=Reason("no_faulty") if of == (0, 1) else Reason("no_sound"))
    low, high = np.percentile(share(draws), [50 * (1 - level), 50 * (1 + level)])
    return Rate(n, float(share(parts)), (float(low), float(high)))


def _draws(
    flagged: NDArray[np.bool_], faulty: NDArray[np.bool_], weights: _Floats, known: float | None, seed: int
) -> _Floats:
    """Draws of the four parts of the frame, in the order of `accuracy`: a 4 × 20 000 array."""
    rng = np.random.default_rng(seed)

    def posterior(hits: NDArray[np.bool_], of: _Floats) -> _Floats:
        share, size = weighted_share(hits, of)
        return np.asarray(rng.beta(share * size + _JEFFREYS, (1 - share) * size + _JEFFREYS, _DRAWS), dtype=float)

    q = np.full(_DRAWS, known) if known is not None else posterior(flagged, weights)
    f, o = posterior(faulty[flagged], weights[flagged]), posterior(faulty[~flagged], weights[~flagged])
    return np.stack([q * f, (1 - q) * o, (1 - q) * (1 - o), q * (1 - f)])
