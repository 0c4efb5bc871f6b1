"""Sources of messages: who may send requests, reports and patients."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.forms.messages import SourceForm, source_initial
from yingheng.ingest.forms.peers import ReasonForm
from yingheng.ingest.models import MessageSource
from yingheng.ingest.selectors.messages import source_get, source_list
from yingheng.ingest.services.messages_sources import SourceFields, message_source_put, message_source_switch
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import hospital_list


@page(INGEST_VIEW)
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Every source of messages."""
    may = scope_of(request, INGEST_MANAGE)
    add = Action(_("Add a source"), reverse("ingest:message_source_new"), "plus", kind="primary")
    return ListPage(
        title=_("Sources of messages"),
        purpose=_("HIS, RIS and integration engines that may send HL7 v2 messages; all others are refused."),
        crumbs=crumbs(Link(_("Messages"), reverse("ingest:messages"))),
        actions=[add] if may else [],
        alerts=_alerts(),
        table=Table(
            columns=(
                Column("name", _("Source"), wide=True),
                Column("from", _("Calls from"), roomy=True),
                Column("state", _("State"), nowrap=True),
                Column("n", _("Messages"), align="right"),
                Column("last", _("Last"), nowrap=True, phone=False),
            ),
            rows=[_row(row, editable=may.contains(row.hospital.path)) for row in source_list(request.scope)],
            caption=_("Sources of messages"),
            empty=Empty(_("No source yet"), _("Nobody may send messages. Add the system that does.")),
        ),
    ).response(request)


def _alerts() -> list[Alert]:
    if settings.YINGHENG_MLLP_PORT:
        return []
    text = _("This installation takes no HL7 messages: set YINGHENG_MLLP_PORT and start it again.")
    return [Alert(text, "human")]


def _row(row: MessageSource, *, editable: bool) -> Row:
    names = " · ".join(filter(None, (row.application, row.facility, row.hospital.name)))
    return Row(
        {
            "name": Lines(row.name, names),
            "from": ", ".join(row.addresses),
            "state": Tag(_("in use"), "pass") if row.is_active else Tag(_("not in use"), "none"),
            "n": row.n,
            "last": When(row.last, ago=True) if row.last else None,
        },
        url=reverse("ingest:message_source", args=[row.pk]) if editable else "",
        id=str(row.pk),
    )


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def source_new(request: HttpRequest) -> HttpResponse:
    """Let another system send."""
    form = SourceForm(request.POST or None, hospitals=hospital_list(request.scope))
    return _form(request, None, form)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def source(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Change a source."""
    row = source_get(request.scope, source_id)
    shown = SourceFields(**{name: getattr(row, name) for name in SourceFields.__dataclass_fields__})
    form = SourceForm(request.POST or None, hospitals=[row.hospital], initial=source_initial(shown))
    return _form(request, row, form)


def _form(request: HttpRequest, row: MessageSource | None, form: SourceForm) -> HttpResponse:
    back = reverse("ingest:message_sources")
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: message_source_put(actor=request.actor, hospital=form.chosen, fields=form.source, row=row),
        )
        if made:
            messages.success(request, _("Kept. The listener follows within seconds."))
            return redirect(back)
    return FormPage(
        title=row.name if row else _("Add a source"),
        purpose=_("A message belongs to the source whose addresses and names fit best."),
        crumbs=crumbs(Link(_("Messages"), reverse("ingest:messages")), Link(_("Sources of messages"), back)),
        actions=_switch_action(row),
        form=form,
        submit=_("Keep"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _switch_action(row: MessageSource | None) -> list[Action]:
    if row is None:
        return []
    url = reverse("ingest:message_source_switch", args=[row.pk])
    if row.is_active:
        return [Action(_("Take out of use"), url, "x", kind="danger")]
    return [Action(_("Take into use"), url, "check")]


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def source_switch(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Take a source out of use, or into use again, with a reason."""
    row = source_get(request.scope, source_id)
    back = reverse("ingest:message_source", args=[row.pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        message_source_switch(
            actor=request.actor, row=row, active=not row.is_active, reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("Kept. The listener follows within seconds."))
        return redirect("ingest:message_sources")
    title = _("Take out of use") if row.is_active else _("Take into use")
    return FormPage(
        title=f"{title}: {row.name}",
        purpose=_("Messages of a source that is not in use are refused; what it sent stays."),
        crumbs=crumbs(Link(_("Sources of messages"), reverse("ingest:message_sources"))),
        form=form,
        submit=title,
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
