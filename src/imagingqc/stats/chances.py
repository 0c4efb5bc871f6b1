"""Drawing by risk: without replacement, the riskier the likelier; and how likely each was."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from imagingqc.stats.seeded import uniform

_STEPS = 500


def chosen_by_risk(risks: Mapping[str, float], m: int, seed: str) -> set[str]:
    """`m` keys drawn one after the other, each with a probability in proportion to its risk among those left.

    Done at once: the smallest of -ln(u) / risk (Efraimidis and Spirakis, Inf Process Lett 97:181, 2006), u being the
    seeded number of the key.  Keys without risk are never drawn; m must not exceed the number with risk.
    """
    waits = {key: -math.log(uniform(seed, "risk", key)) / risk for key, risk in risks.items() if risk > 0}
    if m > len(waits):
        raise ValueError("fewer units have a risk")
    return set(sorted(waits, key=lambda key: (waits[key], key))[:m])


def risk_chances(risks: Mapping[str, float], m: int) -> dict[str, float]:
    """Probability of each key to be among those that `chosen_by_risk` gives; they sum to `m`.

    An estimate: 1 - exp(-t risk) with t such that the sum is m, the large-sample limit of successive sampling (Rosen,
    Ann Math Stat 43:748, 1972).  Exact when all risks are equal, when m is 0, and when all with risk are taken.
    """
    risky = {key: risk for key, risk in risks.items() if risk > 0}
    if m == 0 or m >= len(risky):
        return {key: float(m > 0 and key in risky) for key in risks}
    values = np.array(list(risky.values())) / max(risky.values())
    time = _time(values, m)
    found = dict(zip(risky, (-np.expm1(-time * values)).tolist(), strict=True))
    return {key: float(found.get(key, 0.0)) for key in risks}


def _time(risks: NDArray[np.float64], m: int) -> float:
    """Solves sum(1 - exp(-t risk)) = m by Newton's method, which from 0 climbs to the root of this concave function."""
    time = 0.0
    for _ in range(_STEPS):
        left = np.exp(-time * risks)
        step = (m - float((1 - left).sum())) / float((risks * left).sum())
        time += step
        if step <= 1e-14 * time:
            break
    return time
