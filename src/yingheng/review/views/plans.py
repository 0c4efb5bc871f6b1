"""Sampling plans: the list, one of them, what it would draw, writing it, drawing by it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, KeyValues, Lines, Link, Many, Section, Timeline
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.cells_table import cells_section
from yingheng.review.confidence import confidence_of
from yingheng.review.forms.plans import DrawForm, PlanForm
from yingheng.review.frame import plan_subjects
from yingheng.review.models import Plan
from yingheng.review.options import Options
from yingheng.review.periods import period_before, period_of, rolls
from yingheng.review.plan_parts import campaigns_section, plan_details, plan_tag
from yingheng.review.presets import preset_initial, preset_name, presets
from yingheng.review.selectors import plan_get, plans
from yingheng.review.services.drawing import campaign_draw, drawn_of
from yingheng.review.services.planning import FITTING, plan_put, plan_switch
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.review.telling import amount_text, confidence_rows, every_text, margin_text, note_rows
from yingheng.review.views.common import crumbs, history, may_plan
from yingheng.review.views.plan_sheets import sheets_section
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN, REVIEW_VIEW
from yingheng.tenancy.selectors import organisation_get, organisation_list

_DRAWING = {"region", "prefecture", "county", "hospital"}


def _plan_crumbs(*more: Link) -> list[Link]:
    return crumbs(Link(_("Sampling plans"), reverse("review:plans")), *more)


@page(REVIEW_VIEW)
@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    """Standing plans."""
    shown, pager = offset_page(request, plans(request.scope).order_by("-is_active", "name", "pk"))
    return ListPage(
        title=_("Sampling plans"),
        purpose=_("What is drawn for review, how often, and who reads it. Drawing is by chance and can be run again."),
        crumbs=crumbs(),
        actions=_new_actions(request),
        table=Table(
            columns=(
                Column("name", _("Plan"), wide=True),
                Column("purpose", _("What for"), nowrap=True, phone=False),
                Column("every", _("How often"), nowrap=True),
                Column("amount", _("How many are drawn"), phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Sampling plans"),
            pager=pager,
            empty=Empty(_("No plan yet"), _("Nothing is drawn for review before somebody plans it."), "stack-2"),
        ),
    ).response(request)


def _row(row: Plan) -> Row:
    return Row(
        {
            "name": Lines(row.name, row.organisation.name),
            "purpose": row.get_purpose_display(),
            "every": every_text(row),
            "amount": amount_text(SamplingSpec.from_dict(row.sampling)),
            "state": plan_tag(row),
        },
        url=reverse("review:plan", args=[row.pk]),
        id=str(row.pk),
        tone="" if row.is_active else "none",
    )


def _new_actions(request: HttpRequest) -> list[Action]:
    places = [one for one in organisation_list(scope_of(request, REVIEW_PLAN)) if one.kind in _DRAWING]
    hospitals = [one for one in places if one.kind == Organisation.Kind.HOSPITAL]
    offered = hospitals if len(places) == len(hospitals) == 1 else places[:1]
    return [
        Action(_("New plan"), reverse("review:plan_new", args=[one.pk]), "plus", kind="primary", key="n")
        for one in offered
    ]


@page(REVIEW_VIEW)
@require_safe
def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """One plan: what it says, and the samples that were drawn by it."""
    row = plan_get(request.scope, plan_id)
    sampling, reading = SamplingSpec.from_dict(row.sampling), ReadingSpec.from_dict(row.reading)
    may = may_plan(request, row.organisation)
    return ThingPage(
        title=row.name,
        purpose=row.organisation.name,
        kind=str(row.get_purpose_display()),
        crumbs=_plan_crumbs(),
        state=plan_tag(row),
        facts=[
            Fact(_("How often"), every_text(row)),
            Fact(_("How many are drawn"), amount_text(sampling)),
            Fact(_("Readers of each case"), reading.readers),
        ],
        actions=_plan_actions(row) if may else [],
        sections=[
            campaigns_section(row),
            *([sheets_section(row, may=may)] if row.template == FITTING else []),
            Section(_("Details"), KeyValues(plan_details(row, sampling, reading, names=may))),
        ],
        timeline=Timeline(history(request, f"review_plan:{row.pk}")),
    ).response(request)


def _plan_actions(row: Plan) -> list[Action]:
    switch = _("Switch off") if row.is_active else _("Switch on")
    drawing = [
        Action(_("Draw a sample"), reverse("review:plan_draw", args=[row.pk]), "stack-2", kind="primary"),
        Action(_("What would be drawn"), reverse("review:plan_preview", args=[row.pk]), "eye"),
    ]
    return [
        *([] if rolls(row) else drawing),
        Action(_("Change"), reverse("review:plan_change", args=[row.pk]), "pencil"),
        Action(switch, reverse("review:plan_switch", args=[row.pk]), method="post", kind="quiet", name="active",
               value="" if row.is_active else "1"),
    ]  # fmt: skip


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Write a plan."""
    place = organisation_get(request.scope, organisation_id)
    options = Options(place)
    default = {"other_hospitals_only": place.kind != Organisation.Kind.HOSPITAL}
    if place.kind != Organisation.Kind.HOSPITAL:
        default |= {"purpose": "regional", "stratum1": "hospital", "stratum2": "device"}
    chosen = request.GET.get("preset", "")
    form = PlanForm(request.POST or None, options=options, initial=default | preset_initial(chosen))
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: plan_put(actor=request.actor, organisation=place, fields=form.plan))
        if made:
            messages.success(request, _("The plan is there."))
            return redirect("review:plan", made.pk)
    return FormPage(
        title=_("New sampling plan"),
        purpose=_("For %(place)s. What would be drawn can be looked at before anything is.") % {"place": place.name},
        crumbs=_plan_crumbs(),
        form=form,
        aside=[_preset_section(place, chosen)],
        submit=_("Make the plan"),
        cancel_url=reverse("review:plans"),
    ).response(request, status=400 if form.is_bound else 200)


