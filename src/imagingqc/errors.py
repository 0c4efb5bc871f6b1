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


@cache
def reason_words() -> dict[str, dict[str, dict[str, str]]]:
    """Words for codes in the values of reasons: key of the value -> code -> {"zh": ..., "en": ...}."""
    text = files("imagingqc").joinpath("reason_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _in_words(key: str, value: str | float, lang: str) -> str | float:
    """A value as a reader knows it: the codes of a closed list (kinds of images, planes) become words."""
    table = reason_words().get(key)
    if table is None or not isinstance(value, str):
        return value
    parts = [table[part][lang] if part in table else part for part in value.split(", ")]
    return ("、" if lang == "zh" else ", ").join(parts)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value, verdict or file could not be had: a stable code and the values its sentence needs."""

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def text(self, lang: str = "zh") -> str:
        """The sentence for a reader; `lang` is "zh" or "en".  An unknown code raises KeyError."""
        values = {key: _in_words(key, value, lang) for key, value in self.values.items()}
        return reason_catalogue()[self.code][lang].format_map(values)


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
