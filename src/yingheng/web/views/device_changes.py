"""What was done to a device as people state it: it stands in the charts, and baselines may begin anew."""

from __future__ import annotations

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yingheng.common.clock import local_day
from yingheng.common.ui import words
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.evidence.courses import epoch_get, epoch_list
from yingheng.evidence.models import Epoch
from yingheng.evidence.services import Change, epoch_add, epoch_withdraw
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_EDIT
from yingheng.web.courses import kind_text, trend_url
from yingheng.web.forms import ChangeForm, ReasonForm


def changes_section(request: HttpRequest, device: Device) -> Section:
    """What people stated about changes of the device."""
    may_edit = scope_of(request, DEVICE_EDIT).contains(device.hospital.path)
    rows = list(epoch_list(request.scope, device)[:20])
    add = Action(_("Record a repair or change"), reverse("web:device_change", args=[device.pk]), "plus", kind="quiet")
    return Section(
        _("Changes of the device"),
        Table(
            columns=(
                Column("at", _("From"), nowrap=True),
                Column("kind", _("Change"), wide=True),
                Column("who", _("Stated by"), phone=False),
                Column("undo", ""),
            ),
            rows=[_change_row(device, e, may_edit=may_edit) for e in rows],
            caption=_("Changes of the device"),
            empty=Empty(
                _("No change stated"),
                _("New software and detectors are seen in the headers. State a new tube, a repair or a move here."),
                icon="tools",
            ),
        ),
        actions=[add] if may_edit else [],
        flush=True,
    )


def _change_row(device: Device, row: Epoch, *, may_edit: bool) -> Row:
    narrow = " · ".join(filter(None, (words.quantity_text(row.quantity), row.protocol_key)))
    if not row.restarts:
        narrow = " · ".join(filter(None, (_("baselines go on"), narrow)))
    taken_back = row.withdrawn_at is not None
    undo: object = None
    if taken_back:
        undo = Tag(_("taken back"), "neutral")
    elif may_edit:
        undo = Action(
            _("Take back"),
            reverse("web:device_change_withdraw", args=[device.pk, row.pk]),
            "arrow-back-up",
            kind="quiet",
        )
    return Row(
        {
            "at": When(row.at),
            "kind": Lines(f"{kind_text(row.kind)} · {row.reason}", row.withdrawn_reason or narrow),
            "who": row.made_by_name,
            "undo": undo,
        },
        id=str(row.pk),
    )


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """State what was done to the device: baselines begin anew from then on, or go on."""
    device = device_get(request.scope, device_id)
    protocol, quantity = request.GET.get("protocol", ""), request.GET.get("quantity", "")
    back = trend_url(device, protocol, quantity) if protocol and quantity else reverse("web:device", args=[device.pk])
    form = ChangeForm(
        request.POST or None,
        initial={"day": local_day(device.hospital.zone), "time": "00:00"},
        narrow=bool(protocol and quantity),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        only = form.only_this
        made = Change(
            kind=data["kind"],
            at=dt.datetime.combine(data["day"], data["time"], tzinfo=ZoneInfo(device.hospital.zone)),
            reason=data["reason"],
            protocol_key=protocol if only else "",
            quantity=quantity if only else "",
            restarts=form.restarts,
        )
        epoch_add(actor=request.actor, device=device, change=made)
        messages.success(request, _told(made))
        return redirect(back)
    return FormPage(
        title=_("State a change of the device"),
        purpose=_(
            "Tube, detector, software, repair, move: it is marked in every chart. Where baselines begin anew, the "
            "device counts as another from this moment on: a new baseline is made of its next 30 exams."
        ),
        crumbs=[
            Link(_("Devices"), reverse("web:devices")),
            Link(device.label, reverse("web:device", args=[device.pk])),
        ],
        form=form,
        submit=_("State the change"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _told(made: Change) -> str:
    if made.restarts:
        return _("Stated. The baselines concerned begin anew; exams since then are judged again.")
    return _("Stated. It is marked in the charts; baselines go on.")


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def change_withdraw(request: HttpRequest, device_id: UUID, epoch_id: UUID) -> HttpResponse:
    """Take back a statement that was made in error."""
    device = device_get(request.scope, device_id)
    row = epoch_get(request.scope, device, epoch_id)
    back = reverse("web:device", args=[device.pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        epoch_withdraw(actor=request.actor, epoch=row, reason=form.cleaned_data["reason"])
        messages.success(request, _("Taken back. What was normal before holds again."))
        return redirect(back)
    return FormPage(
        title=_("Take back: %(what)s") % {"what": kind_text(row.kind)},
        purpose=row.reason,
        crumbs=[Link(_("Devices"), reverse("web:devices")), Link(device.label, back)],
        form=form,
        submit=_("Take back"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
