"""Reading plans and dues within a scope."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Count, DateField, F, Q, QuerySet, Value, When

from yingheng.common.clock import local_day
from yingheng.common.rows import row_or_not_found
from yingheng.schedule.kinds import Ref
from yingheng.schedule.models import Due, Plan
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import hospital_list


@dataclass(frozen=True, slots=True)
class DueFilter:
    """Narrowing of the calendar; empty parts do not narrow.  `first` and `last` are days, both included."""

    kind: str = ""
    subject: Ref | None = None
    owner_role: str = ""
    owner_id: UUID | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    def conditions(self) -> Q:
        wanted = {
            "plan__kind": self.kind,
            "plan__subject_type": self.subject.type if self.subject else "",
            "plan__subject_id": self.subject.id if self.subject else None,
            "plan__owner_role": self.owner_role,
            "plan__owner_id": self.owner_id,
            "day__gte": self.first,
            "day__lte": self.last,
        }
        return Q(**{name: value for name, value in wanted.items() if value})


def today_of(hospitals: list[Organisation]) -> dt.date:
    """The local day of the first of these hospitals."""
    return local_day(hospitals[0].zone if hospitals else settings.TIME_ZONE)


def due_list(scope: Scope, wanted: DueFilter, *, states: tuple[str, ...] = (Due.State.OPEN,)) -> QuerySet[Due]:
    """Dues with plan, owner and hospital, the earliest day first: what is overdue comes before all else."""
    rows = Due.objects.filter(wanted.conditions(), state__in=states).select_related("plan__owner", "hospital")
    return scope.filter(rows).order_by("day", "plan__title", "pk")


def overdue_list(scope: Scope, wanted: DueFilter) -> QuerySet[Due]:
    """Open dues that are overdue by the calendar of their own hospital."""
    return due_list(scope, wanted).filter(late_after__lt=_todays(scope))


def _todays(scope: Scope) -> Case | Value:
    """The local day of each row's hospital, as an expression: zones are few."""
    zones = sorted({hospital.zone for hospital in hospital_list(scope)})
    if len(zones) <= 1:
        return Value(local_day(zones[0] if zones else settings.TIME_ZONE), output_field=DateField())
    cases = [When(hospital__zone=zone, then=Value(local_day(zone))) for zone in zones]
    return Case(*cases, output_field=DateField())


def due_counts(scope: Scope, wanted: DueFilter, spans: dict[str, tuple[dt.date, dt.date]]) -> dict[str, int]:
    """How many are overdue, and how many open ones fall into each span.  Two queries."""
    rows = scope.filter(Due.objects.filter(wanted.conditions(), state=Due.State.OPEN))
    spans_q = {name: Count("pk", filter=Q(day__range=span)) for name, span in spans.items()}
    rows = rows.annotate(today_=_todays(scope))
    return rows.aggregate(overdue=Count("pk", filter=Q(late_after__lt=F("today_"))), **spans_q)


def due_get(scope: Scope, due_id: UUID | str) -> Due:
    """One due with its plan; NotFound when there is none in the scope."""
    rows = Due.objects.select_related("plan__owner", "plan__hospital", "hospital")
    return row_or_not_found(scope.filter(rows), due_id, "schedule.due_unknown")


def plan_list(scope: Scope, *, active: bool = True, subject: Ref | None = None, kind: str = "") -> QuerySet[Plan]:
    """Plans with owner and hospital, by title."""
    rows = Plan.objects.filter(active=active).select_related("owner", "hospital")
    if subject is not None:
        rows = rows.filter(subject_type=subject.type, subject_id=subject.id)
    return scope.filter(rows.filter(kind=kind) if kind else rows).order_by("title", "pk")


def plan_get(scope: Scope, plan_id: UUID | str) -> Plan:
    """One plan with owner and hospital; NotFound when there is none in the scope."""
    rows = scope.filter(Plan.objects.select_related("owner", "hospital"))
    return row_or_not_found(rows, plan_id, "schedule.plan_unknown")


def subjects_planned(scope: Scope, limit: int = 200) -> list[Ref]:
    """The subjects of active plans."""
    rows = scope.filter(Plan.objects.filter(active=True)).order_by("subject_type", "subject_id")
    found = rows.values_list("subject_type", "subject_id").distinct()[:limit]
    return [Ref(kind, pk) for kind, pk in found]
