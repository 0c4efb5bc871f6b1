"""What a person reads off an instrument, ruler or display, and how it becomes quantities that standards judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from imagingqc.errors import AnalysisError
from imagingqc.quantity import Measurement, Value, quantity_catalogue

InputKind = Literal["number", "numbers", "integer", "choice", "flag"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a closed list."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a reading form.

    `kind` "numbers" is a list of `fewest` to `most` values.  Inputs of one reading that share a `table` are the
    columns of one table: lists of one length, read row by row.  `low` and `high` bound what is plausible in `unit`
    (UCUM), both ends allowed; a value outside is refused, because it is a slip of the pen or of the unit.
    `default` stands for a value that is not given; without one and not `optional` the input has to be given.
    """

    key: str
    zh: str
    en: str
    unit: str = "1"
    kind: InputKind = "number"
    low: float = -math.inf
    high: float = math.inf
    default: Value | None = None
    optional: bool = False
    choices: tuple[Choice, ...] = ()
    fewest: int = 1
    most: int = 50
    table: str = ""

    def label(self, lang: str = "zh") -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Found:
    """One result before it is stamped with method and version."""

    quantity: str
    value: float
    nominal: float | None = None


class Given:
    """The checked values of one form; what a reading's function takes."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def number(self, key: str) -> float:
        """A required number, or one with a default."""
        value = self._values[key]
        assert isinstance(value, int | float)
        return float(value)

    def maybe(self, key: str) -> float | None:
        """An optional number."""
        return self.number(key) if key in self._values else None

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list; () when it is optional and was not given."""
        value = self._values.get(key, ())
        assert isinstance(value, tuple)
        return tuple(float(v) for v in value)

    def text(self, key: str) -> str:
        """The key of the choice."""
        return str(self._values[key])

    def flag(self, key: str) -> bool:
        return bool(self._values.get(key, False))


Formula: TypeAlias = Callable[[Given], Sequence[Found]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One form of readings with its formula.

    `function` takes checked values and gives one or more results, every one of a quantity in `quantities`; it raises
    AnalysisError where the readings contradict each other.  `formula` and `source` are shown beside the form.
    A change of any number raises `version`.
    """

    key: str
    zh: str
    en: str
    modalities: frozenset[str]
    inputs: tuple[Input, ...]
    quantities: tuple[str, ...]
    function: Formula
    formula: str
    source: str
    version: str = "1"

    def label(self, lang: str = "zh") -> str:
        return self.zh if lang == "zh" else self.en

    def measure(self, values: Mapping[str, Value]) -> tuple[Measurement, ...]:
        """The measurements of one filled-in form, in the units of the quantity catalogue.

        Lists may be given as tuples or lists.  AnalysisError: `reading_unknown_input`, `reading_missing`,
        `reading_bad`, `reading_implausible`, `reading_count`, `reading_rows`, `reading_choice`, and what the formula
        itself refuses.
        """
        results = self.function(Given(_checked(self.inputs, values)))
        catalogue = quantity_catalogue()
        return tuple(
            Measurement(
                found.quantity,
                round(found.value) if catalogue[found.quantity].kind == "integer" else found.value,
                catalogue[found.quantity].unit,
                f"reading.{self.key}",
                self.version,
                nominal=found.nominal,
            )
            for found in results
        )


def _checked(inputs: Sequence[Input], values: Mapping[str, Value]) -> dict[str, Value]:
    known = {i.key for i in inputs}
    for key in values:
        if key not in known:
            raise AnalysisError("reading_unknown_input", input=key, known=", ".join(sorted(known)))
    out: dict[str, Value] = {}
    for one in inputs:
        value = values.get(one.key)
        if value is None or value == "" or (isinstance(value, list | tuple) and not value):
            if one.default is None and not one.optional:
                raise AnalysisError("reading_missing", **_named(one))
            value = one.default
        if value is not None:
            out[one.key] = _value(one, value)
    _same_rows(inputs, out)
    return out


def _value(one: Input, value: Value) -> Value:
    if one.kind == "flag":
        if not isinstance(value, bool):
            raise _bad(one, value)
        return value
    if one.kind == "choice":
        if value not in {c.key for c in one.choices}:
            listed = ", ".join(c.key for c in one.choices)
            raise AnalysisError("reading_choice", **_named(one), value=str(value), known=listed)
        return value
    if one.kind == "numbers":
        if not isinstance(value, list | tuple):
            raise _bad(one, value)
        if not one.fewest <= len(value) <= one.most:
            n, fewest, most = len(value), one.fewest, one.most
            raise AnalysisError("reading_count", **_named(one), n=n, fewest=fewest, most=most)
        return tuple(_number(one, v) for v in value)
    return _number(one, value)


def _number(one: Input, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(one, value)
    if one.kind == "integer" and value != round(value):
        raise _bad(one, value)
    if not one.low <= value <= one.high:
        bounds = {"low": f"{one.low:g}", "high": f"{one.high:g}", "unit": "" if one.unit == "1" else f" {one.unit}"}
        raise AnalysisError("reading_implausible", **_named(one), value=f"{value:g}", **bounds)
    return float(value)


def _named(one: Input) -> dict[str, str]:
    """What a refusal says of the field: its label in both languages, and its key for the form to point at."""
    return {"name": f"{one.zh} / {one.en}", "input": one.key}


def _bad(one: Input, value: object) -> AnalysisError:
    return AnalysisError("reading_bad", **_named(one), value=str(value))


def _same_rows(inputs: Sequence[Input], values: Mapping[str, Value]) -> None:
    """Columns of one table have one length; an optional column may be left out whole."""
    lengths: dict[str, set[int]] = {}
    for one in inputs:
        value = values.get(one.key)
        if one.table and isinstance(value, tuple):
            lengths.setdefault(one.table, set()).add(len(value))
    for found in lengths.values():
        if len(found) > 1:
            raise AnalysisError("reading_rows", counts=", ".join(str(n) for n in sorted(found)))
