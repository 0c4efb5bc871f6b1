"""Action items: one's own, open ones, those to verify; and each with its steps."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action as Button
from yingheng.common.ui.parts import Alert, Empty, Fact, KeyValues, Lines, Link, Section, Timeline, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.documents.models import Attachment
from yingheng.documents.selectors import attachment_list
from yingheng.documents.services import attachment_put
from yingheng.governance.forms import ActionForm, AgainForm, ProofForm, ReasonForm, in_two_weeks
from yingheng.governance.models import Action, Meeting
from yingheng.governance.selectors import ACTIONS, action_counts, action_seen, actions_seen
from yingheng.governance.services.actions import (
    SUBJECT,
    action_add,
    action_again,
    action_done,
    action_drop,
    action_remove,
    action_verify,
)
from yingheng.governance.states import LIVE
from yingheng.governance.views.common import (
    action_tag,
    crumbs,
    eyes,
    history,
    meeting_link,
    meeting_of,
    require_may,
    tabs,
)
from yingheng.governance.views.parts import action_row
from yingheng.governance.views.planning import everybody
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MEETING_VIEW
from yingheng.tenancy.scope import Scope

State = Action.State
_GET_POST = ["GET", "HEAD", "POST"]


@page(MEETING_VIEW)
@require_safe
def actions(request: HttpRequest) -> HttpResponse:
    """What was agreed and is to be done: one's own first of all."""
    counts = action_counts(eyes(request))
    show = request.GET.get("show") or ("mine" if counts["mine"] else "open")
    rows = actions_seen(eyes(request))
    rows = (
        rows.filter(responsible=request.user, state=State.OPEN)
        if show == "mine"
        else rows.filter(state__in=ACTIONS.get(show, LIVE))
    )
    rows = rows.order_by("-closed_at", "-pk") if show == "closed" else rows.order_by("due_on", "pk")
    shown, pager = offset_page(request, rows)
    words = {
        "mine": pgettext("action item", "Mine"),
        "open": pgettext("action item", "open"),
        "verify": pgettext("action item", "to be verified"),
        "closed": _("settled"),
    }
    options = [Option(key, f"{word} ({counts[key]})") for key, word in words.items()]
    return ListPage(
        title=_("Action items"),
        purpose=_("What meetings agreed on: by whom, until when, done, and verified by somebody else."),
        crumbs=crumbs(),
        tabs=tabs(request, "actions", {"actions": counts["open"] + counts["verify"]}),
        filters=FilterBar((Filter("show", _("Show"), "select", show, options),)),
        table=Table(
            columns=(
                Column("text", _("Action item"), wide=True),
                Column("who", _("Responsible"), nowrap=True, phone=False),
                Column("due", _("Due"), nowrap=True),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Action items"),
            pager=pager,
            empty=Empty(
                _("Nothing to do here"), _("Action items come from the minutes of meetings."), "clipboard-list"
            ),
        ),
    ).response(request)


def _row(row: Action) -> Row:
    of = f"{row.meeting.title} {row.meeting.day.isoformat()} · {row.organisation.name}"
    return action_row(row, today=local_day(row.organisation.zone), of=of)


@page(MEETING_VIEW)
@require_safe
def action(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """One action item with its proof and what was done with it."""
    row = _action(request, action_id)
    overdue = row.is_overdue(local_day(row.organisation.zone))
    files = attachment_list(Scope.of_organisation(row.organisation), subject_type=SUBJECT, subject_id=str(row.pk))
    return ThingPage(
        title=row.text,
        purpose=row.organisation.name,
        kind=_("Action item"),
        crumbs=crumbs(Link(_("Action items"), reverse("governance:actions"))),
        state=action_tag(row, overdue=overdue),
        alerts=[Alert(_("The day has passed."), "fail")] if overdue else [],
        facts=[
            Fact(_("Responsible"), str(row.responsible)),
            Fact(_("Due"), When(row.due_on)),
            Fact(_("Agreed at"), meeting_link(row.meeting)),
            Fact(_("Topic"), row.item.title if row.item else "—"),
        ],
        actions=_actions(request, row),
        sections=_sections(row, list(files)),
        timeline=Timeline(history(row.organisation, f"meeting_action:{row.pk}")),
    ).response(request)


def _sections(row: Action, files: list[Attachment]) -> list[Section]:
    rows: list[tuple[str, object]] = []
    if row.proof:
        rows.append((_("What was done, and what shows it"), row.proof))
    if row.done_by and row.done_at:
        rows.append((_("Done by"), Lines(str(row.done_by), When(row.done_at))))
    rows += [(_("File"), Link(one.name, reverse("documents:file", args=[one.pk]))) for one in files]
    if row.closed_by and row.closed_at:
        word = _("Verified by") if row.state == State.VERIFIED else _("Dropped by")
        rows.append((word, Lines(str(row.closed_by), When(row.closed_at))))
    if row.reason:
        rows.append((_("Reason"), row.reason))
    return [Section(_("What was done"), KeyValues(rows))] if rows else []


def _actions(request: HttpRequest, row: Action) -> list[Button]:
    records = eyes(request).may_record(row.meeting)

    def to(label: str, name: str, icon: str, kind: str = "secondary", method: str = "get", **more: str) -> Button:
        return Button(label, reverse(f"governance:action_{name}", args=[row.pk]), icon, method, kind, **more)  # type: ignore[arg-type]

    found = []
    if row.state == State.OPEN and (records or row.responsible_id == request.user.pk):
        found.append(to(_("It is done"), "done", "check", "primary", key="n"))
    if row.state == State.DONE and records:
        if request.user.pk not in {row.done_by_id, row.responsible_id}:
            found.append(to(pgettext("action item", "Verify"), "verify", "checks", "primary", "post", key="n"))
        found.append(to(pgettext("action item", "Send back"), "again", "repeat"))
    if row.state in LIVE and records:
        found.append(to(pgettext("action item", "Drop"), "drop", "ban", "quiet"))
    if row.state == State.OPEN and records and row.meeting.state == Meeting.State.HELD and not row.meeting.version:
        found.append(to(_("Take back"), "remove", "trash", "quiet", "post"))
    return found


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def action_new(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Note what somebody is to do."""
    row = meeting_of(request, meeting_id)
    require_may(eyes(request).may_record(row))
    back = reverse("governance:meeting", args=[row.pk])
    if row.state != Meeting.State.HELD:
        return redirect(back)
    people = everybody(row.organisation, *(one.user for one in row.attendances.select_related("user")))
    begin = {"due_on": in_two_weeks(max(row.day, local_day(row.organisation.zone)))}
    form = ActionForm(request.POST or None, people=people, items=list(row.items.all()), initial=begin)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: action_add(user=request.user, meeting=row, task=form.task))
        if made is not None:
            return redirect(back)
    return _form(request, row, form, _("Add an action item"), back)


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def done(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """It is done: what shows it, and a file."""
    row = _action(request, action_id)
    require_may(row.responsible_id == request.user.pk or eyes(request).may_record(row.meeting))
    back = reverse("governance:action", args=[row.pk])
    if row.state != State.OPEN:
        return redirect(back)
    form = ProofForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: _done(request, row, form)):
        messages.success(request, _("Noted. It waits for somebody else to verify it."))
        return redirect(back)
    return _form(request, row.meeting, form, _("It is done"), back, multipart=True)


def _done(request: HttpRequest, row: Action, form: ProofForm) -> Action:
    given = form.cleaned_data.get("file")
    if given:
        attachment_put(
            actor=request.actor, hospital=row.organisation, subject_type=SUBJECT, subject_id=str(row.pk),
            name=given.name or "", data=given.read(),
        )  # fmt: skip
    return action_done(user=request.user, action=row, proof=form.cleaned_data["proof"])


@page(MEETING_VIEW)
@require_POST
def verify(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Verified."""
    row = _led(request, action_id)
    if row.state == State.DONE:
        action_verify(user=request.user, action=row)
    return redirect("governance:action", row.pk)


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def again(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Not enough: once more, with the reason and a new day."""
    row = _led(request, action_id)
    back = reverse("governance:action", args=[row.pk])
    if row.state != State.DONE:
        return redirect(back)
    form = AgainForm(request.POST or None, initial={"due_on": in_two_weeks(local_day(row.organisation.zone))})
    if request.method == "POST" and form.is_valid():
        told = attempt(form, lambda: action_again(user=request.user, action=row, **form.cleaned_data))
        if told is not None:
            return redirect(back)
    return _form(request, row.meeting, form, pgettext("action item", "Send back"), back)


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def drop(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Not needed any more."""
    row = _led(request, action_id)
    back = reverse("governance:action", args=[row.pk])
    if row.state not in LIVE:
        return redirect(back)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = attempt(form, lambda: action_drop(user=request.user, action=row, reason=form.cleaned_data["reason"]))
        if told is not None:
            return redirect(back)
    return _form(request, row.meeting, form, _("Drop the action item"), back)


@page(MEETING_VIEW)
@require_POST
def remove(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Take back what no minutes name yet."""
    row = _led(request, action_id)
    if row.state == State.OPEN and row.meeting.state == Meeting.State.HELD and not row.meeting.version:
        action_remove(user=request.user, action=row)
    return redirect("governance:meeting", row.meeting_id)


def _action(request: HttpRequest, action_id: UUID) -> Action:
    row = action_seen(eyes(request), action_id)
    request.demo = row.meeting.is_demo
    return row


def _led(request: HttpRequest, action_id: UUID) -> Action:
    row = _action(request, action_id)
    require_may(eyes(request).may_record(row.meeting))
    return row


def _form(
    request: HttpRequest, row: Meeting, form: object, title: str, back: str, *, multipart: bool = False
) -> HttpResponse:
    return FormPage(
        title=title,
        purpose=f"{row.title} {row.day.isoformat()}",
        crumbs=crumbs(meeting_link(row)),
        form=form,
        cancel_url=back,
        multipart=multipart,
    ).response(request, status=400 if form.is_bound else 200)  # type: ignore[attr-defined]
