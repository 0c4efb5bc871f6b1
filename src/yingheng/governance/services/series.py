"""Meetings that come round: their plan in the calendar, and each meeting as its due opens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.governance.access import require_planner
from yingheng.governance.models import Kind, Meeting, MeetingSeries
from yingheng.governance.periods import RHYTHMS, period_before
from yingheng.governance.services.counting import meeting_cell, meeting_count
from yingheng.governance.services.meetings import MeetingFields, meeting_make, meeting_record
from yingheng.schedule.kinds import Ref
from yingheng.schedule.models import Due
from yingheng.schedule.services import PlanFields, plan_change, plan_create, plan_end
from yingheng.tenancy.models import Organisation, User

SUBJECT, PLAN_KIND = "meeting_series", "meeting"
GRACE_DAYS = 7  # from the day of the meeting until its minutes must be signed
LATE_DAYS = 7  # overdue for so long, those above are told
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class SeriesFields:
    """What a person says of a series.  `agenda`: [{"title", "fact"}] of every meeting."""

    name: str
    kind: str
    rhythm: str
    first_date: dt.date
    starts: dt.time
    chair: User
    recorder: User
    members: Sequence[User] = ()
    duration: int = 60
    place: str = ""
    agenda: Sequence[dict[str, str]] = field(default_factory=tuple)
    quorum: int = 50
    lead_days: int = 7

    def columns(self) -> dict[str, Any]:
        plain = ("kind", "starts", "chair", "recorder", "duration", "quorum")
        return {name: getattr(self, name) for name in plain} | {
            "name": self.name.strip(), "place": self.place.strip(), "agenda": list(self.agenda)
        }  # fmt: skip

    def plan(self, organisation: Organisation) -> PlanFields:
        unit, every, _label = RHYTHMS[self.rhythm]
        above = "head" if organisation.kind == Organisation.Kind.HOSPITAL else "regional_centre"
        return PlanFields(
            title=self.name, first_date=self.first_date, unit=unit, every=every, owner=self.recorder,
            lead_days=self.lead_days, grace_days=GRACE_DAYS, escalation=[(LATE_DAYS, above)],
        )  # fmt: skip


@transaction.atomic
def series_create(
    *, user: User, organisation: Organisation, fields: SeriesFields, is_demo: bool = False
) -> MeetingSeries:
    """Begin a series; what falls due already is planned at once."""
    require_planner(user, organisation)
    _require(fields)
    row = MeetingSeries(
        organisation=organisation, is_demo=is_demo, created_by_name=user.actor.name, created_at=now(), is_active=False,
        **fields.columns(),
    )  # fmt: skip
    row.save(force_insert=True)  # the plan names the series, and an active series its plan
    row.plan = plan_create(
        actor=user.actor, hospital=organisation, subject=Ref(SUBJECT, row.pk), kind=PLAN_KIND,
        fields=fields.plan(organisation),
    )  # fmt: skip
    row.is_active = True
    _save(row)
    row.members.set(fields.members)
    _record(user, row, "create", after={"name": row.name, "rhythm": fields.rhythm})
    _meetings_of(row)
    return row


@transaction.atomic
def series_change(*, user: User, series: MeetingSeries, fields: SeriesFields) -> MeetingSeries:
    """Change a series.  Where its days change, meetings ahead that nobody was called to are planned anew."""
    row = _locked(series)
    require_planner(user, row.organisation)
    _require(fields)
    for name, value in fields.columns().items():
        setattr(row, name, value)
    _save(row)
    row.members.set(fields.members)
    plan = row.plan
    wanted = fields.plan(row.organisation)
    if plan is not None and _differs(plan, wanted):
        _uncalled_remove(user, row, "计划变更 · the plan was changed", after=local_day(row.organisation.zone))
        plan_change(actor=user.actor, plan=plan, fields=wanted)
        _meetings_of(row)
    _record(user, row, "change", after={"name": row.name, "rhythm": fields.rhythm})
    return row


@transaction.atomic
def series_end(*, user: User, series: MeetingSeries, reason: str) -> MeetingSeries:
    """No more of these meetings.  Those nobody was called to yet go; all others stay."""
    row = _locked(series)
    require_planner(user, row.organisation)
    if not reason.strip():
        raise Invalid("governance.reason_missing")
    _uncalled_remove(user, row, reason.strip())
    if row.plan is not None and row.plan.active:
        plan_end(actor=user.actor, plan=row.plan, reason=reason)
    row.is_active = False
    row.save(update_fields=["is_active"])
    _record(user, row, "end", reason=reason.strip())
    return row


def _uncalled_remove(user: User, series: MeetingSeries, reason: str, *, after: dt.date | None = None) -> None:
    """Take away planned meetings that nobody was called to; with `after` only those of later days."""
    rows = series.meetings.filter(state=Meeting.State.PLANNED).select_related("organisation")
    for meeting in rows.filter(planned_day__gt=after) if after else rows:
        meeting_count(meeting_cell(meeting), None)
        meeting_record(user.actor, meeting, "remove", after={"day": meeting.day}, reason=reason)
        meeting.delete()


def meetings_due() -> int:
    """Chore: plan the meetings of all series whose dues have opened; returns how many are new."""
    made = 0
    for row in MeetingSeries.objects.filter(is_active=True).order_by("pk"):
        with transaction.atomic():
            made += _meetings_of(_locked(row))
    return made


def _meetings_of(series: MeetingSeries) -> int:
    """The meetings of the dues that are open and have none yet; one each, however often this is asked.

    One whose time has passed meanwhile is made all the same: that it was not held is to be seen.
    """
    today, begun = (local_day(series.organisation.zone, at) for at in (None, series.created_at))
    rows = Due.objects.filter(plan=series.plan_id, state=Due.State.OPEN, opens_on__lte=today)
    # A plan that was changed has other dues for the same days: their meetings stay theirs.
    for due in rows.filter(day__in=series.meetings.filter(due=None).values("planned_day")):
        series.meetings.filter(due=None, planned_day=due.day).update(due=due)
    known = set(series.meetings.filter(due__isnull=False).values_list("due_id", flat=True))
    plan = series.plan
    new = [
        due
        for due in rows.order_by("day")[:AT_ONCE]
        if due.pk not in known and (due.day >= begun or not due.is_missed(today))
    ]
    people = list(series.members.all()) if new else []
    for due in new:
        fields = MeetingFields(
            title=series.name, day=due.day, starts=series.starts, chair=series.chair, recorder=series.recorder,
            kind=series.kind, duration=series.duration, place=series.place, quorum=series.quorum, people=people,
            period=period_before(due.day, plan.unit, plan.every) if plan else None,
        )  # fmt: skip
        meeting_make(
            actor=None, organisation=series.organisation, fields=fields, agenda=series.agenda, series=series, due=due,
            is_demo=series.is_demo,
        )  # fmt: skip
    return len(new)


def _differs(plan: Any, wanted: PlanFields) -> bool:
    columns = wanted.columns()
    return any(getattr(plan, name) != value for name, value in columns.items())


def _save(row: MeetingSeries) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as exc:
        raise Conflict("governance.series_named") from exc


def _locked(series: MeetingSeries) -> MeetingSeries:
    rows = MeetingSeries.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("organisation", "plan__hospital", "plan__owner", "chair", "recorder").get(pk=series.pk)
    if not row.is_active:
        raise Conflict("governance.series_ended")
    return row


def _require(fields: SeriesFields) -> None:
    if not fields.name.strip():
        raise Invalid("governance.title_missing")
    known = fields.kind in Kind.values and fields.rhythm in RHYTHMS
    if not known or not 5 <= fields.duration <= 1440 or not 0 <= fields.quorum <= 100:
        raise Invalid("governance.fields")


def _record(user: User, row: MeetingSeries, verb: str, **more: Any) -> None:
    audit.record(
        actor=user.actor, action=f"meeting_series.{verb}", subject=f"meeting_series:{row.pk}",
        scope=row.organisation.path, **more,
    )  # fmt: skip
