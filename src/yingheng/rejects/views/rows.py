"""The rejected exposures behind the figures, the days of devices, and setting the reason of one."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.retake_reasons import retake_reasons
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, KeyValues, Lines, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.rejects.forms import ReasonForm
from yingheng.rejects.logs.positions import position_key, position_text
from yingheng.rejects.models import CountedDay, RejectedExposure
from yingheng.rejects.reasons import NOT_TOLD, UNKNOWN
from yingheng.rejects.selectors import RowFilter, day_list, row_get, row_list
from yingheng.rejects.services.reasons import row_reason_set
from yingheng.rejects.sums import Asked, rate_of
from yingheng.rejects.views.common import asked_of, crumbs, period_filters, reason_text
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, RETAKE_EDIT, REVIEW_VIEW

_TONES = {"log": "accent", "mpps": "accent", "mixed": "accent", "register": "neutral", "none": "none"}


@page(EXAM_VIEW)
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Rejected exposures of all sources, newest first."""
    asked = asked_of(request)
    people = scope_of(request, REVIEW_VIEW)
    wanted = _wanted(request, asked, people=bool(people))
    shown, pager = offset_page(request, row_list(request.scope, wanted))
    may = scope_of(request, RETAKE_EDIT)
    return ListPage(
        title=_("Rejected exposures"),
        purpose=_("Every rejected exposure that a source tells of; one that several tell of is in the rate once."),
        crumbs=crumbs(),
        alerts=[Alert(_("Of one log alone."), "accent")] if wanted.file else [],
        filters=_filters(request, asked),
        table=Table(
            columns=(
                Column("reason", _("Reason"), wide=True),
                Column("position", _("Position"), phone=False, nowrap=True),
                Column("device", _("Device"), clip=True, phone=False),
                Column("exam", _("Exam"), clip=True, phone=False),
                Column("who", _("Technologist"), phone=False, nowrap=True),
                Column("at", _("When"), nowrap=True),
                Column("source", _("Source"), nowrap=True),
            ),
            rows=[
                _row(one, may=may.contains(one.hospital.path), named=people.contains(one.hospital.path))
                for one in shown
            ],
            caption=_("Rejected exposures"),
            pager=pager,
            empty=Empty(_("No rejected exposure here"), _("Change the filters, or import a log."), "search"),
        ),
    ).response(request)


def _wanted(request: HttpRequest, asked: Asked, *, people: bool) -> RowFilter:
    told = request.GET
    performer = told.get("performer", "") if people else ""
    person = performer == NOT_TOLD or identifier(performer) is not None
    return RowFilter(
        first=asked.first,
        last=asked.last_day,
        device=asked.device,
        reason=told.get("reason", ""),
        source=told.get("source", "") if told.get("source") in RejectedExposure.Source.values else "",
        performer=performer if person else "",
        counted=told.get("counted") == "1",
        file=identifier(told.get("file", "")),
    )


def _filters(request: HttpRequest, asked: Asked) -> FilterBar:
    told, every = request.GET, Option("", _("All"))
    known = [Option(UNKNOWN, reason_text(UNKNOWN)), Option(NOT_TOLD, reason_text(NOT_TOLD))]
    reasons = [every, *known, *(Option(r.code, r.label) for r in retake_reasons().values())]
    sources = [every, *(Option(str(v), _capital(str(label))) for v, label in RejectedExposure.Source.choices)]
    bar = period_filters(request, asked)
    more = (
        Filter("reason", _("Reason"), "select", told.get("reason", ""), reasons),
        Filter("source", _("Source"), "select", told.get("source", ""), sources),
        Filter("counted", _("In the rate"), "check", "1" if told.get("counted") == "1" else ""),
    )
    keep = {name: told[name] for name in ("performer", "file") if told.get(name)}
    return FilterBar((*bar.filters, *more), keep=keep)


