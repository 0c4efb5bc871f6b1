"""Reading the register of retakes within a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, F, QuerySet, Sum

from yingheng.catalog.models import Exam, Retake
from yingheng.common.errors import NotFound
from yingheng.registry.models import Device
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class RetakeFilter:
    """Conditions on entries; an empty field asks for nothing.  Days are local days of the exam, both included."""

    state: str = ""
    reason: str = ""
    origin: str = ""
    person: str = ""
    device_id: UUID | None = None
    first: dt.date | None = None
    last: dt.date | None = None


def retake_list(scope: Scope, wanted: RetakeFilter | None = None, *, exam: Exam | None = None) -> QuerySet[Retake]:
    """The register of retakes, newest first; of one exam when given."""
    rows = _filtered(scope, wanted or RetakeFilter())
    rows = rows.filter(exam=exam) if exam else rows
    return rows.select_related("exam__device", "exam__item", "hospital").order_by("-asked_at", "-id")


def retake_get(scope: Scope, retake_id: UUID | str) -> Retake:
    """One entry with its exam; NotFound when there is none in the scope."""
    rows = scope.filter(Retake.objects.select_related("exam__device", "exam__item", "exam__patient", "hospital"))
    try:
        found = rows.filter(pk=retake_id).first()
    except (ValidationError, ValueError):
        found = None
    if found is None:
        raise NotFound("catalog.retake_unknown")
    return found


def retakes_of_exams(scope: Scope, exam_ids: Iterable[UUID]) -> list[Retake]:
    """Entries of several exams that are not rejected, oldest first.  One query."""
    rows = scope.filter(Retake.objects.filter(exam__in=list(exam_ids)).exclude(state=Retake.State.REJECTED))
    return list(rows.order_by("asked_at", "id"))


def retake_state_counts(scope: Scope, wanted: RetakeFilter) -> dict[str, int]:
    """Number of entries by state, whatever state is wanted.  One query."""
    rows = _filtered(scope, wanted, states=False).order_by().values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(Retake.State.values, 0) | dict(rows)


@dataclass(frozen=True, slots=True)
class RetakeCount:
    """How often under one heading: entries, exams and exposures repeated."""

    key: object
    label: str
    n: int
    n_exams: int
    n_exposures: int


def retakes_by(scope: Scope, wanted: RetakeFilter, by: str) -> list[RetakeCount]:
    """Recorded retakes by "reason" or "device", most frequent first.  Two queries at most."""
    column = {"reason": "reason", "device": "exam__device"}[by]
    rows = _filtered(scope, wanted, states=False).filter(state=Retake.State.RECORDED).order_by()
    found = (
        rows.values(where=F(column))
        .annotate(n=Count("pk"), n_exams=Count("exam", distinct=True), n_exposures=Sum("n_exposures"))
        .order_by("-n", "where")
    )
    told = list(found)
    names = _device_names([row["where"] for row in told]) if by == "device" else {}
    return [
        RetakeCount(row["where"], names.get(row["where"], ""), row["n"], row["n_exams"], row["n_exposures"])
        for row in told
    ]


def _device_names(ids: Iterable[object]) -> dict[object, str]:
    """What devices are called, wherever the name comes from."""
    return {one.pk: one.label for one in Device.objects.filter(pk__in=[pk for pk in ids if pk])}


def retaken_share(scope: Scope, wanted: RetakeFilter) -> tuple[int, int]:
    """(exams with a recorded retake, all exams) of the period and device.  Two queries."""
    recorded = _filtered(scope, wanted, states=False).filter(state=Retake.State.RECORDED)
    exams = scope.filter(Exam.objects.all())
    conditions = {"local_day__gte": wanted.first, "local_day__lte": wanted.last, "device_id": wanted.device_id}
    exams = exams.filter(**{name: value for name, value in conditions.items() if value})
    return recorded.order_by().values("exam").distinct().count(), exams.count()


def _filtered(scope: Scope, wanted: RetakeFilter, *, states: bool = True) -> QuerySet[Retake]:
    conditions = {
        "reason": wanted.reason,
        "origin": wanted.origin,
        "asked_by__icontains": wanted.person.strip(),
        "exam__device_id": wanted.device_id,
        "exam__local_day__gte": wanted.first,
        "exam__local_day__lte": wanted.last,
        "state": wanted.state if states else "",
    }
    return scope.filter(Retake.objects.filter(**{name: value for name, value in conditions.items() if value}))
