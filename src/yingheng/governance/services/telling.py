"""Telling the people of a meeting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from yingheng.governance.models import Action, Attendance, Meeting
from yingheng.notify.services import notify
from yingheng.tenancy.models import User


def invited(meeting: Meeting) -> list[User]:
    """Everybody who was asked to come, and who leads and records it."""
    people = {row.user_id: row.user for row in Attendance.objects.filter(meeting=meeting).select_related("user")}
    return list((people | {meeting.chair_id: meeting.chair, meeting.recorder_id: meeting.recorder}).values())


def meeting_tell(meeting: Meeting, what: str, people: Iterable[User], *, once: object = "", **params: Any) -> None:
    """One message about a meeting; `once` tells matters of one kind apart."""
    notify(
        key=f"meeting.{what}:{meeting.pk}:{once}",
        kind=f"meeting.{what}",
        params={"title": meeting.title, "day": meeting.day.isoformat(), "time": f"{meeting.starts:%H:%M}"}
        | {"place": meeting.place or "—"}
        | params,
        recipients=people,
        scope=meeting.organisation.path,
        subject=f"meeting:{meeting.pk}",
        link=reverse("governance:meeting", args=[meeting.pk]),
    )


def action_tell(action: Action, what: str, people: Iterable[User], *, once: object = "") -> None:
    """One message about an action item."""
    notify(
        key=f"meeting.{what}:{action.pk}:{once}",
        kind=f"meeting.{what}",
        params={"text": action.text, "due": action.due_on.isoformat(), "who": str(action.responsible)},
        recipients=people,
        scope=action.organisation.path,
        subject=f"meeting_action:{action.pk}",
        link=reverse("governance:action", args=[action.pk]),
    )
