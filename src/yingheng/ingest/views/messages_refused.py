"""Messages that were turned away at the door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Link, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.message_texts import message_words
from yingheng.ingest.models import RefusedMessage
from yingheng.ingest.selectors.messages import refused_list
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import INGEST_VIEW


@page(INGEST_VIEW)
@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    """Messages that were not taken at all: who called, how often, and why not."""
    shown, pager = offset_page(request, refused_list(request.scope))
    return ListPage(
        title=_("Messages turned away"),
        purpose=_(
            "Nothing of them was kept; the sender was told so. Enter its address and names as a source to take them."
        ),
        crumbs=crumbs(Link(_("Messages"), reverse("ingest:messages"))),
        actions=[Action(_("Sources"), reverse("ingest:message_sources"), icon="settings", kind="quiet")],
        table=Table(
            columns=(
                Column("who", _("Who called"), nowrap=True),
                Column("why", _("Why not"), wide=True),
                Column("n", _("Times"), align="right", nowrap=True),
                Column("last", _("Last"), nowrap=True),
            ),
            rows=[_refused_row(row) for row in shown],
            caption=_("Messages turned away"),
            pager=pager,
            empty=Empty(_("Nobody was turned away"), icon="circle-check"),
        ),
    ).response(request)


def _refused_row(row: RefusedMessage) -> Row:
    names = " · ".join(filter(None, (row.application, row.facility, row.hospital.name if row.hospital else "")))
    last = " · ".join(
        filter(None, (f"{row.kind} {row.control_id}".strip(), _("%(n)s bytes") % {"n": row.size} if row.size else ""))
    )
    return Row(
        {
            "who": Lines(row.address or "—", names),
            "why": Lines(message_words(row.code, row.values), last),
            "n": row.n,
            "last": When(row.last_at, ago=True),
        },
        id=str(row.pk),
    )
