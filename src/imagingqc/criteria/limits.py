"""One limit against one value: passed, breached, or not decidable, and by how much."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeGuard

from imagingqc.criteria.model import Known, Limit, Of, Scalar
from imagingqc.errors import Reason
from imagingqc.quantity import Value
from imagingqc.stats.baseline import SD_PER_MAD

Reference = Callable[[Of], Known | None]
"""Looks up the reference (nominal, baseline, vendor) of the quantity being judged; None when there is none."""

# Decimal limits such as 0.45 have no exact binary form, and values are computed: numbers closer than this are the
# same number.  It covers representation only; it is far below any measuring uncertainty.
RELATIVE_TOLERANCE = 1e-9
_FEW_ULPS = 8


@dataclass(frozen=True, slots=True)
class Check:
    """What a limit says of a value; `margin` is how far beyond the limit (negative: inside), in the limit's unit."""

    state: Literal["pass", "breach", "unknown"]
    reason: Reason | None = None
    margin: float = 0.0


def is_number(value: object) -> TypeGuard[float | int]:
    """True for int and float, never for bool: a flag is not a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same_number(a: float, b: float) -> bool:
    """Equal but for float representation (relative 1e-9); integers are compared exactly."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return math.isclose(a, b, rel_tol=RELATIVE_TOLERANCE, abs_tol=_FEW_ULPS * math.ulp(0.0))


def finite(value: Value) -> bool:
    """False when the value is, or holds, NaN, an infinity or an integer beyond the range of float."""
    parts = value if isinstance(value, tuple) else (value,)
    return all(abs(p) <= sys.float_info.max for p in parts if is_number(p))


def check_limit(limit: Limit, value: Value, reference: Reference) -> Check:
    """`value` (finite, in the limit's unit) against `limit`.

    all: one breached part breaches even when another is unknown, else an unknown part makes it unknown.
    any: one passed part passes, else an unknown part makes it unknown, else it is breached.
    Never raises for a value of the wrong kind: that is "unknown" with the reason.
    Source: ops of docs on standards as data; the combination rules are Kleene's three-valued logic.
    """
    if limit.any:
        return _combine([check_limit(part, value, reference) for part in limit.any], decisive="pass")
    if limit.all:
        return _combine([check_limit(part, value, reference) for part in limit.all], decisive="breach")
    return _check_single(limit, value, reference)


def _combine(parts: list[Check], *, decisive: Literal["pass", "breach"]) -> Check:
    pick = min if decisive == "pass" else max
    decided = [c for c in parts if c.state == decisive]
    if decided:
        return pick(decided, key=lambda c: c.margin)
    unknown = [c for c in parts if c.state == "unknown"]
    return unknown[0] if unknown else pick(parts, key=lambda c: c.margin)


def _check_single(limit: Limit, value: Value, reference: Reference) -> Check:
    match limit.op:
        case "present":
            return _check_present(value)
        case "one_of":
            return _check_one_of(limit.value, value)
        case "matches":
            return _check_matches(str(limit.value), value)
        case "within_pct" | "within_abs" | "within_mad":
            return _check_relative(limit, value, reference)
        case _:
            return _check_number(limit, value)


def _wrong_kind() -> Check:
    return Check("unknown", Reason("value_wrong_kind"))


def _check_present(value: Value) -> Check:
    there = bool(value.strip()) if isinstance(value, str) else not (isinstance(value, tuple) and not value)
    return Check("pass" if there else "breach")


def _is_listed(item: Scalar, allowed: tuple[Scalar, ...]) -> bool:
    if is_number(item):
        return any(is_number(a) and same_number(item, a) for a in allowed)
    return any(type(a) is type(item) and a == item for a in allowed)


def _check_one_of(allowed: Scalar | tuple[Scalar, ...] | None, value: Value) -> Check:
    """A set passes when every member is listed; an empty set lists nothing and breaches."""
    listed = allowed if isinstance(allowed, tuple) else ()
    items: tuple[Scalar, ...] = value if isinstance(value, tuple) else (value,)
    if not all(_comparable(item, listed) for item in items):
        return _wrong_kind()
    if items and all(_is_listed(item, listed) for item in items):
        return Check("pass")
    numbers = [a for a in listed if is_number(a)]
    far = [min(abs(i - a) for a in numbers) for i in items if is_number(i) and numbers]
    return Check("breach", margin=max(far, default=1.0))


def _comparable(item: Scalar, allowed: tuple[Scalar, ...]) -> bool:
    if is_number(item):
        return any(is_number(a) for a in allowed)
    return any(type(a) is type(item) for a in allowed)


def _check_matches(pattern: str, value: Value) -> Check:
    """The whole text must match; of a set, every member."""
    items = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(item, str) for item in items):
        return _wrong_kind()
    return Check("pass" if items and all(re.fullmatch(pattern, str(i)) for i in items) else "breach")


def _check_relative(limit: Limit, value: Value, reference: Reference) -> Check:
    """Deviation from the reference, in the unit of the op; "above" limits it upward only."""
    if not is_number(value) or not is_number(limit.value) or limit.of is None:
        return _wrong_kind()
    known = reference(limit.of)
    if known is None or not math.isfinite(known.value):
        return Check("unknown", Reason(f"no_{limit.of}"))
    unit = _unit_of_deviation(limit, known)
    if isinstance(unit, Reason):
        return Check("unknown", unit)
    deviation = (value - known.value) / unit
    noise = _FEW_ULPS * math.ulp(max(abs(value), abs(known.value))) / unit
    if not math.isfinite(deviation):
        return Check("unknown", Reason("value_not_finite"))
    used = {"both": abs(deviation), "above": deviation, "below": -deviation}[limit.direction]
    return _at_most(used, limit.value, noise)


def _unit_of_deviation(limit: Limit, known: Known) -> float | Reason:
    """What one step of the limit is in the quantity's unit, or why there is no telling."""
    if limit.op == "within_pct":
        return abs(known.value) / 100 if known.value else Reason("reference_zero")
    if limit.op == "within_mad":
        return SD_PER_MAD * known.spread if known.spread else Reason("baseline_without_spread")
    return 1.0


def _at_most(used: float, bound: float, noise: float = 0.0) -> Check:
    inside = used <= bound or same_number(used, bound) or used - bound <= noise
    return Check("pass" if inside else "breach", margin=used - bound)


def _below(used: float, bound: float) -> Check:
    inside = used < bound and not same_number(used, bound)
    return Check("pass" if inside else "breach", margin=used - bound)


def _check_between(low: float, high: float, value: float) -> Check:
    return _combine([_at_most(-value, -low), _at_most(value, high)], decisive="breach")


_COMPARE: Mapping[str, Callable[[float, float], Check]] = {
    "<": _below,
    "<=": _at_most,
    ">": lambda value, bound: _below(-value, -bound),
    ">=": lambda value, bound: _at_most(-value, -bound),
    "abs<=": lambda value, bound: _at_most(abs(value), bound),
}


def _check_number(limit: Limit, value: Value) -> Check:
    bounds = limit.value if isinstance(limit.value, tuple) else (limit.value,)
    numbers = [b for b in bounds if is_number(b)]
    if not is_number(value) or len(numbers) != (2 if limit.op == "between" else 1):
        return _wrong_kind()
    if limit.op == "between":
        return _check_between(numbers[0], numbers[1], value)
    return _COMPARE[str(limit.op)](value, numbers[0])
