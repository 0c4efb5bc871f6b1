"""Whether film review itself is done as its rules say: in time, by hospital.  Duties that are not due yet never count.

Days of the daily review with films: signed for in time (from cells).  Samples of the hospital: announced by the day by
which they were to be read and the days for it.  Objections: decided by their day.  Causes: acted on by their day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from yingheng.common.clock import local_day
from yingheng.review.models import Appeal, Campaign, Tracing
from yingheng.review.models.campaigns import Purpose
from yingheng.review.statistics.sums import Asked, days_by
from yingheng.tenancy.scope import Scope

DAILY, SAMPLES, APPEALS, TRACINGS = "daily", "samples", "appeals", "tracings"
DUTIES = (DAILY, SAMPLES, APPEALS, TRACINGS)
ANNOUNCING_DAYS = 14  # after the last day of reading
_NONE = dt.timedelta()
Counts = dict[str, tuple[int, int]]  # id of an organisation -> done in time, due


@dataclass(frozen=True, slots=True)
class Process:
    """By duty and organisation how many were done in time of those due; `months` is of the daily review."""

    duties: Mapping[str, Counts]
    months: Mapping[str, tuple[int, int]]

    def total(self, duty: str) -> tuple[int, int]:
        """Of all organisations together."""
        told = self.duties[duty].values()
        return sum(k for k, _n in told), sum(n for _k, n in told)


def process_of(asked: Asked, today: dt.date) -> Process:
    """The duties that fell due in a period.  At most five queries beside those of `Asked.prepared`."""
    days = days_by(asked)
    daily: Counts = defaultdict(lambda: (0, 0))
    months: Counts = defaultdict(lambda: (0, 0))
    for (month, hospital), (k, n) in days.items():
        daily[hospital] = (daily[hospital][0] + k, daily[hospital][1] + n)
        months[month] = (months[month][0] + k, months[month][1] + n)
    last = min(asked.last, today - dt.timedelta(days=1))
    duties = {
        DAILY: dict(daily),
        SAMPLES: _samples(asked.scope, asked.first, last),
        APPEALS: _appeals(asked.scope, asked.first, last),
        TRACINGS: _tracings(asked.scope, asked.first, last),
    }
    return Process(duties, dict(sorted(months.items())))


def _samples(scope: Scope, first: dt.date, last: dt.date) -> Counts:
    """Samples whose results were to be announced in the period."""
    late = dt.timedelta(days=ANNOUNCING_DAYS)
    rows = Campaign.objects.exclude(purpose__in=(Purpose.DAILY, Purpose.CALIBRATION))
    rows = rows.exclude(state=Campaign.State.CANCELLED).filter(due_on__range=(first - late, last - late))
    told = scope.filter(rows, "organisation__path").order_by()
    return _counts(told.values_list("organisation_id", "organisation__zone", "due_on", "published_at"), late)


def _appeals(scope: Scope, first: dt.date, last: dt.date) -> Counts:
    """Objections to be decided in the period; those taken back ask for no decision."""
    rows = Appeal.objects.exclude(state=Appeal.State.WITHDRAWN).filter(due_on__range=(first, last))
    return _counts(scope.filter(rows).order_by().values_list("hospital_id", "hospital__zone", "due_on", "decided_at"))


def _tracings(scope: Scope, first: dt.date, last: dt.date) -> Counts:
    """Actions due in the period; done is what their own proof or a later film showed."""
    rows = Tracing.objects.exclude(state=Tracing.State.DROPPED).filter(due_on__range=(first, last))
    return _counts(scope.filter(rows).order_by().values_list("hospital_id", "hospital__zone", "due_on", "done_at"))


def _counts(told: Iterable[tuple[UUID, str, dt.date, dt.datetime | None]], more: dt.timedelta = _NONE) -> Counts:
    """Of (owner, its time zone, day, when it was done): in time by the owner's own clock, `more` days allowed."""
    found: Counts = {}
    for owner, zone, due, done in told:
        k, n = found.get(str(owner), (0, 0))
        in_time = done is not None and local_day(zone, done) <= due + more
        found[str(owner)] = (k + in_time, n + 1)
    return found
