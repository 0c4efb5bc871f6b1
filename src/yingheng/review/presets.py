"""Plans that are asked for again and again (presets.toml): what a new plan's form is filled in with by one click."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from yingheng.common.ui.words import language


@cache
def presets() -> Mapping[str, Mapping[str, Any]]:
    """Key -> fields of the form, with the names in both languages."""
    return tomllib.loads(files(__package__).joinpath("presets.toml").read_text(encoding="utf-8"))


def preset_name(key: str) -> str:
    """What a preset is called, and the plan made by it."""
    told = presets()[key]
    return str(told["name_en"] if language() == "en" else told["name"])


def preset_initial(key: str) -> dict[str, Any]:
    """What the form starts with; nothing for a key that is none."""
    told = presets().get(key)
    if told is None:
        return {}
    return {name: value for name, value in told.items() if name != "name_en"} | {"name": preset_name(key)}
