"""Who made an exam, as headers, performed steps and messages tell: operators, and the person that they come to.

Told in any order and any number of times it comes to the same.  What a person set for an exam stays.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest, Least

from yingheng.catalog import keys
from yingheng.catalog.arrivals import Arrival
from yingheng.catalog.models import Exam, ExamOperator, Operator, Order, PerformedStep
from yingheng.catalog.operator_names import Staff, canonical, is_placeholder, several_told
from yingheng.common import events
from yingheng.jobs import services as jobs
from yingheng.registry.models import Person
from yingheng.tenancy.models import Organisation

State, Source, By = Operator.State, ExamOperator.Source, Exam.PerformerSource
AT_ONCE = 500
Told = Mapping[UUID, Collection[str]]  # exam id -> what it says


def operators_note(hospital: Organisation, created: Sequence[Arrival], exams: Mapping[str, Exam]) -> None:
    """Keep the operators that arrived images name; documents tell of whoever wrote them.

    Two queries for a batch that tells nothing new, whatever its size; in the caller's transaction.
    """
    told: dict[UUID, set[str]] = defaultdict(set)
    for a in created:
        value = a.item.instance.facts.get("OperatorsName")
        if value and not a.is_document:
            told[exams[a.study_uid].pk].update(several_told(value))
    exam_operators_tell(hospital, told, Source.HEADER)


def exam_operators_tell(hospital: Organisation, told: Told, source: str) -> set[UUID]:
    """Keep that exams name operators, and whom they come to; returns the exams of which that is new."""
    texts = {text for several in told.values() for text in several}
    if not texts:
        return set()
    found = operators_ensure(hospital, texts)
    return exam_operators_add({exam: {found[text] for text in told[exam]} for exam in told}, source)


def operators_ensure(hospital: Organisation, texts: Iterable[str]) -> dict[str, UUID]:
    """The operator of each text, made and matched where it is not known yet.  One query when all are known."""
    by_key: dict[str, str] = {}
    key_of: dict[str, str] = {}
    for text in sorted(texts):
        key = keys.operator_key(hospital.pk.hex, canonical(text))
        by_key.setdefault(key, text)
        key_of[text] = key
    rows = Operator.objects.filter(hospital=hospital, key__in=by_key)
    known = dict(rows.values_list("key", "pk"))
    missing = sorted(set(by_key) - set(known))
    if missing:
        staff = staff_of(hospital.pk)
        fresh = [_operator(hospital, key, by_key[key], staff) for key in missing]
        Operator.objects.bulk_create(fresh, ignore_conflicts=True)
        known = dict(rows.all().values_list("key", "pk"))
    return {text: known[key] for text, key in key_of.items()}


def staff_of(hospital_id: UUID) -> Staff:
    """The active staff of a hospital.  One query."""
    rows = Person.objects.filter(hospital=hospital_id, active=True)
    return Staff.of(rows.values_list("pk", "staff_number", "name"))


def found_for(text: str, staff: Staff) -> tuple[str, UUID | None, str]:
    """What a text comes to by itself: state, person, and why it waits."""
    if is_placeholder(text):
        return State.PLACEHOLDER, None, ""
    named = staff.named(text)
    if len(named) == 1:
        return State.MATCHED, next(iter(named)), ""
    return State.WAITING, None, Operator.Reason.SEVERAL if named else Operator.Reason.NO_PERSON


def _operator(hospital: Organisation, key: str, text: str, staff: Staff) -> Operator:
    state, person, reason = found_for(text, staff)
    cipher = keys.text_encrypt(text)
    return Operator(hospital=hospital, key=key, text_cipher=cipher, state=state, person_id=person, reason=reason)


@transaction.atomic
def exam_operators_add(wanted: Mapping[UUID, Collection[UUID]], source: str) -> set[UUID]:
    """Keep which operators (ids) made which exams; returns the exams that have one more now."""
    exams = [exam for exam, several in wanted.items() if several]
    known = set(ExamOperator.objects.filter(exam__in=exams).values_list("operator_id", "exam_id"))
    pairs = sorted((op, exam) for exam in exams for op in wanted[exam] if (op, exam) not in known)
    if not pairs:
        return set()
    rows = [ExamOperator(operator_id=op, exam_id=exam, source=source) for op, exam in pairs]
    ExamOperator.objects.bulk_create(rows, ignore_conflicts=True, batch_size=AT_ONCE)
    ours = ExamOperator.objects.filter(pk__in=[row.pk for row in rows]).values_list("operator_id", "exam_id")
    made: dict[UUID, list[UUID]] = defaultdict(list)
    for op, exam in ours:
        made[op].append(exam)
    _count(made)
    told = {exam for several in made.values() for exam in several}
    performers_settle(told)
    return told


def _count(made: Mapping[UUID, Sequence[UUID]]) -> None:
    """Count new exams of operators and keep their devices, in one order for all writers."""
    exams = Exam.objects.filter(pk__in={e for several in made.values() for e in several})
    at: dict[UUID, tuple[dt.datetime, UUID | None]] = {
        pk: (moment, device) for pk, moment, device in exams.values_list("pk", "sort_at", "device_id")
    }
    used = sorted({(op, device) for op, several in made.items() for e in several if (device := at[e][1]) is not None})
    through = Operator.devices.through
    through.objects.bulk_create([through(operator_id=op, device_id=d) for op, d in used], ignore_conflicts=True)
    for op in sorted(made):
        times = [at[exam][0] for exam in made[op]]
        first, last = Value(min(times)), Value(max(times))
        Operator.objects.filter(pk=op).update(
            n_exams=F("n_exams") + len(times),
            first_seen=Least(Coalesce("first_seen", first), first),
            last_seen=Greatest(Coalesce("last_seen", last), last),
        )


def performers_settle(exam_ids: Iterable[UUID]) -> list[UUID]:
    """Say whom the operators of exams come to, but for exams of which a person said it; returns those that changed.

    Exactly one member of the staff made it, or it stays open: nobody is known, or there are several.
    In the caller's transaction; two queries and one for each way in which exams change.
    """
    rows = Exam.objects.select_for_update(no_key=True).filter(pk__in=list(exam_ids))
    asked = rows.exclude(performer_source=By.PERSON).order_by("study_uid")
    now = {pk: (person, source) for pk, person, source in asked.values_list("pk", "performer_id", "performer_source")}
    named: dict[UUID, set[UUID]] = defaultdict(set)
    known = ExamOperator.objects.filter(exam__in=now, operator__person__isnull=False)
    for exam, person in known.values_list("exam_id", "operator__person_id"):
        named[exam].add(person)
    changes: dict[tuple[UUID | None, str], list[UUID]] = defaultdict(list)
    for exam, before in now.items():
        after = performer_of(named[exam])
        if after != before:
            changes[after].append(exam)
    for (person, source), several in changes.items():
        Exam.objects.filter(~Q(performer_source=By.PERSON), pk__in=several).update(
            performer=person, performer_source=source
        )
    return [exam for several in changes.values() for exam in several]


def performer_of(persons: Collection[UUID]) -> tuple[UUID | None, str]:
    """What the persons of an exam's operators come to."""
    if len(persons) == 1:
        return next(iter(persons)), By.OPERATORS
    return None, By.SEVERAL if persons else By.NOBODY


