"""The register of retakes: list, counts, export, entering one, and settling what a machine suggested."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.models import Retake
from yingheng.catalog.retake_reasons import CAUSES, reason_label, retake_reasons
from yingheng.catalog.selectors import (
    RetakeCount,
    RetakeFilter,
    exam_get,
    retake_get,
    retake_list,
    retake_state_counts,
    retaken_share,
    retakes_by,
)
from yingheng.catalog.services import retake_confirm, retake_record, retake_reject
from yingheng.common.ui.addresses import day, identifier, kept_query, with_query
from yingheng.common.ui.pages import DashboardPage, FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Many, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Rate, Tile
from yingheng.registry.selectors import device_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, EXPORT, RETAKE_EDIT
from yingheng.web.board import suggested_words
from yingheng.web.forms import ReasonForm
from yingheng.web.retake_forms import RetakeForm, RetakeNewForm
from yingheng.web.views.board import back_of
from yingheng.web.views.exams import exam_name

_TONES = {"suggested": "human", "recorded": "accent", "rejected": "neutral"}
_FIRST_STATES = (Retake.State.RECORDED, Retake.State.SUGGESTED, Retake.State.REJECTED)


@page(EXAM_VIEW)
@require_safe
def retakes(request: HttpRequest) -> HttpResponse:
    """Every retake that was entered or recognised, newest first."""
    wanted = retakes_wanted(request)
    shown, pager = offset_page(request, retake_list(request.scope, wanted))
    may = scope_of(request, RETAKE_EDIT)
    query = urlencode({key: value for key, value in request.GET.items() if key != "page" and value})
    exports = [Link("CSV", f"{reverse('web:retakes_export')}?{query}")] if scope_of(request, EXPORT) else []
    return ListPage(
        title=_("Retakes"),
        purpose=_("What was taken again and why: the one register. What a machine saw waits for a person."),
        tabs=_tabs(request, wanted),
        filters=_filters(request),
        actions=[
            Action(_("Reject analysis"), reverse("rejects:analysis"), icon="chart-pie"),
            Action(_("Counts"), f"{reverse('web:retake_counts')}?{query}", icon="chart-bar"),
        ],
        exports=exports,
        table=Table(
            columns=(
                Column("reason", _("Reason"), wide=True),
                Column("exam", _("Exam"), clip=True),
                Column("origin", _("Origin"), phone=False, nowrap=True),
                Column("device", _("Device"), phone=False, clip=True),
                Column("who", _("By"), phone=False, nowrap=True),
                Column("at", _("When"), nowrap=True),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(one, may=may.contains(one.hospital.path)) for one in shown],
            caption=_("Retakes"),
            pager=pager,
            empty=Empty(
                _("No retake here"), _("Enter one on the exam-room board or on the page of an exam."), icon="repeat"
            ),
        ),
    ).response(request)


@page(EXAM_VIEW)
@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """How often, for which reasons and on which devices."""
    wanted = retakes_wanted(request)
    by_reason = retakes_by(request.scope, wanted, "reason")
    retaken, exams = retaken_share(request.scope, wanted)
    counted = [c for c in by_reason if (r := retake_reasons().get(str(c.key))) and r.counts]
    prevented = [c for c in by_reason if (r := retake_reasons().get(str(c.key))) and r.preventable == "yes"]
    states = retake_state_counts(request.scope, wanted)
    url = f"{reverse('web:retakes')}{with_query(request, state='suggested')}"
    return DashboardPage(
        title=_("Retakes counted"),
        purpose=_(
            "The register alone, by exams. The reject rate by exposures, with logs and MPPS, is the reject analysis."
        ),
        crumbs=[Link(_("Retakes"), reverse("web:retakes"))],
        actions=[Action(_("Reject analysis"), reverse("rejects:analysis"), icon="chart-pie")],
        filters=_filters(request),
        tiles=[
            Tile(_("Exams with a retake"), rate=Rate(retaken, exams, better="low")),
            Tile(_("Entries that count as rejected images"), sum(c.n for c in counted), n=sum(c.n for c in by_reason)),
            Tile(_("Preventable entries"), sum(c.n for c in prevented), n=sum(c.n for c in by_reason)),
            Tile(_("To confirm"), states["suggested"], url=url, tone="human" if states["suggested"] else ""),
        ],
        sections=[
            Section(_("By reason"), _count_table(by_reason, _reason_cell), flush=True),
            Section(
                _("By device"), _count_table(retakes_by(request.scope, wanted, "device"), _device_cell), flush=True
            ),
        ],
    ).response(request)


@page(RETAKE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Enter a retake of an exam."""
    exam = exam_get(request.scope, exam_id)
    form = RetakeNewForm(request.POST or None, modality=exam.modality)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        retake_record(exam=exam, reason=data["code"], origin=data["origin"], note=data["note"], actor=request.actor)
        words = {"why": reason_label(data["code"])}
        messages.success(request, _("The retake is recorded: %(why)s. It can be taken back in the register.") % words)
        return redirect(back_of(request, exam))
    return FormPage(
        title=_("Record a retake"),
        purpose=_("Why was it taken again? Nothing is deleted; the entry goes into the register."),
        crumbs=[Link(_("Exam list"), reverse("web:exams")), Link(exam_name(exam), reverse("web:exam", args=[exam.pk]))],
        form=form,
        submit=_("Record"),
        cancel_url=back_of(request, exam),
        aside=[Section(_("Exam"), Lines(exam_name(exam), exam.accession))],
    ).response(request, status=400 if form.is_bound else 200)


