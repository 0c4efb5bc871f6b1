"""Connections: our AE titles, and those of others who send to us or whom we call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.models import LocalAE, RemoteAE
from yingheng.ingest.receiver.log import association_log_tail
from yingheng.ingest.selectors.forwarding import delivery_list, destination_counts
from yingheng.ingest.selectors.peers import local_ae_list, remote_ae_get, remote_ae_list
from yingheng.ingest.tags import delivery_tag
from yingheng.ingest.views.associations import association_at, association_tag, association_words
from yingheng.ingest.views.common import crumbs, exam_cell, partner_light, tabs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW

SHOWN = 8
_LOOKED_AT = 2000  # lines of the association log in which a partner's last one is looked for


@page(INGEST_VIEW)
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """Who may send to us, and whom we call."""
    shown, pager = offset_page(request, remote_ae_list(request.scope))
    seen = _last_seen([str(h) for h in {row.hospital_id for row in shown}])
    ours = [_local_row(row) for row in local_ae_list(request.scope)]
    actions = []
    if scope_of(request, INGEST_MANAGE):
        actions = [
            Action(_("Add a connection"), reverse("ingest:remote_new"), "plus", kind="primary"),
            Action(_("Add an AE title of ours"), reverse("ingest:local_new"), "plus"),
        ]
    return ListPage(
        title=_("Connections"),
        purpose=_("Under which AE titles we answer, who may send to us, and whom we send to or ask."),
        crumbs=crumbs(),
        actions=actions,
        tabs=tabs("connections"),
        table=Table(
            columns=(
                Column("name", _("Connection"), wide=True),
                Column("uses", _("Used for")),
                Column("where", _("Address"), phone=False),
                Column("seen", _("Last association"), nowrap=True),
                Column("state", _("State")),
            ),
            rows=[*ours, *(_remote_row(row, seen.get((str(row.hospital_id), row.ae_title))) for row in shown)],
            caption=_("Connections"),
            pager=replace(pager, shown=pager.shown + len(ours)),
            empty=Empty(
                _("No connection yet"),
                _("Add an AE title of ours first; then enter it at the modalities."),
                icon="plug-connected",
            ),
        ),
    ).response(request)


@page(INGEST_VIEW)
@require_safe
def remote(request: HttpRequest, remote_id: UUID) -> HttpResponse:
    """One connection: what it is for, how it answers, what goes there and what came from it."""
    row = remote_ae_get(request.scope, remote_id)
    counts: Mapping[str, Any] = destination_counts(request.scope).get(row.pk, {})
    sections = [Section(_("Settings"), _settings(row))]
    if row.is_destination:
        sections.append(_outbox_section(request, row))
    if row.may_send:
        sections.append(_came_section(row))
    facts = [Fact(_("Its AE title"), row.ae_title), Fact(_("Hospital"), row.hospital.name)]
    if row.is_destination:
        facts += [
            Fact(_("Exams waiting"), counts.get("waiting", 0)),
            Fact(_("Last took an exam"), When(row.reached_at, ago=True) if row.reached_at else "—"),
        ]
    return ThingPage(
        title=row.name,
        kind=_("Connection"),
        crumbs=crumbs(Link(_("Connections"), reverse("ingest:connections"))),
        state=_state(row),
        facts=facts,
        actions=_actions(request, row),
        sections=sections,
    ).response(request)


def _last_seen(hospitals: list[str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The newest line of the association log by hospital and calling AE title."""
    wanted = [UUID(one) for one in hospitals]
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for line in association_log_tail(Path(settings.YINGHENG_HOME), wanted, _LOOKED_AT) if wanted else ():
        found.setdefault((line["hospital"], line["calling"].strip()), line)
    return found


def _local_row(row: LocalAE) -> Row:
    warn = (
        Tag(_("accepts anybody"), "human", "lock-open") if row.is_open else Tag(_("known senders only"), "pass", "lock")
    )
    return Row(
        {
            "name": Lines(row.ae_title, row.hospital.name),
            "uses": Tag(_("our AE title"), "accent"),
            "where": None,
            "seen": None,
            "state": warn,
        },
        url=reverse("ingest:local_edit", args=[row.pk]),
        id=str(row.pk),
    )


