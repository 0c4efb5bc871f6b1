"""Plans: the list, one plan, making, changing and ending them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.audit.selectors import subject_entries
from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import (
    Action,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Link,
    Section,
    Tag,
    Timeline,
    TimelineEntry,
    When,
)
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.schedule.forms import PlanForm, ReasonForm
from yingheng.schedule.kinds import TASK, Named, Ref, subject_names
from yingheng.schedule.models import Plan
from yingheng.schedule.selectors import plan_get, plan_list
from yingheng.schedule.services import plan_change, plan_create, plan_end
from yingheng.schedule.views.common import (
    crumbs,
    day_text,
    due_tag,
    kind_text,
    may_edit,
    often_text,
    owner_text,
    plan_tabs,
    role_text,
)
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.deeds import deed
from yingheng.tenancy.permissions import SCHEDULE_EDIT, SCHEDULE_VIEW
from yingheng.tenancy.selectors import hospital_list, organisation_get

_SHOWN = 24


@page(SCHEDULE_VIEW)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """What comes round again."""
    ended = request.GET.get("state") == "ended"
    shown, pager = offset_page(request, plan_list(request.scope, active=not ended))
    names = subject_names({_ref(row) for row in shown})
    return ListPage(
        title=_("Plans"),
        purpose=_("What is to be done, for what, by whom and how often. The calendar follows from them."),
        crumbs=crumbs(),
        tabs=plan_tabs("ended" if ended else "active"),
        actions=_new_actions(request),
        table=Table(
            columns=(
                Column("what", _("Plan"), wide=True),
                Column("often", _("How often"), nowrap=True),
                Column("who", _("Who"), phone=False),
                Column("since", _("First date"), nowrap=True, phone=False),
            ),
            rows=[_row(row, names) for row in shown],
            caption=_("Plans"),
            pager=pager,
            empty=Empty(_("No plan yet"), _("Nothing falls due by itself before something is planned."), "calendar"),
        ),
    ).response(request)


def _ref(row: Plan) -> Ref:
    return Ref(row.subject_type, row.subject_id)


def _row(row: Plan, names: Mapping[Ref, Named]) -> Row:
    return Row(
        {
            "what": Lines(row.title, " · ".join((names[_ref(row)].label, kind_text(row)))),
            "often": often_text(row),
            "who": owner_text(row),
            "since": When(row.first_date),
        },
        url=reverse("schedule:plan", args=[row.pk]),
        id=str(row.pk),
    )


def _new_actions(request: HttpRequest) -> list[Action]:
    hospitals = hospital_list(scope_of(request, SCHEDULE_EDIT))
    label = _("Plan something")
    one = len(hospitals) == 1
    return [
        Action(
            label if one else f"{label} · {h.name}",
            reverse("schedule:plan_new", args=[h.pk]),
            "plus",
            kind="primary" if one else "secondary",
        )
        for h in hospitals
    ]


@page(SCHEDULE_VIEW)
@require_safe
def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """One plan, its dues, and what was decided about it."""
    row = plan_get(request.scope, plan_id)
    named = subject_names([_ref(row)])[_ref(row)]
    steps = [
        ngettext("%(role)s after %(n)d day overdue", "%(role)s after %(n)d days overdue", s["days"])
        % {"role": role_text(s["role"]), "n": s["days"]}
        for s in row.escalation
    ]
    details = [
        (_("First date"), When(row.first_date)),
        (_("May be done so many days before"), row.lead_days),
        (_("Overdue when so many days have passed"), row.grace_days),
        (_("Told too"), "、".join(steps) or "—"),
        (_("Made"), Lines(When(row.created_at), row.created_by_name)),
    ]
    if not row.active:
        details.append((_("Ended"), Lines(When(row.ended_at), f"{row.ended_by_name} · {row.ended_reason}")))
    return ThingPage(
        title=row.title,
        purpose=row.hospital.name,
        kind=kind_text(row),
        crumbs=crumbs(Link(_("Plans"), reverse("schedule:plans"))),
        state=Tag(_("in force"), "pass", "check") if row.active else Tag(_("ended"), "none"),
        facts=[
            Fact(_("For"), Link(named.label, named.url) if named.url else named.label),
            Fact(_("How often"), often_text(row)),
            Fact(_("Who"), owner_text(row)),
        ],
        actions=_plan_actions(request, row),
        sections=[Section(_("Details"), KeyValues(details)), _dues(row)],
        timeline=Timeline(_history(request, row)),
    ).response(request)


def _plan_actions(request: HttpRequest, row: Plan) -> list[Action]:
    if not row.active or not may_edit(request, row.hospital):
        return []
    return [
        Action(_("Change"), reverse("schedule:plan_change", args=[row.pk]), "pencil"),
        Action(_("End the plan"), reverse("schedule:plan_end", args=[row.pk]), "x", kind="quiet"),
    ]


def _dues(row: Plan) -> Section:
    today = local_day(row.hospital.zone)
    found = list(row.dues.order_by("-day")[:_SHOWN])
    return Section(
        _("Dates"),
        Table(
            columns=(
                Column("day", _("Due on"), nowrap=True, wide=True),
                Column("done", _("Done on"), nowrap=True),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[
                Row(
                    {
                        "day": day_text(one.day),
                        "done": When(one.done_on) if one.done_on else None,
                        "state": due_tag(one, today),
                    },
                    url=reverse("schedule:due", args=[one.pk]),
                    id=str(one.pk),
                )
                for one in found
            ],
            caption=_("Dates"),
            empty=Empty(_("No date"), icon="calendar"),
        ),
        flush=True,
    )


def _history(request: HttpRequest, row: Plan) -> list[TimelineEntry]:
    """What people decided about a plan."""
    return [
        TimelineEntry(
            entry.at,
            deed(entry.action),
            who=entry.actor_name,
            kind="decision",
            kind_label=_("decision"),
            detail=entry.reason,
        )
        for entry in subject_entries(request.scope, f"plan:{row.pk}", limit=_SHOWN)
    ]


@page(SCHEDULE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Plan a task."""
    hospital = organisation_get(request.scope, hospital_id)
    initial = {"first_date": local_day(hospital.zone), "unit": "month", "subject": request.GET.get("subject", "")}
    form = PlanForm(request.POST or None, hospital=hospital, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: plan_create(
                actor=request.actor,
                hospital=hospital,
                subject=form.planned_for,
                kind=TASK,
                rule=form.plan.title[:120],
                fields=form.plan,
            ),
        )
        if made:
            messages.success(request, _("Planned."))
            return redirect("schedule:plan", made.pk)
    return FormPage(
        title=_("Plan something"),
        purpose=_("Tests of devices are planned on the pages of tests; here is anything else that comes round again."),
        crumbs=crumbs(Link(_("Plans"), reverse("schedule:plans"))),
        form=form,
        submit=_("Plan it"),
        cancel_url=reverse("schedule:plans"),
    ).response(request, status=400 if form.is_bound else 200)


