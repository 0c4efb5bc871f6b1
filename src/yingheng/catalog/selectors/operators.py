"""Reading operators within a scope: the queue, one of them, and those of an exam."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet

from yingheng.catalog.models import Exam, ExamOperator, Operator
from yingheng.common.rows import row_or_not_found
from yingheng.registry.models import Device, Person
from yingheng.tenancy.scope import Scope


def operator_list(scope: Scope, *, state: str = "") -> QuerySet[Operator]:
    """Operators with hospital, person and devices, those of most exams first."""
    rows = scope.filter(Operator.objects.select_related("hospital", "person")).prefetch_related("devices")
    rows = rows.filter(state=state) if state else rows
    return rows.order_by("-n_exams", "pk")


def operator_counts(scope: Scope) -> dict[str, int]:
    """Number of operators by state.  One query."""
    rows = scope.filter(Operator.objects.all()).order_by()
    return dict(rows.values_list("state").annotate(n=Count("pk")))


def operator_get(scope: Scope, operator_id: UUID | str) -> Operator:
    """One operator; NotFound when there is none in the scope."""
    rows = scope.filter(Operator.objects.select_related("hospital", "person"))
    return row_or_not_found(rows, operator_id, "catalog.operator_unknown")


def operators_of_exam(exam: Exam) -> list[ExamOperator]:
    """Who an exam says made it, with whom that is.  One query."""
    rows = ExamOperator.objects.filter(exam=exam).select_related("operator__person")
    return list(rows.order_by("pk"))


def operators_of_person(scope: Scope, person: Person) -> QuerySet[Operator]:
    """The texts that are a person."""
    return operator_list(scope).filter(person=person)


def exams_made_count(person: Person) -> int:
    """How many exams a person made, as far as it is known."""
    return Exam.objects.filter(performer=person).count()


def devices_named(rows: Iterable[Device]) -> str:
    """The devices of an operator in a few words."""
    return "、".join(sorted(device.label for device in rows))