def _remote_row(row: RemoteAE, line: Mapping[str, Any] | None) -> Row:
    called = f"{row.host}:{row.port}" if row.host else ""
    return Row(
        {
            "name": Lines(row.name, f"{row.ae_title} · {row.hospital.name}"),
            "uses": Many(_uses(row)),
            "where": Lines(
                called or "、".join(row.addresses) or _("any address"), "、".join(row.addresses) if called else ""
            ),
            "seen": When(association_at(line), ago=True) if line else None,
            "state": _state(row, line),
        },
        url=reverse("ingest:remote", args=[row.pk]),
        id=str(row.pk),
    )


def _uses(row: RemoteAE) -> list[Tag]:
    marks = (
        (row.may_send, _("sends")),
        (row.is_destination, _("destination")),
        (row.wants_commitment, _("storage commitment")),
        (row.is_archive, _("archive")),
        (row.is_worklist, _("worklist")),
    )
    return [Tag(label) for holds, label in marks if holds]


def _state(row: RemoteAE, line: Mapping[str, Any] | None = None) -> Tag | Lines:
    """The light of a connection: whether it takes what we send, else how its last association went."""
    if row.is_destination or not row.is_active:
        return partner_light(row)
    return association_tag(line) if line else Tag(_("not seen yet"), "neutral")


def _settings(row: RemoteAE) -> KeyValues:
    return KeyValues(
        [
            (_("Used for"), Many(_uses(row))),
            (_("It calls from"), ("、".join(row.addresses) or _("any address")) if row.may_send else "—"),
            (_("Where we call it"), f"{row.host}:{row.port}" if row.host else "—"),
            (_("Encryption"), row.get_tls_display()),
            (_("In use"), _("Yes") if row.is_active else _("No")),
        ]
    )


def _actions(request: HttpRequest, row: RemoteAE) -> list[Action]:
    if not scope_of(request, INGEST_MANAGE).contains(row.hospital.path):
        return []
    found = []
    if row.host:
        test = reverse("ingest:remote_test", args=[row.pk])
        found.append(Action(_("Test the connection"), test, "plug-connected", "post", "primary"))
    found.append(Action(_("Change"), reverse("ingest:remote_edit", args=[row.pk]), "edit"))
    if row.is_active:
        found.append(Action(_("Take out of use"), reverse("ingest:remote_stop", args=[row.pk]), "ban", kind="quiet"))
    else:
        found.append(Action(_("Take into use"), reverse("ingest:remote_start", args=[row.pk]), "check", "post"))
    return found


def _outbox_section(request: HttpRequest, row: RemoteAE) -> Section:
    rows = delivery_list(request.scope, destination=row.pk)[:SHOWN]
    table = Table(
        columns=(
            Column("exam", _("Exam"), wide=True),
            Column("state", _("State")),
            Column("sent", _("Objects sent"), align="right", phone=False),
            Column("at", _("Last change"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "exam": exam_cell(None, one.exam),
                    "state": delivery_tag(one),
                    "sent": one.n_sent,
                    "at": When(one.changed_at, ago=True),
                },
                url=reverse("ingest:delivery", args=[one.pk]),
                id=str(one.pk),
            )
            for one in rows
        ],
        caption=_("Newest in the outbox"),
        empty=Empty(_("Nothing was sent there yet"), _("Rules decide what goes there."), icon="send"),
    )
    url = f"{reverse('ingest:outbox')}?destination={row.pk}"
    return Section(_("Newest in the outbox"), table, actions=[Action(_("All"), url, kind="quiet")], flush=True)


def _came_section(row: RemoteAE) -> Section:
    lines = association_log_tail(Path(settings.YINGHENG_HOME), [row.hospital_id], _LOOKED_AT)
    mine = [line for line in lines if line["calling"].strip() == row.ae_title][:SHOWN]
    table = Table(
        columns=(
            Column("at", _("When"), nowrap=True),
            Column("event", _("What happened"), wide=True),
            Column("n", _("Objects"), align="right"),
        ),
        rows=[
            Row(
                {
                    "at": When(association_at(line)),
                    "event": Lines(association_tag(line), association_words(line)),
                    "n": line["n_objects"],
                }
            )
            for line in mine
        ],
        caption=_("Its last associations"),
        empty=Empty(_("It has not called yet"), icon="plug-connected"),
    )
    url = f"{reverse('ingest:associations')}?calling={row.ae_title}"
    return Section(_("Its last associations"), table, actions=[Action(_("All"), url, kind="quiet")], flush=True)
