"""Sparse logarithmic histograms: 20 bins per factor e, so that a quantile is known to about 2.5 %."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from yingheng.common.errors import Invalid

BINS_PER_E_FOLD = 20
ZERO = "z"  # zeros have no logarithm; they are counted apart and lie below every bin


def bin_of(value: float) -> str:
    """Name of the bin of a finite value >= 0: the floor of 20 ln(value), or "z" for zero."""
    if not math.isfinite(value) or value < 0:
        raise Invalid("rollups.value_not_binnable", value=str(value))
    return ZERO if value == 0 else str(math.floor(BINS_PER_E_FOLD * math.log(value)))


def bin_range(name: str) -> tuple[float, float]:
    """Lower (included) and upper (excluded) edge of a bin, in the unit of the values."""
    if name == ZERO:
        return 0.0, 0.0
    index = int(name)
    return math.exp(index / BINS_PER_E_FOLD), math.exp((index + 1) / BINS_PER_E_FOLD)


def binned(values: Iterable[float], sign: int = 1) -> dict[str, int]:
    """Counts per bin; `sign` is -1 for values that are taken back."""
    out: dict[str, int] = {}
    for value in values:
        name = bin_of(value)
        out[name] = out.get(name, 0) + sign
    return out


def merged(*parts: Mapping[str, int]) -> dict[str, int]:
    """Sum of histograms, ordered by bin, without empty bins."""
    out: dict[str, int] = {}
    for part in parts:
        for name, n in part.items():
            out[name] = out.get(name, 0) + n
    return {name: n for name, n in sorted(out.items(), key=lambda pair: bin_range(pair[0])) if n}


def quantile(histogram: Mapping[str, int], p: float) -> float | None:
    """Value at rank `p` (0..1): the geometric middle of its bin; None for an empty histogram."""
    ordered = merged(histogram)
    total = sum(ordered.values())
    if total <= 0:
        return None
    rank = max(1, math.ceil(p * total))
    seen = 0
    for name, n in ordered.items():
        seen += n
        if seen >= rank:
            low, high = bin_range(name)
            return math.sqrt(low * high)
    return None
