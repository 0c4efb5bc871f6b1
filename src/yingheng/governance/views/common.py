"""What the pages of meetings share."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.audit.selectors import subject_entries
from yingheng.common.errors import NotAllowed
from yingheng.common.ui.parts import Link, Tab, Tag, TimelineEntry
from yingheng.governance.access import Eyes, eyes_of
from yingheng.governance.models import Action, Attendance, Meeting
from yingheng.governance.selectors import is_missed, meeting_seen
from yingheng.tenancy.access import memberships_of
from yingheng.tenancy.deeds import deed
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

_HISTORY = 20
_TONES = {
    "planned": ("neutral", "calendar"), "called": ("accent", "mail"), "held": ("human", "pencil"),
    "recorded": ("human", "signature"), "signed": ("pass", "check"), "cancelled": ("none", "calendar-off"),
}  # fmt: skip
_ACTION_TONES = {
    "open": ("accent", "clipboard-list"), "done": ("human", "eye-check"), "verified": ("pass", "check"),
    "dropped": ("none", "ban"),
}  # fmt: skip
_PRESENCE = {
    "invited": ("neutral", "mail"), "present": ("pass", "check"), "excused": ("human", "user-off"),
    "absent": ("fail", "x"),
}  # fmt: skip


def eyes(request: HttpRequest) -> Eyes:
    """The requester's eyes, read once a request."""
    if not hasattr(request, "_meeting_eyes"):
        request._meeting_eyes = eyes_of(request.user, memberships_of(request))  # noqa: SLF001
    return request._meeting_eyes  # noqa: SLF001


def meeting_of(request: HttpRequest, meeting_id: UUID) -> Meeting:
    """A meeting that the requester sees; the page is marked where it is made up."""
    row = meeting_seen(eyes(request), meeting_id)
    request.demo = row.is_demo
    return row


def require_may(allowed: object) -> None:
    """NotAllowed unless so."""
    if not allowed:
        raise NotAllowed("governance.not_yours")


def crumbs(*more: Link) -> list[Link]:
    return [Link(_("Meetings"), reverse("governance:meetings")), *more]


def meeting_link(row: Meeting) -> Link:
    return Link(meeting_name(row), reverse("governance:meeting", args=[row.pk]))


def meeting_name(row: Meeting) -> str:
    return f"{row.title} {row.day.isoformat()}"


def state_tag(row: Meeting) -> Tag:
    """Where a meeting stands; one whose day passed without it says so."""
    if is_missed(row):
        return Tag(pgettext("meeting", "not held"), "fail", "alert-triangle")
    tone, icon = _TONES[row.state]
    return Tag(str(row.get_state_display()), tone, icon)  # type: ignore[arg-type]


def action_tag(row: Action, *, overdue: bool) -> Tag:
    """Where an action item stands."""
    if overdue:
        return Tag(_("overdue"), "fail", "clock")
    tone, icon = _ACTION_TONES[row.state]
    return Tag(str(row.get_state_display()), tone, icon)  # type: ignore[arg-type]


def presence_tag(row: Attendance) -> Tag:
    tone, icon = _PRESENCE[row.state]
    return Tag(str(row.get_state_display()), tone, icon)  # type: ignore[arg-type]


def tabs(request: HttpRequest, current: str, counts: dict[str, int] | None = None) -> list[Tab]:
    """The pages of meetings side by side."""
    told = counts or {}
    names = [
        ("ahead", _("Planned"), reverse("governance:meetings")),
        ("minutes", _("Minutes open"), reverse("governance:meetings") + "?show=minutes"),
        ("held", pgettext("meetings", "Held"), reverse("governance:meetings") + "?show=held"),
        ("actions", _("Action items"), reverse("governance:actions")),
        ("series", pgettext("meeting", "Series"), reverse("governance:series_list")),
        ("attendance", pgettext("meeting", "Attendance"), reverse("governance:attendance")),
    ]
    if any(path not in eyes(request).own for path in eyes(request).scope.paths) or _leads_region(request):
        names.append(("hospitals", _("Hospitals"), reverse("governance:hospitals")))
    return [Tab(label, url, told.get(key), key == current) for key, label, url in names]


def _leads_region(request: HttpRequest) -> bool:
    kinds = {Organisation.Kind.HOSPITAL, Organisation.Kind.DEPARTMENT}
    return any(row.organisation.kind not in kinds for row in memberships_of(request))


def history(organisation: Organisation, subject: str) -> list[TimelineEntry]:
    """What people did with a meeting or an action item."""
    entries = subject_entries(Scope.of_organisation(organisation), subject, limit=_HISTORY)
    return [
        TimelineEntry(
            entry.at, deed(entry.action), who=entry.actor_name or _("the platform"), kind="decision",
            kind_label=_("decision"), detail=entry.reason,
        )
        for entry in entries
    ]  # fmt: skip
