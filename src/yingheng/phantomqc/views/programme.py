"""Templates of tests, and planning them for devices."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from imagingqc.phantom.registry import TESTS
from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.parts import Action, Empty, Fact, Lines, Link, Section, Tag
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.words import language, quantity_text
from yingheng.phantomqc.catalogue import Template, TemplateItem, template_named, templates
from yingheng.phantomqc.forms import OccasionPlanForm
from yingheng.phantomqc.models import Occasion
from yingheng.phantomqc.services import device_test_plan
from yingheng.phantomqc.views.common import crumbs, tabs
from yingheng.registry.banner import use_alerts
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get
from yingheng.schedule.models import Plan
from yingheng.schedule.views.common import often_text
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_TEST, DEVICE_VIEW, SCHEDULE_EDIT

_SHOWN = 60


@page(DEVICE_VIEW)
@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """Every template of the product."""
    kind = request.GET.get("device", "")
    every = list(templates().values())
    shown = [t for t in every if kind in {"", t.device}]
    options = [Option("", _("All")), *(Option(d, d) for d in dict.fromkeys(t.device for t in every))]
    return ListPage(
        title=_("Templates of tests"),
        purpose=_("What is tested on which kind of device, how, how often, and which standard judges it."),
        crumbs=crumbs(),
        tabs=tabs("templates"),
        filters=FilterBar((Filter("device", _("Device"), "select", kind, options),)),
        table=Table(
            columns=(
                Column("name", _("Test"), wide=True),
                Column("type", _("Type of test"), nowrap=True),
                Column("often", _("How often"), nowrap=True),
                Column("items", _("Items of the test"), align="right", phone=False),
            ),
            rows=[
                Row(
                    {
                        "name": Lines(t.label(language()), t.device),
                        "type": str(Occasion(t.test_type).label),
                        "often": often(t),
                        "items": len(t.items),
                    },
                    url=reverse("phantomqc:template", args=[t.id]),
                    id=t.id,
                )
                for t in shown
            ],
            caption=_("Templates of tests"),
            empty=Empty(_("No template here"), icon="clipboard-list"),
        ),
    ).response(request)


def often(template: Template) -> str:
    return often_text(Plan(unit=template.unit, every=template.every))


@page(DEVICE_VIEW)
@require_safe
def template(request: HttpRequest, template_id: str) -> HttpResponse:
    """One template: its items, and the devices it is for."""
    row = template_named(template_id)
    if row is None:
        raise Http404
    titles = "、".join(standard_title(s) for s in row.standards)
    return ThingPage(
        title=row.label(language()),
        purpose=titles or _("No standard judges it; it is compared with the device's own baseline."),
        kind=_("Template of a test"),
        crumbs=crumbs(Link(_("Templates of tests"), reverse("phantomqc:templates"))),
        state=Tag(_("submitted by itself"), "accent") if row.automatic else None,
        facts=[
            Fact(_("Device"), row.device),
            Fact(_("Type of test"), str(Occasion(row.test_type).label)),
            Fact(_("How often"), often(row)),
        ],
        sections=[_items(row), _devices(request, row)],
    ).response(request)


def _items(row: Template) -> Section:
    return Section(
        _("Items of the test"),
        Table(
            columns=(
                Column("item", _("Item"), wide=True),
                Column("how", _("How it is done"), nowrap=True),
                Column("what", _("Quantities"), phone=False),
            ),
            rows=[_item_row(item) for item in row.items],
            caption=_("Items of the test"),
        ),
        flush=True,
    )


def _item_row(item: TemplateItem) -> Row:
    lang = language()
    ways = {"image": _("images"), "readings": _("readings"), "visual": _("by eye")}
    known = item.kind != "image" or any(t.name == item.test for t in TESTS)
    name = item.label(lang) if item.required else f"{item.label(lang)} ({_('may be left out')})"
    way = Tag(ways[item.kind], "neutral") if known else Tag(_("no analysis yet"), "human")
    return Row(
        {
            "item": Lines(name, item.how(lang)),
            "how": way,
            "what": "、".join(quantity_text(q) for q in item.quantities) or None,
        },
        id=item.key,
    )


def _devices(request: HttpRequest, row: Template) -> Section:
    devices = request.scope.filter(Device.objects.filter(modality__in=row.modalities).select_related("hospital"))
    shown = list(devices.order_by("name", "maker", "pk")[:_SHOWN])
    planned = {
        plan.subject_id: plan
        for plan in Plan.objects.filter(subject_id__in=[d.pk for d in shown], rule=row.id, active=True)
    }
    may, plan = scope_of(request, DEVICE_TEST), scope_of(request, SCHEDULE_EDIT)
    rows = [
        _device_row(
            d, row, planned.get(d.pk), may_test=may.contains(d.hospital.path), may_plan=plan.contains(d.hospital.path)
        )
        for d in shown
    ]
    return Section(
        _("Devices"),
        Table(
            columns=(Column("device", _("Device"), wide=True), Column("plan", _("Planned")), Column("do", "")),
            rows=rows,
            caption=_("Devices"),
            empty=Empty(_("No device of this kind"), icon="device-desktop-analytics"),
        ),
        flush=True,
    )


def _device_row(device: Device, row: Template, plan: Plan | None, *, may_test: bool, may_plan: bool) -> Row:
    planned: object = None
    if plan is not None:
        planned = Link(often_text(plan), reverse("schedule:plan", args=[plan.pk]))
    elif may_plan:
        planned = Action(_("Plan it"), f"{reverse('phantomqc:plan', args=[device.pk])}?template={row.id}", "calendar")
    begin = Action(_("Begin"), f"{reverse('phantomqc:begin', args=[device.pk])}?template={row.id}", "arrow-right")
    return Row(
        {"device": Lines(device.label, device.hospital.name), "plan": planned, "do": begin if may_test else None},
        id=str(device.pk),
    )


@page(SCHEDULE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Plan a test of a device."""
    device = device_get(request.scope, device_id)
    row = template_named(request.GET.get("template", ""))
    if row is None or device.modality not in row.modalities:
        return redirect("phantomqc:templates")
    initial = {
        "title": row.zh,
        "first_date": local_day(device.hospital.zone),
        "unit": row.unit,
        "every": row.every,
        "owner_role": "engineer" if row.test_type != "constancy" else "technologist",
    }
    form = OccasionPlanForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: device_test_plan(actor=request.actor, device=device, template=row, fields=form.plan),
        )
        if made:
            messages.success(request, _("Planned. It is done when the test is submitted."))
            return redirect("schedule:plan", made.pk)
    back = reverse("phantomqc:template", args=[row.id])
    return FormPage(
        title=_("Plan: %(what)s") % {"what": row.label(language())},
        purpose=f"{device.label} · {device.hospital.name}",
        crumbs=crumbs(Link(row.label(language()), back)),
        alerts=use_alerts(device),
        form=form,
        submit=_("Plan it"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
