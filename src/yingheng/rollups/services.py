"""Adding to cells in the transaction of the fact, and proving them by a recount."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.db import connection, transaction

from yingheng.common.errors import Invalid
from yingheng.rollups import histogram
from yingheng.rollups.models import SUM_SCALE, Cell
from yingheng.rollups.months import cells_lock, is_summed, months_mark
from yingheng.tenancy.scope import Scope

Dimension = str | int | bool | None
LARGEST_SUM_STEP = 1e11  # in the indicator's unit; keeps the sum in millionths inside 64 bits


@dataclass(frozen=True, slots=True)
class CellDelta:
    """What one fact adds to one cell.  `values` go into the sum and the histogram."""

    hospital_id: object
    day: dt.date
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    numerator: int = 0
    denominator: int = 0
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell that does not equal its recount; the pairs are (numerator, denominator, sum in millionths, bins)."""

    hospital_id: object
    day: dt.date
    dimensions: Mapping[str, Dimension]
    stored: tuple[int, int, int, dict[str, int]] | None
    counted: tuple[int, int, int, dict[str, int]] | None


Named = tuple[str, CellDelta]  # with the name of its indicator
RecountFn = Callable[[Scope], Iterable[CellDelta]]
_Key = tuple[str, dt.date, str]
_FullKey = tuple[str, str, dt.date, str]  # indicator, hospital, day, dimensions
_AT_ONCE = 500  # cells in one statement


