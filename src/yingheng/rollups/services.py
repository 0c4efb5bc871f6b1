"""Adding to cells in the transaction of the fact, and proving them by a recount."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.db import connection, transaction
from django.db.models import F

from yingheng.common.errors import Invalid
from yingheng.rollups import histogram
from yingheng.rollups.models import SUM_SCALE, Cell
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


RecountFn = Callable[[Scope], Iterable[CellDelta]]
_Key = tuple[str, dt.date, str]


def dimensions_hash(dimensions: Mapping[str, Dimension]) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no spaces) of the dimensions."""
    text = json.dumps(dict(dimensions), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def cell_add(*, indicator: str, delta: CellDelta, sign: Literal[1, -1] = 1) -> None:
    """Add a delta to its cell, or with `sign` -1 take it back, in the caller's transaction (Invalid outside of one).

    Numbers change by database arithmetic; the histogram is rewritten while that very update locks the row.
    """
    if not connection.in_atomic_block:
        raise Invalid("rollups.outside_transaction")
    sum_micro = sign * sum(map(_micro, delta.values))
    bins = histogram.binned(delta.values, sign)
    if not (delta.numerator or delta.denominator or sum_micro or bins):
        return
    key = {
        "indicator": indicator,
        "hospital_id": delta.hospital_id,
        "day": delta.day,
        "dimensions_hash": dimensions_hash(delta.dimensions),
    }
    rows = Cell.objects.filter(**key)
    changes = {
        "numerator": F("numerator") + sign * delta.numerator,
        "denominator": F("denominator") + sign * delta.denominator,
        "sum_micro": F("sum_micro") + sum_micro,
    }
    if not rows.update(**changes):
        Cell.objects.bulk_create([Cell(**key, dimensions=dict(delta.dimensions))], ignore_conflicts=True)
        rows.update(**changes)
    if bins:
        stored = rows.values_list("histogram", flat=True).get()
        rows.update(histogram=histogram.merged(stored, bins))


@transaction.atomic
def cell_rebuild(*, indicator: str, scope: Scope, recount: RecountFn) -> int:
    """Replace the cells of an indicator within the scope by a recount of the facts; returns the number of cells."""
    _cells_lock()
    scope.filter(Cell.objects.filter(indicator=indicator)).delete()
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
    return len(cells)


@transaction.atomic
def cell_verify(*, indicator: str, scope: Scope, recount: RecountFn) -> list[CellDifference]:
    """Cells that differ from a recount of the facts; an empty list proves equality.

    A cell that went back to all zeros equals a cell that is not there.
    """
    _cells_lock()
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


def _cells_lock() -> None:
    """Hold off writers until the transaction ends, so that facts and cells are seen at one moment."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE rollups_cell IN SHARE ROW EXCLUSIVE MODE")
    else:
        Cell.objects.filter(indicator="").update(numerator=0)  # SQLite: any write takes the one write lock
