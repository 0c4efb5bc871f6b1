"""Cells added up by month and one dimension, so that a page over years reads thousands of rows and not a million.

A change of a cell leaves a mark on its month, in the same transaction; a chore adds marked months up again.  Whoever
reads takes the sums of months without a mark and the cells of all others: what is read never lags behind the facts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, QuerySet, Sum

from yingheng.common.errors import Invalid
from yingheng.rollups.dimensions import dimension_of
from yingheng.rollups.models import SUM_SCALE, Cell, MonthSum, StaleMonth
from yingheng.tenancy.scope import Scope

BETWEEN = "|"  # of the kept dimensions
_HUNDREDTHS = F("sum_micro") / (SUM_SCALE // 100)  # whole numbers: both databases divide them without a rest
MEASURES = {
    "numerator": Sum("numerator"), "denominator": Sum("denominator"), "sum_micro": Sum("sum_micro"),
    "cells": Count("pk"), "tt": Sum(_HUNDREDTHS * _HUNDREDTHS), "tn": Sum(_HUNDREDTHS * F("denominator")),
    "nn": Sum(F("denominator") * F("denominator")),
}  # fmt: skip
_Key = tuple[str, str, str, str]  # indicator, kept, by, value


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """Which cells are added up: of every indicator by which dimensions; those in `kept` stay apart."""

    by: Mapping[str, Sequence[str]]
    kept: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class MonthDifference:
    """A sum of an unmarked month that does not equal its cells; the numbers in the order of MEASURES."""

    hospital_id: UUID
    month: dt.date
    key: _Key
    stored: tuple[int, ...] | None
    counted: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Split:
    """A period of some hospitals: whole months whose sums hold, and what is to be read from cells.

    `months` are first days with the hospitals whose sums of that month hold; `days` are ranges of days (both included)
    with the hospitals whose cells count there.
    """

    months: Mapping[dt.date, Sequence[UUID]] = field(default_factory=dict)
    days: Sequence[tuple[dt.date, dt.date, Sequence[UUID]]] = ()


_plans: dict[str, MonthPlan] = {}


def months_register(plan: MonthPlan) -> None:
    """Have the indicators of a plan added up; called by apps when they load."""
    _plans.update(dict.fromkeys(plan.by, plan))


def is_summed(indicator: str) -> bool:
    """Whether an indicator is added up by months."""
    return indicator in _plans


def month_of(day: dt.date) -> dt.date:
    """The first day of the month of a day."""
    return day.replace(day=1)


def month_end(month: dt.date) -> dt.date:
    """The last day of a month."""
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def months_mark(places: Iterable[tuple[object, dt.date]]) -> None:
    """Say that cells of these hospitals and days changed; after the cells, in their transaction.

    After them, for adding up waits for whoever holds cells and only then takes the mark away.
    """
    if not connection.in_atomic_block:
        raise Invalid("rollups.outside_transaction")
    wanted = sorted({(str(hospital), month_of(day)) for hospital, day in places})
    StaleMonth.objects.bulk_create(
        [StaleMonth(hospital_id=hospital, month=month) for hospital, month in wanted], ignore_conflicts=True
    )


def months_sum(limit: int = 200) -> int:
    """Chore: add up marked months again, the newest first; returns how many."""
    marked = list(StaleMonth.objects.order_by("-month", "hospital_id").values_list("hospital_id", "month")[:limit])
    for hospital, month in marked:
        month_sum(hospital_id=hospital, month=month)
    return len(marked)


@transaction.atomic
def month_sum(*, hospital_id: UUID, month: dt.date) -> int:
    """Add up the cells of a month of a hospital; returns how many sums there are."""
    cells_lock()
    StaleMonth.objects.filter(hospital_id=hospital_id, month=month).delete()
    MonthSum.objects.filter(hospital_id=hospital_id, month=month, indicator__in=_plans).delete()
    rows = [
        MonthSum(hospital_id=hospital_id, month=month, indicator=indicator, kept=kept, by=by, value=value,
                 **dict(zip(MEASURES, numbers, strict=True)))
        for (indicator, kept, by, value), numbers in _counted(hospital_id, month).items()
    ]  # fmt: skip
    MonthSum.objects.bulk_create(rows, batch_size=500)
    return len(rows)


@transaction.atomic
def months_verify(scope: Scope) -> list[MonthDifference]:
    """Sums of unmarked months that differ from their cells; an empty list proves equality."""
    cells_lock()
    stored: dict[tuple[UUID, dt.date], dict[_Key, tuple[int, ...]]] = {}
    for row in scope.filter(MonthSum.objects.filter(indicator__in=_plans)).iterator(2000):
        numbers = tuple(getattr(row, name) for name in MEASURES)
        stored.setdefault((row.hospital_id, row.month), {})[row.indicator, row.kept, row.by, row.value] = numbers
    marked = set(scope.filter(StaleMonth.objects.all()).values_list("hospital_id", "month"))
    found = []
    for hospital, month in sorted((set(stored) | _with_cells(scope)) - marked, key=str):
        have, want = stored.get((hospital, month), {}), _counted(hospital, month)
        found += [
            MonthDifference(hospital, month, key, have.get(key), want.get(key))
            for key in sorted(have.keys() | want.keys())
            if have.get(key) != want.get(key)
        ]
    return found


@transaction.atomic
def months_rebuild(scope: Scope) -> int:
    """Mark every month that has cells or sums; returns how many.  What is read is right at once."""
    sums = scope.filter(MonthSum.objects.filter(indicator__in=_plans)).values_list("hospital_id", "month").distinct()
    wanted = _with_cells(scope) | set(sums)
    months_mark(wanted)
    return len(wanted)


def split(hospitals: Sequence[UUID], first: dt.date, last: dt.date, today: dt.date) -> Split:
    """How a period is read for these hospitals.  One query.  Days after `today` have no cells."""
    marked: dict[dt.date, set[UUID]] = {}
    rows = StaleMonth.objects.filter(month__range=(month_of(first), last), hospital_id__in=hospitals)
    for hospital, month in rows.values_list("hospital_id", "month"):
        marked.setdefault(month, set()).add(hospital)
    months: dict[dt.date, Sequence[UUID]] = {}
    days: list[tuple[dt.date, dt.date, Sequence[UUID]]] = []
    for month in _months(first, last):
        begin, end = max(first, month), min(last, month_end(month))
        whole = begin == month and (end == month_end(month) or end >= today)
        stale = marked.get(month, set()) if whole else set(hospitals)
        held = [one for one in hospitals if one not in stale]
        if held:
            months[month] = held
        if stale:
            days.append((begin, end, [one for one in hospitals if one in stale]))
    return Split(months, _joined(days))


def _joined(days: Sequence[tuple[dt.date, dt.date, Sequence[UUID]]]) -> list[tuple[dt.date, dt.date, Sequence[UUID]]]:
    """Ranges that follow each other for the same hospitals as one."""
    found: list[tuple[dt.date, dt.date, Sequence[UUID]]] = []
    for begin, end, hospitals in days:
        if found and found[-1][2] == hospitals and found[-1][1] + dt.timedelta(days=1) == begin:
            begin = found.pop()[0]  # noqa: PLW2901 - the range grows backwards
        found.append((begin, end, hospitals))
    return found


def _months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    month = month_of(first)
    while month <= last:
        yield month
        month = month_end(month) + dt.timedelta(days=1)


def _counted(hospital_id: UUID, month: dt.date) -> dict[_Key, tuple[int, ...]]:
    """The sums of a month from its cells.  One query for each set of dimensions."""
    found: dict[_Key, tuple[int, ...]] = {}
    for plan in {id(one): one for one in _plans.values()}.values():
        for by in sorted({by for several in plan.by.values() for by in several}):
            indicators = [name for name, several in plan.by.items() if by in several]
            rows = Cell.objects.filter(
                hospital_id=hospital_id, indicator__in=indicators, day__range=(month, month_end(month))
            ).order_by()
            found |= _added(rows, plan, by)
    return found


def _added(rows: QuerySet[Cell], plan: MonthPlan, by: str) -> dict[_Key, tuple[int, ...]]:
    kept = [f"kept_{n}" for n in range(len(plan.kept))]
    texts = {name: dimension_of(one) for name, one in zip(kept, plan.kept, strict=True)}
    told = rows.filter(denominator__gt=0).annotate(value_of=dimension_of(by), **texts)
    return {
        (row["indicator"], BETWEEN.join(str(row[name] or "") for name in kept), by, str(row["value_of"] or "")): tuple(
            row[f"m_{name}"] for name in MEASURES
        )
        for row in told.values("indicator", "value_of", *kept).annotate(
            **{f"m_{name}": measure for name, measure in MEASURES.items()}
        )
    }


def _with_cells(scope: Scope) -> set[tuple[UUID, dt.date]]:
    """Hospitals and months that have cells of these indicators: by days of the first and last, then looked up."""
    rows = scope.filter(Cell.objects.filter(indicator__in=_plans, denominator__gt=0)).order_by()
    ends = rows.values("hospital_id").annotate(first=Min("day"), last=Max("day"))
    found = set()
    for row in ends:
        for month in _months(row["first"], row["last"]):
            own = Cell.objects.filter(hospital_id=row["hospital_id"], indicator__in=_plans, denominator__gt=0)
            if own.filter(day__range=(month, month_end(month))).exists():
                found.add((row["hospital_id"], month))
    return found


def cells_lock() -> None:
    """Hold off writers until the transaction ends, so that facts and cells are seen at one moment."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE rollups_cell IN SHARE ROW EXCLUSIVE MODE")
    else:
        Cell.objects.filter(indicator="").update(numerator=0)  # SQLite: any write takes the one write lock
