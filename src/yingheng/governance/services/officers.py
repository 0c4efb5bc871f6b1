"""Who led a held meeting and who keeps its minutes: put right, with the reason, until the minutes are signed."""

from __future__ import annotations

from django.db import transaction

from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.governance.access import eyes_of, require_recorder
from yingheng.governance.models import Attendance, Meeting, MinutesDraft, OfficerChange
from yingheng.governance.services.meetings import meeting_locked, meeting_record
from yingheng.governance.services.telling import meeting_tell
from yingheng.governance.states import meeting_next
from yingheng.tenancy.models import User

State = Meeting.State
_OPEN = (State.HELD, State.RECORDED)


def officers_open(meeting: Meeting) -> bool:
    """Whether chair and recorder of a meeting may still be put right: it was held, and nobody signed for it yet."""
    return meeting.state in _OPEN and meeting.signed_at is None


@transaction.atomic
def officers_correct(*, user: User, meeting: Meeting, chair: User, recorder: User, reason: str) -> Meeting:
    """Say who really led a held meeting and who keeps its minutes.

    Minutes that were recorded but not signed name the wrong person: they are to be written anew, what was recorded
    stays as a version.  Conflict once the minutes are signed; Invalid without a reason, when nothing is different, and
    for a chair who was not there.
    """
    row = meeting_locked(meeting)
    if not eyes_of(user).may_plan(row.organisation):
        require_recorder(user, row)
    if not officers_open(row):
        raise Conflict("governance.officers_signed" if row.signed_at else "governance.meeting_state")
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    changes = _changes(row, {"chair": chair, "recorder": recorder}, user, reason.strip())
    if not changes:
        raise Invalid("governance.officers_same")
    for one in changes:
        setattr(row, one.office, one.after)
    OfficerChange.objects.bulk_create(changes)
    if row.state == State.RECORDED:
        row.state = meeting_next(row.state, "correct")
        MinutesDraft.objects.filter(meeting=row).update(reason=reason.strip())
    row.save(update_fields=["chair", "recorder", "state"])
    _record(user, row, changes)
    meeting_tell(row, "officer", [one.after for one in changes if one.after.pk != user.pk], once=changes[-1].pk,
                 reason=reason.strip())  # fmt: skip
    return row


def _changes(row: Meeting, wanted: dict[str, User], user: User, reason: str) -> list[OfficerChange]:
    """What is different; the new chair must have been there."""
    found = []
    for office, after in wanted.items():
        before: User = getattr(row, office)
        if after.pk == before.pk:
            continue
        present = Attendance.objects.filter(meeting=row, user=after, state=Attendance.State.PRESENT)
        if office == OfficerChange.Office.CHAIR and not present.exists():
            raise Invalid("governance.officer_absent", who=str(after))
        found.append(
            OfficerChange(meeting=row, office=office, before=before, after=after, before_name=str(before),
                          after_name=str(after), reason=reason, made_by_id=user.actor.id,
                          made_by_name=user.actor.name, made_at=now())
        )  # fmt: skip
    return found


def _record(user: User, row: Meeting, changes: list[OfficerChange]) -> None:
    before = {one.office: one.before_name for one in changes}
    after = {one.office: one.after_name for one in changes}
    meeting_record(user.actor, row, "officers", before=before, after=after, reason=changes[0].reason)
