"""What the limit table of a rule may say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, get_args

from imagingqc.criteria.limits import finite, is_number
from imagingqc.criteria.model import Direction, Of, Op
from imagingqc.quantity import Kind, Quantity

Complaint: TypeAlias = tuple[str, str, dict[str, str]]
"""Reason code, field, further values of the reason."""

RELATIVE = ("within_pct", "within_abs", "within_mad")
_NUMBER_OPS = ("<", "<=", ">", ">=", "between", "abs<=", *RELATIVE)
OPS_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "number": (*_NUMBER_OPS, "one_of", "present"),
    "integer": (*_NUMBER_OPS, "one_of", "present"),
    "text": ("one_of", "matches", "present"),
    "flag": ("one_of", "present"),
    "set": ("one_of", "matches", "present"),
}
_LISTED_KIND: Mapping[Kind, Callable[[object], bool]] = {
    "number": lambda v: is_number(v) and finite(v),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "text": lambda v: isinstance(v, str) and bool(v),
    "flag": lambda v: isinstance(v, bool),
    "set": lambda v: isinstance(v, str) and bool(v),
}


def check_limit_table(raw: object, quantity: Quantity | None, where: str) -> Iterator[Complaint]:
    """Every error of one limit; `quantity` is None when it is unknown, then kinds are not checked."""
    if not isinstance(raw, dict):
        yield _bad(where, raw, "a table")
        return
    combined = [key for key in ("any", "all") if key in raw]
    allowed = {combined[0]} if combined else {"op", "value", "of", "direction"}
    for key in sorted(raw.keys() - allowed):
        yield "rule_unknown_key", f"{where}.{key}", {}
    if combined:
        yield from _check_parts(raw[combined[0]], quantity, f"{where}.{combined[0]}")
    elif "op" not in raw:
        yield "rule_missing_key", f"{where}.op", {}
    elif raw["op"] not in get_args(Op):
        yield _bad(f"{where}.op", raw["op"], "one of " + ", ".join(get_args(Op)))
    else:
        yield from _check_op(raw, quantity, where)


def _bad(where: str, got: object, want: str) -> Complaint:
    return "rule_bad_value", where, {"got": repr(got), "want": want}


def _check_parts(parts: object, quantity: Quantity | None, where: str) -> Iterator[Complaint]:
    if not isinstance(parts, list) or len(parts) < 2:
        yield _bad(where, parts, "a list of at least two limits")
        return
    for number, part in enumerate(parts, start=1):
        yield from check_limit_table(part, quantity, f"{where}[{number}]")


def _check_op(raw: Mapping[str, Any], quantity: Quantity | None, where: str) -> Iterator[Complaint]:
    op = raw["op"]
    if quantity is not None and op not in OPS_OF_KIND[quantity.kind]:
        yield "rule_op_kind", f"{where}.op", {"got": op, "want": quantity.kind}
    yield from _check_relation(raw, where)
    if op == "present":
        if "value" in raw:
            yield "rule_unknown_key", f"{where}.value", {}
    elif "value" not in raw:
        yield "rule_missing_key", f"{where}.value", {}
    else:
        want = _unsuited(op, raw["value"], quantity)
        if want:
            yield _bad(f"{where}.value", raw["value"], want)


def _check_relation(raw: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    if raw["op"] not in RELATIVE:
        for key in ("of", "direction"):
            if key in raw:
                yield "rule_unknown_key", f"{where}.{key}", {}
        return
    if "of" not in raw:
        yield "rule_missing_key", f"{where}.of", {}
    elif raw["of"] not in get_args(Of):
        yield _bad(f"{where}.of", raw["of"], "one of " + ", ".join(get_args(Of)))
    if raw.get("direction", "both") not in get_args(Direction):
        yield _bad(f"{where}.direction", raw["direction"], "one of " + ", ".join(get_args(Direction)))


def _is_finite(value: object) -> bool:
    return is_number(value) and finite(value)


def _unsuited(op: str, value: Any, quantity: Quantity | None) -> str:
    """What the value of `op` should have been, "" when it is right."""
    if op == "between":
        pair = isinstance(value, list) and len(value) == 2 and all(_is_finite(v) for v in value)
        return "" if pair and value[0] <= value[1] else "[low, high] with low not above high"
    if op == "one_of":
        fits = _LISTED_KIND[quantity.kind] if quantity else lambda v: isinstance(v, str | int | float)
        listed = isinstance(value, list) and bool(value) and all(fits(v) for v in value)
        return "" if listed else "a list of values of the quantity's kind, not empty"
    if op == "matches":
        return "" if _compiles(value) else "a regular expression"
    if op in {"abs<=", *RELATIVE}:
        return "" if _is_finite(value) and value >= 0 else "a number not below zero"
    return "" if _is_finite(value) else "a finite number"


def _compiles(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False
