"""What people do with the outbox: release, try again, cancel; and what time does: release by itself, push on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.models import Delivery, RemoteAE
from yingheng.ingest.services.forwarding_routing import release_record, send_emit

State, Release = Delivery.State, Delivery.Release
AT_ONCE = 50
_CAN_CANCEL = (State.HELD, State.WAITING, State.SENDING, State.FAILED)
_CAN_RETRY = (State.FAILED, State.WAITING, State.CANCELLED)


def needs_reason(row: Delivery) -> bool:
    """Whether releasing it by hand needs a reason: something of the exam failed and nobody settled it."""
    return row.exam.outcome == "FAIL" or row.exam.n_findings > 0


@transaction.atomic
def deliveries_release(*, actor: Actor, rows: Sequence[Delivery], reason: str = "") -> int:
    """Let held exams go; returns how many went.  What another person released meanwhile is left as it is.

    Invalid `ingest.release_reason` when one of them has open failures and no reason is given.
    """
    text = reason.strip()
    held = list(_locked([row.pk for row in rows]))
    if not text and any(needs_reason(row) for row in held):
        raise Invalid("ingest.release_reason")
    for row in held:
        _release(row, Release.PERSON, actor, text)
    return len(held)


@transaction.atomic
def holds_release() -> int:
    """Release what was held for its time and what turned out to be an emergency; returns how many."""
    due = Q(goes_at__lte=now()) | Q(exam__is_emergency=True)
    ids = list(
        Delivery.objects.filter(due, state=State.HELD).order_by("goes_at").values_list("pk", flat=True)[:AT_ONCE]
    )
    rows = list(_locked(ids)) if ids else []
    for row in rows:
        _release(row, Release.EMERGENCY if row.exam.is_emergency else Release.TIME, None, "")
    return len(rows)


@transaction.atomic
def reviewed_release(*, actor: Actor | None, exam_id: UUID | str) -> int:
    """Let go what of an exam was held for the daily review; returns how many.  Idempotent."""
    held = Delivery.objects.filter(exam_id=exam_id, state=State.HELD, until_reviewed=True)
    rows = list(_locked(list(held.values_list("pk", flat=True))))
    for row in rows:
        _release(row, Release.REVIEW, actor, "")
    return len(rows)


def outbox_push() -> int:
    """Ask for the sending jobs of destinations for which something is due; returns how many.

    Jobs are asked for by facts; this finds what is due because time has passed, and what a dead worker left.
    """
    due = Q(deliveries__next_at__isnull=True) | Q(deliveries__next_at__lte=now())
    rows = RemoteAE.objects.filter(Q(next_try_at__isnull=True) | Q(next_try_at__lte=now()), is_destination=True)
    rows = rows.filter(due, deliveries__state__in=(State.WAITING, State.SENDING)).select_related("hospital").distinct()
    found = list(rows.order_by("pk")[:AT_ONCE])
    for row in found:
        send_emit(row)
    return len(found)


@transaction.atomic
def delivery_retry(*, actor: Actor, row: Delivery) -> None:
    """Send it now, tries counted anew, and call the destination at once even if it did not answer lately."""
    changed = Delivery.objects.filter(pk=row.pk, state__in=_CAN_RETRY).update(
        state=State.WAITING, attempts=0, next_at=None, changed_at=now(), cancel_reason="", cancelled_by=""
    )
    if not changed:
        raise Conflict("ingest.delivery_state")
    destination_call(row.destination)
    _record(actor, "delivery.retry", row)


def destination_call(destination: RemoteAE) -> None:
    """Call a destination now, however long its pause."""
    RemoteAE.objects.filter(pk=destination.pk).update(next_try_at=None)
    send_emit(destination, not_before=now())


@transaction.atomic
def delivery_cancel(*, actor: Actor, row: Delivery, reason: str) -> None:
    """Do not send it; what the destination has taken already stays there."""
    text = reason.strip()
    if not text:
        raise Invalid("ingest.reason_missing")
    changed = Delivery.objects.filter(pk=row.pk, state__in=_CAN_CANCEL).update(
        state=State.CANCELLED, changed_at=now(), cancelled_by=actor.name, cancel_reason=text
    )
    if not changed:
        raise Conflict("ingest.delivery_state")
    _record(actor, "delivery.cancel", row, text)


def _locked(ids: Sequence[object]):  # noqa: ANN202 - a query set
    rows = Delivery.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids, state=State.HELD)
    return rows.select_related("exam", "destination__hospital", "hospital").order_by("pk")


def _release(row: Delivery, how: str, actor: Actor | None, reason: str) -> None:
    row.state, row.release, row.released_at, row.changed_at = State.WAITING, how, now(), now()
    row.released_by, row.release_reason = actor.name if actor else "", reason
    row.is_urgent = row.is_urgent or row.exam.is_emergency
    row.save(
        update_fields=[
            "state", "release", "released_at", "changed_at", "released_by", "release_reason", "is_urgent"
        ]
    )  # fmt: skip
    release_record(row, actor, reason)
    send_emit(row.destination)


def _record(actor: Actor, action: str, row: Delivery, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"delivery:{row.pk}",
        scope=row.hospital.path,
        before={"state": row.state, "exam": str(row.exam_id), "destination": str(row.destination_id)},
        reason=reason,
    )
