"""From an exam that arrived to cases: series of a phantom and the test they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs import services as jobs
from yingheng.phantomqc.models import Occasion, PhantomCase
from yingheng.phantomqc.recognition import Group, groups_of, is_phantom
from yingheng.phantomqc.selectors import selectors_of
from yingheng.phantomqc.services.asking import parameters_clean
from yingheng.phantomqc.services.superseding import case_superseded

State, Origin = PhantomCase.State, PhantomCase.Origin
ASKED = 5  # priority: somebody stands beside the device


@transaction.atomic
def series_recognise(*, series_id: UUID | str) -> bool:
    """Before a series is evaluated: whether its exam is of a phantom, so that it is not judged as a patient's."""
    row = Series.objects.select_related("exam").filter(pk=series_id).first()
    if row is None:
        return False
    exam = row.exam
    if PhantomCase.objects.filter(exam=exam, is_patient=True).exists():
        return False
    if not exam.is_phantom and is_phantom(exam, list(exam.series.all()), selectors_of(exam.hospital_id)):
        Exam.objects.filter(pk=exam.pk).update(is_phantom=True)
        return True
    return exam.is_phantom


@transaction.atomic
def exam_recognise(*, exam_id: UUID | str) -> list[PhantomCase]:
    """Make the cases of an exam that is complete; none for a patient's.

    Idempotent; what a person routed or put aside stays.  An exam that was taken for a phantom's while it arrived and
    is none is evaluated after all.
    """
    exam = Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").filter(pk=exam_id)
    row = exam.first()
    if row is None:
        return []
    series = list(row.series.order_by("number", "pk"))
    rules = selectors_of(row.hospital_id)
    said = list(PhantomCase.objects.filter(exam=row, origin=Origin.PERSON))
    patient = any(case.is_patient for case in said)
    phantom = not patient and (bool(said) or is_phantom(row, series, rules))
    if phantom != row.is_phantom:
        Exam.objects.filter(pk=row.pk).update(is_phantom=phantom)
        if not phantom:
            _evaluate_after_all(row, series)
    if not phantom or said:
        return []
    groups = groups_of(row, series, rules)
    return [_case(row, group) for group in groups]


def _evaluate_after_all(exam: Exam, series: Iterable[Series]) -> None:
    for one in series:
        jobs.emit(events.SERIES_READY, str(one.pk), scope=exam.hospital.path)
    jobs.emit(events.EXAM_READY, str(exam.pk), scope=exam.hospital.path)


def case_key(test: str, test_type: str, series: Iterable[str]) -> str:
    """Names a case within its exam."""
    return hashlib.sha256("|".join((test, test_type, *sorted(series))).encode()).hexdigest()


def _case(exam: Exam, group: Group) -> PhantomCase:
    rule = group.selector
    ids = sorted(str(one.pk) for one in group.series)
    test, test_type = (rule.test, rule.test_type) if rule else ("", "")
    device_id = group.series[0].device_id or exam.device_id
    made, _new = PhantomCase.objects.get_or_create(
        exam=exam,
        key=case_key(test, test_type, ids),
        defaults={
            "hospital_id": exam.hospital_id,
            "device_id": device_id,
            "modality": group.series[0].modality,
            "series": ids,
            "test": test,
            "test_type": test_type,
            "parameters": rule.parameters if rule else {},
            "origin": Origin.RULE if rule else Origin.WORD,
            "selector": rule,
            "state": State.ASKED if rule else State.UNKNOWN,
            "created_at": now(),
            "changed_at": now(),
        },
    )
    _let_go(made)
    if rule and made.state == State.ASKED:
        case_ask(made)
    elif made.state == State.UNKNOWN and not made.trial:
        jobs.emit(events.PHANTOM_TRY, str(made.pk), scope=made.hospital.path)
    return made


def _let_go(case: PhantomCase) -> None:
    """What was asked before more arrived, or before a rule was there, is no question any more."""
    others = PhantomCase.objects.filter(exam_id=case.exam_id, state=State.UNKNOWN).exclude(pk=case.pk)
    others.update(state=State.DISMISSED, reason="replaced", changed_at=now())


