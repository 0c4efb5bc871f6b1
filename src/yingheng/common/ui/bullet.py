"""Geometry of the bullet bar: a value against its limit on one axis.

All x are percent of the bar's width, from 0 (left) to 100.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagingqc.criteria.limits import SD_PER_MAD


@dataclass(frozen=True)
class Bullet:
    """`good` are the allowed stretches (x, width); `value`, `reference` and `edges` are positions."""

    value: float
    good: tuple[tuple[float, float], ...]
    edges: tuple[float, ...]
    reference: float | None = None
    beyond: bool = False

    @property
    def mark_x(self) -> float:
        """Left edge of the 2 % wide value mark, kept inside the bar."""
        return max(0.0, min(98.0, self.value - 1))


def allowed_range(
    limit: Mapping[str, Any], reference: float | None, spread: float | None = None
) -> tuple[float, float] | None:
    """The interval that a single limit allows, -inf/inf where it is open; None where there is no such interval."""
    op, value = limit.get("op"), limit.get("value")
    if op == "between" and isinstance(value, list | tuple) and len(value) == 2:
        return float(value[0]), float(value[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if op in ("within_pct", "within_abs", "within_mad"):
        return _relative(limit, float(value), reference, spread)
    ranges = {
        "<": (-math.inf, value),
        "<=": (-math.inf, value),
        ">": (value, math.inf),
        ">=": (value, math.inf),
        "abs<=": (-abs(value), abs(value)),
    }
    return ranges.get(str(op))


def _relative(
    limit: Mapping[str, Any], value: float, reference: float | None, spread: float | None
) -> tuple[float, float] | None:
    if reference is None or (limit["op"] == "within_mad" and not spread):
        return None
    units = {"within_pct": abs(reference) / 100, "within_mad": SD_PER_MAD * (spread or 0.0)}
    step = value * units.get(limit["op"], 1.0)
    direction = limit.get("direction", "both")
    low = reference - step if direction in ("both", "below") else -math.inf
    high = reference + step if direction in ("both", "above") else math.inf
    return low, high


def _axis(low: float, high: float, value: float, reference: float | None) -> tuple[float, float]:
    """The stretch of numbers shown: the limits, the value and some air, starting at 0 for one-sided limits."""
    ends = [x for x in (low, high, reference) if x is not None and math.isfinite(x)]
    span = max(ends) - min(ends) if len(ends) > 1 else abs(ends[0]) or 1.0
    span = span or abs(ends[0]) or 1.0
    left = min(ends) - 0.5 * span if math.isfinite(low) else min(0.0, min(ends) - span)
    right = max(ends) + 0.5 * span
    # A wild value is drawn at the rim, else it would squeeze the limit into one pixel.
    return min(left, max(value, left - span)), max(right, min(value, right + span))


def bullet(
    limit: Mapping[str, Any] | None, value: object, reference: float | None = None, spread: float | None = None
) -> Bullet | None:
    """The bar for a number and a single numeric limit; None where a bar would say nothing."""
    if not limit or isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    allowed = allowed_range(limit, reference, spread)
    if allowed is None:
        return None
    low, high = allowed
    left, right = _axis(low, high, value, reference)
    if not right > left:  # numbers too small to tell apart
        return None

    def x(number: float) -> float:
        return round(100 * (min(max(number, left), right) - left) / (right - left), 2)

    edges = tuple(x(end) for end in allowed if math.isfinite(end))
    good = (x(low), round(x(high) - x(low), 2))
    shown = None if reference is None else x(reference)
    return Bullet(x(value), (good,), edges, shown, beyond=not left <= value <= right)