def dimensions_hash(dimensions: Mapping[str, Dimension]) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no spaces) of the dimensions."""
    text = json.dumps(dict(dimensions), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def cell_add(*, indicator: str, delta: CellDelta, sign: Literal[1, -1] = 1) -> None:
    """Add a delta to its cell, or with `sign` -1 take it back; see `cells_change`."""
    step = [(indicator, delta)]
    cells_change(added=step if sign == 1 else (), removed=step if sign == -1 else ())


def cells_change(*, added: Iterable[Named] = (), removed: Iterable[Named] = ()) -> None:
    """Apply deltas in the caller's transaction (Invalid outside of one): one statement, one for every
    histogram, and one for their months.

    Numbers change by database arithmetic; a histogram is rewritten while that very change locks its row.  Cells are
    taken in one order by all writers.  What is added and removed alike is left out.
    """
    if not connection.in_atomic_block:
        raise Invalid("rollups.outside_transaction")
    steps = _netted(added, removed)
    if not steps:
        return
    stored: dict[_FullKey, tuple[object, dict[str, int]]] = {}
    for at in range(0, len(steps), _AT_ONCE):
        stored |= _upserted(steps[at : at + _AT_ONCE])
    for one in filter(lambda one: one.bins, steps):
        pk, before = stored[one.key]
        Cell.objects.filter(pk=pk).update(histogram=histogram.merged(before, one.bins))
    months_mark((one.hospital_id, one.day) for one in steps if is_summed(one.indicator))


@dataclass(slots=True)
class _Step:
    """What happens to one cell altogether."""

    indicator: str
    hospital_id: object
    day: dt.date
    dimensions: Mapping[str, Dimension]
    digest: str
    numerator: int = 0
    denominator: int = 0
    sum_micro: int = 0
    bins: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> _FullKey:
        return self.indicator, str(self.hospital_id), self.day, self.digest

    @property
    def is_something(self) -> bool:
        return bool(self.numerator or self.denominator or self.sum_micro or self.bins)

    def add(self, delta: CellDelta, sign: int) -> None:
        self.numerator += sign * delta.numerator
        self.denominator += sign * delta.denominator
        self.sum_micro += sign * sum(map(_micro, delta.values))
        self.bins = histogram.merged(self.bins, histogram.binned(delta.values, sign))


def _netted(added: Iterable[Named], removed: Iterable[Named]) -> list[_Step]:
    """One step for each cell, in the order of their keys."""
    found: dict[_FullKey, _Step] = {}
    for several, sign in ((added, 1), (removed, -1)):
        for name, delta in several:
            fresh = _Step(name, delta.hospital_id, delta.day, delta.dimensions, dimensions_hash(delta.dimensions))
            found.setdefault(fresh.key, fresh).add(delta, sign)
    return [found[key] for key in sorted(found) if found[key].is_something]


_COLUMNS = ("id", "hospital", "indicator", "day", "dimensions", "dimensions_hash", "numerator", "denominator",
            "sum_micro", "histogram")  # fmt: skip


def _upserted(steps: Sequence[_Step]) -> dict[_FullKey, tuple[object, dict[str, int]]]:
    """Add the numbers to the cells, new or there already; by key, the id and histogram of each.  One statement."""
    fields = [Cell._meta.get_field(name) for name in _COLUMNS]  # noqa: SLF001 - public by Django
    values: list[object] = []
    for one in steps:
        row = Cell(
            hospital_id=one.hospital_id, indicator=one.indicator, day=one.day, dimensions=dict(one.dimensions),
            dimensions_hash=one.digest, numerator=one.numerator, denominator=one.denominator, sum_micro=one.sum_micro,
        )  # fmt: skip
        values += [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
    columns = ", ".join(f.column for f in fields)
    places = ", ".join(f"({', '.join(['%s'] * len(fields))})" for _ in steps)
    sums = ", ".join(f"{name} = rollups_cell.{name} + excluded.{name}" for name in _COLUMNS[6:9])
    told = Cell.objects.raw(
        f"INSERT INTO rollups_cell ({columns}) VALUES {places} "  # noqa: S608 - names of columns, nothing from outside
        f"ON CONFLICT (indicator, hospital_id, day, dimensions_hash) DO UPDATE SET {sums} RETURNING *",
        values,
    )
    return {(c.indicator, str(c.hospital_id), c.day, c.dimensions_hash): (c.pk, c.histogram) for c in told}


@transaction.atomic
def cell_rebuild(*, indicator: str, scope: Scope, recount: RecountFn) -> int:
    """Replace the cells of an indicator within the scope by a recount of the facts; returns the number of cells."""
    cells_lock()
    rows = scope.filter(Cell.objects.filter(indicator=indicator))
    gone = list(rows.only("hospital_id", "day")) if is_summed(indicator) else []
    rows.delete()
    cells = []
    for (_, day, digest), (delta, counted) in _counted(recount(scope)).items():
        numerator, denominator, sum_micro, bins = counted
        if not (numerator or denominator or sum_micro or bins):
            continue
        cells.append(
            Cell(
                indicator=indicator,
                hospital_id=delta.hospital_id,
                day=day,
                dimensions=dict(delta.dimensions),
                dimensions_hash=digest,
                numerator=numerator,
                denominator=denominator,
                sum_micro=sum_micro,
                histogram=bins,
            )
        )
    Cell.objects.bulk_create(cells, batch_size=500)
    if is_summed(indicator):
        months_mark((cell.hospital_id, cell.day) for cell in (*gone, *cells))
    return len(cells)


@transaction.atomic
def cell_verify(*, indicator: str, scope: Scope, recount: RecountFn) -> list[CellDifference]:
    """Cells that differ from a recount of the facts; an empty list proves equality.

    A cell that went back to all zeros equals a cell that is not there.
    """
    cells_lock()
    counted = _counted(recount(scope))
    stored = {
        (str(c.hospital_id), c.day, c.dimensions_hash): c
        for c in scope.filter(Cell.objects.filter(indicator=indicator))
    }
    out = []
    for key in sorted(counted.keys() | stored.keys()):
        cell, pair = stored.get(key), counted.get(key)
        have = (cell.numerator, cell.denominator, cell.sum_micro, dict(cell.histogram)) if cell else None
        want = pair[1] if pair else None
        if (have or _NOTHING) != (want or _NOTHING):
            source = cell or pair[0]
            out.append(CellDifference(source.hospital_id, source.day, source.dimensions, have, want))
    return out


_NOTHING: tuple[int, int, int, dict[str, int]] = (0, 0, 0, {})


def _micro(value: float) -> int:
    if not math.isfinite(value) or abs(value) > LARGEST_SUM_STEP:
        raise Invalid("rollups.value_out_of_range", value=str(value))
    return round(value * SUM_SCALE)


def _counted(deltas: Iterable[CellDelta]) -> dict[_Key, tuple[CellDelta, tuple[int, int, int, dict[str, int]]]]:
    out: dict[_Key, tuple[CellDelta, tuple[int, int, int, dict[str, int]]]] = {}
    for delta in deltas:
        key = (str(delta.hospital_id), delta.day, dimensions_hash(delta.dimensions))
        first, (numerator, denominator, sum_micro, bins) = out.get(key, (delta, _NOTHING))
        out[key] = (
            first,
            (
                numerator + delta.numerator,
                denominator + delta.denominator,
                sum_micro + sum(map(_micro, delta.values)),
                histogram.merged(bins, histogram.binned(delta.values)),
            ),
        )
    return out
