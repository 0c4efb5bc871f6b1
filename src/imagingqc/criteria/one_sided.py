"""Limits with one number: how far beyond it a value lies, and the same limit with another number."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from imagingqc.criteria.limits import check_limit, finite, is_number
from imagingqc.criteria.model import Known, Limit
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Value
from imagingqc.stats.threshold import round_between

_FALLING = frozenset({">", ">="})
_STRICT = frozenset({"<", ">"})
_OPS = _FALLING | _STRICT | {"<=", "abs<=", "within_pct", "within_abs", "within_mad"}


def is_one_sided(limit: Limit | None) -> bool:
    """Whether a single number decides, so that moving it makes the limit tighter or looser."""
    return limit is not None and limit.op in _OPS and is_number(limit.value)


def excess(limit: Limit, value: Value, known: Known | None = None) -> float | None:
    """How far `value` lies beyond the limit (negative: inside), in the limit's own unit; None when it cannot be told.

    The unit of a relative limit is per cent, the quantity's unit or robust standard deviations of `known`.
    """
    if not is_one_sided(limit) or not finite(value):
        return None
    check = check_limit(limit, value, lambda _of: known)
    if check.state == "unknown":
        return None
    # What counts as equal to the limit lies exactly at it, whatever the last binary digit says.
    return min(check.margin, 0.0) if check.state == "pass" else max(check.margin, 0.0)


def breaks_when_equal(limit: Limit) -> bool:
    """Whether a value exactly at the limit breaches it."""
    return limit.op in _STRICT


def require_one_sided(limit: Limit | None) -> Limit:
    """The limit itself; AnalysisError `limit_not_movable` unless a single number decides."""
    if limit is None or not is_one_sided(limit):
        raise AnalysisError("limit_not_movable")
    return limit


def number_of(limit: Limit) -> float:
    """The number that decides.  AnalysisError `limit_not_movable` where there is none."""
    number = require_one_sided(limit).value
    assert is_number(number)
    return float(number)


def moved(limit: Limit, by: float) -> Limit:
    """The same limit, looser by `by` (in the limit's unit; negative: tighter).  AnalysisError `limit_not_movable`."""
    number = number_of(limit)
    return replace(limit, value=number - by if limit.op in _FALLING else number + by)


def rounded_between(limit: Limit, low: float, high: float) -> Limit:
    """The limit with the roundest number under which an excess of `low` still passes and one of `high` breaches.

    Both are excesses beyond the limit as it is.
    """
    ends = sorted((number_of(moved(limit, low)), number_of(moved(limit, high))))
    falls, strict = limit.op in _FALLING, limit.op in _STRICT
    closed: Literal["low", "high"] = "low" if falls == strict else "high"
    return replace(limit, value=round_between(ends[0], ends[1], closed))