@page(SCHEDULE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Change a plan."""
    row = plan_get(request.scope, plan_id)
    back = reverse("schedule:plan", args=[row.pk])
    form = PlanForm(request.POST or None, initial=PlanForm.initial_of(row))
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(form, lambda: plan_change(actor=request.actor, plan=row, fields=form.plan)):
        messages.success(request, _("Changed. Dates ahead follow the new plan."))
        return redirect(back)
    return FormPage(
        title=_("Change the plan"),
        purpose=_("Dates ahead are made anew; what was due before and what was settled stays."),
        crumbs=crumbs(Link(_("Plans"), reverse("schedule:plans")), Link(row.title, back)),
        form=form,
        submit=_("Change"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(SCHEDULE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """End a plan."""
    row = plan_get(request.scope, plan_id)
    back = reverse("schedule:plan", args=[row.pk])
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(form, lambda: plan_end(actor=request.actor, plan=row, reason=form.cleaned_data["reason"])):
        messages.success(request, _("The plan is ended."))
        return redirect(back)
    return FormPage(
        title=_("End the plan: %(what)s") % {"what": row.title},
        purpose=_("Everything that is still open of it is cancelled with your reason. The records stay."),
        crumbs=crumbs(Link(_("Plans"), reverse("schedule:plans")), Link(row.title, back)),
        form=form,
        submit=_("End the plan"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
