"""The calendar: what is overdue, due and ahead; one due, done or skipped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.clock import local_day
from yingheng.common.ui.addresses import day, identifier, kept_query, with_query
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Section, Tab, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.schedule.forms import DoneForm, ReasonForm, role_choices
from yingheng.schedule.kinds import Named, Ref, plan_kind, plan_kinds, subject_names
from yingheng.schedule.models import Due
from yingheng.schedule.recurrence import add_months, month_of, week_of
from yingheng.schedule.selectors import (
    DueFilter,
    due_counts,
    due_get,
    due_list,
    overdue_list,
    subjects_planned,
    today_of,
)
from yingheng.schedule.services import due_done, due_skip
from yingheng.schedule.views.common import (
    crumbs,
    day_text,
    due_tag,
    kind_text,
    may_edit,
    often_text,
    owner_text,
)
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import SCHEDULE_EDIT, SCHEDULE_VIEW
from yingheng.tenancy.selectors import hospital_list

_SETTLED = (Due.State.DONE, Due.State.SKIPPED, Due.State.CANCELLED)
_Span = tuple[dt.date, dt.date]


@page(SCHEDULE_VIEW)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """What falls due in a week or a month; what is overdue comes first, however old it is."""
    hospitals = hospital_list(request.scope)
    today = today_of(hospitals)
    show = request.GET.get("show", "month")
    anchor = day(request.GET.get("at", "")) or today
    wanted, subjects = _filter(request)
    span = week_of(anchor) if show == "week" else month_of(anchor)
    shown, pager = offset_page(request, _rows(request, show, wanted, span, current=span[0] <= today <= span[1]))
    names = subject_names([*{_ref(row) for row in shown}, *subjects])
    return ListPage(
        title=_("Calendar"),
        purpose=_("Tests, maintenance, certificates and other work that comes round again. What is overdue is first."),
        tabs=_tabs(request, show, wanted, {"week": week_of(anchor), "month": month_of(anchor)}),
        filters=_filters(request, names, subjects),
        actions=[*_turning(request, show, anchor), Action(_("Plans"), reverse("schedule:plans"), "calendar-event")],
        table=Table(
            columns=(
                Column("day", _("Due on"), nowrap=True),
                Column("what", _("What"), wide=True),
                Column("who", _("Who"), phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row, names) for row in shown],
            caption=_("Calendar"),
            pager=pager,
            empty=Empty(_("Nothing here"), _("Nothing falls due in these days."), icon="calendar"),
        ),
    ).response(request)


def _rows(request: HttpRequest, show: str, wanted: DueFilter, span: _Span, *, current: bool):  # noqa: ANN202 - a query
    if show == "overdue":
        return overdue_list(request.scope, wanted)
    if show == "settled":
        narrowed = _within(wanted, span)
        return due_list(request.scope, narrowed, states=_SETTLED).order_by("-day", "plan__title", "pk")
    # What is overdue belongs to the days at hand, not to those that somebody leafs back or on to.
    first = None if current else span[0]
    return due_list(request.scope, _within(wanted, (first, span[1])))


def _within(wanted: DueFilter, span: tuple[dt.date | None, dt.date]) -> DueFilter:
    return DueFilter(wanted.kind, wanted.subject, wanted.owner_role, wanted.owner_id, span[0], span[1])


def _filter(request: HttpRequest) -> tuple[DueFilter, list[Ref]]:
    """What the address narrows to, and the subjects to choose from."""
    subjects = subjects_planned(request.scope)
    kind, _colon, pk = request.GET.get("subject", "").partition(":")
    found = identifier(pk)
    owner = request.GET.get("owner", "")
    wanted = DueFilter(
        kind=request.GET.get("kind", ""),
        subject=Ref(kind, found) if found else None,
        owner_role="" if owner == "me" else owner,
        owner_id=request.user.pk if owner == "me" else None,
    )
    return wanted, subjects


def _filters(request: HttpRequest, names: Mapping[Ref, Named], subjects: Sequence[Ref]) -> FilterBar:
    every = Option("", _("All"))
    kinds = [Option(key, str(kind.label)) for key, kind in plan_kinds().items()]
    things = sorted((names[ref].label, f"{ref.type}:{ref.id}") for ref in subjects)
    owners = [Option("me", _("me")), *(Option(key, name) for key, name in role_choices())]
    return FilterBar(
        (
            Filter("kind", _("Kind"), "select", request.GET.get("kind", ""), [every, *kinds]),
            Filter(
                "subject",
                _("For"),
                "select",
                request.GET.get("subject", ""),
                [every, *(Option(value, label) for label, value in things)],
            ),
            Filter("owner", _("Who"), "select", request.GET.get("owner", ""), [every, *owners]),
        ),
        keep=kept_query(request, "show", "at"),
    )


def _tabs(request: HttpRequest, show: str, wanted: DueFilter, spans: dict[str, _Span]) -> list[Tab]:
    counts = due_counts(request.scope, wanted, spans)
    labels = {"overdue": _("Overdue"), "week": _("Week"), "month": _("Month"), "settled": _("Settled")}
    return [Tab(label, with_query(request, show=key), counts.get(key), key == show) for key, label in labels.items()]


def _turning(request: HttpRequest, show: str, anchor: dt.date) -> list[Action]:
    """The week or month before and after."""
    if show == "overdue":
        return []
    if show == "week":
        before, after = anchor - dt.timedelta(days=7), anchor + dt.timedelta(days=7)
    else:
        before, after = add_months(anchor.replace(day=1), -1), add_months(anchor.replace(day=1), 1)
    span = week_of(anchor) if show == "week" else month_of(anchor)
    shown = f"{span[0]:%Y-%m-%d} – {span[1]:%m-%d}"
    return [
        Action(_("Earlier days"), with_query(request, at=before.isoformat()), "chevron-left", kind="quiet", hint=shown),
        Action(shown, with_query(request, at=None), kind="quiet", hint=_("Back to today")),
        Action(_("Later days"), with_query(request, at=after.isoformat()), "chevron-right", kind="quiet", hint=shown),
    ]


def _ref(row: Due) -> Ref:
    return Ref(row.plan.subject_type, row.plan.subject_id)


def _row(row: Due, names: Mapping[Ref, Named]) -> Row:
    today = local_day(row.hospital.zone)
    return Row(
        {
            "day": day_text(row.day),
            "what": Lines(row.plan.title, " · ".join((names[_ref(row)].label, kind_text(row.plan)))),
            "who": owner_text(row.plan),
            "state": due_tag(row, today),
        },
        url=reverse("schedule:due", args=[row.pk]),
        id=str(row.pk),
    )


@page(SCHEDULE_VIEW)
@require_safe
def due(request: HttpRequest, due_id: UUID) -> HttpResponse:
    """One time that something falls due."""
    row = due_get(request.scope, due_id)
    today = local_day(row.hospital.zone)
    named = subject_names([_ref(row)])[_ref(row)]
    plan = row.plan
    details = [
        (_("Plan"), Link(plan.title, reverse("schedule:plan", args=[plan.pk]))),
        (_("How often"), often_text(plan)),
        (_("May be done from"), When(row.opens_on)),
        (_("Overdue after"), When(row.late_after)),
        (_("Counts until"), When(row.closes_on) if row.closes_on else _("it is done")),
    ]
    if row.state != Due.State.OPEN:
        details += [
            (_("Done on"), When(row.done_on) if row.done_on else "—"),
            (_("Settled"), Lines(When(row.settled_at), row.settled_by_name)),
            (_("Reason"), row.reason or "—"),
        ]
    return ThingPage(
        title=plan.title,
        purpose=row.hospital.name,
        kind=kind_text(plan),
        crumbs=crumbs(),
        state=due_tag(row, today),
        facts=[
            Fact(_("Due on"), day_text(row.day)),
            Fact(_("For"), Link(named.label, named.url) if named.url else named.label),
            Fact(_("Who"), owner_text(plan)),
        ],
        actions=_due_actions(request, row),
        sections=[Section(_("Details"), KeyValues(details))],
    ).response(request)


def _due_actions(request: HttpRequest, row: Due) -> list[Action]:
    if row.state != Due.State.OPEN:
        return []
    kind = plan_kind(row.plan.kind)
    actions = []
    if kind.page is not None and (url := kind.page(row)):
        actions.append(Action(_("Do it now"), url, "arrow-right", kind="primary"))
    if may_edit(request, row.hospital):
        if kind.by_hand:
            actions.append(Action(_("Done"), reverse("schedule:due_done", args=[row.pk]), "check", kind="primary"))
        actions.append(Action(_("Skip"), reverse("schedule:due_skip", args=[row.pk]), "player-skip-forward"))
    return actions


@page(SCHEDULE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest, due_id: UUID) -> HttpResponse:
    """Say that the work was done."""
    row = due_get(request.scope, due_id)
    back = reverse("schedule:due", args=[row.pk])
    form = DoneForm(request.POST or None, initial={"on": local_day(row.hospital.zone)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if attempt(form, lambda: due_done(actor=request.actor, due=row, on=data["on"], note=data["note"])):
            messages.success(request, _("Noted as done."))
            return redirect(back)
    return FormPage(
        title=_("Done: %(what)s") % {"what": row.plan.title},
        purpose=day_text(row.day),
        crumbs=crumbs(Link(row.plan.title, back)),
        form=form,
        submit=_("Done"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(SCHEDULE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, due_id: UUID) -> HttpResponse:
    """Let it pass this time, with a reason."""
    row = due_get(request.scope, due_id)
    back = reverse("schedule:due", args=[row.pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: due_skip(actor=request.actor, due=row, reason=reason)):
            messages.success(request, _("Skipped this time."))
            return redirect(back)
    return FormPage(
        title=_("Skip: %(what)s") % {"what": row.plan.title},
        purpose=_("It stays in the records as skipped, with your name and the reason. The next time is not touched."),
        crumbs=crumbs(Link(row.plan.title, back)),
        form=form,
        submit=_("Skip"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
