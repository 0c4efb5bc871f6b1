"""Reading meetings.  Each function says whose eyes it is for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from yingheng.common.clock import local_day
from yingheng.common.rows import row_or_not_found
from yingheng.governance.access import Eyes
from yingheng.governance.models import Action, Attendance, Meeting, MeetingSeries, Minutes
from yingheng.governance.states import INDICATOR
from yingheng.rollups.selectors import CellSum, cell_sums
from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.permissions import MEETING_RECORD, MEETING_VIEW
from yingheng.tenancy.roles import roles_with
from yingheng.tenancy.scope import Scope

State = Meeting.State
#: tab of the list -> states
WHICH: dict[str, tuple[str, ...]] = {
    "ahead": (State.PLANNED, State.CALLED),
    "minutes": (State.HELD, State.RECORDED),
    "held": (State.SIGNED,),
    "cancelled": (State.CANCELLED,),
}
ACTIONS: dict[str, tuple[str, ...]] = {
    "open": ("open",), "verify": ("done",), "closed": ("verified", "dropped"),
}  # fmt: skip


def meetings_seen(eyes: Eyes) -> QuerySet[Meeting]:
    """Meetings of the person's own organisations, and those they were invited to, lead or record."""
    mine = Meeting.objects.filter(attendances__user=eyes.user).values("pk")
    wanted = Q(organisation__path__in=eyes.own) | Q(pk__in=mine) | Q(chair=eyes.user) | Q(recorder=eyes.user)
    rows = Meeting.objects.filter(wanted)
    return rows.select_related("organisation", "chair", "recorder", "series__plan", "due")


def meeting_seen(eyes: Eyes, meeting_id: UUID | str) -> Meeting:
    """One of `meetings_seen`; NotFound for any other."""
    return row_or_not_found(meetings_seen(eyes), meeting_id, "governance.meeting_unknown")


def meeting_counts(eyes: Eyes) -> dict[str, int]:
    """How many meetings there are under each tab of the list.  One query."""
    rows = meetings_seen(eyes).order_by().select_related(None)
    return rows.aggregate(**{name: Count("pk", filter=Q(state__in=states)) for name, states in WHICH.items()})


def series_seen(eyes: Eyes) -> QuerySet[MeetingSeries]:
    """Series of the person's own organisations."""
    rows = MeetingSeries.objects.filter(organisation__path__in=eyes.own)
    return rows.select_related("organisation", "plan", "chair", "recorder")


def series_get(eyes: Eyes, series_id: UUID | str) -> MeetingSeries:
    """One of `series_seen`; NotFound for any other."""
    return row_or_not_found(series_seen(eyes), series_id, "governance.series_unknown")


def actions_seen(eyes: Eyes) -> QuerySet[Action]:
    """Action items of the person's own organisations and of meetings they took part in, and those that are theirs."""
    mine = Meeting.objects.filter(attendances__user=eyes.user).values("pk")
    wanted = Q(organisation__path__in=eyes.own) | Q(responsible=eyes.user) | Q(meeting__in=mine)
    rows = Action.objects.filter(wanted)
    return rows.select_related("organisation", "meeting__organisation", "responsible", "done_by", "closed_by", "item")


def action_seen(eyes: Eyes, action_id: UUID | str) -> Action:
    """One of `actions_seen`; NotFound for any other."""
    return row_or_not_found(actions_seen(eyes), action_id, "governance.action_unknown")


def action_counts(eyes: Eyes) -> dict[str, int]:
    """How many action items there are under each tab.  One query."""
    rows = actions_seen(eyes).order_by().select_related(None)
    found = {name: Count("pk", filter=Q(state__in=states)) for name, states in ACTIONS.items()}
    return rows.aggregate(mine=Count("pk", filter=Q(responsible=eyes.user, state="open")), **found)


def attendances_of(meeting: Meeting) -> list[Attendance]:
    """Who was asked to come, by name."""
    return list(meeting.attendances.select_related("user").order_by("user__display_name", "pk"))


def minutes_of(meeting: Meeting) -> list[Minutes]:
    """The versions of the minutes, newest first."""
    return list(Minutes.objects.filter(meeting=meeting).order_by("-version"))


def actions_left(rows: list[str]) -> dict[str, Action]:
    """What became of action items named on an agenda, by id."""
    return {str(row.pk): row for row in Action.objects.filter(pk__in=rows).select_related("responsible")}


def is_missed(row: Meeting, today: dt.date | None = None) -> bool:
    """Whether its day has passed and it was not held."""
    return row.state in WHICH["ahead"] and row.day < (today or local_day(row.organisation.zone))


def held_by_hospital(scope: Scope, first: dt.date, last: dt.date) -> list[CellSum]:
    """By hospital and month: how many meetings were planned, how many held with signed minutes.  One query."""
    return cell_sums(scope, indicator=INDICATOR, first=first, last=last, by=("hospital", "day"))


@dataclass(frozen=True, slots=True)
class Came:
    """How often somebody was at the meetings they were asked to; `absent` counts those of whom nothing was noted too.

    `last` is the day on which they were last there.
    """

    pk: str
    name: str
    asked: int
    present: int
    excused: int
    last: dt.date | None

    @property
    def absent(self) -> int:
        return self.asked - self.present - self.excused


def who_came(organisation: Organisation, year: int, *, kind: str = "", of: User | None = None) -> list[Came]:
    """By person, at the held meetings of an organisation in a year (of one `kind`, one person), by name.  One query."""
    rows = Attendance.objects.filter(
        meeting__organisation=organisation, meeting__held_at__isnull=False,
        meeting__day__range=(dt.date(year, 1, 1), dt.date(year, 12, 31)),
    ).order_by()  # fmt: skip
    rows = rows.filter(meeting__kind=kind) if kind else rows
    rows = rows.filter(user=of) if of is not None else rows
    there = Q(state=Attendance.State.PRESENT)
    told = rows.values("user_id", "user__display_name", "user__username").annotate(
        asked=Count("pk"),
        present=Count("pk", filter=there),
        excused=Count("pk", filter=Q(state=Attendance.State.EXCUSED)),
        last=Max("meeting__day", filter=there),
    )
    found = [
        Came(str(one["user_id"]), one["user__display_name"] or one["user__username"], one["asked"], one["present"],
             one["excused"], one["last"])
        for one in told
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.name, one.pk))


def organisations_of(paths: frozenset[str]) -> list[Organisation]:
    """The organisations at these paths, by path."""
    return list(Organisation.objects.filter(path__in=paths).order_by("path"))


def people_of(organisation: Organisation) -> list[User]:
    """Everybody who may be invited: those who see meetings there; for a region also who calls them in its hospitals."""
    here = Q(organisation=organisation) | Q(organisation__kind="department", organisation__parent=organisation)
    wanted = here & Q(role__in=roles_with(MEETING_VIEW))
    if organisation.kind not in {"hospital", "department"}:
        wanted |= Q(organisation__path__startswith=organisation.path, role__in=roles_with(MEETING_RECORD))
    held = Membership.objects.filter(wanted, revoked_at=None)
    rows = User.objects.filter(pk__in=held.values("user"), is_active=True, is_machine=False)
    return list(rows.order_by("display_name", "username")[:500])
