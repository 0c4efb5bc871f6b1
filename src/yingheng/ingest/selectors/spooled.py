"""What lies in the spool, by its files alone."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

_MOST = 20_000  # names looked at in one folder


@dataclass(frozen=True, slots=True)
class SpoolState:
    """Acknowledged files that wait, since when the oldest does, and files set aside because they cannot be read."""

    n_waiting: int
    oldest: dt.datetime | None
    n_bad: int


def spool_state(home: Path, hospital_ids: Collection[UUID]) -> SpoolState:
    """The spool of these hospitals.  A name begins with the time (ns since 1970 UTC) at which its first byte came."""
    n_waiting, n_bad, oldest = 0, 0, ""
    for hospital in hospital_ids:
        names = _names(home / "spool" / hospital.hex / "new")
        n_waiting += len(names)
        n_bad += len(_names(home / "spool" / hospital.hex / "bad"))
        if names:
            first = min(names)
            oldest = min(oldest, first) if oldest else first
    return SpoolState(n_waiting, _time(oldest), n_bad)


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _ in zip(entries, range(_MOST), strict=False)]
    except FileNotFoundError:
        return []


def _time(name: str) -> dt.datetime | None:
    digits = name.partition("-")[0]
    return dt.datetime.fromtimestamp(int(digits) / 1e9, dt.UTC) if digits.isdecimal() else None
