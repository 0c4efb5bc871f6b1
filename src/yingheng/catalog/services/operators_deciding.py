"""Whose a text is: what a person says of it, and what follows for its exams, in batches, by a job."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog import keys
from yingheng.catalog.models import ExamOperator, Operator
from yingheng.catalog.operator_names import Staff
from yingheng.catalog.services.operators import AT_ONCE, State, found_for, performers_settle, staff_of
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs import services as jobs
from yingheng.registry.models import Person

LINK, NOBODY, OPEN = "link", "nobody", "open"


@transaction.atomic
def operator_decide(
    *, actor: Actor, operator: Operator, verb: str, person: Person | None = None, reason: str = ""
) -> Operator:
    """Say that a text is a person (`link`), nobody of the staff (`nobody`), or leave it to the machine again (`open`).

    Its exams follow by a job; one audit entry, however many they are.  A reason is wanted where it was somebody's, or
    a person had decided (Invalid without).  Saying the same again changes nothing.
    """
    rows = Operator.objects.select_for_update(of=("self",), no_key=True).select_related("hospital")
    row = rows.get(pk=operator.pk)
    if verb not in {LINK, NOBODY, OPEN} or (verb == LINK) != (person is not None):
        raise Invalid("catalog.operator_decision")
    if person is not None and person.hospital_id != row.hospital_id:
        raise Invalid("catalog.performer_elsewhere")
    if verb == OPEN and not row.is_decided:
        raise Conflict("catalog.operator_undecided")
    before = {"state": row.state, "person": str(row.person_id or "")}
    state, owner, why = _decided(row, verb, person)
    if (row.state, row.person_id) == (state, owner):
        return row
    if (row.is_decided or row.person_id) and not reason.strip():
        raise Invalid("catalog.reason_missing")
    row.state, row.person_id, row.reason = state, owner, why
    row.decided_by_id, row.decided_by_name, row.decided_at, row.decided_reason = (
        actor.id,
        actor.name,
        now(),
        reason.strip(),
    )
    row.save()
    audit.record(
        actor=actor,
        action=f"operator.{verb}",
        subject=f"operator:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after={"state": row.state, "person": str(row.person_id or ""), "exams": row.n_exams},
        reason=reason.strip(),
    )
    jobs.emit(events.OPERATOR_LINKED, str(row.pk), scope=row.hospital.path)
    return row


def _decided(row: Operator, verb: str, person: Person | None) -> tuple[str, UUID | None, str]:
    if verb == LINK and person is not None:
        return State.LINKED, person.pk, ""
    if verb == NOBODY:
        return State.NOBODY, None, ""
    return found_for(keys.text_decrypt(row.text_cipher), staff_of(row.hospital_id))


def operator_apply(*, operator_id: UUID | str) -> int:
    """Let the exams of an operator follow what holds of it; returns how many changed.

    In batches, each for itself: begun anew after an interruption it comes to the same.
    """
    changed = 0
    for several in exams_of(operator_id):
        with transaction.atomic():
            changed += len(performers_settle(several))
    return changed


def exams_of(operator_id: UUID | str) -> Iterator[list[UUID]]:
    """The exams of an operator, some at a time, in the order of their ids."""
    rows = ExamOperator.objects.filter(operator=operator_id).order_by("exam_id")
    after: UUID | None = None
    while True:
        page = rows.filter(exam_id__gt=after) if after is not None else rows
        several = list(page.values_list("exam_id", flat=True)[:AT_ONCE])
        if not several:
            return
        yield several
        after = several[-1]


def operators_rematch(*, hospital_id: UUID | str) -> int:
    """Look again for whom the texts of a hospital name, after its staff changed; returns how many came to another.

    What a person decided stays.  A text that was matched stays so, unless somebody else of that name is there now.
    """
    staff = staff_of(UUID(str(hospital_id)))
    rows = Operator.objects.filter(hospital=hospital_id, state__in=(State.WAITING, State.MATCHED))
    return sum(_rematch(row, staff) for row in rows.select_related("hospital").order_by("pk").iterator(AT_ONCE))


@transaction.atomic
def _rematch(row: Operator, staff: Staff) -> bool:
    text = keys.text_decrypt(row.text_cipher)
    if row.state == State.MATCHED and staff.named(text) <= {row.person_id}:
        return False
    state, person, reason = found_for(text, staff)
    if row.state == State.MATCHED:  # its person and somebody else, or somebody else alone: nobody can tell
        state, person, reason = State.WAITING, None, Operator.Reason.SEVERAL
    if (state, person, reason) == (row.state, row.person_id, row.reason):
        return False
    same = Operator.objects.filter(pk=row.pk, state=row.state, person=row.person_id)
    if not same.update(state=state, person=person, reason=reason):
        return False  # somebody decided meanwhile
    if person != row.person_id:
        audit.record(
            actor=None,
            action="operator.match",
            subject=f"operator:{row.pk}",
            scope=row.hospital.path,
            before={"state": row.state, "person": str(row.person_id or "")},
            after={"state": state, "person": str(person or ""), "exams": row.n_exams},
        )
        jobs.emit(events.OPERATOR_LINKED, str(row.pk), scope=row.hospital.path)
    return person != row.person_id
