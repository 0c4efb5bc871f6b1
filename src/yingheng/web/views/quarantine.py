"""Objects put aside because they contradict what is catalogued."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.models import Quarantine
from yingheng.catalog.selectors import quarantine_counts, quarantine_get, quarantine_list
from yingheng.catalog.services import quarantine_discard
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Many, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.web.forms import ReasonForm
from yingheng.web.views.quarantine_item import NEVER_READ, difference, facts_of, tail


@page(INGEST_VIEW)
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """What arrived but was not catalogued, and why."""
    state = request.GET.get("state", "")
    state = state if state in Quarantine.State.values else Quarantine.State.WAITING
    shown, pager = offset_page(request, quarantine_list(request.scope, state=state))
    counts = quarantine_counts(request.scope)
    may = scope_of(request, INGEST_MANAGE)
    return ListPage(
        title=_("Put aside"),
        purpose=_(
            "Objects that contradict what is catalogued, or cannot be read. Nothing of them is judged until a person"
            " settles it."
        ),
        tabs=[
            Tab(str(label), with_query(request, state=key), counts.get(key, 0), state == key)
            for key, label in Quarantine.State.choices
        ],
        table=Table(
            columns=(
                Column("why", _("Why"), wide=True),
                Column("study", _("Exam"), phone=False),
                Column("state", _("State"), nowrap=True),
                Column("arrived", _("Received"), nowrap=True),
                Column("do", "", align="right"),
            ),
            rows=[_row(one, may_settle=may.contains(one.path)) for one in shown],
            caption=_("Put aside"),
            pager=pager,
            empty=Empty(_("Nothing put aside"), _("Everything that arrived fits together."), icon="circle-check"),
        ),
    ).response(request)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, quarantine_id: UUID) -> HttpResponse:
    """Decide that an object is not to be catalogued; it and the reason stay on record."""
    row = quarantine_get(request.scope, quarantine_id)
    back = reverse("web:quarantine")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        quarantine_discard(actor=request.actor, quarantine=row, reason=form.cleaned_data["reason"])
        messages.success(request, _("The object stays on record and is not catalogued."))
        return redirect(back)
    return FormPage(
        title=_("Do not catalogue"),
        purpose=_("The object stays on record with your reason; nothing is deleted."),
        crumbs=[Link(_("Put aside"), back)],
        form=form,
        submit=_("Do not catalogue"),
        cancel_url=back,
        aside=[Section(_("Object"), facts_of(row))],
    ).response(request, status=400 if form.is_bound else 200)


def _row(row: Quarantine, *, may_settle: bool) -> Row:
    waiting = row.state == Quarantine.State.WAITING
    name = row.hospital.name if row.hospital else _("unknown hospital")
    return Row(
        {
            "why": Lines(row.get_reason_display(), difference(row) or tail(row.sop_uid)),
            "study": Lines(name, tail(row.study_uid) or row.details.get("calling", "")),
            "state": Tag(row.get_state_display(), "human" if waiting else "neutral"),
            "arrived": When(row.received_at),
            "do": Many(_actions(row)) if waiting and may_settle else None,
        },
        url=reverse("web:quarantine_item", args=[row.pk]),
        id=str(row.pk),
    )


def _actions(row: Quarantine) -> list[Action]:
    accept = _("Try again") if row.reason in NEVER_READ else _("Accept")
    return [
        Action(accept, reverse("web:quarantine_accept", args=[row.pk]), kind="quiet"),
        Action(_("Do not catalogue"), reverse("web:quarantine_discard", args=[row.pk]), kind="quiet"),
    ]
