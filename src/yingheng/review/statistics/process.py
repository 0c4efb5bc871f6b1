"""Whether film review itself is done as its rules say: in time, by hospital.  Duties that are not due yet never count.

Days of the daily review with films: signed for in time (from cells).  Samples of the hospital: announced by the day by
which they were to be read and the days for it.  Objections: decided by their day.  Causes: acted on by their day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from yingheng.review.models import Appeal, Campaign, Tracing
from yingheng.review.models.campaigns import Purpose
from yingheng.review.statistics.sums import Asked, days_by
from yingheng.tenancy.scope import Scope

DAILY, SAMPLES, APPEALS, TRACINGS = "daily", "samples", "appeals", "tracings"
DUTIES = (DAILY, SAMPLES, APPEALS, TRACINGS)
ANNOUNCING_DAYS = 14  # after the last day of reading
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
    found: Counts = {}
    for owner, due, published in told.values_list("organisation_id", "due_on", "published_at"):
        k, n = found.get(str(owner), (0, 0))
        in_time = published is not None and published.date() <= due + late
        found[str(owner)] = (k + in_time, n + 1)
    return found


def _appeals(scope: Scope, first: dt.date, last: dt.date) -> Counts:
    """Objections to be decided in the period; those taken back ask for no decision."""
    decided = (Appeal.State.UPHELD, Appeal.State.CHANGED)
    rows = Appeal.objects.exclude(state=Appeal.State.WITHDRAWN).filter(due_on__range=(first, last))
    done = Q(state__in=decided, decided_on__lte=F("due_on"))
    return _counts(scope.filter(rows.annotate(decided_on=TruncDate("decided_at"))), done)


def _tracings(scope: Scope, first: dt.date, last: dt.date) -> Counts:
    """Actions due in the period; done is what their own proof or a later film showed."""
    rows = Tracing.objects.exclude(state=Tracing.State.DROPPED).filter(due_on__range=(first, last))
    return _counts(scope.filter(rows), Q(state__in=(Tracing.State.DONE, Tracing.State.CLOSED)))


def _counts(rows: QuerySet, done: Q) -> Counts:  # type: ignore[type-arg]
    told = rows.order_by().values("hospital_id").annotate(n=Count("pk"), k=Count("pk", filter=done))
    return {str(row["hospital_id"]): (row["k"], row["n"]) for row in told}
