"""Periods of standing plans, in local days."""

from __future__ import annotations

import datetime as dt

from yingheng.review.models import Plan, SubjectKind
from yingheng.review.models.campaigns import Purpose

Every = Plan.Every
Period = tuple[dt.date, dt.date]  # first and last day
ONE = dt.timedelta(days=1)
#: Days after a period until it is drawn, so that what came last is judged by then.
SETTLING = {Every.DAY: 0, Every.WEEK: 1, Every.MONTH: 1, Every.QUARTER: 1}
_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3}


def period_of(every: str, day: dt.date) -> Period:
    """The period that holds `day`; weeks begin on Monday.  A plan that is drawn when asked for goes by months."""
    if every == Every.DAY:
        return day, day
    if every == Every.WEEK:
        first = day - dt.timedelta(days=day.weekday())
        return first, first + dt.timedelta(days=6)
    n = _MONTHS.get(Every(every), 1)
    first = day.replace(month=(day.month - 1) // n * n + 1, day=1)
    return first, _later(first, n) - ONE


def period_before(every: str, day: dt.date) -> Period:
    """The last whole period before the one that holds `day`."""
    return period_of(every, period_of(every, day)[0] - ONE)


def period_due(every: str, today: dt.date) -> Period | None:
    """The period to be drawn on `today`; None before it has settled."""
    found = period_before(every, today)
    return found if found[1] + dt.timedelta(days=SETTLING[Every(every)]) < today else None


def rolls(plan: Plan) -> bool:
    """Whether the sample of a plan grows with the day instead of being drawn: the daily review of films."""
    return (plan.purpose, plan.every, plan.subject_kind) == (Purpose.DAILY, Every.DAY, SubjectKind.EXAM)


def _later(first: dt.date, months: int) -> dt.date:
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)
