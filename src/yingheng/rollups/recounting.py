"""Every indicator that can be counted again from its facts, by the apps that own them; all proven or mended at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from yingheng.rollups.months import MonthDifference, months_rebuild, months_sum, months_verify
from yingheng.rollups.services import CellDifference, RecountFn, cell_rebuild, cell_verify
from yingheng.tenancy.scope import Scope

MONTHS = "month sums"
_recounts: dict[str, RecountFn] = {}


@dataclass(frozen=True, slots=True)
class Proof:
    """An indicator, or the month sums of all, and what differs from the recount."""

    indicator: str
    differences: tuple[CellDifference | MonthDifference, ...]


def recounts_register(recounts: Mapping[str, RecountFn]) -> None:
    """Name what an app can count again; called when it loads."""
    _recounts.update(recounts)


def recounts() -> Mapping[str, RecountFn]:
    """Every indicator with its recount, by name."""
    return dict(sorted(_recounts.items()))


def cells_verify(scope: Scope, only: str = "") -> Iterator[Proof]:
    """Every indicator that begins with `only` against its facts, then the month sums against the cells."""
    for indicator, recount in recounts().items():
        if indicator.startswith(only):
            yield Proof(indicator, tuple(cell_verify(indicator=indicator, scope=scope, recount=recount)))
    yield Proof(MONTHS, tuple(months_verify(scope)))


def cells_rebuild(scope: Scope, only: str = "") -> Iterator[tuple[str, int]]:
    """Put the recount in the place of what is stored, then add up all months; what was done and how many rows."""
    for indicator, recount in recounts().items():
        if indicator.startswith(only):
            yield indicator, cell_rebuild(indicator=indicator, scope=scope, recount=recount)
    months_rebuild(scope)
    done = 0
    while step := months_sum():
        done += step
    yield MONTHS, done
