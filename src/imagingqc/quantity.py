"""Quantities and measurements: what was measured, how, from which images, and where to look."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

from imagingqc.errors import Reason

Value: TypeAlias = float | int | str | bool | tuple[str, ...] | tuple[float, ...]
Kind = Literal["number", "integer", "text", "flag", "set"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One entry of the catalogue `quantities.toml`.

    `unit` is UCUM ("mm", "%", "[hnsf'U]", "1" for a count).  `better` says which way is good:
    "low", "high" or "none" (neither: compared with a nominal value or a list).
    """

    key: str
    zh: str
    en: str
    unit: str
    kind: Kind
    better: Literal["low", "high", "none"]

    def name(self, lang: str = "zh") -> str:
        return self.zh if lang == "zh" else self.en


@cache
def quantity_catalogue() -> dict[str, Quantity]:
    """Every quantity that the package can measure, by key."""
    text = files("imagingqc").joinpath("quantities.toml").read_text(encoding="utf-8")
    return {key: Quantity(key=key, **entry) for key, entry in tomllib.loads(text).items()}


def quantity_name(key: str, lang: str = "zh") -> str:
    """The name in the catalogue; the key itself when the catalogue no longer has it (old stored results)."""
    quantity = quantity_catalogue().get(key)
    return quantity.name(lang) if quantity else key


def reason_sentence(reason: Reason, lang: str = "zh") -> str:
    """The reason's sentence with a quantity by its name rather than its key."""
    key = reason.values.get("quantity")
    if isinstance(key, str):
        reason = Reason(reason.code, {**reason.values, "quantity": quantity_name(key, lang)})
    return reason.text(lang)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a number can be seen.

    `shape` is a mapping with a `kind`, coordinates in image pixels (x to the right, y down, origin at the
    outer corner of the first pixel):
    rect {x, y, width, height} · circle {x, y, r} · polyline {points, closed} · points {points} ·
    slices {positions_mm, gaps: [{from_mm, to_mm, missing, before, after, before_number, after_number, numbered}],
    duplicates: [{position_mm, instances, identical}]} ·
    tags {tags: [{keyword, value, code?, values?}]} · series_list {rows: [{name, state, series}]} ·
    courses {rows: [{quantity, protocol, direction}]}.
    """

    series: str | None = None
    instance: str | None = None
    frame: int | None = None
    shape: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"series": self.series, "instance": self.instance, "frame": self.frame, "shape": dict(self.shape)}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value, or the reason why there is none (`value is None` exactly when `reason` is set).

    `method` and `version` name the code that measured; a change of any number a user may see raises `version`.
    `sources` are SOP Instance UIDs (a series that is used whole may list the first and last only).
    `nominal` is the value that the scanner or protocol promised, where the header states one.
    """

    quantity: str
    value: Value | None
    unit: str
    method: str
    version: str
    sources: tuple[str, ...] = ()
    evidence: Evidence | None = None
    reason: Reason | None = None
    nominal: float | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError(f"{self.quantity}: a measurement has either a value or a reason")

    def as_dict(self, lang: str = "zh") -> dict[str, Any]:
        """Plain JSON; keys are only ever added."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {
            "quantity": self.quantity,
            "value": value,
            "unit": self.unit,
            "method": self.method,
            "version": self.version,
            "sources": list(self.sources),
            "evidence": self.evidence.as_dict() if self.evidence else None,
            "reason": reason_sentence(self.reason, lang) if self.reason else None,
            "reason_code": self.reason.code if self.reason else None,
            "reason_values": dict(self.reason.values) if self.reason else None,
            "nominal": self.nominal,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Measurement:
        """Inverse of `as_dict`; judging reads stored measurements, never pixels."""
        value = data["value"]
        evidence = data.get("evidence")
        code = data.get("reason_code")
        return cls(
            quantity=data["quantity"],
            value=tuple(value) if isinstance(value, list) else value,
            unit=data["unit"],
            method=data["method"],
            version=data["version"],
            sources=tuple(data.get("sources", ())),
            evidence=Evidence(**evidence) if evidence else None,
            reason=Reason(code, data.get("reason_values") or {}) if code else None,
            nominal=data.get("nominal"),
        )


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the measurements of one method, all with the same name, version, sources and place."""

    method: str
    version: str
    sources: tuple[str, ...] = ()
    evidence: Evidence | None = None

    def value(
        self, quantity: str, value: Value, *, evidence: Evidence | None = None, nominal: float | None = None
    ) -> Measurement:
        """A measured value in the unit of the catalogue."""
        unit = quantity_catalogue()[quantity].unit
        shown = evidence or self.evidence
        return Measurement(quantity, value, unit, self.method, self.version, self.sources, shown, None, nominal)

    def refuse(self, quantity: str, code: str, evidence: Evidence | None = None, **values: str | float) -> Measurement:
        """No value, and why."""
        return self.refuse_for(quantity, Reason(code, values), evidence)

    def refuse_for(self, quantity: str, reason: Reason, evidence: Evidence | None = None) -> Measurement:
        """No value, for a reason that is already at hand."""
        unit = quantity_catalogue()[quantity].unit
        shown = evidence or self.evidence
        return Measurement(quantity, None, unit, self.method, self.version, self.sources, shown, reason)
