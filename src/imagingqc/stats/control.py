"""Control charts of single values: Shewhart limits and three Westgard rules.

NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.2 (individuals chart); Westgard et al., Clin Chem 27 (1981) 493.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from imagingqc.errors import AnalysisError

FEWEST = 5  # values for limits of their own; below, twice the spread would not surprise
PER_MOVING_RANGE = 1.128  # d2 for two values: expected range of two normal values, in standard deviations

Rule = Literal["1_3s", "2_2s", "R_4s"]


@dataclass(frozen=True, slots=True)
class Individuals:
    """Middle and standard deviation of a chart of single values, in the unit of the values."""

    n: int
    middle: float
    sd: float

    @property
    def lower(self) -> float:
        """Three standard deviations below the middle."""
        return self.middle - 3 * self.sd

    @property
    def upper(self) -> float:
        """Three standard deviations above the middle."""
        return self.middle + 3 * self.sd


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that the value at `index` (with the one before it, for rules of two) breaks."""

    index: int
    rule: Rule


def individuals(values: Sequence[float]) -> Individuals:
    """Limits of at least FEWEST values in order of time: mean, and mean moving range / 1.128.

    The moving range looks at neighbours only, so that a slow drift widens the limits less than the standard
    deviation of all would.

    Raises AnalysisError `too_few_values`, `value_not_finite`.
    """
    _require(values, FEWEST)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    return Individuals(len(values), math.fsum(values) / len(values), math.fsum(ranges) / len(ranges) / PER_MOVING_RANGE)


def westgard(z: Sequence[float]) -> tuple[Broken, ...]:
    """Where z values (distance from the middle in standard deviations, in order of time) break a rule.

    1_3s: one beyond 3 on either side.  2_2s: two in a row beyond 2 on the same side.  R_4s: of two in a row one
    beyond +2 and the other beyond -2.  The first points to a blunder or a fault, the second to a shift, the third to
    a growing spread.

    Raises AnalysisError `value_not_finite`.
    """
    _require(z, 0)
    broken = []
    for i, value in enumerate(z):
        before = z[i - 1] if i else 0.0
        if abs(value) > 3:
            broken.append(Broken(i, "1_3s"))
        if min(abs(value), abs(before)) > 2:
            broken.append(Broken(i, "2_2s" if value * before > 0 else "R_4s"))
    return tuple(broken)


def _require(values: Sequence[float], fewest: int) -> None:
    if len(values) < fewest:
        raise AnalysisError("too_few_values", n=len(values), fewest=fewest)
    if not all(math.isfinite(v) for v in values):
        raise AnalysisError("value_not_finite")
