"""Settling what falls due: done, or skipped with a reason."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.schedule.kinds import Ref, plan_kind
from yingheng.schedule.models import Due, Plan


@transaction.atomic
def due_satisfy(*, subject: Ref, kind: str, on: dt.date, by: Ref, rule: str = "") -> Due | None:
    """What `by` is was done with a subject on a local day: the nearest open due whose window holds it is done.

    Of equally near ones the earlier.  The same `by` again changes nothing and gives the same due.  None when nothing
    was due.  Without `rule` any plan of that kind and subject will do.
    """
    plans = Plan.objects.select_for_update(no_key=True).filter(
        subject_type=subject.type, subject_id=subject.id, kind=kind
    )
    ids = list((plans.filter(rule=rule) if rule else plans).values_list("pk", flat=True))
    rows = Due.objects.filter(plan_id__in=ids).select_related("plan", "hospital")
    known = rows.filter(satisfied_by_type=by.type, satisfied_by_id=by.id).first()
    if known is not None:
        return known
    window = Q(opens_on__lte=on) & (Q(closes_on__isnull=True) | Q(closes_on__gte=on))
    found = min(
        rows.filter(window, state=Due.State.OPEN, plan__active=True),
        key=lambda due: (abs((due.day - on).days), due.day, str(due.pk)),
        default=None,
    )
    if found is not None:
        _done(found, on, by, "")
    return found


@transaction.atomic
def due_fulfil(*, due: Due, on: dt.date, by: Ref) -> bool:
    """What `by` is was done for this very due, on a local day; False where it was settled or missed already."""
    rows = Due.objects.select_for_update(of=("self",), no_key=True).select_related("plan", "hospital")
    row = rows.filter(pk=due.pk, state=Due.State.OPEN).first()
    if row is None or row.is_missed(on):
        return False
    _done(row, on, by, "")
    return True


@transaction.atomic
def due_reopen(*, by: Ref) -> list[Due]:
    """What `by` had settled is due again where its plan still runs; steps told are not told once more."""
    rows = Due.objects.select_for_update(of=("self",), no_key=True).select_related("plan", "hospital")
    found = list(rows.filter(satisfied_by_type=by.type, satisfied_by_id=by.id, state=Due.State.DONE, plan__active=True))
    for row in found:
        row.state, row.done_on, row.settled_at, row.settled_by_name, row.reason = Due.State.OPEN, None, None, "", ""
        row.satisfied_by_type, row.satisfied_by_id = "", None
        row.next_step_on = local_day(row.hospital.zone)
        row.save()
    return found


@transaction.atomic
def due_done(*, actor: Actor, due: Due, on: dt.date, note: str = "") -> Due:
    """A person says that something was done by hand; only for kinds of work that nothing else shows to be done."""
    row = _open(due)
    if not plan_kind(row.plan.kind).by_hand:
        raise Conflict("schedule.not_by_hand")
    if on > local_day(row.hospital.zone):
        raise Invalid("schedule.done_in_future")
    _done(row, on, None, actor.name, note.strip())
    _record(actor, row, "due.done", note, {"on": on.isoformat()})
    return row


@transaction.atomic
def due_skip(*, actor: Actor, due: Due, reason: str) -> Due:
    """Let a due pass without its work; a reason is required."""
    if not reason.strip():
        raise Invalid("schedule.reason_missing")
    row = _open(due)
    row.state, row.reason, row.settled_by_name = Due.State.SKIPPED, reason.strip(), actor.name
    row.settled_at, row.next_step_on = now(), None
    row.save(update_fields=["state", "reason", "settled_by_name", "settled_at", "next_step_on"])
    _record(actor, row, "due.skip", reason, {"day": row.day.isoformat()})
    return row


def _open(due: Due) -> Due:
    rows = Due.objects.select_for_update(of=("self",), no_key=True).select_related("plan", "hospital")
    row = rows.get(pk=due.pk)
    if row.state != Due.State.OPEN:
        raise Conflict("schedule.due_settled")
    return row


def _done(row: Due, on: dt.date, by: Ref | None, who: str, note: str = "") -> None:
    row.state, row.done_on, row.settled_at, row.next_step_on = Due.State.DONE, on, now(), None
    row.settled_by_name, row.reason = who, note
    if by is not None:
        row.satisfied_by_type, row.satisfied_by_id = by.type, by.id
    row.save()


def _record(actor: Actor, row: Due, action: str, reason: str, after: dict[str, object]) -> None:
    audit.record(
        actor=actor, action=action, subject=f"due:{row.pk}", scope=row.hospital.path, after=after, reason=reason.strip()
    )
