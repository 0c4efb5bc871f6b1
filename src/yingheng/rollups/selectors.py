"""Reading cells: sums over days and grouping by dimensions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yingheng.rollups import histogram
from yingheng.rollups.models import SUM_SCALE, Cell
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class CellSum:
    """Cells added up: `by` holds the values of the dimensions grouped by; `total` is in the indicator's unit."""

    by: tuple[object, ...]
    numerator: int
    denominator: int
    total: float
    histogram: Mapping[str, int]

    @property
    def rate(self) -> float | None:
        """Numerator over denominator; None when the denominator is zero."""
        return self.numerator / self.denominator if self.denominator else None

    def quantile(self, p: float) -> float | None:
        return histogram.quantile(self.histogram, p)


def cell_list(scope: Scope, *, indicator: str, first: dt.date, last: dt.date) -> list[Cell]:
    """Cells of an indicator from `first` to `last`, both included, ordered by day."""
    rows = Cell.objects.filter(indicator=indicator, day__range=(first, last))
    return list(scope.filter(rows).order_by("day", "hospital_id", "dimensions_hash"))


def cell_sums(scope: Scope, *, indicator: str, first: dt.date, last: dt.date, by: Sequence[str] = ()) -> list[CellSum]:
    """Cells added up over a period; `by` names dimensions, or "day" and "hospital", to group by.

    One query; a cell without a dimension groups under None.
    """
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cell_list(scope, indicator=indicator, first=first, last=last):
        groups.setdefault(tuple(_dimension(cell, name) for name in by), []).append(cell)
    return [
        CellSum(
            by=key,
            numerator=sum(c.numerator for c in cells),
            denominator=sum(c.denominator for c in cells),
            total=sum(c.sum_micro for c in cells) / SUM_SCALE,
            histogram=histogram.merged(*(c.histogram for c in cells)),
        )
        for key, cells in groups.items()
    ]


def _dimension(cell: Cell, name: str) -> object:
    if name == "day":
        return cell.day
    if name == "hospital":
        return cell.hospital_id
    return cell.dimensions.get(name)
