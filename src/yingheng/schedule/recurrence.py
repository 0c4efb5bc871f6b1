"""Dates of a recurring plan, by the calendar alone: no clock, no time zone, no drift.

Every date is counted from the first one.  The 31st of a month that has no such day falls on its last day, and the
following ones are again on the 31st; 29 February falls on the 28th in common years.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["once", "day", "week", "month", "year"]
UNITS: tuple[Unit, ...] = ("once", "day", "week", "month", "year")
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every `every` units from `first` on; "once" is `first` alone.  ValueError when it is none."""

    first: dt.date
    unit: Unit
    every: int = 1

    def __post_init__(self) -> None:
        if self.unit not in UNITS or self.every < 1:
            raise ValueError(f"no recurrence: every {self.every} {self.unit}")

    def date(self, n: int) -> dt.date | None:
        """The date number `n`, counted from 0; None beyond the only one, or beyond the calendar."""
        if n < 0 or (self.unit == "once" and n > 0):
            return None
        if n == 0:
            return self.first
        try:
            if self.unit in _DAYS:
                return self.first + dt.timedelta(days=_DAYS[self.unit] * self.every * n)
            return add_months(self.first, _MONTHS[self.unit] * self.every * n)
        except (OverflowError, ValueError):
            return None

    def number_after(self, day: dt.date) -> int:
        """The number of the first date after `day`, whether there is such a date or not."""
        if day < self.first:
            return 0
        if self.unit == "once":
            return 1
        if self.unit in _DAYS:
            return (day - self.first).days // (_DAYS[self.unit] * self.every) + 1
        months = 12 * (day.year - self.first.year) + day.month - self.first.month
        n = months // (_MONTHS[self.unit] * self.every)
        found = self.date(n)
        return n + 1 if found is not None and found <= day else n

    def after(self, day: dt.date) -> dt.date | None:
        """The first date after `day`."""
        return self.date(self.number_after(day))

    def between(self, after: dt.date, until: dt.date) -> Iterator[dt.date]:
        """The dates after `after`, up to and with `until`, in order."""
        n = self.number_after(after)
        while (found := self.date(n)) is not None and found <= until:
            yield found
            n += 1


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day `months` later, the last of the month where it has no such day; ValueError beyond the calendar."""
    place = 12 * day.year + day.month - 1 + months
    year, month = place // 12, place % 12 + 1
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise ValueError("beyond the calendar")
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def week_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """Monday and Sunday of the week of `day`."""
    monday = day - dt.timedelta(days=day.weekday())
    return monday, monday + dt.timedelta(days=6)


def month_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the month of `day`."""
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
