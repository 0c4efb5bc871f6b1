"""Planning a meeting, putting it off, calling it, holding it, cancelling it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Invalid
from yingheng.governance.access import require_planner
from yingheng.governance.models import AgendaItem, Attendance, Kind, Meeting, MeetingSeries
from yingheng.governance.periods import period_before
from yingheng.governance.services.agenda import agenda_carry, agenda_figures
from yingheng.governance.services.counting import meeting_cell, meeting_count
from yingheng.governance.services.telling import invited, meeting_tell
from yingheng.governance.states import AHEAD, meeting_next
from yingheng.schedule.models import Due
from yingheng.tenancy.models import Organisation, User

State = Meeting.State
_LONGEST = 24 * 60
_TOLD = ("day", "starts", "duration", "place")  # what calendars of people hold
_EDITED = ("title", "kind", "day", "starts", "duration", "place", "chair", "recorder", "quorum", "first_day",
           "last_day")  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeetingFields:
    """What a person says of a meeting.  Without a period it looks back on the month before."""

    title: str
    day: dt.date
    starts: dt.time
    chair: User
    recorder: User
    kind: str = Kind.QUALITY
    duration: int = 60
    place: str = ""
    quorum: int = 50
    people: Sequence[User] = ()
    period: tuple[dt.date, dt.date] | None = None

    def columns(self) -> dict[str, Any]:
        first, last = self.period or period_before(self.day)
        plain = ("day", "starts", "duration", "chair", "recorder", "kind", "quorum")
        return {name: getattr(self, name) for name in plain} | {
            "title": self.title.strip(), "place": self.place.strip(), "first_day": first, "last_day": last,
        }  # fmt: skip


@transaction.atomic
def meeting_plan(*, user: User, organisation: Organisation, fields: MeetingFields, topics: Sequence[str] = (),
                 is_demo: bool = False) -> Meeting:  # fmt: skip
    """Plan a meeting outside of any series."""
    require_planner(user, organisation)
    _require(fields)
    if fields.day < local_day(organisation.zone):
        raise Invalid("governance.day_past")
    agenda = [{"title": topic, "fact": ""} for topic in topics]
    return meeting_make(actor=user.actor, organisation=organisation, fields=fields, agenda=agenda, is_demo=is_demo)


def meeting_make(
    *,
    actor: Actor | None,
    organisation: Organisation,
    fields: MeetingFields,
    agenda: Iterable[dict[str, str]],
    series: MeetingSeries | None = None,
    due: Due | None = None,
    is_demo: bool = False,
) -> Meeting:
    """The rows of a new meeting, counted as planned; for services that have looked at everything."""
    row = Meeting.objects.create(
        organisation=organisation, series=series, due=due, planned_day=due.day if due else fields.day,
        is_demo=is_demo, created_by_name=actor.name if actor else "", created_at=now(), **fields.columns(),
    )  # fmt: skip
    AgendaItem.objects.bulk_create(
        AgendaItem(meeting=row, position=n, title=one["title"][:200], fact=one.get("fact", ""))
        for n, one in enumerate(agenda, start=1)
    )
    _invite(row, fields.people)
    meeting_count(None, meeting_cell(row))
    meeting_record(actor, row, "plan", after={"title": row.title, "day": row.day})
    return row


@transaction.atomic
def meeting_change(*, user: User, meeting: Meeting, fields: MeetingFields) -> Meeting:
    """Say otherwise when, where and with whom; those who were called already are told of a new time or place."""
    row = meeting_locked(meeting)
    require_planner(user, row.organisation)
    if row.state not in AHEAD:
        meeting_next(row.state, "call")  # Conflict: it was held or cancelled
    _require(fields)
    columns = fields.columns()
    before = {name: str(getattr(row, name)) for name in _EDITED}
    told = [getattr(row, name) for name in _TOLD]
    cell = meeting_cell(row)
    for name, value in columns.items():
        setattr(row, name, value)
    if row.series_id is None:
        row.planned_day = row.day
    moved = told != [getattr(row, name) for name in _TOLD]
    row.sequence += int(moved and row.state == State.CALLED)
    row.save()
    meeting_count(cell, meeting_cell(row))
    fresh = _invite(row, fields.people)
    if row.state == State.CALLED:
        people = invited(row)
        if moved:
            meeting_tell(row, "moved", people, once=row.sequence)
        elif fresh:
            meeting_tell(row, "called", people)
    after = {name: str(getattr(row, name)) for name in _EDITED}
    changed = {name for name in _EDITED if before[name] != after[name]}
    meeting_record(
        user.actor, row, "change", before={n: before[n] for n in changed}, after={n: after[n] for n in changed}
    )
    return row


@transaction.atomic
def meeting_call(*, user: User, meeting: Meeting) -> Meeting:
    """Call the meeting: its figures are taken, open action items come onto the agenda, everybody is invited."""
    row = meeting_locked(meeting)
    require_planner(user, row.organisation)
    row.state = meeting_next(row.state, "call")
    if not row.attendances.exists():
        raise Invalid("governance.nobody_invited")
    agenda_carry(row)
    if not row.items.exists():
        raise Invalid("governance.agenda_empty")
    agenda_figures(row)
    row.called_at = now()
    row.save()
    meeting_tell(row, "called", invited(row))
    meeting_record(user.actor, row, "call", after={"people": row.attendances.count()})
    return row


@transaction.atomic
def meeting_cancel(*, user: User, meeting: Meeting, reason: str) -> Meeting:
    """Cancel a meeting, with the reason; it stays in the list."""
    row = meeting_locked(meeting)
    require_planner(user, row.organisation)
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    was, cell = row.state, meeting_cell(row)
    row.state = meeting_next(row.state, "cancel")
    row.cancelled_at, row.cancelled_reason, row.sequence = now(), reason.strip(), row.sequence + 1
    row.save()
    meeting_count(cell, meeting_cell(row))
    if was == State.CALLED:
        meeting_tell(row, "cancelled", invited(row), reason=row.cancelled_reason)
    meeting_record(user.actor, row, "cancel", reason=row.cancelled_reason)
    return row


def meeting_locked(meeting: Meeting) -> Meeting:
    """The row of a meeting, for this transaction alone."""
    rows = Meeting.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("organisation", "chair", "recorder", "series__plan", "due").get(pk=meeting.pk)


def meeting_record(actor: Actor | None, row: Meeting, verb: str, **more: Any) -> None:
    """One entry of the audit trail."""
    audit.record(
        actor=actor, action=f"meeting.{verb}", subject=f"meeting:{row.pk}", scope=row.organisation.path, **more
    )


def _invite(row: Meeting, people: Iterable[User]) -> int:
    """Ask these people, the leader and the recorder to come, and nobody else; how many are new."""
    wanted = {user.pk for user in people} | {row.chair_id, row.recorder_id}
    row.attendances.exclude(user__in=wanted).delete()
    known = set(row.attendances.values_list("user_id", flat=True))
    fresh = [Attendance(meeting=row, user_id=pk) for pk in sorted(wanted - known)]
    return len(Attendance.objects.bulk_create(fresh, ignore_conflicts=True))


def next_position(row: Meeting) -> int:
    """The place after the last topic."""
    return (row.items.aggregate(n=Max("position"))["n"] or 0) + 1


def _require(fields: MeetingFields) -> None:
    if not fields.title.strip():
        raise Invalid("governance.title_missing")
    if fields.kind not in Kind.values or not 5 <= fields.duration <= _LONGEST or not 0 <= fields.quorum <= 100:
        raise Invalid("governance.fields")
    if fields.period and fields.period[0] > fields.period[1]:
        raise Invalid("governance.period")
