"""Before the meeting: planning, changing, the agenda, calling, cancelling."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.clock import local_day
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action
from yingheng.governance.forms import MeetingForm, ReasonForm, TopicForm
from yingheng.governance.models import AgendaItem, Meeting
from yingheng.governance.selectors import attendances_of, meetings_seen, people_of
from yingheng.governance.services.agenda import CARRIED, figures_renew, topic_put, topic_remove, topic_up
from yingheng.governance.services.meetings import meeting_call, meeting_cancel, meeting_change, meeting_plan
from yingheng.governance.states import AHEAD
from yingheng.governance.views.common import crumbs, eyes, meeting_link, meeting_of, require_may
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.permissions import MEETING_PLAN
from yingheng.tenancy.selectors import organisation_get

_GET_POST = ["GET", "HEAD", "POST"]


def place_of(request: HttpRequest, organisation_id: UUID) -> Organisation:
    """An organisation whose meetings the requester calls; NotFound outside of their reach."""
    place = organisation_get(request.scope, organisation_id)
    require_may(eyes(request).may_plan(place))
    return place


def everybody(place: Organisation, *more: User) -> list[User]:
    """Who may be invited, and those who are already, wherever they belong now."""
    found = people_of(place)
    known = {one.pk for one in found}
    return [*found, *{one.pk: one for one in more if one.pk not in known}.values()]


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def meeting_new(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Plan a meeting outside of any series."""
    place = place_of(request, organisation_id)
    people = everybody(place)
    begin = {"day": local_day(place.zone), "chair": str(request.user.pk), "recorder": str(request.user.pk)}
    form = MeetingForm(request.POST or None, people=people, initial=begin)
    if request.method == "POST" and form.is_valid():
        row = attempt(
            form,
            lambda: meeting_plan(user=request.user, organisation=place, fields=form.meeting, topics=form.agenda),
        )
        if row is not None:
            messages.success(request, _("Planned. Look at the agenda, then call the meeting."))
            return redirect("governance:meeting", row.pk)
    return FormPage(
        title=_("Plan a meeting"),
        purpose=place.name,
        crumbs=crumbs(),
        form=form,
        submit=_("Plan"),
        cancel_url=reverse("governance:meetings"),
    ).response(request, status=400 if form.is_bound else 200)


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def change(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Say otherwise when, where and with whom."""
    row = _planned(request, meeting_id)
    if row.state not in AHEAD:
        return redirect("governance:meeting", row.pk)
    invited = attendances_of(row)
    people = everybody(row.organisation, row.chair, row.recorder, *(one.user for one in invited))
    form = MeetingForm(request.POST or None, people=people, meeting=row, initial=MeetingForm.initial_of(row, invited))
    if request.method == "POST" and form.is_valid():
        changed = attempt(form, lambda: meeting_change(user=request.user, meeting=row, fields=form.meeting))
        if changed is not None:
            messages.success(request, _("Changed."))
            return redirect("governance:meeting", row.pk)
    return _form(
        request, row, form, _("Change the meeting"), _("Those who were called are told of a new time or place.")
    )


@page(MEETING_PLAN)
@require_POST
def call(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Call the meeting."""
    row = _planned(request, meeting_id)
    if row.state == Meeting.State.PLANNED:
        meeting_call(user=request.user, meeting=row)
        messages.success(request, _("Called. Everybody invited is told; the figures are on the agenda."))
    return redirect("governance:meeting", row.pk)


@page(MEETING_PLAN)
@require_POST
def figures(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Take the figures anew."""
    row = _planned(request, meeting_id)
    if row.state == Meeting.State.CALLED:
        figures_renew(user=request.user, meeting=row)
        messages.success(request, _("The figures are those of now."))
    return redirect("governance:meeting", row.pk)


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def cancel(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Cancel the meeting, with the reason."""
    row = _planned(request, meeting_id)
    if row.state not in AHEAD:
        return redirect("governance:meeting", row.pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: meeting_cancel(user=request.user, meeting=row, reason=form.cleaned_data["reason"]))
        if done is not None:
            messages.success(request, _("Cancelled."))
            return redirect("governance:meeting", row.pk)
    told = _("It stays in the list with your reason. A meeting of a series then counts as planned and not held.")
    return _form(request, row, form, _("Cancel the meeting"), told)


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def topic_new(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Add a topic to the agenda."""
    row = _planned(request, meeting_id)
    return _topic(request, row, None)


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def topic_change(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Change a topic."""
    item = _item(request, item_id)
    return _topic(request, item.meeting, item)


def _topic(request: HttpRequest, row: Meeting, item: AgendaItem | None) -> HttpResponse:
    if row.state not in AHEAD or (item is not None and item.fact == CARRIED):
        return redirect("governance:meeting", row.pk)
    form = TopicForm(request.POST or None, initial=TopicForm.initial_of(item) if item else {})
    if request.method == "POST" and form.is_valid():
        kept = attempt(form, lambda: topic_put(user=request.user, meeting=row, topic=form.topic, item=item))
        if kept is not None:
            return redirect("governance:meeting", row.pk)
    actions = []
    if item is not None:
        up, gone = (reverse(f"governance:topic_{name}", args=[item.pk]) for name in ("up", "remove"))
        actions = [Action(_("Up"), up, "arrow-up", "post"), Action(_("Remove"), gone, "x", "post", "quiet")]
    told = _("What is talked about, and the figures that belong to it.")
    return _form(request, row, form, _("Topic"), told, actions)


@page(MEETING_PLAN)
@require_POST
def topic_raise(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Put a topic before the one above it."""
    item = _item(request, item_id)
    if item.meeting.state in AHEAD:
        topic_up(user=request.user, item=item)
    return redirect("governance:meeting", item.meeting_id)


@page(MEETING_PLAN)
@require_POST
def topic_drop(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Take a topic off the agenda."""
    item = _item(request, item_id)
    if item.meeting.state in AHEAD and item.fact != CARRIED:
        topic_remove(user=request.user, item=item)
    return redirect("governance:meeting", item.meeting_id)


def _planned(request: HttpRequest, meeting_id: UUID) -> Meeting:
    row = meeting_of(request, meeting_id)
    require_may(eyes(request).may_plan(row.organisation))
    return row


def _item(request: HttpRequest, item_id: UUID) -> AgendaItem:
    rows = AgendaItem.objects.filter(meeting__in=meetings_seen(eyes(request)).order_by().values("pk"))
    item = row_or_not_found(rows.select_related("meeting__organisation"), item_id, "governance.meeting_unknown")
    require_may(eyes(request).may_plan(item.meeting.organisation))
    return item


def _form(request: HttpRequest, row: Meeting, form: object, title: str, purpose: str,
          actions: Sequence[Action] = ()) -> HttpResponse:  # fmt: skip
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=crumbs(meeting_link(row)),
        actions=actions,
        form=form,
        cancel_url=reverse("governance:meeting", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)  # type: ignore[attr-defined]
