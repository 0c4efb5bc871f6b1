"""What is told as time passes: a meeting of tomorrow, minutes that are missing or unsigned, action items overdue.

Days are local days of the organisation.  The key of a message names the matter and its day: each is told once.
"""

from __future__ import annotations

import datetime as dt

from yingheng.common.clock import local_day, now
from yingheng.governance.models import Action, Meeting
from yingheng.governance.services.telling import action_tell, invited, meeting_tell

MINUTES_DAYS = 3  # after the meeting until minutes are asked for
AT_ONCE = 200
WITHIN = dt.timedelta(days=60)  # what is older was told long ago
_AHEAD = dt.timedelta(days=2)  # somewhere it is tomorrow already


def meetings_tell() -> int:
    """Chore: tell what has come up; returns how many matters that are."""
    return tomorrow_tell() + minutes_tell() + actions_tell()


def tomorrow_tell() -> int:
    """The day before, everybody who was called and has not excused themselves."""
    today = now().date()
    rows = Meeting.objects.filter(state=Meeting.State.CALLED, day__range=(today - _AHEAD, today + _AHEAD))
    told = 0
    for row in rows.select_related("organisation", "chair", "recorder").order_by("day", "pk")[:AT_ONCE]:
        ahead = (row.day - local_day(row.organisation.zone)).days
        if not 0 <= ahead <= 1:
            continue
        told += 1
        away = set(row.attendances.filter(state="excused").values_list("user_id", flat=True))
        meeting_tell(row, "soon", [one for one in invited(row) if one.pk not in away], once=row.day)
    return told


def minutes_tell() -> int:
    """The recorder where minutes are not written, the chair where they are not signed."""
    waiting = (Meeting.State.HELD, Meeting.State.RECORDED)
    rows = Meeting.objects.filter(state__in=waiting, signed_at=None, day__gte=now().date() - WITHIN)
    told = 0
    for row in rows.select_related("organisation", "chair", "recorder").order_by("day", "pk")[:AT_ONCE]:
        if (local_day(row.organisation.zone) - row.day).days <= MINUTES_DAYS:
            continue
        told += 1
        if row.state == Meeting.State.HELD:
            meeting_tell(row, "minutes_missing", {row.recorder, row.chair})
        else:
            meeting_tell(row, "sign", [row.chair], once=f"{row.version}:late")
    return told


def actions_tell() -> int:
    """Who is responsible, and who led and recorded the meeting, once the day has passed."""
    today = now().date()
    rows = Action.objects.filter(state=Action.State.OPEN, due_on__range=(today - WITHIN, today + _AHEAD))
    related = ("organisation", "responsible", "meeting__chair", "meeting__recorder")
    told = 0
    for row in rows.select_related(*related).order_by("due_on", "pk")[:AT_ONCE]:
        if not row.is_overdue(local_day(row.organisation.zone)):
            continue
        told += 1
        people = {row.responsible, row.meeting.chair, row.meeting.recorder}
        action_tell(row, "action_overdue", people, once=row.due_on)
    return told
