"""Plans: what is asked of archives and worklists by itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.forms.querying import PlanForm, plan_initial
from yingheng.ingest.models import QueryPlan
from yingheng.ingest.selectors.querying import asked_partners, query_plan_get, query_plan_list
from yingheng.ingest.services.querying import query_plan_put, query_plan_switch
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW


@page(INGEST_VIEW)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan."""
    may = scope_of(request, INGEST_MANAGE)
    add = Action(_("Add a plan"), reverse("ingest:query_plan_new"), "plus", kind="primary")
    return ListPage(
        title=_("Plans"),
        purpose=_("Nightly back-fill from archives, and worklists for the next days."),
        crumbs=crumbs(Link(_("Queries"), reverse("ingest:queries"))),
        actions=[add] if may else [],
        table=Table(
            columns=(
                Column("what", _("Plan"), wide=True),
                Column("when", _("When")),
                Column("conditions", _("Conditions"), roomy=True),
                Column("last", _("Last run"), nowrap=True, phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row, editable=may.contains(row.hospital.path)) for row in query_plan_list(request.scope)],
            caption=_("Plans"),
            empty=Empty(_("No plan yet"), _("Without a plan nothing is asked by itself."), icon="calendar"),
        ),
    ).response(request)


def when_words(row: QueryPlan) -> str:
    """When a plan runs."""
    if row.every_minutes:
        return _("every %(n)s minutes") % {"n": row.every_minutes}
    return _("every day at %(at)s") % {"at": f"{row.at:%H:%M}"}


def _row(row: QueryPlan, *, editable: bool) -> Row:
    conditions = [", ".join(row.modalities), ", ".join(row.stations), row.description]
    return Row(
        {
            "what": Lines(row.partner.name, f"{row.get_kind_display()} · {row.hospital.name}"),
            "when": Lines(when_words(row), _("%(n)s days") % {"n": row.days}),
            "conditions": " · ".join(filter(None, conditions)) or _("All"),
            "last": When(row.last, ago=True) if row.last else None,
            "state": Tag(_("in use"), "pass") if row.is_active else Tag(_("not in use"), "none"),
        },
        url=reverse("ingest:query_plan", args=[row.pk]) if editable else "",
        id=str(row.pk),
    )


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Add a plan."""
    form = PlanForm(request.POST or None, partners=list(asked_partners(request.scope)), initial={"at": "01:30"})
    return _form(request, None, form)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Change a plan."""
    row = query_plan_get(request.scope, plan_id)
    form = PlanForm(request.POST or None, partners=[row.partner], initial=plan_initial(row))
    return _form(request, row, form)


def _form(request: HttpRequest, row: QueryPlan | None, form: PlanForm) -> HttpResponse:
    back = reverse("ingest:query_plans")
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: query_plan_put(actor=request.actor, fields=form.plan, row=row))
        if made:
            messages.success(request, _("Kept. It begins at its next time."))
            return redirect(back)
    actions = []
    if row:
        label = _("Take out of use") if row.is_active else _("Take into use")
        actions = [Action(label, reverse("ingest:query_plan_switch", args=[row.pk]), method="post")]
    none = [Alert(_("No connection in use is marked as one that we query."), "human")]
    return FormPage(
        title=_("Change the plan") if row else _("Add a plan"),
        purpose=_("A run that has not ended when the next begins gives way to it; what is left is found again."),
        crumbs=crumbs(Link(_("Queries"), reverse("ingest:queries")), Link(_("Plans"), back)),
        actions=actions,
        alerts=[] if form.partners else none,
        form=form,
        submit=_("Keep"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(INGEST_MANAGE)
@require_POST
def plan_switch(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Take a plan out of use, or into use again."""
    row = query_plan_get(request.scope, plan_id)
    query_plan_switch(actor=request.actor, row=row, active=not row.is_active)
    messages.success(request, _("Out of use.") if row.is_active else _("In use again."))
    return redirect("ingest:query_plans")
