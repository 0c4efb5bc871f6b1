"""Exercises with cases of the teaching library: set, begun, answered, submitted and scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from imagingqc.stats.seeded import shuffled
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.review.library import GRADE_KEYS, Wanted, library
from yingheng.review.models import Attempt, AttemptAnswer, Exercise, ExerciseCase, TeachingCase, TeachingImage
from yingheng.review.scoring import answer_scored, attempt_result
from yingheng.review.services.teaching import marks_sound
from yingheng.sheets.defects import defect_name
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.scope import Scope

MOST_CASES = 200
_BEAT_S, _MOST_S = 30, 3600  # of one beat and of one case
_GRACE = dt.timedelta(seconds=20)  # for what is on its way when the time is over


@dataclass(frozen=True, slots=True)
class ExerciseFields:
    """What an exercise is.  `cases` are ids in their order, or `draw` of them by chance of what `wanted` finds."""

    title: str
    mode: str
    pass_mark: float
    about: str = ""
    minutes: int | None = None
    due_on: dt.date | None = None
    with_marks: bool = False
    audience: Sequence[str] = ()
    cases: Sequence[str] = ()
    draw: int = 0
    seed: str = ""
    wanted: Wanted = field(default_factory=Wanted)


@transaction.atomic
def exercise_make(
    *, actor: Actor, organisation: Organisation, learns: Scope, told: ExerciseFields, demo: bool = False
) -> Exercise:
    """Set an exercise.  A draw gives the same cases for the same seed and library."""
    good = told.title.strip() and told.mode in Exercise.Mode.values and 0 <= told.pass_mark <= 100
    if not good or (told.minutes is not None and not 1 <= told.minutes <= 600):
        raise Invalid("review.exercise_fields")
    chosen = _drawn(learns, told) if told.draw else _chosen(learns, told.cases)
    if not 1 <= len(chosen) <= MOST_CASES:
        raise Invalid("review.exercise_cases", n=MOST_CASES)
    drawn = {name: getattr(told.wanted, name) for name in Wanted.__dataclass_fields__} if told.draw else {}
    row = Exercise.objects.create(
        organisation=organisation, title=told.title.strip()[:120], about=told.about.strip(), mode=told.mode,
        pass_mark=told.pass_mark, minutes=told.minutes, due_on=told.due_on, with_marks=told.with_marks,
        audience=list(told.audience), seed=told.seed if told.draw else "", drawn=drawn, n_cases=len(chosen),
        made_by_name=actor.name, made_at=now(), is_demo=demo,
    )  # fmt: skip
    ExerciseCase.objects.bulk_create(ExerciseCase(exercise=row, case=one, place=n) for n, one in enumerate(chosen, 1))
    _record(actor, "exercise.make", row, after={"cases": len(chosen), "mode": row.mode, "pass": row.pass_mark})
    return row


def _chosen(learns: Scope, ids: Sequence[str]) -> list[TeachingCase]:
    """The cases of these ids in their order; NotFound for one that is not seen."""
    found = {str(one.pk): one for one in library(learns).filter(pk__in=list(ids))}
    if not set(map(str, ids)) <= found.keys():
        raise NotFound("review.teaching_unknown")
    return [found[str(pk)] for pk in dict.fromkeys(map(str, ids)) if found[str(pk)].grade]


def _drawn(learns: Scope, told: ExerciseFields) -> list[TeachingCase]:
    rows = {str(one.pk): one for one in library(learns, told.wanted).exclude(grade="")}
    return [rows[pk] for pk in shuffled(told.seed, "exercise", sorted(rows))[: told.draw]]


@transaction.atomic
def exercise_close(*, actor: Actor, exercise: Exercise, is_open: bool = False) -> Exercise:
    """Take an exercise out of use, or into use again; attempts that are under way go on."""
    exercise.is_open = is_open
    exercise.save(update_fields=["is_open"])
    _record(actor, "exercise.open" if is_open else "exercise.close", exercise)
    return exercise


@transaction.atomic
def attempt_begin(*, user: User, exercise: Exercise, demo: bool = False) -> Attempt:
    """Begin an exercise, or go on with it.  Conflict when it is closed, late, or for others."""
    Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
    running = Attempt.objects.filter(exercise=exercise, person=user, submitted_at__isnull=True).first()
    if running is not None:
        return running
    hospital = hospital_of(user) or exercise.organisation
    if not exercise.is_open or (exercise.due_on and local_day(hospital.zone) > exercise.due_on):
        raise Conflict("review.exercise_closed")
    if exercise.audience and str(user.pk) not in exercise.audience:
        raise Conflict("review.exercise_audience")
    ends = now() + dt.timedelta(minutes=exercise.minutes) if exercise.minutes else None
    number = Attempt.objects.filter(exercise=exercise, person=user).count() + 1
    return Attempt.objects.create(
        exercise=exercise, person=user, hospital=hospital, number=number, begun_at=now(), ends_at=ends, is_demo=demo
    )


def hospital_of(user: User) -> Organisation | None:
    """The hospital that somebody belongs to; None for people of a region and for those without a home."""
    place = user.home
    while place is not None and place.kind == Organisation.Kind.DEPARTMENT:
        place = place.parent
    return place if place is not None and place.kind == Organisation.Kind.HOSPITAL else None


def is_over(attempt: Attempt) -> bool:
    """Whether answers of an attempt no longer change."""
    late = attempt.ends_at is not None and now() > attempt.ends_at + _GRACE
    return attempt.submitted_at is not None or late


@transaction.atomic
def answer_save(
    *, user: User, attempt: Attempt, place: int, told: Mapping[str, Any], revision: int, over: bool = False
) -> AttemptAnswer:
    """Keep what was said so far of the case at a place: grade, veto, defects.  Conflict when it no longer changes, or
    was changed elsewhere since `revision` (unless `over`)."""
    row = _answer(user, attempt, place)
    if revision != row.revision and not over:
        raise Conflict("sheets.saved_elsewhere")
    row.grade = str(told.get("grade") or "")
    row.veto = bool(told.get("veto"))
    row.defects = sorted({str(code) for code in told.get("defects") or () if defect_name(str(code)) is not None})
    if row.grade and row.grade not in GRADE_KEYS:
        raise Invalid("review.grade_bad")
    row.revision, row.saved_at = row.revision + 1, now()
    row.save()
    return row


@transaction.atomic
def answer_mark(*, user: User, attempt: Attempt, place: int, mark: Mapping[str, Any] | None, mark_id: UUID) -> None:
    """Keep a mark of an answer, or take it away (None)."""
    row = _answer(user, attempt, place)
    kept = [one for one in row.marks if one.get("id") != str(mark_id)]
    row.marks = marks_sound([*kept, dict(mark) | {"id": str(mark_id)}] if mark is not None else kept)
    row.save(update_fields=["marks"])


@transaction.atomic
def answer_seconds(*, user: User, attempt: Attempt, place: int, seconds: float) -> int:
    """Add time with a case in sight; the seconds counted so far."""
    row = _answer(user, attempt, place)
    if 0 < seconds < float("inf"):
        row.seconds = min(_MOST_S, row.seconds + min(_BEAT_S, round(seconds)))
        row.save(update_fields=["seconds"])
    return row.seconds


@transaction.atomic
def answer_give(*, user: User, attempt: Attempt, place: int) -> AttemptAnswer:
    """The answer to a case stands: for good where it is shown at once, until the end of an exam otherwise.

    Given twice it counts once.  Invalid without a grade.
    """
    held = _held(user, attempt.pk)
    row = AttemptAnswer.objects.select_for_update().filter(attempt=held, place=place).first()
    if row is not None and row.is_final:
        return row
    row = _answer(user, attempt, place)
    if not row.grade:
        raise Invalid("review.answer_grade")
    if held.exercise.mode == Exercise.Mode.LEARN:
        _finish(row, held.exercise)
    Attempt.objects.filter(pk=held.pk).update(
        n_answered=AttemptAnswer.objects.filter(attempt=held).exclude(grade="").count()
    )
    return row


@transaction.atomic
def attempt_submit(*, user: User, attempt: Attempt) -> Attempt:
    """Submit and score an attempt; cases without an answer count with nothing.  Submitted twice it counts once."""
    row = _held(user, attempt.pk)
    if row.submitted_at is not None:
        return row
    return _settle(row)


def attempts_expire(limit: int = 100) -> int:
    """Submit attempts whose time is over as they stand; how many there were."""
    late = Attempt.objects.filter(submitted_at__isnull=True, ends_at__lt=now() - _GRACE)
    ids = list(late.values_list("pk", flat=True)[:limit])
    for pk in ids:
        with transaction.atomic():
            row = Attempt.objects.select_for_update(no_key=True, of=("self",)).select_related(*_RELATED).get(pk=pk)
            if row.submitted_at is None:
                _settle(row)
    return len(ids)


_RELATED = ("exercise__organisation", "hospital", "person")


def _settle(row: Attempt) -> Attempt:
    places = list(row.exercise.places.select_related("case").order_by("place"))
    known = {one.place: one for one in AttemptAnswer.objects.select_for_update().filter(attempt=row)}
    at = now()
    for one in places:
        answer = known.get(one.place)
        if answer is None:
            answer = AttemptAnswer(attempt=row, case=one.case, place=one.place, opened_at=at, saved_at=at)
        if not answer.is_final:
            answer.case = one.case
            _finish(answer, row.exercise)
        known[one.place] = answer
    told = attempt_result([known[one.place] for one in places], {one.case_id: one.case for one in places})
    row.score, row.result = round(told["score"], 4), told
    row.passed = row.score >= row.exercise.pass_mark
    row.n_answered = sum(bool(one.grade) for one in known.values())
    row.submitted_at, row.local_day = at, local_day(row.hospital.zone, at)
    row.save()
    _record(row.person.actor, "exercise.submit", row.exercise, path=row.hospital.path,
            after={"attempt": str(row.pk), "score": row.score, "passed": row.passed, "number": row.number})  # fmt: skip
    return row


def _finish(row: AttemptAnswer, exercise: Exercise) -> None:
    image = TeachingImage.objects.filter(case=row.case_id).order_by("series", "index").first()
    size = (image.rows, image.columns) if image else (0, 0)
    row.result = answer_scored(row, row.case, size, with_places=exercise.with_marks)
    row.is_final, row.saved_at = True, now()
    row.save()


def _held(user: User, attempt_id: UUID) -> Attempt:
    rows = Attempt.objects.select_for_update(of=("self",), no_key=True).select_related(*_RELATED)
    return row_or_not_found(rows.filter(person=user), attempt_id, "review.attempt_unknown")


def _answer(user: User, attempt: Attempt, place: int) -> AttemptAnswer:
    """The answer at a place of the person's own attempt, locked, as long as it can change."""
    held = _held(user, attempt.pk)
    if is_over(held):
        raise Conflict("review.attempt_over")
    found = ExerciseCase.objects.filter(exercise=held.exercise, place=place).values_list("case_id", flat=True).first()
    if found is None:
        raise NotFound("review.attempt_unknown")
    AttemptAnswer.objects.bulk_create(
        [AttemptAnswer(attempt=held, case_id=found, place=place, opened_at=now(), saved_at=now())],
        ignore_conflicts=True,
    )
    row = AttemptAnswer.objects.select_for_update().select_related("case").get(attempt=held, place=place)
    if row.is_final:
        raise Conflict("review.attempt_over")
    return row


def _record(
    actor: Actor, action: str, row: Exercise, *, path: str = "", after: Mapping[str, Any] | None = None
) -> None:
    audit.record(
        actor=actor, action=action, subject=f"exercise:{row.pk}", scope=path or row.organisation.path,
        after=dict(after or {}),
    )  # fmt: skip
