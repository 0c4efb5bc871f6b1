"""Minutes: typed by recorders, kept as versions that stay, signed by who led the meeting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.documents.services import Signed, signature_make
from yingheng.governance.access import require_recorder
from yingheng.governance.models import Meeting, Minutes, MinutesDraft
from yingheng.governance.services.attending import quorum_of
from yingheng.governance.services.counting import meeting_cell, meeting_count
from yingheng.governance.services.meetings import meeting_locked, meeting_record
from yingheng.governance.services.telling import action_tell, invited, meeting_tell
from yingheng.governance.states import meeting_next
from yingheng.schedule.kinds import Ref
from yingheng.schedule.services import due_fulfil
from yingheng.tenancy.models import User

SUBJECT = "meeting_minutes"
RECORDER, CHAIR = "recorder", "chair"
DECISIONS, OTHER = "decisions", "other"
LONGEST = 20_000  # characters of one part
KEPT = 50  # texts that others saved over
Typed = Mapping[str, str]


@transaction.atomic
def draft_save(*, user: User, meeting: Meeting, typed: Typed, revision: int, over: bool = False) -> MinutesDraft:
    """Keep what was typed so far.

    `revision` is the one that the person had before them; Conflict `governance.saved_elsewhere` when somebody saved
    since then, unless `over` says that theirs goes: it is kept among what was replaced.
    """
    row = _held(user, meeting)
    draft = MinutesDraft.objects.select_for_update(no_key=True).get(meeting=row)
    text = _clean(typed)
    if text == draft.typed:
        return draft  # two windows that agree do not disturb each other
    if revision != draft.revision:
        if not over:
            raise Conflict("governance.saved_elsewhere", who=draft.saved_by_name)
        kept = {
            "by": draft.saved_by_name,
            "at": draft.saved_at.isoformat() if draft.saved_at else "",
            "typed": draft.typed,
        }
        draft.replaced = [*draft.replaced, kept][-KEPT:]
    draft.typed, draft.revision = text, draft.revision + 1
    draft.saved_by_name, draft.saved_at = user.actor.name, now()
    draft.save()
    return draft


@transaction.atomic
def minutes_record(*, user: User, meeting: Meeting) -> Minutes:
    """Make a version of the minutes of what was typed, signed by its recorder; who signs was authenticated before.

    Where the recorder led the meeting too, that is the chair's signature as well.
    """
    row = _held(user, meeting)
    draft = MinutesDraft.objects.select_for_update(no_key=True).get(meeting=row)
    if not any(draft.typed.values()):
        raise Invalid("governance.minutes_empty")
    content = content_of(row, draft)
    version = Minutes.objects.create(
        meeting=row,
        version=row.version + 1,
        content=content,
        sha256=_digest(content),
        reason=draft.reason if row.version else "",
        recorded_by_id=user.actor.id,
        recorded_by_name=user.actor.name,
        recorded_at=now(),
    )
    signature_make(user=user, signed=_signed(row, version), role=RECORDER)
    row.state, row.version, row.recorded_at = meeting_next(row.state, "record"), version.version, now()
    row.save(update_fields=["state", "version", "recorded_at"])
    meeting_record(user.actor, row, "record", after={"version": version.version, "sha256": version.sha256})
    if row.chair_id == user.pk:
        _sign(user, row, version)
    else:
        meeting_tell(row, "sign", [row.chair], once=version.version)
    return version


@transaction.atomic
def minutes_sign(*, user: User, meeting: Meeting) -> Minutes:
    """The chair stands for the newest version; who signs was authenticated before."""
    row = meeting_locked(meeting)
    if row.chair_id != user.pk:
        raise NotAllowed("governance.chair_signs")
    meeting_next(row.state, "sign")
    version = Minutes.objects.get(meeting=row, version=row.version)
    _sign(user, row, version)
    return version


@transaction.atomic
def minutes_correct(*, user: User, meeting: Meeting, reason: str) -> Meeting:
    """Write the minutes anew, with the reason; what was recorded and signed stays as a version."""
    row = meeting_locked(meeting)
    require_recorder(user, row)
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    row.state = meeting_next(row.state, "correct")
    row.save(update_fields=["state"])
    MinutesDraft.objects.filter(meeting=row).update(reason=reason.strip())
    meeting_tell(row, "correct", [row.recorder], once=row.version, reason=reason.strip())
    meeting_record(user.actor, row, "correct", after={"version": row.version}, reason=reason.strip())
    return row


def content_of(meeting: Meeting, draft: MinutesDraft) -> dict[str, Any]:
    """All that minutes say, as data: nothing of it changes when names and figures do."""
    rows = list(meeting.attendances.select_related("user").order_by("user__display_name", "pk"))
    quorum = quorum_of(rows, meeting.quorum)
    return {
        "title": meeting.title, "kind": meeting.kind, "place": meeting.place,
        "begins": meeting.begins_at.isoformat(), "duration": meeting.duration,
        "chair": str(meeting.chair), "recorder": str(meeting.recorder),
        "period": [meeting.first_day.isoformat(), meeting.last_day.isoformat()],
        "quorum": {"present": quorum.present, "invited": quorum.invited, "needed": quorum.needed},
        "attendance": [
            {"name": str(row.user), "state": row.state, "reason": row.reason,
             "signed": row.signed_at.isoformat() if row.signed_at else ""}
            for row in rows
        ],
        "items": [
            {"id": str(item.pk), "title": item.title, "presenter": item.presenter, "minutes": item.minutes,
             "told": item.told, "text": draft.typed.get(f"item.{item.pk}", "")}
            for item in meeting.items.all()
        ],
        "decisions": draft.typed.get(DECISIONS, ""),
        "other": draft.typed.get(OTHER, ""),
        "actions": [
            {"id": str(row.pk), "text": row.text, "who": str(row.responsible), "due": row.due_on.isoformat()}
            for row in meeting.actions.select_related("responsible").order_by("created_at", "pk")
        ],
    }  # fmt: skip


def _sign(user: User, row: Meeting, version: Minutes) -> None:
    signature_make(user=user, signed=_signed(row, version), role=CHAIR)
    cell, first = meeting_cell(row), row.signed_at is None
    row.state, row.signed_version = meeting_next(row.state, "sign"), row.version
    row.signed_at = row.signed_at or now()
    row.save(update_fields=["state", "signed_version", "signed_at"])
    if first:
        meeting_count(cell, meeting_cell(row))
        if row.due is not None:
            due_fulfil(due=row.due, on=row.day, by=Ref("meeting", row.pk))
    meeting_record(user.actor, row, "sign", after={"version": version.version, "sha256": version.sha256})
    meeting_tell(row, "minutes", invited(row), once=version.version)
    for action in row.actions.filter(state="open").select_related("responsible", "organisation"):
        action_tell(action, "action_given", [action.responsible])


def _held(user: User, meeting: Meeting) -> Meeting:
    row = meeting_locked(meeting)
    require_recorder(user, row)
    if row.state != Meeting.State.HELD:
        raise Conflict("governance.meeting_state")
    return row


def _clean(typed: Typed) -> dict[str, str]:
    if any(len(text) > LONGEST for text in typed.values()):
        raise Invalid("governance.too_long", most=LONGEST)
    return {name: text.strip() for name, text in typed.items() if text.strip()}


def _signed(row: Meeting, version: Minutes) -> Signed:
    return Signed(row.organisation, SUBJECT, str(version.pk), version.sha256)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
