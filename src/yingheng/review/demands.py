"""What a reader has to reach on cases with known answers (demands.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines, for how many days a result holds, and where they come from."""

    source: str
    source_en: str
    cases: int
    bias: float
    sd: float
    kappa: float
    vetoes: float
    valid_days: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache
def lines() -> Lines:
    """The lines of the product."""
    return Lines(**tomllib.loads(files(__package__).joinpath("demands.toml").read_text(encoding="utf-8")))
