"""Who came: said by themselves from their own account, or by who keeps the minutes.  And holding the meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.governance.access import require_recorder
from yingheng.governance.models import Attendance, Meeting, MinutesDraft
from yingheng.governance.services.meetings import meeting_locked, meeting_record
from yingheng.governance.states import meeting_next
from yingheng.tenancy.models import User

State = Attendance.State
_COMING = (Meeting.State.CALLED, Meeting.State.HELD)


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of those invited are there, and how many must be."""

    present: int
    invited: int
    needed: int

    @property
    def met(self) -> bool:
        return self.present >= self.needed


def quorum_of(rows: Sequence[Attendance], percent: int) -> Quorum:
    """The quorum: a share of the invited, rounded up, and at least one."""
    needed = max(1, -(-len(rows) * percent // 100))
    return Quorum(sum(row.state == State.PRESENT for row in rows), len(rows), needed)


@transaction.atomic
def attendance_sign(*, user: User, meeting: Meeting) -> Attendance:
    """Say by one's own account that one is there; on the day of the meeting, or while its minutes are written."""
    row = _open(meeting)
    if row.state == Meeting.State.CALLED and local_day(row.organisation.zone) < row.day:
        raise Conflict("governance.too_early")
    mine = _mine(row, user)
    if mine.signed_at is None:
        mine.state, mine.reason, mine.signed_at = State.PRESENT, "", now()
        mine.save()
        meeting_record(user.actor, row, "attend", after={"state": mine.state})
    return mine


@transaction.atomic
def attendance_excuse(*, user: User, meeting: Meeting, reason: str) -> Attendance:
    """Say beforehand that one cannot come, and why."""
    row = _open(meeting)
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    mine = _mine(row, user)
    mine.state, mine.reason, mine.signed_at = State.EXCUSED, reason.strip()[:300], None
    mine.save()
    meeting_record(user.actor, row, "attend", after={"state": mine.state}, reason=mine.reason)
    return mine


@dataclass(frozen=True, slots=True)
class Roll:
    """What the recorder says of each: account -> (state, reason); `also` came without being invited."""

    marks: Mapping[str, tuple[str, str]]
    also: Sequence[User] = ()


@transaction.atomic
def attendance_put(*, user: User, meeting: Meeting, roll: Roll) -> Quorum:
    """Call the roll.  Who signed by their own account stays present."""
    row = _open(meeting)
    require_recorder(user, row)
    return _put(user, row, roll)


@transaction.atomic
def meeting_hold(*, user: User, meeting: Meeting, roll: Roll) -> Meeting:
    """The meeting takes place, with those who are there; Conflict where they are too few."""
    row = meeting_locked(meeting)
    require_recorder(user, row)
    after = meeting_next(row.state, "hold")
    if local_day(row.organisation.zone) < row.day:
        raise Conflict("governance.too_early")
    quorum = _put(user, row, roll)
    if not quorum.met:
        raise Conflict("governance.quorum", present=quorum.present, needed=quorum.needed)
    row.state, row.held_at = after, now()
    row.save(update_fields=["state", "held_at"])
    MinutesDraft.objects.get_or_create(meeting=row)
    meeting_record(user.actor, row, "hold", after={"present": quorum.present, "invited": quorum.invited})
    return row


def _put(user: User, row: Meeting, roll: Roll) -> Quorum:
    known = {str(one.user_id): one for one in row.attendances.select_related("user")}
    for person in roll.also:
        if str(person.pk) not in known:
            known[str(person.pk)] = Attendance.objects.create(meeting=row, user=person, state=State.PRESENT)
    changed = {}
    for pk, (state, reason) in roll.marks.items():
        one = known.get(pk)
        if one is None or one.signed_at is not None or (one.state, one.reason) == (state, reason.strip()):
            continue
        if state not in State.values or (state == State.EXCUSED and not reason.strip()):
            raise Invalid("governance.excuse_reason", who=str(one.user))
        one.state, one.reason = state, reason.strip()[:300] if state == State.EXCUSED else ""
        one.save(update_fields=["state", "reason"])
        changed[str(one.user)] = state
    if changed or roll.also:
        meeting_record(user.actor, row, "roll", after=changed | {str(one): "present" for one in roll.also})
    return quorum_of(list(known.values()), row.quorum)


def _open(meeting: Meeting) -> Meeting:
    row = meeting_locked(meeting)
    if row.state not in _COMING:
        raise Conflict("governance.meeting_state")
    return row


def _mine(row: Meeting, user: User) -> Attendance:
    found = Attendance.objects.select_for_update(no_key=True).filter(meeting=row, user=user).first()
    if found is None:
        raise NotFound("governance.not_invited")
    return found
