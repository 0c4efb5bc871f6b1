"""Rules by which phantoms are recognised, and how long a failed device is waited for."""

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
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.phantomqc.forms import GateForm, SelectorForm, split
from yingheng.phantomqc.models import PhantomSelector
from yingheng.phantomqc.selectors import gate_hours, selector_get, selector_list
from yingheng.phantomqc.services import SelectorFields, gate_set, selector_put, selector_switch
from yingheng.phantomqc.views.common import analysis_text, crumbs, tabs
from yingheng.registry.models import Device
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import DEVICE_EDIT, DEVICE_RELEASE, DEVICE_VIEW
from yingheng.tenancy.selectors import hospital_list, organisation_get


@page(DEVICE_VIEW)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """By what phantoms are told from patients, and which test they are."""
    shown, pager = offset_page(request, selector_list(request.scope))
    may = scope_of(request, DEVICE_EDIT)
    return ListPage(
        title=_("Recognition rules"),
        purpose=_(
            "The first rule that a series meets says which test it is. Names of phantoms are known without rules."
        ),
        crumbs=crumbs(),
        tabs=tabs("rules"),
        actions=_each(request, DEVICE_EDIT, _("Add a rule"), "rule_new"),
        table=Table(
            columns=(
                Column("order", _("Order"), align="right"),
                Column("name", _("Rule"), wide=True),
                Column("test", _("Test")),
                Column("state", _("State"), nowrap=True),
                Column("do", "", align="right"),
            ),
            rows=[_row(row, may_change=may.contains(row.hospital.path)) for row in shown],
            caption=_("Recognition rules"),
            pager=pager,
            empty=Empty(_("No rule yet"), _("Images named as phantoms wait for a person to say which test."), "filter"),
        ),
    ).response(request)


def _each(request: HttpRequest, permission: str, label: str, name: str) -> list[Action]:
    """One button where there is one hospital, one a hospital for a few."""
    hospitals = hospital_list(scope_of(request, permission))
    one = len(hospitals) == 1
    return [
        Action(
            label if one else f"{label} · {h.name}",
            reverse(f"phantomqc:{name}", args=[h.pk]),
            "plus",
            kind="primary" if one else "secondary",
        )
        for h in hospitals
    ]


def _row(row: PhantomSelector, *, may_change: bool) -> Row:
    conditions = ["/".join(row.modalities), "、".join(row.words), row.device.label if row.device else ""]
    label = _("Stop") if row.is_active else _("Use again")
    toggle = Action(label, reverse("phantomqc:rule_switch", args=[row.pk]), method="post")
    return Row(
        {
            "order": row.position,
            "name": Lines(row.name, "；".join(filter(None, (*conditions, row.hospital.name)))),
            "test": Lines(analysis_text(row.test), str(row.get_test_type_display())),
            "state": Tag(_("in use"), "pass") if row.is_active else Tag(_("not in use"), "none"),
            "do": toggle if may_change else None,
        },
        url=reverse("phantomqc:rule", args=[row.pk]) if may_change else "",
        id=str(row.pk),
    )


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Add a rule of one hospital."""
    return _form(request, organisation_get(request.scope, hospital_id), None)


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, selector_id: UUID) -> HttpResponse:
    """Change a rule."""
    row = selector_get(request.scope, selector_id)
    return _form(request, row.hospital, row)


def _form(request: HttpRequest, hospital: Organisation, row: PhantomSelector | None) -> HttpResponse:
    form = SelectorForm(
        request.POST or None,
        devices=Device.objects.filter(hospital=hospital).order_by("name", "maker", "pk"),
        initial=SelectorForm.initial_of(row) if row else None,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        lists = {"words": split(data["words"]), "modalities": split(data["modalities"])}
        fields = SelectorFields(**data | lists, parameters=row.parameters if row and row.test == data["test"] else {})
        if attempt(form, lambda: selector_put(actor=request.actor, hospital=hospital, fields=fields, row=row)):
            messages.success(request, _("Kept. It holds for exams that arrive from now on."))
            return redirect("phantomqc:rules")
    return FormPage(
        title=row.name if row else _("Add a rule"),
        purpose=_("%(hospital)s. Conditions left empty ask for nothing; all that are set must hold.")
        % {"hospital": hospital.name},
        crumbs=crumbs(Link(_("Recognition rules"), reverse("phantomqc:rules"))),
        form=form,
        submit=_("Keep"),
        cancel_url=reverse("phantomqc:rules"),
    ).response(request, status=400 if form.is_bound else 200)


@page(DEVICE_EDIT)
@require_POST
def rule_switch(request: HttpRequest, selector_id: UUID) -> HttpResponse:
    """Take a rule out of use, or into use again."""
    row = selector_get(request.scope, selector_id)
    selector_switch(actor=request.actor, row=row, active=not row.is_active)
    messages.success(request, _("Out of use.") if row.is_active else _("In use again."))
    return redirect("phantomqc:rules")


@page(DEVICE_VIEW)
@require_safe
def gate(request: HttpRequest) -> HttpResponse:
    """How long each hospital waits before a failed status test restricts a device."""
    may = scope_of(request, DEVICE_RELEASE)
    hospitals = hospital_list(request.scope)
    return ListPage(
        title=_("Restrictions after failed tests"),
        purpose=_(
            "Engineers hear of a failed status test first. A limit that nobody confirmed never restricts a device."
        ),
        crumbs=crumbs(),
        table=Table(
            columns=(Column("hospital", _("Hospital"), wide=True), Column("hours", _("Hours"), align="right")),
            rows=[
                Row(
                    {"hospital": h.name, "hours": gate_hours(h)},
                    url=reverse("phantomqc:gate_hospital", args=[h.pk]) if may.contains(h.path) else "",
                    id=str(h.pk),
                )
                for h in hospitals[:8]
            ],
            caption=_("Restrictions after failed tests"),
        ),
    ).response(request)


@page(DEVICE_RELEASE)
@require_http_methods(["GET", "HEAD", "POST"])
def gate_hospital(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Set the time of one hospital."""
    hospital = organisation_get(request.scope, hospital_id)
    form = GateForm(request.POST or None, initial={"hours": gate_hours(hospital)})
    valid = request.method == "POST" and form.is_valid()
    hours = form.cleaned_data["hours"] if valid else 0
    if valid and attempt(form, lambda: gate_set(actor=request.actor, hospital=hospital, hours=hours)):
        messages.success(request, _("Kept."))
        return redirect("phantomqc:gate")
    return FormPage(
        title=_("Restrictions after failed tests"),
        purpose=_("Hours after which a device is restricted although no engineer took note. 0 is at once."),
        crumbs=crumbs(Link(_("Restrictions after failed tests"), reverse("phantomqc:gate"))),
        form=form,
        submit=_("Keep"),
        cancel_url=reverse("phantomqc:gate"),
    ).response(request, status=400 if form.is_bound else 200)
