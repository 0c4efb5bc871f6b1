"""Measured quantities that help a person to judge a clause which only a person can judge."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("imagingqc.criteria").joinpath("hints.toml").read_text(encoding="utf-8"))


def hints_of(standard_id: str, criterion_id: str) -> tuple[str, ...]:
    """Keys of the quantities to show beside a manual clause, most telling first; () when nothing measured helps."""
    return tuple(_table().get(standard_id, {}).get(criterion_id, ()))