def case_ask(case: PhantomCase) -> None:
    """Have a case analysed."""
    jobs.emit(events.PHANTOM_RUN, str(case.pk), scope=case.hospital.path, priority=ASKED)


@transaction.atomic
def case_route(
    *,
    actor: Actor,
    case: PhantomCase,
    test: str,
    test_type: str,
    series: Iterable[UUID | str],
    parameters: Mapping[str, Any],
    reason: str = "",
) -> PhantomCase:
    """A person says which test it is, of which series, with which parameters; it is analysed (again).

    What was analysed before needs a reason.  Another test or other series of the same exam are another case; the one
    at hand is then put aside, and what it said of the device counts no more (`superseding`).
    """
    clean = parameters_clean(test, parameters)
    known = {str(pk) for pk in Series.objects.filter(exam_id=case.exam_id).values_list("pk", flat=True)}
    ids = sorted(str(pk) for pk in series)
    if not ids or not set(ids) <= known:
        raise Invalid("phantomqc.series_missing")
    if test_type not in Occasion.values:
        raise Invalid("phantomqc.test_type")
    key = case_key(test, test_type, ids)
    row = PhantomCase.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=case.pk)
    if row.run_id is not None and not reason.strip():
        raise Invalid("phantomqc.reason_missing")
    if row.key != key:
        row = _rerouted(actor, row, key, ids, reason.strip())
    before = {"test": row.test, "type": row.test_type, "parameters": row.parameters}
    row.test, row.test_type, row.parameters, row.series = test, test_type, clean, ids
    row.state, row.origin, row.reason, row.is_patient = State.ASKED, Origin.PERSON, "", False
    row.changed_by_name, row.changed_at, row.asked_reason = actor.name, now(), reason.strip()
    row.save()
    Exam.objects.filter(pk=row.exam_id).update(is_phantom=True)
    audit.record(
        actor=actor,
        action="phantom.route",
        subject=f"phantom_case:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after={"test": test, "type": test_type, "parameters": clean, "series": ids},
        reason=reason.strip(),
    )
    case_ask(row)
    return row


def _rerouted(actor: Actor, row: PhantomCase, key: str, ids: list[str], reason: str) -> PhantomCase:
    """The case of another test or other series; the present one is put aside."""
    other, _new = PhantomCase.objects.get_or_create(
        exam_id=row.exam_id,
        key=key,
        defaults={
            "hospital_id": row.hospital_id,
            "device_id": row.device_id,
            "modality": row.modality,
            "series": ids,
            "origin": Origin.PERSON,
            "state": State.UNKNOWN,
            "created_at": now(),
            "changed_at": now(),
        },
    )
    PhantomCase.objects.filter(pk=row.pk).update(
        state=State.DISMISSED, reason="rerouted", changed_by_name=actor.name, changed_at=now()
    )
    case_superseded(actor=actor, case=row, reason=reason)
    return other


@transaction.atomic
def case_dismiss(*, actor: Actor, case: PhantomCase, reason: str, patient: bool = False) -> PhantomCase:
    """Put a case aside with a reason; `patient`: it is a patient's exam, which is then evaluated as one."""
    if not reason.strip():
        raise Invalid("phantomqc.reason_missing")
    row = PhantomCase.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=case.pk)
    if row.state == State.DISMISSED:
        raise Conflict("phantomqc.case_dismissed")
    row.state, row.reason, row.origin = State.DISMISSED, reason.strip(), Origin.PERSON
    row.changed_by_name, row.changed_at, row.is_patient = actor.name, now(), patient
    row.save()
    case_superseded(actor=actor, case=row, reason=reason.strip())
    if patient:
        Exam.objects.filter(pk=row.exam_id).update(is_phantom=False)
        exam = Exam.objects.select_related("hospital").get(pk=row.exam_id)
        _evaluate_after_all(exam, exam.series.all())
    audit.record(
        actor=actor,
        action="phantom.dismiss",
        subject=f"phantom_case:{row.pk}",
        scope=row.hospital.path,
        after={"patient": patient},
        reason=reason.strip(),
    )
    return row
