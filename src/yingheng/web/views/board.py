"""The exam-room board: which device, its newest exams, and accepting one of them with a reason."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.models import Exam
from yingheng.catalog.selectors import exam_get
from yingheng.common.errors import NotFound
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Empty, Lines, Link, Many, Section, Tag, When
from yingheng.common.ui.room import RoomBoard, RoomPage
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.evidence.services import exam_accept
from yingheng.registry.banner import use_alerts, use_tags
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get, device_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_DECIDE, EXAM_VIEW, FINDING_DECIDE, RETAKE_EDIT
from yingheng.web.board import room_cards
from yingheng.web.retake_forms import AcceptForm
from yingheng.web.views.exams import exam_name
from yingheng.web.views.live import exams_url

REMEMBERED = "yingheng_board"
_YEAR_S = 365 * 86400


@page(EXAM_VIEW)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The board of the device that this browser showed last; else the devices to choose from."""
    known = identifier(request.COOKIES.get(REMEMBERED, ""))
    if known and "choose" not in request.GET and _reachable(request, known):
        return redirect("web:room", device_id=known)
    shown, pager = offset_page(request, device_list(request.scope))
    return ListPage(
        title=_("Exam-room board"),
        purpose=_("The newest exams of one device with a light each. This browser remembers your choice."),
        table=Table(
            columns=(
                Column("name", _("Device"), wide=True),
                Column("modality", _("Modality"), nowrap=True),
                Column("room", _("Room"), phone=False),
                Column("seen", _("Last exam"), nowrap=True),
            ),
            rows=[_row(device) for device in shown],
            caption=_("Devices"),
            pager=pager,
            empty=Empty(
                _("No device here"), _("Devices appear by themselves with their first exam."), icon="layout-kanban"
            ),
        ),
    ).response(request)


@page(EXAM_VIEW)
@require_safe
def room(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """The newest exams of one device, pushed as they are judged."""
    device = device_get(request.scope, device_id)
    events_url = exams_url(device.pk)  # before the exams are read: what changes meanwhile is told again
    cards = room_cards(request, device)
    answer = RoomPage(
        title=device.label,
        place=" · ".join(filter(None, (device.room.name if device.room else "", device.hospital.name))),
        alerts=use_alerts(device, short=True),
        board=RoomBoard(cards, _("No exam of this device yet. The first one appears here by itself.")),
        back=Link(_("Back to the platform"), reverse("web:exams")),
        other=Link(_("Another device"), f"{reverse('web:board')}?choose=1"),
        events_url=events_url,
    ).response(request)
    answer.set_cookie(REMEMBERED, str(device.pk), max_age=_YEAR_S, samesite="Lax", httponly=True)
    return answer


@page(RETAKE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Use an exam as it is; who may decide on findings decides, anybody else leaves it for them."""
    exam = exam_get(request.scope, exam_id)
    path = exam.hospital.path
    decides = all(scope_of(request, needed).contains(path) for needed in (EXAM_DECIDE, FINDING_DECIDE))
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        exam_accept(actor=request.actor, exam=exam, reason=data["reason"], note=data["note"], decides=decides)
        messages.success(request, _("The exam is accepted; the verdict stays beside your reason."))
        return redirect(back_of(request, exam))
    if decides:
        purpose = _("The findings are confirmed and closed with your reason; the automatic verdicts stay.")
    else:
        purpose = _("Your reason stays in sight until a QC officer or a radiologist has decided.")
    return FormPage(
        title=_("Accept as it is"),
        purpose=purpose,
        crumbs=[Link(_("Exam list"), reverse("web:exams")), Link(exam_name(exam), reverse("web:exam", args=[exam.pk]))],
        form=form,
        submit=_("Accept"),
        cancel_url=back_of(request, exam),
        aside=[Section(_("Exam"), Lines(exam_name(exam), exam.accession))],
    ).response(request, status=400 if form.is_bound else 200)


def back_of(request: HttpRequest, exam: Exam) -> str:
    """Where somebody came from: the board of the exam's device, or the page of the exam."""
    if request.GET.get("next") == "board" and exam.device_id:
        return reverse("web:room", args=[exam.device_id])
    return reverse("web:exam", args=[exam.pk])


def _reachable(request: HttpRequest, device_id: UUID) -> bool:
    try:
        device_get(request.scope, device_id)
    except NotFound:
        return False
    return True


def _row(device: Device) -> Row:
    return Row(
        {
            "name": Lines(device.label, " · ".join(filter(None, (device.model, device.hospital.name)))),
            "modality": Many([*([Tag(device.modality)] if device.modality else []), *use_tags(device)]),
            "room": device.room.name if device.room else None,
            "seen": When(device.last_seen, ago=True),
        },
        url=reverse("web:room", args=[device.pk]),
        id=str(device.pk),
    )
