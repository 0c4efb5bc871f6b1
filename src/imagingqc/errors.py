"""Errors and reasons: why something was refused, as a code with values and text in two languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@cache
def reason_catalogue() -> dict[str, dict[str, str]]:
    """All reason templates: code -> {"zh": ..., "en": ...}, read from `reasons.toml`."""
    text = files("imagingqc").joinpath("reasons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value, verdict or file could not be had: a stable code and the values its sentence needs."""

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def text(self, lang: str = "zh") -> str:
        """The sentence for a reader; `lang` is "zh" or "en".  An unknown code raises KeyError."""
        return reason_catalogue()[self.code][lang].format_map(self.values)


class ImagingQCError(Exception):
    """Base of every error that this package raises on purpose; carries a `Reason`."""

    def __init__(self, code: str, **values: str | float) -> None:
        self.reason = Reason(code, values)
        super().__init__(self.reason.text("en"))


class DataError(ImagingQCError):
    """The input cannot be used: not DICOM, truncated, contradictory, absurd."""


class RuleError(ImagingQCError):
    """A standard or rule is badly written; says which file, criterion and field."""


class AnalysisError(ImagingQCError):
    """The input is sound but this analysis refuses to give a number for it."""
