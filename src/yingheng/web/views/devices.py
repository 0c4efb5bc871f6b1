"""Devices as discovered from headers: the list, one device, and confirming it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.selectors import ExamFilter, exam_list
from yingheng.common.ui.addresses import kept_query, with_query
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.panels import panels_for, timeline_for
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Section, Tab, Tag, Timeline, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Row, Table
from yingheng.registry.banner import TONES, use_alerts, use_tag, use_tags
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_counts, device_get, device_list
from yingheng.registry.services import device_confirm
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_EDIT, DEVICE_VIEW, EXAM_VIEW
from yingheng.web.device_sections import quality_sections
from yingheng.web.forms import DeviceForm
from yingheng.web.views.exams import exam_name, exam_state

RECENT = 10


@page(DEVICE_VIEW)
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """Devices that sent something; new ones wait to be confirmed."""
    state, text = request.GET.get("state", ""), request.GET.get("text", "").strip()
    rows = device_list(
        request.scope,
        text=text,
        status=state if state == "unconfirmed" else "",
        use_state=state if state in {"restricted", "down"} else "",
    )
    shown, pager = offset_page(request, rows)
    return ListPage(
        title=_("Devices"),
        purpose=_("Discovered from the headers of what they sent. Confirm each once, with the name people use."),
        tabs=_tabs(request, state),
        filters=FilterBar((Filter("text", _("Search"), value=text),), keep=kept_query(request, "state")),
        table=Table(
            columns=(
                Column("name", _("Device"), wide=True),
                Column("modality", _("Modality"), nowrap=True),
                Column("serial", _("Serial number"), phone=False),
                Column("status", _("Identity"), nowrap=True),
                Column("use", _("Use"), nowrap=True),
                Column("seen", _("Last exam"), nowrap=True, phone=False),
            ),
            rows=[_row(device) for device in shown],
            caption=_("Devices"),
            pager=pager,
            empty=Empty(
                _("No device here"),
                _("Devices appear by themselves with their first exam."),
                icon="device-desktop-analytics",
            ),
        ),
    ).response(request)


@page(DEVICE_VIEW)
@require_safe
def device(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """One device: identity, use, its newest exams."""
    row = device_get(request.scope, device_id)
    sections = [Section(_("Identity"), _identity(row)), *quality_sections(request, row)]
    if exams := scope_of(request, EXAM_VIEW):
        recent = exam_list(exams, ExamFilter(device_id=row.pk), limit=RECENT)
        url = f"{reverse('web:exams')}?device={row.pk}"
        sections.append(
            Section(
                _("Newest exams"),
                Table(
                    columns=(
                        Column("exam", _("Exam"), wide=True),
                        Column("outcome", _("Outcome")),
                        Column("day", _("Examined")),
                    ),
                    rows=[
                        Row(
                            {
                                "exam": Lines(exam_name(e), e.accession),
                                "outcome": exam_state(e),
                                "day": When(e.sort_at),
                            },
                            url=reverse("web:exam", args=[e.pk]),
                            id=str(e.pk),
                        )
                        for e in recent.rows
                    ],
                    caption=_("Newest exams"),
                    empty=Empty(_("No exam here"), icon="clipboard-list"),
                ),
                actions=[Action(_("All exams of this device"), url, kind="quiet")],
                flush=True,
            )
        )
    sections += panels_for("device", request, row)
    actions = []
    if scope_of(request, DEVICE_EDIT).contains(row.hospital.path):
        label = _("Confirm") if row.status == Device.Status.UNCONFIRMED else _("Edit")
        kind = "primary" if row.status == Device.Status.UNCONFIRMED else "secondary"
        actions.append(Action(label, reverse("web:device_confirm", args=[row.pk]), icon="check", kind=kind))
    actions.append(Action(_("Use"), reverse("registry:use", args=[row.pk]), "lock"))
    return ThingPage(
        title=row.label,
        purpose=row.hospital.name,
        kind=_("Device"),
        crumbs=[Link(_("Devices"), reverse("web:devices"))],
        state=Tag(row.get_use_state_display(), TONES[row.use_state]),
        tags=use_tags(row)[1:],
        alerts=use_alerts(row),
        facts=[
            Fact(_("Modality"), row.modality or "—"),
            Fact(_("Identity"), _status(row)),
            Fact(_("First exam"), When(row.first_seen)),
            Fact(_("Last exam"), When(row.last_seen)),
        ],
        actions=actions,
        sections=sections,
        timeline=Timeline(timeline_for(request, row)),
    ).response(request)


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Say what a discovered device is called."""
    row = device_get(request.scope, device_id)
    back = reverse("web:device", args=[row.pk])
    initial = {"name": row.label, "model": row.model, "modality": row.modality}
    form = DeviceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        device_confirm(actor=request.actor, device=row, **form.cleaned_data)
        messages.success(request, _("The device is confirmed."))
        return redirect(back)
    return FormPage(
        title=_("Confirm the device"),
        purpose=_("From now on the department's own words stand; headers no longer change them."),
        crumbs=[Link(_("Devices"), reverse("web:devices")), Link(row.label, back)],
        form=form,
        submit=_("Confirm"),
        cancel_url=back,
        aside=[Section(_("As sent in the headers"), _identity(row))],
    ).response(request, status=400 if form.is_bound else 200)


def _status(row: Device) -> Tag:
    tone = "human" if row.status == Device.Status.UNCONFIRMED else "pass"
    return Tag(row.get_status_display(), tone)


def _identity(row: Device) -> KeyValues:
    return KeyValues(
        [
            (_("Maker"), row.maker or "—"),
            (_("Model"), row.model or "—"),
            (_("Serial number"), row.serial or "—"),
            (_("Station name"), row.station_name or "—"),
            (_("AE titles"), "、".join(row.ae_titles) or "—"),
            (_("Room"), row.room.name if row.room else "—"),
        ]
    )


def _row(row: Device) -> Row:
    return Row(
        {
            "name": Lines(row.label, " · ".join(filter(None, (row.maker, row.model, row.hospital.name)))),
            "modality": row.modality,
            "serial": row.serial,
            "status": _status(row),
            "use": use_tag(row),
            "seen": When(row.last_seen),
        },
        url=reverse("web:device", args=[row.pk]),
        id=str(row.pk),
    )


def _tabs(request: HttpRequest, state: str) -> list[Tab]:
    counts = device_counts(request.scope)
    labels = {"": _("All"), "unconfirmed": _("To confirm"), "restricted": _("Restricted"), "down": _("Down")}
    return [
        Tab(label, with_query(request, state=key), counts[key or "all"], state == key) for key, label in labels.items()
    ]
