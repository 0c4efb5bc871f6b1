"""The state of intake at a glance: what waits on its way in, what waits on its way out, and who called last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.catalog.selectors import quarantine_counts
from yingheng.common.clock import now
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Empty, Lines, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.ingest.models import RemoteAE
from yingheng.ingest.receiver.log import association_log_tail
from yingheng.ingest.selectors.forwarding import delivery_counts, destination_counts
from yingheng.ingest.selectors.peers import local_ae_list, remote_ae_list
from yingheng.ingest.selectors.spooled import SpoolState, spool_state
from yingheng.ingest.views.associations import association_at, association_tag, association_words
from yingheng.ingest.views.common import partner_light
from yingheng.ingest.views.processes import process_alerts, processes_section
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_DECIDE, INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import hospital_list

SHOWN = 8
_SLOW = dt.timedelta(minutes=2)  # a spool that is not emptied in that time


@page(INGEST_VIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Data intake: one page that says whether everything flows."""
    hospitals = hospital_list(request.scope)
    home = Path(settings.YINGHENG_HOME)
    spool = spool_state(home, [h.pk for h in hospitals])
    return DashboardPage(
        title=_("Data intake"),
        purpose=_("Whether everything flows: from the modalities to us, and on to the PACS."),
        actions=[
            Action(_("Connections"), reverse("ingest:connections"), "plug-connected"),
            Action(_("Forwarding rules"), reverse("ingest:rules"), "arrows-split"),
            Action(_("Result notices"), reverse("ingest:webhooks"), "webhook"),
            *_policy_actions(request),
        ],
        tiles=_tiles(request, spool),
        alerts=process_alerts(home),
        sections=[
            _destinations(request),
            _callers(request, [h.pk for h in hospitals]),
            processes_section(home, request.scope),
        ],
    ).response(request)


def _policy_actions(request: HttpRequest) -> list[Action]:
    """The rules of intake: one button where there is one hospital, one each for a few."""
    found = hospital_list(scope_of(request, INGEST_MANAGE))
    label = _("Rules of intake")
    return [
        Action(label if len(found) == 1 else f"{label} · {h.name}", reverse("ingest:policy", args=[h.pk]), "settings")
        for h in found
    ]


def _tiles(request: HttpRequest, spool: SpoolState) -> list[Tile]:
    counts = delivery_counts(request.scope)
    outbox = reverse("ingest:outbox")
    waiting, failed = counts["waiting"] + counts["sending"], counts["failed"]
    slow = spool.oldest is not None and now() - spool.oldest > _SLOW
    note = _("The oldest came at %(at)s.") % {"at": _local(spool.oldest)} if spool.oldest else ""
    tiles = [
        Tile(_("Objects received, not catalogued yet"), spool.n_waiting, note=note, tone="fail" if slow else ""),
        Tile(
            _("Put aside"),
            quarantine_counts(request.scope).get("waiting", 0) + spool.n_bad,
            url=reverse("web:quarantine"),
            note=_("%(n)s files could not be read at all.") % {"n": spool.n_bad} if spool.n_bad else "",
            tone="human" if spool.n_bad else "",
        ),
        Tile(_("Exams waiting to be sent"), waiting, url=f"{outbox}?state=waiting"),
        Tile(_("Exams not taken"), failed, url=f"{outbox}?state=failed", tone=_tone(failed, "fail")),
        Tile(
            _("Exams held for release"),
            counts["held"],
            url=reverse("ingest:held") if scope_of(request, EXAM_DECIDE) else f"{outbox}?state=held",
            tone=_tone(counts["held"], "human"),
        ),
    ]
    if not local_ae_list(request.scope).exists():
        tiles[0] = Tile(
            _("Our AE titles"), 0, url=reverse("ingest:connections"), note=_("Nobody can send before there is one."),
            tone="human",
        )  # fmt: skip
    return tiles


def _destinations(request: HttpRequest) -> Section:
    """How every destination takes what is sent."""
    counts = destination_counts(request.scope)
    rows = [row for row in remote_ae_list(request.scope, active=True) if row.is_destination]
    table = Table(
        columns=(
            Column("name", _("Destination"), wide=True),
            Column("waiting", _("Waiting"), align="right"),
            Column("held", _("Held"), align="right", phone=False),
            Column("failed", _("Not taken"), align="right"),
            Column("oldest", _("Oldest waits since"), nowrap=True, phone=False),
            Column("state", _("State")),
        ),
        rows=[_destination_row(row, counts.get(row.pk, {})) for row in rows],
        caption=_("Destinations"),
        empty=Empty(_("No destination yet"), _("Add a connection that we send exams to."), icon="send"),
    )
    return Section(_("Destinations"), table, flush=True)


def _destination_row(row: RemoteAE, counts: Mapping[str, Any]) -> Row:
    return Row(
        {
            "name": Lines(row.name, f"{row.ae_title} · {row.host}:{row.port}"),
            "waiting": counts.get("waiting"),
            "held": counts.get("held"),
            "failed": counts.get("failed"),
            "oldest": When(counts["oldest"], ago=True) if counts.get("oldest") else None,
            "state": partner_light(row),
        },
        url=reverse("ingest:remote", args=[row.pk]),
        id=str(row.pk),
    )


def _callers(request: HttpRequest, hospitals: list) -> Section:
    """The newest associations; the receivers write a line for each, so the newest line says that they are at work."""
    everywhere = "/" in request.scope.paths
    lines = association_log_tail(
        Path(settings.YINGHENG_HOME), None if everywhere else hospitals, SHOWN, unassigned=request.scope.system
    )
    table = Table(
        columns=(
            Column("at", _("When"), nowrap=True),
            Column("who", _("Who called")),
            Column("event", _("What happened"), wide=True),
            Column("n", _("Objects"), align="right"),
        ),
        rows=[
            Row(
                {
                    "at": When(association_at(line), ago=True),
                    "who": Lines(line["calling"].strip() or "—", line["address"]),
                    "event": Lines(association_tag(line), association_words(line)),
                    "n": line["n_objects"],
                }
            )
            for line in lines
        ],
        caption=_("Newest associations"),
        empty=Empty(_("Nobody has called yet"), _("Enter our AE title and port at a modality."), icon="plug-connected"),
    )
    url = reverse("ingest:associations")
    return Section(_("Newest associations"), table, actions=[Action(_("All"), url, kind="quiet")], flush=True)


def _tone(count: int, tone: str) -> str:
    return tone if count else ""


def _local(at: dt.datetime | None) -> str:
    return timezone.localtime(at).strftime("%H:%M:%S") if at else ""
