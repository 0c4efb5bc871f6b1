"""A standard as the text of a rule file: what `load` reads back as the same standard."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from imagingqc.criteria.model import Criterion, Limit, Standard

_HEAD = ("id", "title", "title_en", "body", "level", "source", "valid_from", "valid_to")


def standard_toml(standard: Standard) -> str:
    """The rule file of a standard, criteria in their order; UTF-8 text that `standard_from_text` reads back.

    A standard without criteria gives a text that no loader accepts: it is a draft, not a rule file.
    """
    lines = ["[standard]"]
    lines += [f"{key} = {_toml(value)}" for key in _HEAD if (value := getattr(standard, key)) is not None]
    parts = ["\n".join(lines) + "\n", *(table_toml(criterion_table(c)) for c in standard.criteria)]
    return "\n".join(parts)


def table_toml(table: Mapping[str, Any]) -> str:
    """The table of one criterion as text, to stand behind a head; whether it is sound only `lint` tells."""
    return "\n".join(["[[criterion]]", *(f"{key} = {_toml(value)}" for key, value in table.items())]) + "\n"


def criterion_table(criterion: Criterion) -> dict[str, Any]:
    """The table of one criterion as a rule file has it: what says nothing is left out."""
    return dict(_pairs(criterion))


def _pairs(c: Criterion) -> Iterator[tuple[str, Any]]:
    for key in ("id", "clause", "text", "text_en", "subject"):
        yield key, getattr(c, key)
    if c.applies:
        yield "applies", {key: _applies(key, values) for key, values in c.applies.items()}
    if c.grade != "manual":
        yield "quantity", c.quantity
        yield "unit", c.unit
        yield "limit", _limit(c.limit) if c.limit else {}
    yield "severity", c.severity
    yield "grade", c.grade
    yield "confidence", c.confidence.value
    yield "source", c.source
    if c.absence:
        yield "absence", True


def _applies(key: str, values: tuple[Any, ...]) -> Any:
    """A test is one word; of other keys a list may hold one value."""
    return values[0] if key == "test" else list(values)


def _limit(limit: Limit) -> dict[str, Any]:
    return limit.as_dict()


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)  # "inf" as TOML has it
    if isinstance(value, dt.date):
        return value.isoformat()
    # A JSON string is a TOML basic string but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
