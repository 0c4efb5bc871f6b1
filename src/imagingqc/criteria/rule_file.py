"""What a rule file may say: closed keys, closed lists, units and kinds of the catalogue."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from imagingqc.criteria.judge import NUMERIC_APPLIES
from imagingqc.criteria.limit_table import check_limit_table
from imagingqc.criteria.limits import is_number
from imagingqc.criteria.model import APPLIES_KEYS, TESTS, Confidence, Grade, Level, Severity, Subject
from imagingqc.errors import RuleError
from imagingqc.quantity import Quantity, quantity_catalogue

_ID = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_HEAD_TEXTS = ("id", "title", "title_en", "body", "level", "source")
_HEAD_KEYS = (*_HEAD_TEXTS, "valid_from", "valid_to")
_TEXTS = ("id", "clause", "text", "text_en", "subject", "severity", "grade", "confidence", "source")
_JUDGED = ("quantity", "unit", "limit")
_KEYS = (*_TEXTS, "applies", *_JUDGED, "absence")
_CLOSED: Mapping[str, Collection[str]] = {
    "level": get_args(Level),
    "subject": get_args(Subject),
    "severity": get_args(Severity),
    "grade": get_args(Grade),
    "confidence": tuple(Confidence),
}


@dataclass(slots=True)
class Findings:
    """Collects the errors of one file; `at` names the criterion being read."""

    file: str
    at: str = "standard"
    errors: list[RuleError] = field(default_factory=list)

    def add(self, code: str, key: str, **values: str) -> None:
        self.errors.append(RuleError(code, file=self.file, criterion=self.at, field=key, **values))

    def bad(self, key: str, got: object, want: str) -> None:
        self.add("rule_bad_value", key, got=repr(got), want=want)

    def table(self, raw: object, keys: Collection[str], prefix: str = "") -> dict[str, Any] | None:
        """`raw` as a table with no other than `keys`, or None (and an error) when it is not a table."""
        if not isinstance(raw, dict):
            self.bad(prefix.rstrip(".") or "-", raw, "a table")
            return None
        for key in sorted(raw.keys() - set(keys)):
            self.add("rule_unknown_key", prefix + key)
        return raw


def check_document(document: Mapping[str, Any], file: str) -> list[RuleError]:
    """All errors of a parsed rule file, each a RuleError naming file, criterion and field."""
    out = Findings(file)
    out.table(document, ("standard", "criterion"))
    if "standard" not in document:
        out.add("rule_missing_key", "standard")
    else:
        _check_head(out, document["standard"])
    criteria = document.get("criterion")
    if not isinstance(criteria, list) or not criteria:
        out.at = "standard"
        out.add("rule_missing_key", "criterion")
        return out.errors
    seen: set[str] = set()
    for number, raw in enumerate(criteria, start=1):
        _check_criterion(out, raw, number, seen)
    return out.errors


def _check_head(out: Findings, raw: object) -> None:
    head = out.table(raw, _HEAD_KEYS)
    if head is None:
        return
    _check_texts(out, head, _HEAD_TEXTS)
    for key in ("valid_from", "valid_to"):
        # A date-time is a date to Python, but validity is counted in whole days.
        if key in head and type(head[key]) is not dt.date:
            out.bad(key, head[key], "a date, YYYY-MM-DD")
            return
    if "valid_from" in head and "valid_to" in head and head["valid_to"] < head["valid_from"]:
        out.bad("valid_to", head["valid_to"].isoformat(), "a date not before valid_from")


def _check_texts(out: Findings, table: Mapping[str, Any], keys: Collection[str]) -> None:
    for key in keys:
        if key not in table:
            out.add("rule_missing_key", key)
        elif not isinstance(table[key], str) or not table[key].strip():
            out.bad(key, table[key], "a text that is not empty")
        elif key == "id" and not _ID.fullmatch(table[key]):
            out.bad(key, table[key], "lower-case letters and digits joined by . or -")
        elif key in _CLOSED and table[key] not in _CLOSED[key]:
            out.bad(key, table[key], "one of " + ", ".join(_CLOSED[key]))


def _check_criterion(out: Findings, raw: Any, number: int, seen: set[str]) -> None:
    named = isinstance(raw, dict) and isinstance(raw.get("id"), str) and raw["id"].strip()
    out.at = raw["id"] if named else f"#{number}"
    if named and out.at in seen:
        out.add("rule_duplicate_id", "id")
    seen.add(out.at)
    table = out.table(raw, _KEYS)
    if table is None:
        return
    _check_texts(out, table, _TEXTS)
    if not isinstance(table.get("absence", False), bool):
        out.bad("absence", table["absence"], "true or false")
    applies = _check_applies(out, table.get("applies", {}))
    if table.get("grade") == "manual":
        for key in (*_JUDGED, "absence"):
            if key in table:
                out.add("rule_manual_limit", key)
    else:
        _check_judged(out, table, applies)


def _check_judged(out: Findings, table: Mapping[str, Any], applies: Mapping[str, Any]) -> None:
    for key in _JUDGED:
        if key not in table:
            out.add("rule_missing_key", key)
    quantity = _check_quantity(out, table)
    if "limit" in table:
        for code, key, values in check_limit_table(table["limit"], quantity, "limit"):
            out.add(code, key, **values)
    if quantity is not None and ".phantom." in quantity.key and "test" not in applies:
        out.add("rule_test_missing", "applies.test")


def _check_quantity(out: Findings, table: Mapping[str, Any]) -> Quantity | None:
    if "quantity" not in table:
        return None
    name = table["quantity"]
    quantity = quantity_catalogue().get(name) if isinstance(name, str) else None
    if quantity is None:
        out.add("rule_unknown_quantity", "quantity", got=str(name))
        return None
    if "unit" in table and table["unit"] != quantity.unit:
        out.add("rule_unit_mismatch", "unit", got=str(table["unit"]), want=quantity.unit)
    return quantity


def _check_applies(out: Findings, raw: object) -> Mapping[str, Any]:
    applies = out.table(raw, APPLIES_KEYS, "applies.")
    for key in APPLIES_KEYS:
        if not applies or key not in applies:
            continue
        value = applies[key]
        if key in NUMERIC_APPLIES:
            _check_range(out, f"applies.{key}", value)
        elif key == "test":
            if value not in TESTS:
                out.bad("applies.test", value, "exactly one of " + ", ".join(TESTS))
        elif not _is_text_or_texts(value):
            out.bad(f"applies.{key}", value, "a text or a list of texts, none of them empty")
    return applies or {}


def _is_text_or_texts(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(v, str) and v.strip() for v in items)


def _is_not_nan(value: object) -> bool:
    return is_number(value) and not (isinstance(value, float) and math.isnan(value))


def _check_range(out: Findings, key: str, value: object) -> None:
    """A pair of numbers, low first; an infinite end leaves the range open on that side."""
    sound = isinstance(value, list) and len(value) == 2 and all(_is_not_nan(v) for v in value)
    if not isinstance(value, list) or not sound or value[0] > value[1]:
        out.bad(key, value, "[low, high] with low not above high")
