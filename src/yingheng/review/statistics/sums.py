"""What results come to, added up by the database from sums of months and cells: no page reads readings or cases."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import UUID

import scipy
from django.db.models import F, Q, QuerySet, Sum, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.timezone import localdate

from yingheng.common.ui.tiles import Rate
from yingheng.review.services.counting import BY, DAILY, EXCELLENT, FAULT, GRADE, SCORE, WASTE
from yingheng.review.statistics.targets import targets
from yingheng.review.summing import rate
from yingheng.rollups.dimensions import dimension_of
from yingheng.rollups.models import SUM_SCALE, Cell, MonthSum
from yingheng.rollups.months import BETWEEN, MEASURES, Split, split
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

Interval = tuple[float, float]
_NOTHING = 1e-6  # points; sums of hundredths are exact to less
FILM_GRADES = ("a", "b", "c", "waste")  # of the sheets that grade films; others have words of their own


@dataclass(frozen=True, slots=True)
class Asked:
    """Which results: the scope, local days (both included), what they were reviewed for ("" for anything) and what was
    read (a `SubjectKind`): films and audits are never added up together."""

    scope: Scope
    first: dt.date
    last: dt.date
    purpose: str = ""
    subject: str = "exam"
    reach: Split | None = field(default=None, compare=False)

    def prepared(self) -> Asked:
        """The same, knowing where it is read from: months that were added up, and cells of days.  Two queries."""
        return self if self.reach is not None else replace(self, reach=_split(self))


def _split(asked: Asked) -> Split:
    hospitals = asked.scope.filter(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL), "path")
    ids = list(hospitals.order_by("path").values_list("pk", flat=True))
    return split(ids, asked.first, asked.last, localdate())


@dataclass(frozen=True, slots=True)
class Sums:
    """Numbers of one group.  `cells`, `tt`, `tn`, `nn`: how many cells, and Σ of total², total · n, n² over them."""

    n: int = 0
    total: float = 0.0
    cells: int = 0
    tt: float = 0.0
    tn: float = 0.0
    nn: float = 0.0
    excellent: int = 0
    excellent_of: int = 0
    waste: int = 0
    graded: int = 0

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the mean, within 0 to 100; None below two cells, and where all films have one score.

        By linearisation with the cells (a day of a device, technologist and item) as what was drawn, so that films
        which are alike because one person made them on one day do not make it narrower than it is (Cochran, Sampling
        Techniques, 3rd ed., 1977, section 9A); Student's t.
        """
        if self.mean is None or self.cells < 2:
            return None
        squares = max(0.0, self.tt - 2 * self.mean * self.tn + self.mean**2 * self.nn)
        error = math.sqrt(squares * self.cells / (self.cells - 1)) / self.n
        if error < _NOTHING:  # all alike: that nothing differed in a few films is no proof that nothing does
            return None
        half = float(scipy.special.stdtrit(self.cells - 1, 0.975)) * error
        return max(0.0, self.mean - half), min(100.0, self.mean + half)

    @property
    def excellent_rate(self) -> Rate:
        return rate(self.excellent, self.excellent_of, target=targets()["excellent"].value)

    @property
    def waste_rate(self) -> Rate:
        return rate(self.waste, self.graded, better="low", target=targets()["waste"].value)


def _cells(asked: Asked, indicators: Sequence[str]) -> QuerySet[Cell] | None:
    """The cells of days that no sum of a month holds; None where there is no such day."""
    reach = asked.reach or _split(asked)
    if not reach.days:
        return None
    days = Q()
    for first, last, hospitals in reach.days:
        days |= Q(day__range=(first, last), hospital_id__in=hospitals)
    rows = Cell.objects.filter(days, indicator__in=indicators, denominator__gt=0)
    if DAILY not in indicators:
        rows = rows.alias(subject=_text("subject")).filter(subject=asked.subject)
    if DAILY not in indicators and asked.purpose:
        rows = rows.alias(purpose=_text("purpose")).filter(purpose=asked.purpose)
    return rows.order_by()


