"""One meeting: agenda with figures, who comes, minutes, action items, files."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Alert, Fact, Lines, Tag, Timeline, When
from yingheng.documents.models import ReportOrder
from yingheng.documents.selectors import report_order_list
from yingheng.documents.services import report_ask
from yingheng.documents.views.files import download
from yingheng.governance.ics import meeting_ics
from yingheng.governance.models import Attendance, Meeting, Minutes
from yingheng.governance.reporting import BUILDER
from yingheng.governance.selectors import attendances_of, is_missed, minutes_of
from yingheng.governance.services.attending import quorum_of
from yingheng.governance.services.officers import officers_open
from yingheng.governance.states import AHEAD
from yingheng.governance.views import parts
from yingheng.governance.views.common import crumbs, eyes, history, meeting_of, state_tag
from yingheng.governance.views.officers import officer_sections
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MEETING_VIEW
from yingheng.tenancy.scope import Scope

State = Meeting.State
_Kind = Literal["primary", "secondary", "danger", "quiet"]
_ENDINGS, _LANGUAGES = ("pdf", "docx", "xlsx"), ("zh", "en")


@page(MEETING_VIEW)
@require_safe
def meeting(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """All of one meeting."""
    row = meeting_of(request, meeting_id)
    people, versions = attendances_of(row), minutes_of(row)
    orders = list(report_order_list(Scope.of_organisation(row.organisation), builder=BUILDER, subject_id=str(row.pk)))
    return ThingPage(
        title=row.title,
        purpose=" · ".join((str(row.get_kind_display()), row.organisation.name)),
        kind=_("Meeting"),
        crumbs=crumbs(),
        state=state_tag(row),
        tags=[Tag(_("series: %(name)s") % {"name": row.series.name}, "neutral", "repeat")] if row.series else [],
        facts=_facts(row, people),
        alerts=[*_alerts(request, row, people, versions), *_order_alerts(orders)],
        actions=_actions(request, row, people),
        sections=[
            *parts.agenda_sections(row, versions, may=eyes(request).may_plan(row.organisation) and row.state in AHEAD),
            *parts.text_sections(versions),
            *parts.action_sections(request, row),
            parts.attendance_section(row, people),
            *officer_sections(row),
            *parts.version_sections(row, versions, orders),
        ],
        timeline=Timeline(history(row.organisation, f"meeting:{row.pk}")),
    ).response(request)


def _facts(row: Meeting, people: list[Attendance]) -> list[Fact]:
    quorum = quorum_of(people, row.quorum)
    came = row.held_at is not None
    told = f"{quorum.present} / {quorum.invited}" if came else str(quorum.invited)
    return [
        Fact(_("When"), Lines(When(row.day), f"{row.starts:%H:%M} – {row.ends_at:%H:%M}"), row.place),
        Fact(pgettext("meeting", "Chair"), str(row.chair)),
        Fact(pgettext("meeting", "Recorder"), str(row.recorder)),
        Fact(_("Present") if came else _("Invited"), told, _("quorum %(n)s") % {"n": quorum.needed}),
    ]


def _alerts(request: HttpRequest, row: Meeting, people: list[Attendance], versions: list[Minutes]) -> list[Alert]:
    found = []
    if is_missed(row):
        found.append(Alert(_("Its day has passed. Hold it, put it off, or cancel it with the reason."), "fail"))
    if row.state == State.CANCELLED:
        found.append(Alert(row.cancelled_reason, "neutral", _("Cancelled")))
    if row.state == State.HELD and versions:
        told = _("Version %(n)s stands until the corrected minutes are signed.") % {"n": versions[0].version}
        found.append(Alert(told, "human", _("The minutes are being corrected")))
    if row.state == State.RECORDED:
        told = _("%(who)s has yet to sign version %(n)s of the minutes.") % {"who": row.chair, "n": row.version}
        found.append(Alert(told, "human"))
    mine = next((one for one in people if one.user_id == request.user.pk), None)
    if mine is not None and mine.signed_at is None and _can_sign_in(row):
        here = Action(
            _("I am here"), reverse("governance:meeting_here", args=[row.pk]), "check", "post", "primary", key="h"
        )
        found.append(Alert(_("Sign for your own attendance."), "accent", action=here))
    return found


def _can_sign_in(row: Meeting) -> bool:
    return row.state == State.HELD or (row.state == State.CALLED and local_day(row.organisation.zone) >= row.day)


def _order_alerts(orders: list[ReportOrder]) -> list[Alert]:
    if any(one.state == ReportOrder.State.ASKED for one in orders):
        return [Alert(_("The file is being made. This page renews itself."), "accent", pending=True)]
    failed = [one for one in orders if one.state == ReportOrder.State.FAILED]
    return [Alert(error_text(Invalid(one.error)), "fail", _("The file could not be made")) for one in failed[:1]]


def _to(row: Meeting, label: str, name: str, icon: str, kind: _Kind = "secondary", key: str = "") -> Action:
    return Action(label, reverse(f"governance:{name}", args=[row.pk]), icon, "get", kind, key=key)


def _actions(request: HttpRequest, row: Meeting, people: list[Attendance]) -> list[Action]:
    who = eyes(request)
    plans, records = who.may_plan(row.organisation), who.may_record(row)
    found = []
    if row.state == State.PLANNED and plans:
        call = reverse("governance:meeting_call", args=[row.pk])
        found.append(Action(_("Call the meeting"), call, "send", "post", "primary", key="c"))
    if row.state == State.CALLED and records and local_day(row.organisation.zone) >= row.day:
        found.append(_to(row, _("Hold the meeting"), "meeting_hold", "player-play", "primary", "n"))
    if row.state in AHEAD and plans:
        found.append(_to(row, _("Change"), "meeting_change", "edit"))
        found.append(_to(row, _("Cancel the meeting"), "meeting_cancel", "calendar-off", "quiet"))
    if row.state == State.CALLED:
        if any(one.user_id == request.user.pk and one.state == Attendance.State.INVITED for one in people):
            found.append(_to(row, _("I cannot come"), "meeting_excuse", "user-off", "quiet"))
        found.append(_to(row, _("To my calendar"), "meeting_ics", "calendar-event"))
    return [*found, *_after(request, row, plans=plans, records=records)]


def _after(request: HttpRequest, row: Meeting, *, plans: bool, records: bool) -> list[Action]:
    """What is done once a meeting was held."""
    found = []
    if row.state == State.HELD and records:
        found.append(_to(row, _("Write the minutes"), "minutes", "pencil", "primary", "n"))
        found.append(_to(row, pgettext("meeting", "Attendance"), "meeting_roll", "users"))
    if row.state == State.RECORDED and row.chair_id == request.user.pk:
        found.append(_to(row, _("Sign the minutes"), "minutes_sign", "signature", "primary", "n"))
    if row.state in {State.RECORDED, State.SIGNED} and records:
        found.append(_to(row, _("Correct the minutes"), "minutes_correct", "edit", "quiet"))
    if officers_open(row) and (plans or records):
        found.append(_to(row, _("Correct chair or recorder"), "meeting_officers", "user-cog", "quiet"))
    return found


@page(MEETING_VIEW)
@require_safe
def invitation(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """The meeting for other calendars."""
    row = meeting_of(request, meeting_id)
    url = request.build_absolute_uri(reverse("governance:meeting", args=[row.pk]))
    text = meeting_ics(row, url=url, at=now())
    return download(text.encode(), f"{row.title} {row.day.isoformat()}.ics", "text/calendar; charset=utf-8")


@page(MEETING_VIEW)
@require_POST
def report(request: HttpRequest, meeting_id: UUID, ending: str, lang: str) -> HttpResponse:
    """Have the minutes made as a file."""
    row = meeting_of(request, meeting_id)
    if ending not in _ENDINGS or lang not in _LANGUAGES or not row.version:
        raise Http404
    report_ask(
        actor=request.actor, hospital=row.organisation, builder=BUILDER, subject_id=str(row.pk), format=ending,
        language=lang,
    )  # fmt: skip
    return redirect("governance:meeting", row.pk)
