"""During the meeting: who is there."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.governance.forms import ReasonForm
from yingheng.governance.forms_attending import RollForm
from yingheng.governance.models import Meeting
from yingheng.governance.selectors import attendances_of, people_of
from yingheng.governance.services.attending import attendance_excuse, attendance_put, attendance_sign, meeting_hold
from yingheng.governance.views.common import crumbs, eyes, meeting_link, meeting_of, require_may
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MEETING_VIEW

State = Meeting.State
_GET_POST = ["GET", "HEAD", "POST"]


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def hold(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """The meeting begins: who is there."""
    row = _recorded(request, meeting_id)
    if row.state != State.CALLED:
        return redirect("governance:meeting", row.pk)
    form = _roll_form(request, row)
    if request.method == "POST" and form.is_valid():
        held = attempt(form, lambda: meeting_hold(user=request.user, meeting=row, roll=form.roll))
        if held is not None:
            messages.success(request, _("The meeting is held. Its minutes can be written."))
            return redirect("governance:minutes", row.pk)
    return _page(request, row, form, _("Hold the meeting"), _("Hold"))


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def roll(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Put the attendance right."""
    row = _recorded(request, meeting_id)
    if row.state not in {State.CALLED, State.HELD}:
        return redirect("governance:meeting", row.pk)
    form = _roll_form(request, row)
    if request.method == "POST" and form.is_valid():
        put = attempt(form, lambda: attendance_put(user=request.user, meeting=row, roll=form.roll))
        if put is not None:
            return redirect("governance:meeting", row.pk)
    return _page(request, row, form, pgettext("meeting", "Attendance"), _("Save"))


@page(MEETING_VIEW)
@require_POST
def here(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Sign for one's own attendance."""
    row = meeting_of(request, meeting_id)
    if row.state in {State.CALLED, State.HELD}:
        attendance_sign(user=request.user, meeting=row)
        messages.success(request, _("You are noted as present."))
    return redirect("governance:meeting", row.pk)


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def excuse(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Say that one cannot come."""
    row = meeting_of(request, meeting_id)
    if row.state != State.CALLED:
        return redirect("governance:meeting", row.pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = attempt(
            form, lambda: attendance_excuse(user=request.user, meeting=row, reason=form.cleaned_data["reason"])
        )
        if told is not None:
            return redirect("governance:meeting", row.pk)
    return _page(request, row, form, _("I cannot come"), _("Send"))


def _recorded(request: HttpRequest, meeting_id: UUID) -> Meeting:
    row = meeting_of(request, meeting_id)
    require_may(eyes(request).may_record(row))
    return row


def _roll_form(request: HttpRequest, row: Meeting) -> RollForm:
    rows = attendances_of(row)
    known = {one.user_id for one in rows}
    others = [one for one in people_of(row.organisation) if one.pk not in known]
    return RollForm(request.POST or None, rows=rows, others=others)


def _page(request: HttpRequest, row: Meeting, form: object, title: str, submit: str) -> HttpResponse:
    return FormPage(
        title=title,
        purpose=f"{row.title} {row.day.isoformat()}",
        crumbs=crumbs(meeting_link(row)),
        form=form,
        submit=submit,
        cancel_url=reverse("governance:meeting", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)  # type: ignore[attr-defined]
