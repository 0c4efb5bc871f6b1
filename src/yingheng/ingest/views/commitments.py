"""Storage commitment: what destinations vouch for, and what senders asked us to vouch for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, KeyValues, Lines, Link, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.models import Commitment, CommitmentAsk
from yingheng.ingest.selectors.commitment import ask_counts, ask_get, ask_list, commitment_get, commitment_list
from yingheng.ingest.services.commitment_asking import commitment_again
from yingheng.ingest.tags import commitment_tag
from yingheng.ingest.texts import trouble_words
from yingheng.ingest.views.common import crumbs, exam_cell, exam_words
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW

State = CommitmentAsk.State
_TABS = {
    "": (),
    "open": (State.WAITING, State.ASKED),
    "bad": (State.FAILED, State.TIMED_OUT),
    "committed": (State.COMMITTED,),
}
_MOST_OBJECTS = 100
_AGAIN = {State.FAILED, State.TIMED_OUT, State.WAITING}


@page(INGEST_VIEW)
@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """Our requests: which destination keeps what it took."""
    state = request.GET.get("state", "")
    shown, pager = offset_page(request, ask_list(request.scope, states=_TABS.get(state, ())))
    return ListPage(
        title=_("Storage commitment"),
        purpose=_("Whether destinations keep what they took. Only their own report says so; silence does not."),
        crumbs=crumbs(),
        tabs=_tabs(ask_counts(request.scope), state),
        table=Table(
            columns=(
                Column("exam", _("Exam"), wide=True),
                Column("to", _("Destination")),
                Column("state", _("State"), roomy=True),
                Column("n", _("Objects"), align="right", nowrap=True),
                Column("at", _("Asked"), nowrap=True, phone=False),
            ),
            rows=[_ask_row(row) for row in shown],
            caption=_("Storage commitment"),
            pager=pager,
            empty=Empty(
                _("Nothing was asked"),
                _("Switch it on at a connection: “Ask it for storage commitment after sending”."),
                icon="shield-check",
            ),
        ),
    ).response(request)


@page(INGEST_VIEW)
@require_safe
def commitment(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """One request of ours."""
    row = ask_get(request.scope, ask_id)
    exam = row.delivery.exam
    return ThingPage(
        title=exam_words(exam),
        purpose=_("to %(name)s") % {"name": row.destination.name},
        kind=_("Storage commitment"),
        crumbs=crumbs(Link(_("Storage commitment"), reverse("ingest:commitments"))),
        state=commitment_tag(row.state),
        facts=[
            Fact(_("Listed"), row.n_listed),
            Fact(_("Vouched for"), row.n_committed if row.answered_at else "—"),
            Fact(_("Asked"), When(row.asked_at) if row.asked_at else "—"),
            Fact(_("Answered"), When(row.answered_at) if row.answered_at else "—"),
        ],
        actions=_actions(request, row),
        alerts=_alerts(row),
        sections=[
            Section(
                _("Request"),
                KeyValues(
                    [
                        (_("Exam"), exam_cell(request, exam)),
                        (_("Delivery"), Link(_("Outbox"), reverse("ingest:delivery", args=[row.delivery_id]))),
                        (_("Transaction"), row.transaction_uid),
                        (_("A report may come until"), When(row.due_at)),
                        (_("Attempts that failed"), row.n_tries),
                    ]
                ),
            ),
            *([_failures(row.failures)] if row.answered_at else []),
        ],
    ).response(request)


@page(INGEST_MANAGE)
@require_POST
def again(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """Ask once more; what was not vouched for is sent again first."""
    row = ask_get(request.scope, ask_id)
    commitment_again(actor=request.actor, row=row)
    if row.state == State.FAILED:
        messages.success(request, _("What was not vouched for is sent again; then it is asked for anew."))
        return redirect("ingest:delivery", row.delivery_id)
    messages.success(request, _("It is asked again."))
    return redirect("ingest:commitment", row.pk)


@page(INGEST_VIEW)
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """Requests of senders: what they believe they sent, and what of it is here."""
    shown, pager = offset_page(request, commitment_list(request.scope))
    return ListPage(
        title=_("Storage commitment asked of us"),
        purpose=_("What senders believe they sent, and what of it is catalogued and stored here."),
        crumbs=crumbs(Link(_("Storage commitment"), reverse("ingest:commitments"))),
        tabs=_tabs(ask_counts(request.scope), "received"),
        table=Table(
            columns=(
                Column("sender", _("Sender")),
                Column("exam", _("Exam"), wide=True),
                Column("held", _("Held / listed"), align="right", nowrap=True),
                Column("state", _("State"), roomy=True),
                Column("at", _("Received"), nowrap=True, phone=False),
            ),
            rows=[_received_row(row) for row in shown],
            caption=_("Storage commitment asked of us"),
            pager=pager,
            empty=Empty(
                _("Nobody asked"), _("Scanners ask after sending, where it is switched on there."), icon="shield"
            ),
        ),
    ).response(request)


@page(INGEST_VIEW)
@require_safe
def received_one(request: HttpRequest, commitment_id: UUID) -> HttpResponse:
    """One request of a sender, with what we do not vouch for."""
    row = commitment_get(request.scope, commitment_id)
    return ThingPage(
        title=_("Storage commitment of %(sender)s") % {"sender": row.calling},
        purpose=row.hospital.name,
        kind=_("Storage commitment asked of us"),
        crumbs=crumbs(Link(_("Storage commitment asked of us"), reverse("ingest:commitments_received"))),
        state=_received_tag(row),
        facts=[
            Fact(_("Listed"), row.n_listed),
            Fact(_("Stored here"), "—" if row.n_found is None else row.n_found),
            Fact(_("Received"), When(row.received_at)),
            Fact(_("Answered"), When(row.answered_at) if row.answered_at else "—"),
        ],
        alerts=_received_alerts(row),
        sections=[
            Section(
                _("Request"),
                KeyValues(
                    [
                        (_("Exam"), exam_cell(request, row.exam) if row.exam else "—"),
                        (_("Transaction"), row.transaction_uid),
                        (_("Attempts that failed"), row.n_tries),
                    ]
                ),
            ),
            *([_failures(row.failures)] if row.n_found is not None else []),
        ],
    ).response(request)


def _tabs(counts: dict[str, int], current: str) -> list[Tab]:
    labels = {"": _("All"), "open": _("Under way"), "bad": _("Not safe"), "committed": _("Vouched for")}
    url = reverse("ingest:commitments")
    numbers = {key: sum(counts.get(state, 0) for state in states) for key, states in _TABS.items()}
    numbers[""] = sum(counts.values())
    found = [Tab(label, f"{url}?state={key}", numbers[key], current == key) for key, label in labels.items()]
    return [*found, Tab(_("Asked of us"), reverse("ingest:commitments_received"), None, current == "received")]


def _ask_row(row: CommitmentAsk) -> Row:
    tag: Tag | Lines = commitment_tag(row.state)
    if row.trouble:
        tag = Lines(tag, trouble_words(row.trouble))
    return Row(
        {
            "exam": exam_cell(None, row.delivery.exam),
            "to": row.destination.name,
            "state": tag,
            "n": f"{row.n_committed} / {row.n_listed}",
            "at": When(row.asked_at or row.created_at, ago=True),
        },
        url=reverse("ingest:commitment", args=[row.pk]),
        id=str(row.pk),
    )


def _received_row(row: Commitment) -> Row:
    held = "—" if row.n_found is None else row.n_found
    return Row(
        {
            "sender": Lines(row.calling, row.hospital.name),
            "exam": exam_cell(None, row.exam) if row.exam else None,
            "held": f"{held} / {row.n_listed}",
            "state": Lines(_received_tag(row), trouble_words(row.trouble) if row.trouble else ""),
            "at": When(row.received_at, ago=True),
        },
        url=reverse("ingest:commitment_received", args=[row.pk]),
        id=str(row.pk),
    )


def _received_tag(row: Commitment) -> Tag:
    if row.state == Commitment.State.WAITING:
        return Tag(_("to be answered"), "human")
    short = (row.n_found or 0) < row.n_listed
    return Tag(_("answered: some missing"), "fail") if short else Tag(_("answered: all held"), "pass")


def _actions(request: HttpRequest, row: CommitmentAsk) -> list[Action]:
    if row.state not in _AGAIN or not scope_of(request, INGEST_MANAGE).contains(row.hospital.path):
        return []
    label = _("Send again what is not safe") if row.state == State.FAILED else _("Ask again")
    return [Action(label, reverse("ingest:commitment_again", args=[row.pk]), "refresh", "post", "primary")]


def _alerts(row: CommitmentAsk) -> list[Alert]:
    if row.state == State.FAILED:
        return [Alert(_("It took these images and does not keep all of them. Do not delete them here."), "fail")]
    if row.state == State.TIMED_OUT:
        return [Alert(_("No report came in time: nobody knows whether it keeps the images."), "human")]
    return [Alert(trouble_words(row.trouble), "human", row.trouble_detail)] if row.trouble else []


def _received_alerts(row: Commitment) -> list[Alert]:
    return [Alert(trouble_words(row.trouble), "human", row.trouble_detail)] if row.trouble else []


def _failures(failures: Sequence[Sequence[object]]) -> Section:
    """Objects that are not vouched for, with the reason of PS3.3 C.14.1.1."""
    table = Table(
        columns=(Column("uid", _("Object"), wide=True), Column("why", _("Reason"), roomy=True)),
        rows=[
            Row({"uid": Lines(f"…{str(uid)[-24:]}", str(sop_class)), "why": reason_words(reason)})
            for sop_class, uid, reason in failures[:_MOST_OBJECTS]
        ],
        caption=_("Not vouched for"),
        empty=Empty(_("Nothing"), _("No object was reported as missing."), icon="circle-check"),
    )
    more = len(failures) - _MOST_OBJECTS
    hint = _(" and %(n)s more") % {"n": more} if more > 0 else ""
    return Section(_("Not vouched for"), table, hint=hint.strip(), flush=True)


def reason_words(reason: object) -> str:
    """A failure reason of storage commitment in words."""
    words = {
        0x0110: _("it could not be processed"),
        0x0112: _("it is not there"),
        0x0119: _("it is of another class"),
        0x0122: _("its class is not supported"),
        0x0131: _("the transaction was used twice"),
        0x0213: _("no room"),
    }
    if not isinstance(reason, int):
        return _("the report does not name it")
    return f"{words.get(reason, '')} (0x{reason:04X})".strip()
