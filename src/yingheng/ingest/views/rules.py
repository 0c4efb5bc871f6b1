"""Forwarding rules."""

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
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Many, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.forms.peers import RuleForm
from yingheng.ingest.models import ForwardRule
from yingheng.ingest.selectors.forwarding import rule_get, rule_list
from yingheng.ingest.selectors.peers import destination_list
from yingheng.ingest.services.forwarding_rules import rule_put, rule_switch
from yingheng.ingest.views.common import crumbs, tabs
from yingheng.registry.models import Device
from yingheng.registry.selectors import exam_item_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import hospital_list, organisation_get


@page(INGEST_VIEW)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Which exams go to whom."""
    shown, pager = offset_page(request, rule_list(request.scope))
    may = scope_of(request, INGEST_MANAGE)
    return ListPage(
        title=_("Forwarding rules"),
        purpose=_("Which exams go on to which destinations, at once or after release. An exam travels whole."),
        crumbs=crumbs(),
        tabs=tabs("rules"),
        actions=_new_actions(request),
        table=Table(
            columns=(
                Column("order", _("Order"), align="right"),
                Column("name", _("Rule"), wide=True),
                Column("to", _("Destination")),
                Column("how", _("How")),
                Column("state", _("State"), nowrap=True),
                Column("do", "", align="right"),
            ),
            rows=[_row(row, may_change=may.contains(row.hospital.path)) for row in shown],
            caption=_("Forwarding rules"),
            pager=pager,
            empty=Empty(
                _("No rule yet"), _("Nothing is forwarded. Add a destination among the connections first."), icon="send"
            ),
        ),
    ).response(request)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Add a rule of one hospital."""
    hospital = organisation_get(request.scope, hospital_id)
    return _form(request, hospital, None)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Change a rule."""
    row = rule_get(request.scope, rule_id)
    return _form(request, row.hospital, row)


@page(INGEST_MANAGE)
@require_POST
def rule_toggle(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Take a rule out of use, or into use again."""
    row = rule_get(request.scope, rule_id)
    rule_switch(actor=request.actor, row=row, active=not row.is_active)
    done = _("The rule is out of use; what it put into the outbox is still sent.")
    messages.success(request, done if row.is_active else _("The rule is in use again."))
    return redirect("ingest:rules")


def _form(request: HttpRequest, hospital: Organisation, row: ForwardRule | None) -> HttpResponse:
    form = RuleForm(
        request.POST or None,
        destinations=destination_list(hospital),
        devices=Device.objects.filter(hospital=hospital).order_by("name", "maker", "pk"),
        items=exam_item_list(),
        initial=RuleForm.initial_of(row) if row else None,
    )
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: rule_put(actor=request.actor, hospital=hospital, fields=form.rule, row=row))
        if made:
            messages.success(request, _("Kept. It holds for exams that arrive from now on."))
            return redirect("ingest:rules")
    return FormPage(
        title=row.name if row else _("Add a rule"),
        purpose=_("%(hospital)s. Conditions left empty ask for nothing; all that are set must hold.")
        % {"hospital": hospital.name},
        crumbs=crumbs(Link(_("Forwarding rules"), reverse("ingest:rules"))),
        form=form,
        submit=_("Keep"),
        cancel_url=reverse("ingest:rules"),
    ).response(request, status=400 if form.is_bound else 200)


def _new_actions(request: HttpRequest) -> list[Action]:
    """One button where there is one hospital, one a hospital for a few; a region names them all."""
    hospitals = hospital_list(scope_of(request, INGEST_MANAGE))
    label = _("Add a rule")
    return [
        Action(
            label if len(hospitals) == 1 else f"{label} · {h.name}",
            reverse("ingest:rule_new", args=[h.pk]),
            "plus",
            kind="primary" if len(hospitals) == 1 else "secondary",
        )
        for h in hospitals
    ]


def _row(row: ForwardRule, *, may_change: bool) -> Row:
    toggle = reverse("ingest:rule_toggle", args=[row.pk])
    label = _("Stop") if row.is_active else _("Use again")
    return Row(
        {
            "order": row.position,
            "name": Lines(row.name, " · ".join((conditions_words(row), row.hospital.name))),
            "to": "、".join(d.name for d in row.destinations.all()),
            "how": Many(_how(row)),
            "state": Tag(_("in use"), "pass") if row.is_active else Tag(_("not in use"), "none"),
            "do": Action(label, toggle, method="post") if may_change else None,
        },
        url=reverse("ingest:rule_edit", args=[row.pk]) if may_change else "",
        id=str(row.pk),
    )


def _how(row: ForwardRule) -> list[Tag]:
    found = [
        Tag(_held_words(row.hold_minutes), "human", "hand-stop") if row.hold else Tag(_("sent at once")),
    ]
    if row.until_reviewed:
        found.append(Tag(_("until the daily review"), "human", "eye-check"))
    if row.with_results:
        found.append(Tag(_("with results"), "accent"))
    return found


def _held_words(minutes: int | None) -> str:
    return _("held as the hospital says") if minutes is None else _("held %(n)s min") % {"n": minutes}


def conditions_words(row: ForwardRule) -> str:
    """Which exams a rule is about, in a line."""
    parts = [
        "/".join(row.modalities),
        "、".join(d.label for d in row.devices.all()),
        "、".join(i.label for i in row.items.all()),
        "、".join(row.ae_titles),
        {True: _("emergency exams only"), False: _("all but emergency exams")}.get(row.emergency, ""),
    ]
    return "；".join(filter(None, parts)) or _("all exams")