def _text(dimension: str) -> Cast:
    """A dimension as plain text: compared as JSON it would be taken out of the row twice."""
    return Cast(KT(f"dimensions__{dimension}"), TextField())


def _months(asked: Asked, indicators: Sequence[str], by: str) -> QuerySet[MonthSum] | None:
    """The sums of months by a dimension; None where none holds."""
    reach = asked.reach or _split(asked)
    if not reach.months:
        return None
    held: dict[tuple[UUID, ...], list[dt.date]] = defaultdict(list)
    for month, hospitals in reach.months.items():
        held[tuple(hospitals)].append(month)
    months = Q()
    for several, dates in held.items():
        months |= Q(month__in=dates, hospital_id__in=several)
    rows = MonthSum.objects.filter(months, by=by, indicator__in=indicators)
    if DAILY not in indicators:
        kept = f"{asked.subject}{BETWEEN}{asked.purpose}"
        rows = rows.filter(kept=kept) if asked.purpose else rows.filter(kept__startswith=kept)
    return rows.order_by()


_OF_CELLS = {f"m_{name}": measure for name, measure in MEASURES.items()}
_OF_MONTHS = {f"m_{name}": Sum(name) for name in MEASURES}
_FILMS = (SCORE, EXCELLENT, WASTE)


def _added(told: Iterable[Mapping[str, Any]]) -> Sums:
    """What rows of one group come to: an indicator and the measures each."""
    found: dict[str, float] = defaultdict(float)
    for row in told:
        n, k = row["m_denominator"], row["m_numerator"]
        if row["indicator"] == SCORE:
            numbers = {"n": n, "total": row["m_sum_micro"] / SUM_SCALE, "cells": row["m_cells"],
                       "tt": row["m_tt"] / 1e4, "tn": row["m_tn"] / 100, "nn": row["m_nn"]}  # fmt: skip
        elif row["indicator"] == EXCELLENT:
            numbers = {"excellent": k, "excellent_of": n}
        else:
            numbers = {"waste": k, "graded": n}
        for name, value in numbers.items():
            found[name] += value
    whole = {name: int(value) for name, value in found.items() if name not in {"total", "tt", "tn"}}
    return Sums(**found | whole)  # type: ignore[arg-type]


def _by_group(rows: Iterable[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], str]) -> dict[str, Sums]:
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: _added(several) for name, several in groups.items()}


def added_up(groups: Iterable[Sums]) -> Sums:
    """Everything together: every cell belongs to one group, so that sums simply add up."""
    found = {one.name: 0 for one in fields(Sums)}
    for group in groups:
        found = {name: value + getattr(group, name) for name, value in found.items()}
    return Sums(**found)  # type: ignore[arg-type]


def grouped(asked: Asked, by: str) -> list[tuple[str, Sums]]:
    """By a dimension of `BY` (ids of devices and people, codes of items), the largest groups first.

    At most two queries: sums of months, and cells of the days beside them.
    """
    told: list[Mapping[str, Any]] = []
    months, cells = _months(asked, _FILMS, by), _cells(asked, _FILMS)
    if months is not None:
        told += months.values("indicator", group=F("value")).annotate(**_OF_MONTHS)
    if cells is not None:
        told += cells.annotate(group=dimension_of(by)).values("indicator", "group").annotate(**_OF_CELLS)
    found = _by_group(told, lambda row: str(row["group"] or ""))
    return sorted(found.items(), key=lambda one: (-max(one[1].n, one[1].graded), one[0]))


def faults_named(asked: Asked) -> dict[str, int]:
    """In how many cases each defect was named, by its code.  At most two queries, as `grouped`."""
    found: Counter[str] = Counter()
    months, cells = _months(asked, (FAULT,), "defect"), _cells(asked, (FAULT,))
    if months is not None:
        found.update(dict(months.values_list("value").annotate(n=Sum("numerator"))))
    if cells is not None:
        found.update(
            dict(cells.annotate(defect=dimension_of("defect")).values_list("defect").annotate(n=Sum("numerator")))
        )
    return dict(found)