@page(RETAKE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, retake_id: UUID) -> HttpResponse:
    """Record what a machine suggested, with its reason."""
    row = retake_get(request.scope, retake_id)
    form = RetakeForm(request.POST or None, modality=row.exam.modality)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        retake_confirm(actor=request.actor, retake=row, reason=data["code"], note=data["note"])
        messages.success(request, _("The retake is recorded."))
        return redirect("web:retakes")
    return _settle_page(request, row, form, _("Record the retake"), suggested_words(row))


@page(RETAKE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: HttpRequest, retake_id: UUID) -> HttpResponse:
    """Say that it was no retake, or take an entry back."""
    row = retake_get(request.scope, retake_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        retake_reject(actor=request.actor, retake=row, reason=form.cleaned_data["reason"])
        messages.success(request, _("The entry stays in the register as not a retake, with your reason."))
        return redirect("web:retakes")
    what = suggested_words(row) if row.state == Retake.State.SUGGESTED else reason_label(row.reason)
    return _settle_page(request, row, form, _("Not a retake"), what)


def _settle_page(
    request: HttpRequest, row: Retake, form: RetakeForm | ReasonForm, title: str, what: str
) -> HttpResponse:
    return FormPage(
        title=title,
        purpose=what,
        crumbs=[Link(_("Retakes"), reverse("web:retakes"))],
        form=form,
        submit=title,
        cancel_url=reverse("web:retakes"),
        aside=[Section(_("Exam"), Link(exam_name(row.exam), reverse("web:exam", args=[row.exam_id])))],
    ).response(request, status=400 if form.is_bound else 200)


def retakes_wanted(request: HttpRequest) -> RetakeFilter:
    """The entries that the address asks for."""
    asked = request.GET
    state = asked.get("state", "")
    return RetakeFilter(
        state=state if state in Retake.State.values else "",
        reason=asked.get("reason", ""),
        origin=asked.get("origin", "") if asked.get("origin", "") in Retake.Origin.values else "",
        person=asked.get("person", ""),
        device_id=identifier(asked.get("device", "")),
        first=day(asked.get("first", "")),
        last=day(asked.get("last", "")),
    )


def _tabs(request: HttpRequest, wanted: RetakeFilter) -> list[Tab]:
    found = retake_state_counts(request.scope, wanted)
    tabs = [Tab(_("All"), with_query(request, state=None), sum(found.values()), not wanted.state)]
    for state in _FIRST_STATES:
        label = str(state.label)
        url = with_query(request, state=state.value)
        tabs.append(Tab(label[:1].upper() + label[1:], url, found[state], wanted.state == state))
    return tabs


def _filters(request: HttpRequest) -> FilterBar:
    asked, every = request.GET, Option("", _("All"))
    devices = [Option(str(d.pk), d.label) for d in device_list(request.scope)[:200]]
    reasons = [Option(r.code, r.label) for r in retake_reasons().values()]
    origins = [Option(str(value), str(label)) for value, label in Retake.Origin.choices]
    return FilterBar(
        (
            Filter("person", _("By"), value=asked.get("person", "")),
            Filter("reason", _("Reason"), "select", asked.get("reason", ""), [every, *reasons]),
            Filter("device", _("Device"), "select", asked.get("device", ""), [every, *devices]),
            Filter("origin", _("Origin"), "select", asked.get("origin", ""), [every, *origins]),
            Filter("first", _("From"), "date", asked.get("first", "")),
            Filter("last", _("To"), "date", asked.get("last", "")),
        ),
        keep=kept_query(request, "state"),
    )


def _row(one: Retake, *, may: bool) -> Row:
    reason = reason_label(one.reason) if one.reason else suggested_words(one)
    detail = one.settled_reason or one.note or (suggested_words(one) if one.reason else "")
    state: list[Tag | Action] = [Tag(_capital(str(one.get_state_display())), _TONES[one.state])]
    if may and one.state == Retake.State.SUGGESTED:
        state.append(Action(_("Record"), reverse("web:retake_confirm", args=[one.pk]), row_key="t"))
    if may and one.state != Retake.State.REJECTED:
        state.append(Action(_("Not a retake"), reverse("web:retake_reject", args=[one.pk]), kind="quiet"))
    device = one.exam.device
    return Row(
        {
            "reason": Lines(reason, detail),
            "exam": Lines(exam_name(one.exam), one.exam.accession),
            "origin": _capital(str(one.get_origin_display())),
            "device": device.label if device else None,
            "who": one.asked_by or one.settled_by or None,
            "at": When(one.asked_at),
            "state": Many(state),
        },
        url=reverse("web:exam", args=[one.exam_id]),
        id=str(one.pk),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _count_table(rows: list[RetakeCount], cell: Callable[[RetakeCount], object]) -> Table:
    total = sum(row.n for row in rows)
    return Table(
        columns=(
            Column("what", "", wide=True),
            Column("n", _("Entries"), align="right"),
            Column("share", "%", align="right"),
            Column("exams", _("Exams"), align="right"),
            Column("exposures", _("Exposures"), align="right", phone=False),
        ),
        rows=[
            Row(
                {
                    "what": cell(row),
                    "n": row.n,
                    "share": f"{100 * row.n / total:.1f}",
                    "exams": row.n_exams,
                    "exposures": row.n_exposures,
                }
            )
            for row in rows
        ],
        empty=Empty(_("No retake here"), _("Nothing was recorded in this period."), icon="repeat"),
    )


def _reason_cell(row: RetakeCount) -> Lines:
    known = retake_reasons().get(str(row.key))
    return Lines(reason_label(str(row.key)), str(CAUSES[known.cause]) if known else "")


def _device_cell(row: RetakeCount) -> str:
    return row.label or _("without a device")
