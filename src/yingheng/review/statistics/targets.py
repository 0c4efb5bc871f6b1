"""What film review is held against, each with its source and how sure that is (targets.toml).

An installation sets lines of its own by YINGHENG_REVIEW_TARGETS ("mean=90,excellent=50"); they say so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Target:
    """A line; `confidence` is a key of `common.ui.words.CONFIDENCES`, "" for one that the installation set."""

    value: float
    unit: str
    better: str
    confidence: str
    zh: str
    en: str


def targets() -> Mapping[str, Target]:
    """By what they are about: mean, excellent, waste, daily.  ImproperlyConfigured for a line that is none."""
    return _with(tuple(settings.YINGHENG_REVIEW_TARGETS))


@cache
def _product() -> Mapping[str, Target]:
    raw = tomllib.loads(files(__package__).joinpath("targets.toml").read_text(encoding="utf-8"))
    return {key: Target(**one) for key, one in raw.items()}


@cache
def _with(own: tuple[str, ...]) -> Mapping[str, Target]:
    found = dict(_product())
    for line in own:
        key, _sign, number = line.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if key not in found or not 0 <= value <= 100:
            raise ImproperlyConfigured(f"YINGHENG_REVIEW_TARGETS: {line}")
        found[key] = replace(found[key], value=value, confidence="", zh="本机构设定", en="set by this installation")
    return found
