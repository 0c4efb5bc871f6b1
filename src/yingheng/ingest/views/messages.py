"""Messages of information systems: what came, what became of it, and who may send."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from yingheng.catalog.pseudonyms import may_identify
from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Lines, Link, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.ingest.message_rows import message_rows
from yingheng.ingest.message_texts import message_words
from yingheng.ingest.models import Message
from yingheng.ingest.selectors.messages import (
    MessageFilter,
    message_counts,
    message_get,
    message_list,
    source_list,
)
from yingheng.ingest.services.messages import message_again
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, INGEST_MANAGE, INGEST_VIEW

State = Message.State
_TONES = {"applied": "pass", "waiting": "human", "ignored": "neutral", "failed": "fail"}
_KINDS = ("ORM", "OMG", "OMI", "ORU", "MDM", "ADT", "SIU", "orders", "reports")


@page(INGEST_VIEW)
@require_safe
def message_page_list(request: HttpRequest) -> HttpResponse:
    """Every message that came, newest first."""
    asked = request.GET
    wanted = _wanted(request)
    shown, pager = offset_page(request, message_list(request.scope, wanted))
    counts = message_counts(request.scope)
    actions = [Action(_("Sources"), reverse("ingest:message_sources"), icon="settings", kind="quiet")]
    return ListPage(
        title=_("Messages"),
        purpose=_("Orders, reports, appointments and patients, as the information systems told them."),
        crumbs=crumbs(),
        actions=actions,
        tabs=_tabs(request, wanted.state, counts),
        filters=_filters(request),
        table=Table(
            columns=(
                Column("kind", _("Message"), wide=True),
                Column("state", _("State"), nowrap=True),
                Column("source", _("Source"), phone=False),
                Column("sent", _("Sent"), nowrap=True, phone=False),
                Column("received", _("Received"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Messages"),
            pager=pager,
            empty=_empty(filtered=bool(asked)),
        ),
    ).response(request)


def _empty(*, filtered: bool) -> Empty:
    if filtered:
        return Empty(_("No message here"), _("Change the filters to see more."))
    text = _("Enter the sources that may send, and have them call this machine; the manual says how.")
    return Empty(_("No message yet"), text)


def _wanted(request: HttpRequest) -> MessageFilter:
    asked = request.GET
    return MessageFilter(
        state=asked.get("state", "") if asked.get("state") in State.values else "",
        kind=asked.get("kind", "") if asked.get("kind") in _KINDS else "",
        source_id=_uuid(asked.get("source", "")),
        text=asked.get("text", "").strip(),
        first=_midnight(asked.get("first", "")),
        until=_midnight(asked.get("last", ""), days=1),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _midnight(text: str, days: int = 0) -> dt.datetime | None:
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _tabs(request: HttpRequest, current: str, counts: dict[str, int]) -> list[Tab]:
    def to(state: str) -> str:
        query = request.GET.copy()
        query.pop("page", None)
        query["state"] = state
        return f"?{query.urlencode()}"

    every = [Tab(_("All"), to(""), sum(counts.values()), not current)]
    states = [Tab(str(label), to(key), counts.get(key, 0), current == key) for key, label in State.choices]
    return [*every, *states, Tab(_("Turned away"), reverse("ingest:messages_refused"))]


def _filters(request: HttpRequest) -> FilterBar:
    asked = request.GET
    sources = [Option(str(row.pk), row.name) for row in source_list(request.scope)]
    return FilterBar(
        (
            Filter(
                "kind",
                _("Type"),
                "select",
                asked.get("kind", ""),
                [Option("", _("All")), *(Option(kind, kind) for kind in _KINDS)],
            ),
            Filter("source", _("Source"), "select", asked.get("source", ""), [Option("", _("All")), *sources]),
            Filter("text", _("Control id"), value=asked.get("text", "")),
            Filter("first", _("From"), "date", asked.get("first", "")),
            Filter("last", _("Until"), "date", asked.get("last", "")),
        ),
        keep={"state": asked["state"]} if asked.get("state") else {},
    )


def _row(row: Message) -> Row:
    why = message_words(row.reason, row.reason_values)
    return Row(
        {
            "kind": Lines(f"{row.kind or '—'} {row.control_id}".strip(), why),
            "state": _state(row),
            "source": Lines(row.source.name if row.source else row.get_channel_display(), row.address),
            "sent": When(row.sent_at) if row.sent_at else None,
            "received": When(row.received_at),
        },
        url=reverse("ingest:message", args=[row.pk]),
        id=str(row.pk),
    )


def _state(row: Message) -> Tag:
    return Tag(str(row.get_state_display()), _TONES[row.state])


@page(INGEST_VIEW)
@require_safe
def message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """One message: what it says, what it did, and why not."""
    row = message_get(request.scope, message_id)
    identified = may_identify(request, row.hospital.path)
    return ThingPage(
        title=f"{row.kind or _('Message')} {row.control_id}".strip(),
        purpose=f"{row.get_channel_display()} · {row.hospital.name}",
        kind=_("Message"),
        crumbs=crumbs(Link(_("Messages"), reverse("ingest:messages"))),
        state=_state(row),
        facts=[
            Fact(_("Received"), When(row.received_at), hint=_times(row)),
            Fact(_("Sent"), When(row.sent_at) if row.sent_at else "—"),
            Fact(_("Source"), row.source.name if row.source else "—", hint=row.address),
            Fact(_("Characters"), row.encoding or "—", hint=_("%(n)s bytes") % {"n": row.size}),
        ],
        actions=_actions(request, row),
        alerts=_alerts(row),
        sections=[*_results(request, row), _content(row, identified=identified)],
        wide=True,
    ).response(request)


def _times(row: Message) -> str:
    return _("came %(n)s times") % {"n": row.n_received} if row.n_received > 1 else ""


def _actions(request: HttpRequest, row: Message) -> list[Action]:
    may = scope_of(request, INGEST_MANAGE).contains(row.hospital.path)
    if not may or row.raw_removed_at or row.state not in {State.FAILED, State.WAITING}:
        return []
    url = reverse("ingest:message_again", args=[row.pk])
    return [Action(_("Apply again"), url, icon="refresh", method="post", kind="primary")]


def _alerts(row: Message) -> list[Alert]:
    if not row.reason:
        return []
    tones = {State.FAILED: "fail", State.WAITING: "human"}
    return [Alert(message_words(row.reason, row.reason_values), tones.get(State(row.state), "neutral"))]


def _results(request: HttpRequest, row: Message) -> list[Section]:
    if not row.results:
        return []
    table = Table(
        columns=(
            Column("what", _("What"), nowrap=True),
            Column("number", _("Number"), wide=True),
            Column("change", _("What became of it"), roomy=True),
        ),
        rows=[_result_row(request, row, one) for one in row.results[:500]],
        caption=_("What it did"),
    )
    return [Section(_("What it did"), table, flush=True)]


def _result_row(request: HttpRequest, row: Message, one: dict[str, Any]) -> Row:
    words = {
        "order": pgettext("exam", "Order"),
        "report": _("Report"),
        "patient": _("Patient"),
        "merge": _("Merge"),
        "item": _("Item %(n)s") % {"n": one.get("index", "")},
    }
    number = str(one["number"]) or "—"
    may = scope_of(request, EXAM_VIEW).contains(row.hospital.path)
    url = reverse("web:exam", args=[one["id"]]) if may and one["what"] == "report" and one["id"] else ""
    return Row(
        {"what": words.get(one["what"], one["what"]), "number": Lines(number, url=url), "change": _change(one)},
    )


def _change(one: dict[str, Any]) -> str:
    words = {
        "created": _("new"),
        "changed": _("changed"),
        "unchanged": _("known already"),
        "older": _("newer facts were known already"),
        "waiting": _("waits for its exam"),
        "merged": _("linked as one person"),
        "rejected": _("turned down"),
    }
    told = words.get(one["change"], one["change"])
    if "version" in one:
        told = f"{told} · {_('version %(n)s') % {'n': one['version']}}"
    faults = [f"{f['path']} {message_words(f['code'], f['values'])}" for f in one.get("faults", ())]
    return "; ".join((told, *faults))


def _content(row: Message, *, identified: bool) -> Section:
    if row.raw_removed_at:
        gone = Empty(_("The bytes were removed"), _("They passed their time of keeping; what they said is kept above."))
        return Section(_("Content"), Table((Column("text", pgettext("message", "Text")),), [], empty=gone), flush=True)
    rows = message_rows(row, identified=identified)
    hint = "" if identified else _("Names and numbers of patients are masked for your role.")
    table = Table(
        columns=(Column("place", _("Place"), nowrap=True), Column("text", pgettext("message", "Text"), wide=True)),
        rows=[Row({"place": place, "text": text}) for place, text in rows],
        caption=_("Content"),
        empty=Empty(_("Nothing to show"), _("It cannot be taken apart, so that names in it cannot be masked.")),
    )
    return Section(_("Content"), table, hint=hint, flush=True)


@page(INGEST_MANAGE)
@require_POST
def again(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Apply a message again after what stood in its way was mended."""
    row = message_again(actor=request.actor, message=message_get(request.scope, message_id))
    if row.state == State.FAILED:
        messages.error(request, message_words(row.reason, row.reason_values))
    else:
        messages.success(request, _("Applied again: %(state)s.") % {"state": row.get_state_display()})
    return redirect("ingest:message", row.pk)
