"""The use of a device: restricted, stopped, allowed for a while, released.  Receiving goes on whatever the state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs import services as jobs
from yingheng.registry.models import Device, UseChange

LONGEST_PERMIT = dt.timedelta(days=31)
# (use state, event) -> use state
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("in_use", "restrict"): "restricted",
    ("in_use", "stop"): "down",
    ("restricted", "restrict"): "restricted",
    ("restricted", "stop"): "down",
    ("down", "stop"): "down",
    ("down", "restrict"): "restricted",
    ("restricted", "release"): "in_use",
    ("down", "release"): "in_use",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a decision about the use of a device rests on: a thing by its type and id."""

    type: str
    id: UUID


@dataclass(frozen=True, slots=True)
class _Done:
    """One change of the use, for the row, the history and the audit trail."""

    event: str
    state: str
    reason: str
    ground: Ground | None = None
    until: dt.datetime | None = None


def device_restrict(
    *,
    actor: Actor,
    device: Device,
    reason: str,
    stop: bool = False,
    finding: UUID | None = None,
    ground: Ground | None = None,
) -> Device:
    """Restrict a device, or with `stop` take it out of use; a reason is required.

    `ground` is what it rests on, `finding` the id of the finding behind it.  A temporary use ends with it.
    """
    rests_on = ground or (Ground("finding", finding) if finding else None)
    return _change(actor, device, "stop" if stop else "restrict", reason, rests_on)


def device_release(*, actor: Actor, device: Device, reason: str, ground: Ground | None = None) -> Device:
    """Give a restricted or stopped device back to use; a reason is required."""
    return _change(actor, device, "release", reason, ground)


@transaction.atomic
def device_permit(*, actor: Actor, device: Device, reason: str, until: dt.datetime) -> Device:
    """Allow the use of a restricted or stopped device until a moment ahead, signed with a reason.

    The device stays restricted: the pages say both.  Conflict when it is in use; Invalid for an end that is past or
    more than a month away.
    """
    row = _locked(device)
    if row.use_state == Device.UseState.IN_USE:
        raise Conflict("registry.device_use_state")
    if not now() < until <= now() + LONGEST_PERMIT:
        raise Invalid("registry.permit_until")
    _require_reason(reason)
    row.permit_until, row.permit_reason, row.permit_by_name = until, reason.strip(), actor.name
    row.save(update_fields=["permit_until", "permit_reason", "permit_by_name"])
    _note(actor, row, _Done("permit", row.use_state, reason.strip(), until=until), {"use_state": row.use_state})
    jobs.emit(events.DEVICE_PERMITTED, str(row.pk), scope=row.hospital.path)
    return row


@transaction.atomic
def device_permit_end(*, actor: Actor, device: Device, reason: str) -> Device:
    """End a temporary use before its time; a reason is required."""
    row = _locked(device)
    if not row.is_permitted(now()):
        raise Conflict("registry.device_use_state")
    _require_reason(reason)
    _forget_permit(row)
    row.save(update_fields=["permit_until", "permit_reason", "permit_by_name"])
    _note(actor, row, _Done("revoke", row.use_state, reason.strip()), {"use_state": row.use_state})
    return row


@transaction.atomic
def _change(actor: Actor, device: Device, event: str, reason: str, ground: Ground | None) -> Device:
    _require_reason(reason)
    row = _locked(device)
    state = TRANSITIONS.get((row.use_state, event))
    if state is None:
        raise Conflict("registry.device_use_state", state=row.use_state, event=event)
    before = {"use_state": row.use_state, "use_reason": row.use_reason}
    if state != row.use_state:
        row.use_since = now()
    row.use_state = state
    rests_on = None if state == Device.UseState.IN_USE else ground
    row.use_reason = "" if state == Device.UseState.IN_USE else reason.strip()
    row.use_finding = rests_on.id if rests_on and rests_on.type == "finding" else None
    row.use_evidence_type, row.use_evidence_id = (rests_on.type, rests_on.id) if rests_on else ("", None)
    _forget_permit(row)
    row.save()
    _note(actor, row, _Done(event, state, reason.strip(), ground), before)
    kind = events.DEVICE_RELEASED if event == "release" else events.DEVICE_RESTRICTED
    jobs.emit(kind, str(row.pk), scope=row.hospital.path)
    return row


def _forget_permit(row: Device) -> None:
    row.permit_until, row.permit_reason, row.permit_by_name = None, "", ""


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("registry.reason_missing")


def _note(actor: Actor, row: Device, done: _Done, before: dict[str, object]) -> None:
    """The history row and the entry of the audit trail."""
    UseChange.objects.create(
        hospital_id=row.hospital_id,
        device=row,
        event=done.event,
        state=done.state,
        reason=done.reason,
        evidence_type=done.ground.type if done.ground else "",
        evidence_id=done.ground.id if done.ground else None,
        until=done.until,
        actor_id=actor.id,
        actor_name=actor.name,
        made_at=now(),
    )
    audit.record(
        actor=actor,
        action=f"device.{done.event}",
        subject=f"device:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after={
            "use_state": row.use_state,
            "use_reason": row.use_reason,
            "until": done.until.isoformat() if done.until else None,
        },
        reason=done.reason,
    )


def _locked(device: Device) -> Device:
    return Device.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=device.pk)
