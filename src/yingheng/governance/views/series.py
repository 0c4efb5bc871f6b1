"""Series of meetings: what comes round, with its dues and its meetings."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Section, Tag, Timeline, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.governance.forms import ReasonForm, SeriesForm
from yingheng.governance.models import Meeting, MeetingSeries
from yingheng.governance.periods import RHYTHMS, rhythm_of
from yingheng.governance.selectors import organisations_of, series_get, series_seen
from yingheng.governance.services.series import series_change, series_create, series_end
from yingheng.governance.views.common import crumbs, eyes, history, require_may, state_tag, tabs
from yingheng.governance.views.planning import everybody, place_of
from yingheng.schedule.models import Due
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MEETING_PLAN, MEETING_VIEW

_GET_POST = ["GET", "HEAD", "POST"]
_SHOWN = 24


@page(MEETING_VIEW)
@require_safe
def series_list(request: HttpRequest) -> HttpResponse:
    """What comes round."""
    shown, pager = offset_page(request, series_seen(eyes(request)).order_by("-is_active", "name", "pk"))
    places = organisations_of(eyes(request).plans)
    return ListPage(
        title=_("Series of meetings"),
        purpose=_("Meetings that come round: each is planned by itself; one not held shows in the calendar."),
        crumbs=crumbs(),
        tabs=tabs(request, "series"),
        actions=[
            Action(
                _("New series") if len(places) == 1 else _("New series") + f" · {place.name}",
                reverse("governance:series_new", args=[place.pk]), "plus",
                kind="primary" if len(places) == 1 else "secondary",
            )
            for place in places[:5]
        ],
        table=Table(
            columns=(
                Column("name", pgettext("meeting", "Series"), wide=True),
                Column("kind", _("Kind"), nowrap=True, phone=False),
                Column("often", _("How often"), nowrap=True),
                Column("chair", pgettext("meeting", "Chair"), phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Series of meetings"),
            pager=pager,
            empty=Empty(_("No series yet"), _("A quality meeting every month is a good beginning."), "repeat"),
        ),
    ).response(request)  # fmt: skip


def _often(row: MeetingSeries) -> str:
    return str(RHYTHMS[rhythm_of(row.plan.unit, row.plan.every)][2]) if row.plan else ""


def _row(row: MeetingSeries) -> Row:
    return Row(
        {
            "name": Lines(row.name, row.organisation.name),
            "kind": str(row.get_kind_display()),
            "often": _often(row),
            "chair": str(row.chair),
            "state": _tag(row),
        },
        url=reverse("governance:series", args=[row.pk]),
        id=str(row.pk),
        tone="" if row.is_active else "none",
    )


def _tag(row: MeetingSeries) -> Tag:
    return Tag(_("in use"), "pass", "check") if row.is_active else Tag(_("ended"), "none", "ban")


@page(MEETING_VIEW)
@require_safe
def series(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """One series with its meetings and what falls due."""
    row = series_get(eyes(request), series_id)
    request.demo = row.is_demo
    may = row.is_active and eyes(request).may_plan(row.organisation)
    return ThingPage(
        title=row.name,
        purpose=" · ".join((str(row.get_kind_display()), row.organisation.name)),
        kind=_("Series of meetings"),
        crumbs=crumbs(Link(pgettext("meeting", "Series"), reverse("governance:series_list"))),
        state=_tag(row),
        facts=[
            Fact(_("How often"), Lines(_often(row), f"{row.starts:%H:%M}")),
            Fact(pgettext("meeting", "Chair"), str(row.chair)),
            Fact(pgettext("meeting", "Recorder"), str(row.recorder)),
            Fact(_("Quorum in percent"), str(row.quorum)),
        ],
        actions=[
            Action(_("Change"), reverse("governance:series_change", args=[row.pk]), "edit"),
            Action(_("End the series"), reverse("governance:series_end", args=[row.pk]), "ban", kind="quiet"),
        ]
        if may
        else [],
        sections=[Section(_("Dues"), _dues(row), flush=True), Section(_("Every meeting"), KeyValues(_standing(row)))],
        timeline=Timeline(history(row.organisation, f"meeting_series:{row.pk}")),
    ).response(request)


def _standing(row: MeetingSeries) -> list[tuple[str, object]]:
    people = "、".join(str(one) for one in row.members.order_by("display_name"))
    return [
        (_("Agenda"), "；".join(one["title"] for one in row.agenda) or "—"),
        (_("Invited"), people or "—"),
        (pgettext("meeting", "Place"), row.place or "—"),
    ]


def _dues(row: MeetingSeries) -> Table:
    dues = list(Due.objects.filter(plan=row.plan_id).order_by("-day")[:_SHOWN])
    held = Meeting.objects.filter(due__in=dues).select_related("organisation")
    by_due = {one.due_id: one for one in held}
    today = local_day(row.organisation.zone)
    return Table(
        columns=(
            Column("day", _("Due on"), nowrap=True),
            Column("meeting", _("Meeting"), wide=True),
            Column("state", _("State"), nowrap=True),
        ),
        rows=[_due_row(due, by_due.get(due.pk), today) for due in dues],
        caption=_("Dues"),
        empty=Empty(_("Nothing here"), "", "calendar"),
    )


def _due_row(due: Due, meeting: Meeting | None, today: object) -> Row:
    if due.state == Due.State.OPEN and due.is_missed(today):  # type: ignore[arg-type]
        state: Tag | None = Tag(pgettext("meeting", "not held"), "fail", "alert-triangle")
    elif due.is_overdue(today):  # type: ignore[arg-type]
        state = Tag(_("overdue"), "fail", "clock")
    elif due.state == Due.State.OPEN and due.opens_on > today:  # type: ignore[operator]
        state = None
    else:
        tone = {Due.State.OPEN: "neutral", Due.State.DONE: "pass"}.get(due.state, "none")  # type: ignore[call-overload]
        state = Tag(str(due.get_state_display()), tone)
    return Row(
        {
            "day": When(due.day),
            "meeting": Lines(state_tag(meeting), When(meeting.day)) if meeting else None,
            "state": state,
        },
        url=reverse("governance:meeting", args=[meeting.pk]) if meeting else "",
        id=str(due.pk),
    )


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def series_new(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Begin a series."""
    place = place_of(request, organisation_id)
    begin = {
        "first_date": local_day(place.zone), "rhythm": "month", "chair": str(request.user.pk),
        "recorder": str(request.user.pk), "facts": [],
    }  # fmt: skip
    form = SeriesForm(request.POST or None, people=everybody(place), initial=begin)
    if request.method == "POST" and form.is_valid():
        row = attempt(form, lambda: series_create(user=request.user, organisation=place, fields=form.series))
        if row is not None:
            messages.success(request, _("The series has begun."))
            return redirect("governance:series", row.pk)
    return _form(request, form, _("New series of meetings"), place.name, reverse("governance:series_list"))


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def change(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Change a series."""
    row = _planned(request, series_id)
    back = reverse("governance:series", args=[row.pk])
    if not row.is_active:
        return redirect(back)
    people = everybody(row.organisation, row.chair, row.recorder, *row.members.all())
    form = SeriesForm(request.POST or None, people=people, initial=SeriesForm.initial_of(row))
    if request.method == "POST" and form.is_valid():
        changed = attempt(form, lambda: series_change(user=request.user, series=row, fields=form.series))
        if changed is not None:
            messages.success(request, _("Changed. Meetings that were called stay as they are."))
            return redirect(back)
    return _form(request, form, _("Change the series"), row.name, back)


@page(MEETING_PLAN)
@require_http_methods(_GET_POST)
def end(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """End a series, with the reason."""
    row = _planned(request, series_id)
    back = reverse("governance:series", args=[row.pk])
    if not row.is_active:
        return redirect(back)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ended = attempt(form, lambda: series_end(user=request.user, series=row, reason=form.cleaned_data["reason"]))
        if ended is not None:
            messages.success(request, _("The series has ended."))
            return redirect(back)
    return _form(request, form, _("End the series"), _("Planned meetings that nobody was called to yet go."), back)


def _planned(request: HttpRequest, series_id: UUID) -> MeetingSeries:
    row = series_get(eyes(request), series_id)
    require_may(eyes(request).may_plan(row.organisation))
    return row


def _form(request: HttpRequest, form: object, title: str, purpose: str, back: str) -> HttpResponse:
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=crumbs(Link(pgettext("meeting", "Series"), reverse("governance:series_list"))),
        form=form,
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)  # type: ignore[attr-defined]
