"""Exercises and attempts as people see them; what a training record or a table of persons is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Avg, Count, Max, Q, QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.review.library import above_of
from yingheng.review.models import Attempt, AttemptAnswer, Exercise
from yingheng.tenancy.models import User
from yingheng.tenancy.scope import Scope

_DONE = Q(submitted_at__isnull=False)


def exercises(learns: Scope, user: User | None = None) -> QuerySet[Exercise]:
    """Exercises of one's organisations and of those above them, the newest first; with `user` only those for them."""
    rows = Exercise.objects.select_related("organisation")
    if "/" not in learns.paths:
        wanted = Q(organisation__path__in=above_of(learns.paths))
        for path in learns.paths:
            wanted |= Q(organisation__path__startswith=path)
        rows = rows.filter(wanted) if learns else rows.none()
    if user is not None:
        asked = Q(audience=[]) | Q(audience__icontains=str(user.pk))
        rows = rows.filter(asked | Q(attempts__person=user)).distinct()
    return rows.order_by("-is_open", "-made_at", "-pk")


def exercise_get(learns: Scope, exercise_id: UUID | str) -> Exercise:
    """One exercise; NotFound outside of the scope."""
    return row_or_not_found(exercises(learns), exercise_id, "review.exercise_unknown")


def attempts_of(user: User, exercise: Exercise | None = None) -> QuerySet[Attempt]:
    """One's own attempts, the newest first."""
    rows = Attempt.objects.filter(person=user).select_related("exercise__organisation", "hospital")
    return (rows.filter(exercise=exercise) if exercise else rows).order_by("-begun_at", "-pk")


def attempt_own(user: User, attempt_id: UUID | str) -> Attempt:
    """One's own attempt; NotFound for anybody else's."""
    return row_or_not_found(attempts_of(user), attempt_id, "review.attempt_unknown")


def attempt_seen(user: User, teaches: Scope, attempt_id: UUID | str) -> Attempt:
    """One's own attempt, or a submitted one of a person of a hospital that one builds the library for."""
    rows = Attempt.objects.select_related("exercise__organisation", "hospital", "person")
    own = Attempt.objects.filter(person=user).values("pk")
    staff = Attempt.objects.filter(_DONE, hospital__path__in=teaches.paths).values("pk")
    return row_or_not_found(rows.filter(Q(pk__in=own) | Q(pk__in=staff)), attempt_id, "review.attempt_unknown")


def answers_of(attempt: Attempt) -> list[AttemptAnswer]:
    """The answers of an attempt with their cases, by place.  One query."""
    return list(AttemptAnswer.objects.filter(attempt=attempt).select_related("case").order_by("place"))


def waiting_for(user: User, learns: Scope) -> int:
    """How many open exercises somebody has not submitted yet."""
    done = Attempt.objects.filter(_DONE, person=user).values("exercise")
    asked = Q(audience=[]) | Q(audience__icontains=str(user.pk))
    return exercises(learns).filter(asked, is_open=True).exclude(pk__in=done).count()


def people(teaches: Scope, exercise: Exercise | None = None) -> QuerySet[Attempt]:
    """Figures by person: only of hospitals that one belongs to, never of those below a region."""
    rows = Attempt.objects.filter(_DONE, hospital__path__in=teaches.paths)
    rows = rows.filter(exercise=exercise) if exercise else rows
    told = rows.values("person_id", "person__display_name", "hospital__name").annotate(
        n=Count("pk"),
        passed=Count("exercise", filter=Q(passed=True), distinct=True),
        mean=Avg("score"),
        last=Max("submitted_at"),
    )
    return told.order_by("-last", "person_id")  # type: ignore[no-any-return]


def by_exercise(teaches: Scope, ids: Iterable[UUID]) -> Mapping[UUID, tuple[int, int, float | None]]:
    """Attempts, those that passed and the mean score by exercise, of hospitals within the scope.  One query."""
    rows = teaches.filter(Attempt.objects.filter(_DONE, exercise__in=list(ids)))
    told = rows.values("exercise").annotate(n=Count("pk"), good=Count("pk", filter=Q(passed=True)), mean=Avg("score"))
    return {row["exercise"]: (row["n"], row["good"], row["mean"]) for row in told}


def training_of(hospital_scope: Scope, first: dt.date, last: dt.date) -> QuerySet[Attempt]:
    """Submitted attempts of people of hospitals within the scope, by local day: proof of training for other parts of
    the platform.  Of each row: person, exercise, score, passed, local_day, number, n_answered."""
    rows = Attempt.objects.filter(_DONE, local_day__range=(first, last)).select_related(
        "person", "exercise", "hospital"
    )
    return hospital_scope.filter(rows).order_by("local_day", "submitted_at", "pk")
