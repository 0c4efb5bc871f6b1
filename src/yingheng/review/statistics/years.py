"""A year of film review: judged against its targets, and counted again from the rulings themselves."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import F

from yingheng.review.models import Ruling, SubjectKind
from yingheng.review.statistics.sums import Asked, Interval, Sums
from yingheng.review.statistics.targets import Target, targets
from yingheng.review.summing import MINIMUM_N
from yingheng.rollups.models import SUM_SCALE
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


class Standing(StrEnum):
    """How a figure stands to its target; `LIKELY` and `UNLIKELY`: chance alone may have put it on that side."""

    FEW = "few"
    MET = "met"
    LIKELY = "met_within_chance"
    UNLIKELY = "missed_within_chance"
    MISSED = "missed"

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None with too few cases to say."""
        return None if self is Standing.FEW else self in {Standing.MET, Standing.LIKELY}


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure of the year in the unit of its target, with interval and n."""

    key: str
    target: Target
    value: float | None
    interval: Interval | None
    n: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class Facts:
    """A year counted from its rulings: whole numbers alone, the score in millionths of a point."""

    n: int
    micro: int
    excellent: int
    excellent_of: int
    waste: int
    graded: int
    sha256: str


def year_days(year: int) -> tuple[dt.date, dt.date]:
    """First and last day."""
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def year_asked(scope: Scope, year: int) -> Asked:
    """All films of a year within the scope."""
    return Asked(scope, *year_days(year))


def year_judged(total: Sums) -> list[Judged]:
    """Mean score and share of excellent films against the targets of the year, and waste beside them."""
    best, waste = total.excellent_rate, total.waste_rate
    return [
        judged("mean", total.mean, total.interval, total.n),
        judged("excellent", best.percent, best.interval, best.denominator),
        judged("waste", waste.percent, waste.interval, waste.denominator),
    ]


def judged(key: str, value: float | None, interval: Interval | None, n: int) -> Judged:
    """One figure against its target; a figure on the line meets it."""
    target = targets()[key]
    return Judged(key, target, value, interval, n, _standing(value, interval, n, target))


def _standing(value: float | None, interval: Interval | None, n: int, target: Target) -> Standing:
    if value is None or n < MINIMUM_N:
        return Standing.FEW
    high = target.better == "high"
    met = value >= target.value if high else value <= target.value
    around = interval is None or interval[0] < target.value < interval[1]
    if met:
        return Standing.LIKELY if around else Standing.MET
    return Standing.UNLIKELY if around else Standing.MISSED


def facts_of(hospital: Organisation, year: int) -> Facts:
    """The year counted from what was ruled, film by film.  One query."""
    rows = Ruling.objects.filter(
        case__hospital=hospital,
        case__local_day__range=year_days(year),
        case__counted=F("version"),
        case__counted__gt=0,
        case__campaign__subject_kind=SubjectKind.EXAM,
    )
    told = rows.order_by("case_id").values_list("pk", "score", "grade", "details__flags")
    return counted(told.iterator(2000))


def counted(told: Iterable[tuple[object, float | None, str, dict[str, bool | None] | None]]) -> Facts:
    """Rulings (id, score, grade, flags) in one order, added up, with the digest of all of them."""
    sums, digest = Counter[str](), hashlib.sha256()
    for pk, score, grade, flags in told:
        excellent, waste = (flags or {}).get("excellent"), (flags or {}).get("waste")
        if score is not None:
            sums.update(n=1, micro=round(score * SUM_SCALE))
        if excellent is not None:
            sums.update(excellent=int(excellent), excellent_of=1)
        if waste is not None:
            sums.update(waste=int(waste), graded=1)
        digest.update(f"{pk}|{score}|{grade}|{excellent}|{waste}\n".encode())
    names = ("n", "micro", "excellent", "excellent_of", "waste", "graded")
    return Facts(*(sums[name] for name in names), digest.hexdigest())


def sums_equal(facts: Facts, total: Sums) -> bool:
    """Whether what pages show, added up from cells, is what the rulings come to."""
    shown = (total.n, round(total.total * SUM_SCALE), total.excellent, total.excellent_of, total.waste, total.graded)
    return shown == (facts.n, facts.micro, facts.excellent, facts.excellent_of, facts.waste, facts.graded)
