"""What a reject rate is held against (targets.toml), each with its source and how sure that is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Line:
    """A line in percent; `confidence` is a key of `common.ui.words.CONFIDENCES`."""

    value: float
    confidence: str
    zh: str
    en: str


@cache
def lines() -> Mapping[str, Line]:
    """By name: target, investigate."""
    raw = tomllib.loads(files(__package__).joinpath("targets.toml").read_text(encoding="utf-8"))
    return {key: Line(**one) for key, one in raw.items()}
