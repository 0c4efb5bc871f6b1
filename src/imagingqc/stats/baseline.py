"""What is normal of a device: a robust middle and spread of its own values.

Who is asked decides which values count: those of exams that failed, or that people rejected, are left out before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imagingqc.errors import AnalysisError

SD_PER_MAD = 1.4826
"""Standard deviation of a normal distribution whose median absolute deviation is 1: 1 / Phi^-1(3/4).

Source: Rousseeuw and Croux, J Am Stat Assoc 88:1273 (1993).
"""


@dataclass(frozen=True, slots=True)
class RobustBaseline:
    """Median and median absolute deviation (MAD) of `n` values, both in the unit of the values."""

    n: int
    median: float
    mad: float

    @property
    def sd(self) -> float:
        """The robust standard deviation, 1.4826 MAD."""
        return SD_PER_MAD * self.mad


def robust_baseline(values: Sequence[float]) -> RobustBaseline:
    """Median and MAD about it of at least one value; the order of the values does not matter.

    Half of the values may be arbitrarily wrong before the median or the MAD is: Rousseeuw & Croux, J. Am. Stat.
    Assoc. 88 (1993) 1273.  A MAD of zero (more than half of the values equal) is given as it is: it says that
    nothing can be said in standard deviations.

    Raises AnalysisError `baseline_no_values` for none, `value_not_finite` for NaN or infinity.
    """
    if not values:
        raise AnalysisError("baseline_no_values")
    if not all(math.isfinite(v) for v in values):
        raise AnalysisError("value_not_finite")
    numbers = np.asarray(values, dtype=float)
    median = float(np.median(numbers))
    return RobustBaseline(len(numbers), median, float(np.median(np.abs(numbers - median))))


def robust_z(value: float, baseline: RobustBaseline) -> float | None:
    """How many robust standard deviations `value` lies above (+) or below (-) the median; None without a spread."""
    return (value - baseline.median) / baseline.sd if baseline.mad > 0 else None