def _preset_section(place: Organisation, chosen: str) -> Section:
    """Plans that are asked for again and again: one click fills the form in."""
    url = reverse("review:plan_new", args=[place.pk])
    links = [
        Action(preset_name(key), f"{url}?preset={key}", "check" if key == chosen else "list-check", kind="quiet")
        for key in presets()
    ]
    return Section(_("Ready-made"), Many(links), hint=_("fills the form in; change what you like"))


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_change(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Change a plan; samples that were drawn stay as they are."""
    row = plan_get(request.scope, plan_id)
    back = reverse("review:plan", args=[row.pk])
    form = PlanForm(request.POST or None, options=Options(row.organisation), initial=PlanForm.initial_of(row))
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(
        form, lambda: plan_put(actor=request.actor, organisation=row.organisation, fields=form.plan, row=row)
    ):
        messages.success(request, _("Changed. Samples drawn before stay as they were drawn."))
        return redirect(back)
    return FormPage(
        title=_("Change the plan"),
        purpose=_("Samples that were drawn keep the plan they were drawn by."),
        crumbs=_plan_crumbs(Link(row.name, back)),
        form=form,
        submit=_("Change"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_PLAN)
@require_POST
def switch(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Have a plan draw by itself, or no longer."""
    row = plan_switch(
        actor=request.actor, plan=plan_get(request.scope, plan_id), active=bool(request.POST.get("active"))
    )
    done = _("The plan draws by itself again.") if row.is_active else _("The plan draws nothing by itself any more.")
    messages.success(request, done)
    return redirect("review:plan", row.pk)


@page(REVIEW_PLAN)
@require_safe
def preview(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """What a plan would draw of the last whole period; nothing is drawn."""
    row = plan_get(request.scope, plan_id)
    first, last = period_before(row.every, local_day(row.organisation.zone))
    sampling, back = SamplingSpec.from_dict(row.sampling), reverse("review:plan", args=[row.pk])
    found, problem = None, ""
    try:
        found = drawn_of(plan_subjects(row, first, last), sampling, "preview")
    except (Conflict, Invalid) as exc:
        problem = error_text(exc)
    told = confidence_of(found) if found else {}
    drawn = found.as_dict() if found else {}
    return ThingPage(
        title=_("What would be drawn: %(plan)s") % {"plan": row.name},
        purpose=_("Of %(first)s to %(last)s. Which ones it will be is decided by chance when the sample is drawn.")
        % {"first": first, "last": last},
        kind=str(row.get_purpose_display()),
        crumbs=_plan_crumbs(Link(row.name, back)),
        facts=[
            Fact(_("Can be drawn"), told.get("size", 0)),
            Fact(_("Would be drawn"), told.get("n", 0)),
            Fact(_("Margin of a share"), margin_text(told)),
        ],
        actions=[Action(_("Draw a sample"), reverse("review:plan_draw", args=[row.pk]), "stack-2")],
        alerts=[Alert(problem, "fail")] if problem else [],
        sections=[
            Section(_("What it would tell"), KeyValues([*confidence_rows(told), *note_rows(drawn)])),
            cells_section(drawn.get("cells", ()), sampling, row.subject_kind),
        ]
        if found
        else [],
    ).response(request)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_draw(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Draw a sample by a plan."""
    row = plan_get(request.scope, plan_id)
    back, today = reverse("review:plan", args=[row.pk]), local_day(row.organisation.zone)
    first, last = period_before(row.every, today)
    current = period_of(row.every, today)[0]
    form = DrawForm(request.POST or None, initial={"first_day": first, "last_day": last})
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data
        made = attempt(form, lambda: campaign_draw(actor=request.actor, plan=row, **days))
        if made:
            return redirect("review:campaign", made.pk)
    return FormPage(
        title=_("Draw a sample: %(plan)s") % {"plan": row.name},
        purpose=_("A sample of the same plan and days is drawn once. The days of the present period begin on %(day)s.")
        % {"day": current},
        crumbs=_plan_crumbs(Link(row.name, back)),
        form=form,
        submit=_("Draw"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
