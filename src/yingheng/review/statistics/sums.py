"""What results come to, added up by the database from cells: no page reads readings or cases for its figures."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from django.db.models import Count, F, FloatField, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from scipy.special import stdtrit

from yingheng.common.ui.tiles import Rate
from yingheng.review.services.counting import DAILY, EXCELLENT, GRADE, SCORE, WASTE
from yingheng.review.statistics.targets import targets
from yingheng.review.summing import rate
from yingheng.rollups.models import SUM_SCALE, Cell
from yingheng.tenancy.scope import Scope

Interval = tuple[float, float]
FILM_GRADES = ("a", "b", "c", "waste")  # of the sheets that grade films; others have words of their own
BY = ("device", "performer", "item", "body_part")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which results: the scope, local days (both included), and what they were reviewed for ("" for any film)."""

    scope: Scope
    first: dt.date
    last: dt.date
    purpose: str = ""


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
        """95 % interval of the mean, within 0 to 100; None below two cells.

        By linearisation with the cells (a day of a device, technologist and item) as what was drawn, so that films
        which are alike because one person made them on one day do not make it narrower than it is (Cochran, Sampling
        Techniques, 3rd ed., 1977, section 9A); Student's t.
        """
        if self.mean is None or self.cells < 2:
            return None
        squares = max(0.0, self.tt - 2 * self.mean * self.tn + self.mean**2 * self.nn)
        error = math.sqrt(squares * self.cells / (self.cells - 1)) / self.n
        half = float(stdtrit(self.cells - 1, 0.975)) * error
        return max(0.0, self.mean - half), min(100.0, self.mean + half)

    @property
    def excellent_rate(self) -> Rate:
        return rate(self.excellent, self.excellent_of, target=targets()["excellent"].value)

    @property
    def waste_rate(self) -> Rate:
        return rate(self.waste, self.graded, better="low", target=targets()["waste"].value)


def _rows(asked: Asked, *indicators: str) -> QuerySet[Cell]:
    rows = Cell.objects.filter(indicator__in=indicators, day__range=(asked.first, asked.last), denominator__gt=0)
    if DAILY not in indicators:
        rows = rows.filter(dimensions__subject="exam")
        rows = rows.filter(dimensions__purpose=asked.purpose) if asked.purpose else rows
    return asked.scope.filter(rows).order_by()


_TOTAL = Cast(F("sum_micro"), FloatField()) / float(SUM_SCALE)
_N = Cast(F("denominator"), FloatField())


def _added(rows: QuerySet[Cell], *by: str) -> dict[str, Sums]:
    """Sums of the indicators by the values of `by`.  One query."""
    told = rows.values("indicator", *by).annotate(
        cells=Count("pk"),
        k=Sum("numerator"),
        n=Sum("denominator"),
        micro=Sum("sum_micro"),
        tt=Sum(_TOTAL * _TOTAL),
        tn=Sum(_TOTAL * _N),
        nn=Sum(_N * _N),
    )
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in told:
        one = found["|".join(str(row[name] if row[name] is not None else "") for name in by)]
        if row["indicator"] == SCORE:
            one |= {"n": row["n"], "total": row["micro"] / SUM_SCALE, "cells": row["cells"],
                    "tt": row["tt"], "tn": row["tn"], "nn": row["nn"]}  # fmt: skip
        elif row["indicator"] == EXCELLENT:
            one |= {"excellent": row["k"], "excellent_of": row["n"]}
        elif row["indicator"] == WASTE:
            one |= {"waste": row["k"], "graded": row["n"]}
    return {key: Sums(**numbers) for key, numbers in found.items()}  # type: ignore[arg-type]


def added_up(groups: Iterable[Sums]) -> Sums:
    """Everything together: every cell belongs to one group, so that sums simply add up."""
    found = {one.name: 0 for one in fields(Sums)}
    for group in groups:
        found = {name: value + getattr(group, name) for name, value in found.items()}
    return Sums(**found)  # type: ignore[arg-type]


def grouped(asked: Asked, by: str) -> list[tuple[str, Sums]]:
    """By a dimension of `BY` (ids of devices and people, codes of items), the largest groups first.  One query."""
    rows = _rows(asked, SCORE, EXCELLENT, WASTE).annotate(group=KT(f"dimensions__{by}"))
    found = _added(rows, "group")
    return sorted(found.items(), key=lambda one: (-max(one[1].n, one[1].graded), one[0]))


def by_month(asked: Asked) -> list[tuple[str, Sums]]:
    """By month ("2026-10") in order.  One query, by days: no database cuts a date as fast as it groups by one."""
    months: dict[str, list[Sums]] = defaultdict(list)
    for day, one in _added(_rows(asked, SCORE, EXCELLENT, WASTE), "day").items():
        months[day[:7]].append(one)
    return sorted((month, added_up(days)) for month, days in months.items())


def film_grades(asked: Asked) -> Mapping[str, int]:
    """How many films got each of the four grades.  One query."""
    rows = _rows(asked, GRADE).annotate(grade=KT("dimensions__grade")).values("grade").annotate(n=Sum("numerator"))
    found = {row["grade"]: row["n"] for row in rows}
    return {grade: found.get(grade, 0) for grade in FILM_GRADES}


def days_held(asked: Asked) -> Rate:
    """Of the days with films those whose daily review was signed for in time.  One query."""
    told = _rows(asked, DAILY).aggregate(k=Sum("numerator"), n=Sum("denominator"))
    return rate(told["k"] or 0, told["n"] or 0, target=targets()["daily"].value)