@transaction.atomic
def step_operators_tell(*, step: PerformedStep, texts: Iterable[str]) -> None:
    """Keep the operators that a performed step names; its exam takes them now, or when it is closed."""
    if _keep(step, texts) and step.study_uid:
        exams = Exam.objects.filter(hospital=step.hospital_id, study_uid=step.study_uid)
        _take(exams.values_list("pk", flat=True), step.operators, Source.MPPS, step.hospital.path)


@transaction.atomic
def order_operators_tell(*, order: Order, texts: Iterable[str]) -> None:
    """The same of a message about an order."""
    if _keep(order, texts):
        _take(order.exams.values_list("pk", flat=True), order.operators, Source.HL7, order.hospital.path)


@transaction.atomic
def report_operators_tell(*, exam: Exam, texts: Iterable[str]) -> None:
    """Keep the operators that a message about an exam names."""
    told = several_told(list(texts))
    if told:
        found = operators_ensure(exam.hospital, told)
        _take([exam.pk], [str(pk) for pk in found.values()], Source.HL7, exam.hospital.path)


@transaction.atomic
def exam_operators_gather(*, exam: Exam) -> None:
    """Give an exam the operators that its performed steps and its order named before it was there."""
    steps = PerformedStep.objects.filter(hospital=exam.hospital_id, study_uid=exam.study_uid).exclude(operators=[])
    for several in steps.values_list("operators", flat=True):
        exam_operators_add({exam.pk: _ids(several)}, Source.MPPS)
    if exam.order is not None and exam.order.operators:
        exam_operators_add({exam.pk: _ids(exam.order.operators)}, Source.HL7)


def _keep(row: PerformedStep | Order, texts: Iterable[str]) -> bool:
    """Keep the operators of a step or an order beside those that it has; whether it names any."""
    told = several_told(list(texts))
    if told:
        found = {str(pk) for pk in operators_ensure(row.hospital, told).values()}
        if not found <= set(row.operators):
            row.operators = sorted({*row.operators, *found})
            row.save(update_fields=["operators"])
    return bool(told)


def _take(exams: Iterable[UUID], operators: Iterable[str], source: str, scope: str) -> None:
    """Give exams operators that were told of late: what rests on who made them follows."""
    for exam in exam_operators_add(dict.fromkeys(exams, _ids(operators)), source):
        jobs.emit(events.PERFORMER_SET, str(exam), scope=scope)


def _ids(several: Iterable[str]) -> set[UUID]:
    return {UUID(one) for one in several}