def by_month(asked: Asked) -> list[tuple[str, Sums]]:
    """By month ("2026-10") in order.  At most two queries, cells by days: no database cuts a date as fast."""
    told: list[Mapping[str, Any]] = []
    months, cells = _months(asked, _FILMS, BY[0]), _cells(asked, _FILMS)
    if months is not None:
        told += months.values("indicator", day=F("month")).annotate(**_OF_MONTHS)
    if cells is not None:
        told += cells.values("indicator", "day").annotate(**_OF_CELLS)
    return sorted(_by_group(told, lambda row: row["day"].isoformat()[:7]).items())


def by_hospital(asked: Asked) -> dict[str, Sums]:
    """By hospital, by its id.  At most two queries."""
    told: list[Mapping[str, Any]] = []
    months, cells = _months(asked, _FILMS, BY[0]), _cells(asked, _FILMS)
    if months is not None:
        told += months.values("indicator", "hospital_id").annotate(**_OF_MONTHS)
    if cells is not None:
        told += cells.values("indicator", "hospital_id").annotate(**_OF_CELLS)
    return _by_group(told, lambda row: str(row["hospital_id"]))


def days_by(asked: Asked) -> dict[tuple[str, str], tuple[int, int]]:
    """Days whose daily review was held in time and days with films, by month ("2026-10") and hospital.

    A day that is not over and not signed for is not counted yet.  At most three queries.
    """
    found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for rows, day in ((_months(asked, (DAILY,), "plan"), "month"), (_cells(asked, (DAILY,)), "day")):
        if rows is None:
            continue
        for row in rows.values("hospital_id", on=F(day)).annotate(k=Sum("numerator"), n=Sum("denominator")):
            key = (row["on"].isoformat()[:7], str(row["hospital_id"]))
            found[key] = (found[key][0] + row["k"], found[key][1] + row["n"])
    for hospital, n in _running(asked):
        key = (localdate().isoformat()[:7], str(hospital))
        found[key] = (found[key][0], found[key][1] - n)
    return {key: told for key, told in found.items() if told[1]}


def _running(asked: Asked) -> list[tuple[UUID, int]]:
    """Hospitals whose daily review of today is still to be signed for, and how many such.  One query."""
    if not asked.first <= localdate() <= asked.last:
        return []
    rows = Cell.objects.filter(indicator=DAILY, day=localdate(), numerator=0, denominator__gt=0).order_by()
    rows = asked.scope.filter(rows, "hospital__path")
    return list(rows.values_list("hospital_id").annotate(n=Sum("denominator")))


def film_grades(asked: Asked) -> Mapping[str, int]:
    """How many films got each of the four grades."""
    return grades_and_days(asked)[0]


def days_held(asked: Asked) -> Rate:
    """Of the days with films those whose daily review was signed for in time."""
    return grades_and_days(asked)[1]


def grades_and_days(asked: Asked) -> tuple[Mapping[str, int], Rate]:
    """Films by the four grades; days whose daily review was signed for in time, of those with films that are over or
    signed for.  At most three queries."""
    grades, days = Counter[str](), Counter[str]()
    months = _either(_months(asked, (GRADE,), "grade"), _months(asked, (DAILY,), "plan"))
    cells = _either(_cells(asked, (GRADE,)), _cells(asked, (DAILY,)))
    for rows, grade in ((months, F("value")), (cells, dimension_of("grade"))):
        if rows is None:
            continue
        told = rows.annotate(grade=grade).values("indicator", "grade")
        for row in told.annotate(k=Sum("numerator"), n=Sum("denominator")):
            if row["indicator"] == GRADE:
                grades[row["grade"]] += row["k"]
            else:
                days.update(k=row["k"], n=row["n"])
    days.subtract(n=sum(n for _hospital, n in _running(asked)))
    return {grade: grades[grade] for grade in FILM_GRADES}, rate(days["k"], days["n"], target=targets()["daily"].value)


def _either(one: QuerySet[Any] | None, other: QuerySet[Any] | None) -> QuerySet[Any] | None:
    return one if other is None or one is None else one | other