def _row(one: RejectedExposure, *, may: bool, named: bool) -> Row:
    told = reason_text(one.reason or (UNKNOWN if one.reason_key else NOT_TOLD))
    state: list[Tag | Action] = [Tag(_capital(str(one.get_source_display())), "accent" if one.counted else "neutral")]
    if one.withdrawn:
        state.append(Tag(_("import taken back"), "none"))
    elif not one.counted:
        state.append(Tag(_("not in the rate"), "none"))
    if one.source == RejectedExposure.Source.LOG and may and not one.withdrawn:
        state.append(Action(_("Set reason"), reverse("rejects:row_reason", args=[one.pk]), kind="quiet"))
    return Row(
        {
            "reason": Lines(
                told if one.n == 1 else f"{told} × {one.n}", one.reason_text if one.reason_text != told else ""
            ),
            "position": position_text(position_key(one.body_part, one.view)) or None,
            "device": one.device.label,
            "exam": one.exam.accession or one.exam.description or one.exam.modality if one.exam else None,
            "who": one.performer.name if named and one.performer else None,
            "at": When(one.at or one.local_day),
            "source": Many(state),
        },
        url=reverse("web:exam", args=[one.exam_id]) if one.exam_id else "",
        id=str(one.pk),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@page(EXAM_VIEW)
@require_safe
def days(request: HttpRequest) -> HttpResponse:
    """What each day of each device comes to, and by which source."""
    asked = asked_of(request)
    source = request.GET.get("source", "")
    found = day_list(request.scope, asked.first, asked.last_day, asked.device)
    found = found.filter(source=source) if source in CountedDay.Source.values else found
    shown, pager = offset_page(request, found)
    sources = [Option("", _("All")), *(Option(str(v), _capital(str(label))) for v, label in CountedDay.Source.choices)]
    bar = period_filters(request, asked)
    return ListPage(
        title=_("Days of devices"),
        purpose=_("By which source a day is counted. A day without one is not known, which is not 0 %."),
        crumbs=crumbs(),
        filters=FilterBar((*bar.filters, Filter("source", _("Source"), "select", source, sources))),
        table=Table(
            columns=(
                Column("day", _("Day"), nowrap=True),
                Column("device", _("Device"), wide=True),
                Column("source", _("Source"), nowrap=True),
                Column("rejected", _("Rejected"), align="right"),
                Column("acquired", _("Exposures"), align="right", phone=False),
                Column("kept", _("Images kept"), align="right", phone=False),
                Column("rate", _("Reject rate"), phone=False),
            ),
            rows=[_day_row(one) for one in shown],
            caption=_("Days of devices"),
            pager=pager,
            empty=Empty(_("No day with exposures"), icon="calendar"),
        ),
    ).response(request)


def _day_row(one: CountedDay) -> Row:
    known = one.source != CountedDay.Source.NONE
    told = {"first": f"{one.day:%Y-%m}", "last": f"{one.day:%Y-%m}", "device": str(one.device_id)}
    return Row(
        {
            "day": When(one.day),
            "device": one.device.label,
            "source": Tag(_capital(str(one.get_source_display())), _TONES[one.source]),
            "rejected": one.rejected if known else None,
            "acquired": one.acquired if known else None,
            "kept": one.kept,
            "rate": rate_of((one.rejected, one.acquired)) if known else None,
        },
        url=f"{reverse('rejects:rows')}?{urlencode(told)}",
        id=str(one.pk),
    )


@page(RETAKE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def row_reason(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Say why one exposure was rejected."""
    one = row_get(request.scope, row_id)
    form = ReasonForm(request.POST or None, initial={"reason": one.reason})
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["reason"]
        if attempt(form, lambda: row_reason_set(actor=request.actor, row=one, reason=code)):
            messages.success(request, _("The reason is set. No file and no table changes it."))
            return redirect(reverse("rejects:rows") + f"?first={one.local_day:%Y-%m}&last={one.local_day:%Y-%m}")
    facts = [
        (pgettext("log", "Text"), one.reason_text or _("none")),
        (_("Position"), position_text(position_key(one.body_part, one.view)) or _("not known")),
        (_("Device"), one.device.label),
        (_("When"), When(one.at or one.local_day)),
        (_("Log"), one.file.name if one.file else _("none")),
    ]
    return FormPage(
        title=_("Reason of a rejected exposure"),
        purpose=_("For this one alone. To say what a text means everywhere, match the text."),
        crumbs=crumbs(),
        form=form,
        submit=_("Set"),
        cancel_url=reverse("rejects:rows"),
        aside=[Section(_("Rejected exposure"), KeyValues(facts))],
    ).response(request, status=400 if form.is_bound else 200)
