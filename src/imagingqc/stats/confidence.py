"""What a sample can tell: half widths of intervals and chances to see a fault, in a frame of finite size.

Source: Cochran, Sampling Techniques, 3rd ed. (1977), sections 2.6 to 2.8, 3.2 and 4.4; for what is seen
the hypergeometric distribution.
"""

from __future__ import annotations

import math

import scipy

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, quantile


def proportion_margin(n: int, size: int | None = None, p: float = 0.5, level: float = LEVEL) -> float:
    """Half width of the interval of a share `p`, itself a fraction: z sqrt(p (1 - p) / n · (N - n) / (N - 1)).

    `size` is N, that of the frame; None for one without end.  At p = 0.5 it is the widest that can come.
    Raises AnalysisError `no_cases` for n = 0, ValueError when n exceeds N or p is no share.
    """
    _require(n, size)
    if not 0 <= p <= 1:
        raise ValueError(f"{p} is no share")
    if size == 1:
        return 0.0
    left = 1.0 if size is None else (size - n) / (size - 1)
    return quantile(level) * math.sqrt(p * (1 - p) / n * left)


def size_for_margin(half: float, size: int | None = None, p: float = 0.5, level: float = LEVEL) -> int:
    """The smallest sample whose `proportion_margin` is at most `half`.

    Cochran (1977), section 4.4.  Raises ValueError for half <= 0.
    """
    if half <= 0:
        raise ValueError("a half width above 0 is required")
    endless = (quantile(level) / half) ** 2 * p * (1 - p)
    if size is None:
        return max(1, math.ceil(endless - 1e-9))
    return min(size, max(1, math.ceil(endless / (1 + (endless - 1) / size) - 1e-9)))


def mean_margin(n: int, sd: float, size: int | None = None, level: float = LEVEL) -> float:
    """Half width of the interval of a mean, in the unit of `sd`: t(n - 1) sd / sqrt(n) · sqrt(1 - n / N).

    Raises AnalysisError `few_cases` below 2, ValueError for a negative or infinite `sd`.
    """
    _require(n, size)
    if n < 2:
        raise AnalysisError("few_cases", n=n, fewest=2)
    if not (math.isfinite(sd) and sd >= 0):
        raise ValueError(f"{sd} is no standard deviation")
    left = 1.0 if size is None else 1 - n / size
    return float(scipy.special.stdtrit(n - 1, 0.5 + level / 2)) * sd / math.sqrt(n) * math.sqrt(left)


def detects(n: int, size: int, share: float) -> float:
    """Probability (0 to 1) that a random sample of `n` of `size` holds at least one of the faulty.

    The faulty are share · size, rounded up.  Raises as `proportion_margin`.
    """
    _require(n, size)
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is no share")
    return 1 - _none_seen(n, size, math.ceil(share * size - 1e-9))


def largest_unseen(n: int, size: int, level: float = LEVEL) -> float:
    """Upper bound of the faulty share of the frame when none of `n` was faulty: exact, one-sided, a fraction.

    The largest share that would have stayed unseen with a probability of at least 1 - level.  Raises as `detects`.
    """
    _require(n, size)
    low, high = 0, size - n  # more than that cannot stay unseen
    while low < high:
        middle = (low + high + 1) // 2
        if _none_seen(n, size, middle) >= 1 - level - 1e-12:
            low = middle
        else:
            high = middle - 1
    return low / size


def _none_seen(n: int, size: int, faulty: int) -> float:
    """Hypergeometric probability of 0: C(N - K, n) / C(N, n), by the shorter of the two equal products."""
    if n + faulty > size:
        return 0.0
    few, many = min(n, faulty), max(n, faulty)
    return math.exp(math.fsum(math.log1p(-many / (size - i)) for i in range(few)))


def _require(n: int, size: int | None) -> None:
    if n == 0:
        raise AnalysisError("no_cases")
    if n < 0 or (size is not None and n > size):
        raise ValueError(f"{n} of {size} is no sample")
