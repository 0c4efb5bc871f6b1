"""When a device became another: the moments at which its baselines begin anew."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from yingheng.evidence.models import DevicePart, Epoch

PART_KEYWORDS = ("SoftwareVersions", "DetectorID", "GantryID")
"""Header attributes whose change makes another device of it, where the header says them."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """From `at` on the device is another.

    `kind` is that of an Epoch, or the keyword of a header attribute that went from `before` to `after`; empty
    `protocol_key` and `quantity` mean all of the device.
    """

    at: dt.datetime
    kind: str
    text: str = ""
    before: str = ""
    after: str = ""
    who: str = ""
    protocol_key: str = ""
    quantity: str = ""
    epoch_id: UUID | None = None

    def concerns(self, protocol_key: str, quantity: str) -> bool:
        """Whether it breaks the course of this quantity under this protocol."""
        return self.protocol_key in {"", protocol_key} and self.quantity in {"", quantity}


@dataclass(frozen=True, slots=True)
class Window:
    """The time between two changes of a device: from `start` (None: the beginning) up to, without it, `end`."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def holds(self, at: dt.datetime) -> bool:
        """Whether a moment lies in it."""
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)


def boundaries_of(epochs: Iterable[Epoch], parts: Iterable[DevicePart]) -> tuple[Boundary, ...]:
    """Every change that makes another device of it, in order of time.

    What people stated so and did not withdraw, and what headers show.
    """
    stated = [_boundary(e) for e in epochs if e.withdrawn_at is None and e.restarts]
    return tuple(sorted([*stated, *_replaced(parts)], key=lambda b: (b.at, b.kind)))


def notes_of(epochs: Iterable[Epoch]) -> tuple[Boundary, ...]:
    """What people noted of a device that leaves its baselines as they are, in order of time."""
    noted = [_boundary(e) for e in epochs if e.withdrawn_at is None and not e.restarts]
    return tuple(sorted(noted, key=lambda b: (b.at, b.kind)))


def _boundary(e: Epoch) -> Boundary:
    return Boundary(
        e.at, e.kind, e.reason, who=e.made_by_name, protocol_key=e.protocol_key, quantity=e.quantity, epoch_id=e.pk
    )


def _replaced(parts: Iterable[DevicePart]) -> list[Boundary]:
    by_keyword: defaultdict[str, list[DevicePart]] = defaultdict(list)
    for part in parts:
        by_keyword[part.keyword].append(part)
    found = []
    for keyword, rows in by_keyword.items():
        rows.sort(key=lambda row: (row.first_at, row.value))
        for i, row in enumerate(rows[1:], start=1):
            last = max(rows[:i], key=lambda r: r.last_at)
            if last.last_at < row.first_at:
                found.append(Boundary(row.first_at, keyword, before=last.value, after=row.value))
    return found


def windows_of(boundaries: Sequence[Boundary], protocol_key: str, quantity: str) -> list[Window]:
    """The times between the changes that concern a quantity under a protocol, oldest first; at least one."""
    cuts = sorted({b.at for b in boundaries if b.concerns(protocol_key, quantity)})
    ends = [*cuts, None]
    return [Window(start, end) for start, end in zip([None, *cuts], ends, strict=True)]


def window_at(boundaries: Sequence[Boundary], protocol_key: str, quantity: str, at: dt.datetime | None) -> Window:
    """The one of `windows_of` that holds a moment; None asks for the newest."""
    windows = windows_of(boundaries, protocol_key, quantity)
    return windows[-1] if at is None else next(w for w in windows if w.holds(at))
