"""The use of a device: its present state, its history, and the decisions about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, Lines, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.registry.banner import TONES, use_alerts
from yingheng.registry.forms import PermitForm, RestrictForm, UseForm
from yingheng.registry.models import Device, UseChange
from yingheng.registry.selectors import device_get, use_change_list
from yingheng.registry.services import device_permit, device_permit_end, device_release, device_restrict
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_RELEASE, DEVICE_VIEW


@page(DEVICE_VIEW)
@require_safe
def use(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Whether a device may be used, and everything that was decided about it."""
    device = device_get(request.scope, device_id)
    shown, pager = offset_page(request, use_change_list(request.scope, device))
    history = Table(
        columns=(
            Column("at", _("When"), nowrap=True),
            Column("what", _("What"), wide=True),
            Column("who", _("Who"), phone=False),
        ),
        rows=[_row(row) for row in shown],
        caption=_("History"),
        pager=pager,
        empty=Empty(_("Always in use"), _("Nobody restricted this device so far."), icon="check"),
    )
    return ThingPage(
        title=_("Use of %(device)s") % {"device": device.label},
        purpose=device.hospital.name,
        kind=_("Device"),
        crumbs=_crumbs(device),
        state=Tag(str(device.get_use_state_display()), TONES[device.use_state]),
        alerts=use_alerts(device),
        facts=[
            Fact(_("Since"), When(device.use_since) if device.use_since else "—"),
            Fact(_("Temporary use until"), When(device.permit_until) if device.is_permitted(now()) else "—"),
        ],
        actions=_decisions(request, device),
        sections=[Section(_("History"), history, flush=True)],
    ).response(request)


def _crumbs(device: Device) -> list[Link]:
    return [
        Link(_("Devices"), reverse("web:devices")),
        Link(device.label, reverse("web:device", args=[device.pk])),
    ]


def _row(row: UseChange) -> Row:
    until = _("until %(at)s") % {"at": f"{row.until:%Y-%m-%d %H:%M}"} if row.until else ""
    what = " · ".join(filter(None, (str(row.get_event_display()), until)))
    return Row({"at": When(row.made_at), "what": Lines(what, row.reason), "who": row.actor_name}, id=str(row.pk))


def _decisions(request: HttpRequest, device: Device) -> list[Action]:
    if not scope_of(request, DEVICE_RELEASE).contains(device.hospital.path):
        return []

    def to(name: str) -> str:
        return reverse(f"registry:{name}", args=[device.pk])

    if device.use_state == Device.UseState.IN_USE:
        return [Action(_("Restrict"), to("restrict"), "lock", kind="danger")]
    found = [Action(_("Release"), to("release"), "lock-open", kind="primary")]
    if device.is_permitted(now()):
        found.append(Action(_("End the temporary use"), to("permit_end"), "x"))
    else:
        found.append(Action(_("Allow temporary use"), to("permit"), "clock"))
    return [*found, Action(_("Change the restriction"), to("restrict"), "lock", kind="quiet")]


@page(DEVICE_RELEASE)
@require_http_methods(["GET", "HEAD", "POST"])
def restrict(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Restrict a device, or take it out of use."""
    device = device_get(request.scope, device_id)
    form = RestrictForm(request.POST or None)
    return _decide(
        request,
        device,
        form,
        lambda data: device_restrict(
            actor=request.actor, device=device, reason=data["reason"], stop=data["stop"] == "stop"
        ),
        title=_("Restrict the device"),
        purpose=_("Every page of the device says so at once. Images are received as before."),
    )


@page(DEVICE_RELEASE)
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Give a device back to use."""
    device = device_get(request.scope, device_id)
    return _decide(
        request,
        device,
        UseForm(request.POST or None),
        lambda data: device_release(actor=request.actor, device=device, reason=data["reason"]),
        title=_("Release the device"),
        purpose=_("Say what makes it fit for use again, such as the test that it passed."),
    )


@page(DEVICE_RELEASE)
@require_http_methods(["GET", "HEAD", "POST"])
def permit(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Allow the use of a restricted device for a while."""
    device = device_get(request.scope, device_id)
    zone = ZoneInfo(device.hospital.zone)
    form = PermitForm(request.POST or None, initial={"day": local_day(device.hospital.zone), "time": "18:00"})
    return _decide(
        request,
        device,
        form,
        lambda data: device_permit(
            actor=request.actor,
            device=device,
            reason=data["reason"],
            until=dt.datetime.combine(data["day"], data["time"], tzinfo=zone),
        ),
        title=_("Allow temporary use"),
        purpose=_("Signed with your name. The device stays restricted, and its pages say until when it may be used."),
    )


@page(DEVICE_RELEASE)
@require_http_methods(["GET", "HEAD", "POST"])
def permit_end(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """End a temporary use before its time."""
    device = device_get(request.scope, device_id)
    return _decide(
        request,
        device,
        UseForm(request.POST or None),
        lambda data: device_permit_end(actor=request.actor, device=device, reason=data["reason"]),
        title=_("End the temporary use"),
        purpose=_("The device is then restricted as before."),
    )


def _decide(
    request: HttpRequest,
    device: Device,
    form: forms.Form,
    service: Callable[[dict], Device],
    *,
    title: str,
    purpose: str,
) -> HttpResponse:
    """One decision with a reason, and back to the use of the device."""
    back = reverse("registry:use", args=[device.pk])
    if request.method == "POST" and form.is_valid():
        try:
            service(form.cleaned_data)
        except (Conflict, Invalid) as exc:
            form.add_error(None, error_text(exc))
        else:
            messages.success(request, _("Decided and told to those concerned."))
            return redirect(back)
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=[*_crumbs(device), Link(_("Use"), back)],
        form=form,
        submit=title,
        cancel_url=back,
        alerts=use_alerts(device),
    ).response(request, status=400 if form.is_bound else 200)
