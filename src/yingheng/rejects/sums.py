"""What months come to, added up by the database from cells; no page counts exposures for its figures."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from imagingqc.stats.agreement import wilson
from imagingqc.stats.rejects import surely_above
from yingheng.common.ui.tiles import Rate
from yingheng.rejects.facts import month_end
from yingheng.rejects.models import CountedDay, RejectedExposure
from yingheng.rejects.month_cells import HOUR, PERFORMER, POSITION, RATE, REASON, REPEAT
from yingheng.rejects.targets import lines
from yingheng.rollups.dimensions import dimension_of
from yingheng.rollups.models import Cell
from yingheng.tenancy.scope import Scope

Pair = tuple[int, int]  # rejected, all exposures


@dataclass(frozen=True, slots=True)
class Asked:
    """Months (their first days, both included), within a scope; of one device where it is given."""

    scope: Scope
    first: dt.date
    last: dt.date
    device: UUID | None = None

    @property
    def last_day(self) -> dt.date:
        return month_end(self.last)


@dataclass(frozen=True, slots=True)
class Rates:
    """Rejected and all exposures by month, device and source."""

    rows: tuple[tuple[dt.date, str, str, int, int], ...]

    @property
    def total(self) -> Pair:
        return self._sum(self.rows)

    def by_month(self) -> dict[dt.date, Pair]:
        return {month: self._sum(r for r in self.rows if r[0] == month) for month in sorted({r[0] for r in self.rows})}

    def by_device(self) -> list[tuple[str, Pair]]:
        """The most exposures first."""
        found = {device: self._sum(r for r in self.rows if r[1] == device) for device in {r[1] for r in self.rows}}
        return sorted(found.items(), key=lambda one: (-one[1][1], one[0]))

    @staticmethod
    def _sum(rows: Iterable[tuple[dt.date, str, str, int, int]]) -> Pair:
        told = list(rows)
        return sum(r[3] for r in told), sum(r[4] for r in told)


def rates(asked: Asked) -> Rates:
    """One query."""
    rows = _cells(asked, RATE).annotate(device=dimension_of("device"), source=dimension_of("source"))
    told = rows.values_list("day", "device", "source").annotate(k=Sum("numerator"), n=Sum("denominator"))
    return Rates(tuple(told.order_by("day")))


def reasons(asked: Asked) -> dict[str, int]:
    """Rejected exposures by reason, the most frequent first.  One query."""
    rows = _cells(asked, REASON).annotate(reason=dimension_of("reason")).values_list("reason")
    return dict(sorted(rows.annotate(k=Sum("numerator")), key=lambda one: (-one[1], one[0])))


def performers(asked: Asked) -> list[tuple[str, Pair]]:
    """By member of the staff (id; "" where nobody knows), the most exposures first.  One query."""
    return _pairs(asked, PERFORMER, "performer")


def positions(asked: Asked) -> list[tuple[str, Pair]]:
    """By position, the most exposures first.  One query."""
    return _pairs(asked, POSITION, "position")


def repeats(asked: Asked) -> list[tuple[str, Pair]]:
    """Exams with a retake of all exams, by modality.  One query."""
    return _pairs(asked, REPEAT, "modality")


def hours(asked: Asked) -> tuple[dict[int, Pair], dict[int, Pair]]:
    """By hour of the day and by weekday (Monday 0); exposures without a time are in the weekdays alone.  One query."""
    rows = _cells(asked, HOUR).annotate(weekday=dimension_of("weekday"), hour=dimension_of("hour"))
    by_hour: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    by_day: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    told = rows.values_list("weekday", "hour").annotate(k=Sum("numerator"), n=Sum("denominator"))
    for weekday, hour, k, n in told:
        pairs = [by_day[int(weekday)]] + ([] if hour is None else [by_hour[int(hour)]])
        for pair in pairs:
            pair[0] += k
            pair[1] += n
    return _paired(by_hour), _paired(by_day)


def _paired(found: Mapping[int, list[int]]) -> dict[int, Pair]:
    return {key: (k, n) for key, (k, n) in sorted(found.items())}


def coverage(asked: Asked) -> dict[str, int]:
    """Device-days with exposures by source, "none" among them.  One query."""
    rows = CountedDay.objects.filter(day__range=(asked.first, asked.last_day))
    rows = rows.filter(Q(kept__gt=0) | Q(acquired__gt=0) | Q(rejected__gt=0))
    rows = rows.filter(device=asked.device) if asked.device else rows
    told = asked.scope.filter(rows).order_by().values_list("source").annotate(n=Count("pk"))
    return dict(told)


def unknown_rows() -> QuerySet[RejectedExposure]:
    """Those of logs that have a text of which nobody knows what it means."""
    rows = RejectedExposure.objects.filter(source=RejectedExposure.Source.LOG, reason="", withdrawn=False)
    return rows.exclude(reason_key="")


def rate_of(pair: Pair, *, target: bool = False) -> Rate | None:
    """A rate to be shown with its 95 % interval; None where the parts do not belong together.

    A log may write a position otherwise than the headers do: then more are rejected than were made.
    """
    rejected, acquired = pair
    if not acquired or rejected > acquired:
        return None
    low, high = wilson(rejected, acquired)
    line = lines()["target"].value if target else None
    return Rate(rejected, acquired, (100 * low, 100 * high), line, "low")


def above(pair: Pair, line: str) -> bool:
    """Whether a rate lies surely above a line of targets.toml."""
    return pair[0] <= pair[1] and surely_above(*pair, lines()[line].value / 100)


def _cells(asked: Asked, indicator: str) -> QuerySet[Cell]:
    rows = Cell.objects.filter(indicator=indicator, day__range=(asked.first, asked.last))
    rows = rows.filter(Q(numerator__gt=0) | Q(denominator__gt=0))
    rows = rows.filter(dimensions__device=str(asked.device)) if asked.device else rows
    return asked.scope.filter(rows).order_by()


def _pairs(asked: Asked, indicator: str, name: str) -> list[tuple[str, Pair]]:
    rows = _cells(asked, indicator).annotate(key=dimension_of(name)).values("key")
    told = rows.annotate(k=Sum(F("numerator")), n=Sum(F("denominator")))
    found = [(row["key"] or "", (row["k"], row["n"])) for row in told]
    return sorted(found, key=lambda one: (-one[1][1], -one[1][0], one[0]))


def months_back(last: dt.date, n: int) -> dt.date:
    """The first day of the month `n` months before that of `last`."""
    number = last.year * 12 + last.month - 1 - n
    return dt.date(number // 12, number % 12 + 1, 1)


def by_cause(told: Mapping[str, int], cause: Mapping[str, str]) -> dict[str, int]:
    """Rejected exposures by cause group."""
    found: dict[str, int] = defaultdict(int)
    for reason, n in told.items():
        found[cause.get(reason, "")] += n
    return dict(sorted(found.items(), key=lambda one: -one[1]))
