"""Action items: given at a meeting, done by whom they were given to, verified by somebody else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.governance.access import eyes_of, require_recorder
from yingheng.governance.models import Action, AgendaItem, Meeting
from yingheng.governance.services.telling import action_tell
from yingheng.governance.states import action_next
from yingheng.tenancy.models import User

SUBJECT = "meeting_action"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, by whom and until when."""

    text: str
    responsible: User
    due_on: dt.date
    item: AgendaItem | None = None


@transaction.atomic
def action_add(*, user: User, meeting: Meeting, task: Task) -> Action:
    """Note what somebody is to do, while the minutes are written.  They are told once the minutes are signed."""
    row = Meeting.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=meeting.pk)
    require_recorder(user, row)
    if row.state != Meeting.State.HELD:
        raise Conflict("governance.meeting_state")
    if not task.text.strip():
        raise Invalid("governance.text_missing")
    if task.due_on < row.day:
        raise Invalid("governance.due_past")
    action = Action.objects.create(
        organisation=row.organisation, meeting=row, item=task.item, text=task.text.strip()[:500],
        responsible=task.responsible, due_on=task.due_on, created_by_name=user.actor.name, created_at=now(),
    )  # fmt: skip
    _record(user, action, "add", {"text": action.text, "who": str(action.responsible), "due": action.due_on})
    return action


@transaction.atomic
def action_remove(*, user: User, action: Action) -> None:
    """Take back one that no recorded minutes name yet."""
    row = _locked(action)
    require_recorder(user, row.meeting)
    if row.state != Action.State.OPEN or row.meeting.state != Meeting.State.HELD or row.meeting.version:
        raise Conflict("governance.action_state")
    _record(user, row, "remove", {"text": row.text})
    row.delete()


@transaction.atomic
def action_done(*, user: User, action: Action, proof: str) -> Action:
    """Say that it was done and what shows it: who is responsible, or who keeps the minutes."""
    row = _locked(action)
    if row.responsible_id != user.pk:
        require_recorder(user, row.meeting)
    if not proof.strip():
        raise Invalid("governance.proof_missing")
    row.state, row.proof = action_next(row.state, "done"), proof.strip()
    row.done_at, row.done_by, row.reason = now(), user, ""
    row.save()
    _record(user, row, "done", {"state": row.state}, row.proof)
    action_tell(row, "action_done", {row.meeting.chair, row.meeting.recorder} - {user}, once=row.done_at.isoformat())
    return row


@transaction.atomic
def action_verify(*, user: User, action: Action) -> Action:
    """Verified by another person than the one who did it."""
    row = _leader(user, action)
    if user.pk in {row.done_by_id, row.responsible_id}:
        raise NotAllowed("governance.verify_other")
    row.state, row.closed_at, row.closed_by = action_next(row.state, "verify"), now(), user
    row.save()
    _record(user, row, "verify", {"state": row.state})
    return row


@transaction.atomic
def action_again(*, user: User, action: Action, reason: str, due_on: dt.date) -> Action:
    """What was done is not enough: it is asked for again, with the reason and a new day."""
    row = _leader(user, action)
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    if due_on < local_day(row.organisation.zone):
        raise Invalid("governance.due_past")
    row.state, row.reason, row.due_on = action_next(row.state, "again"), reason.strip(), due_on
    row.done_at, row.done_by = None, None
    row.save()
    _record(user, row, "again", {"state": row.state, "due": row.due_on}, row.reason)
    action_tell(row, "action_given", [row.responsible], once=now().isoformat())
    return row


@transaction.atomic
def action_drop(*, user: User, action: Action, reason: str) -> Action:
    """It is not needed any more; said with a reason."""
    row = _leader(user, action)
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    row.state, row.reason = action_next(row.state, "drop"), reason.strip()
    row.closed_at, row.closed_by = now(), user
    row.save()
    _record(user, row, "drop", {"state": row.state}, row.reason)
    return row


def may_verify(user: User, action: Action) -> bool:
    """Whether this person may say that it was done well."""
    return user.pk not in {action.done_by_id, action.responsible_id} and eyes_of(user).may_record(action.meeting)


def _leader(user: User, action: Action) -> Action:
    row = _locked(action)
    require_recorder(user, row.meeting)
    return row


def _locked(action: Action) -> Action:
    rows = Action.objects.select_for_update(of=("self",), no_key=True)
    related = ("organisation", "responsible", "meeting__organisation", "meeting__chair", "meeting__recorder")
    return rows.select_related(*related).get(pk=action.pk)


def _record(user: User, row: Action, verb: str, after: dict[str, object], reason: str = "") -> None:
    audit.record(
        actor=user.actor, action=f"meeting_action.{verb}", subject=f"meeting_action:{row.pk}",
        scope=row.organisation.path, after=after, reason=reason,
    )  # fmt: skip
