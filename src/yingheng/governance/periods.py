"""How often meetings come round, and which period each tells of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from yingheng.schedule.recurrence import Unit, add_months

#: key -> (unit of the plan, every, label)
RHYTHMS: Mapping[str, tuple[Unit, int, Promise]] = {
    "week": ("week", 1, pgettext_lazy("rhythm", "every week")),
    "fortnight": ("week", 2, pgettext_lazy("rhythm", "every two weeks")),
    "month": ("month", 1, pgettext_lazy("rhythm", "every month")),
    "quarter": ("month", 3, pgettext_lazy("rhythm", "every quarter")),
    "half": ("month", 6, pgettext_lazy("rhythm", "every half year")),
    "year": ("year", 1, pgettext_lazy("rhythm", "every year")),
}
_MONTHS = {"month": 1, "year": 12}


def rhythm_of(unit: str, every: int) -> str:
    """The key of a rhythm; "month" for one that is not in the list."""
    return next((key for key, (u, n, _label) in RHYTHMS.items() if (u, n) == (unit, every)), "month")


def period_before(day: dt.date, unit: str = "month", every: int = 1) -> tuple[dt.date, dt.date]:
    """First and last day of what a meeting of `day` looks back on: whole months, or whole weeks, that have passed."""
    one = dt.timedelta(days=1)
    if unit in _MONTHS:
        first = day.replace(day=1)
        return add_months(first, -_MONTHS[unit] * every), first - one
    monday = day - dt.timedelta(days=day.weekday())
    return monday - dt.timedelta(days=7 * every), monday - one
