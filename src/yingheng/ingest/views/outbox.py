"""The outbox: what waits to be sent, what was not taken, and what people do about it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, KeyValues, Lines, Link, Many, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.ingest.forms.peers import ReasonForm
from yingheng.ingest.models import Delivery, RemoteAE, SentObject
from yingheng.ingest.selectors.forwarding import (
    delivery_counts,
    delivery_get,
    delivery_list,
    destination_counts,
    failed_objects,
)
from yingheng.ingest.selectors.peers import remote_ae_list
from yingheng.ingest.services.forwarding_outbox import delivery_cancel, delivery_retry
from yingheng.ingest.tags import commitment_tag, delivery_tag
from yingheng.ingest.texts import trouble_words
from yingheng.ingest.views.associations import size_words
from yingheng.ingest.views.common import (
    crumbs,
    exam_cell,
    exam_light,
    exam_words,
)
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW

State = Delivery.State
_WAITING = (State.WAITING, State.SENDING)
_TABS = {"": (), "waiting": _WAITING, "held": (State.HELD,), "failed": (State.FAILED,), "sent": (State.SENT,)}
_MOST_OBJECTS = 50


@page(INGEST_VIEW)
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Exams on their way to others, by state and destination."""
    state = request.GET.get("state", "")
    destination = _uuid(request.GET.get("destination", ""))
    rows = delivery_list(request.scope, states=_TABS.get(state, ()), destination=destination)
    shown, pager = offset_page(request, rows)
    partners = [row for row in remote_ae_list(request.scope) if row.is_destination]
    return ListPage(
        title=_("Outbox"),
        purpose=_("Exams on their way to others. What a destination does not take now waits, however long it is down."),
        crumbs=crumbs(),
        actions=[Action(_("Storage commitment"), reverse("ingest:commitments"), "shield-check", kind="quiet")],
        tabs=_state_tabs(request, state),
        alerts=_troubles(partners, destination_counts(request.scope)),
        filters=FilterBar(
            (
                Filter(
                    "destination",
                    _("Destination"),
                    "select",
                    str(destination or ""),
                    [Option("", _("All")), *(Option(str(p.pk), p.name) for p in partners)],
                ),
            ),
            keep={"state": state} if state else {},
        ),
        table=Table(
            columns=(
                Column("exam", _("Exam"), wide=True),
                Column("to", _("Destination")),
                Column("state", _("State")),
                Column("sent", _("Objects sent"), align="right", nowrap=True, phone=False),
                Column("at", _("Last change"), nowrap=True, phone=False),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Outbox"),
            pager=pager,
            empty=Empty(_("Nothing here"), _("Forwarding rules put exams into the outbox."), icon="send"),
        ),
    ).response(request)


@page(INGEST_VIEW)
@require_safe
def delivery(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """One exam on its way to one destination: how far it is, and what was not taken."""
    row = delivery_get(request.scope, delivery_id)
    rate = f"{size_words(round(row.n_bytes / row.seconds))}/s" if row.seconds > 0 and row.n_bytes else "—"
    return ThingPage(
        title=exam_words(row.exam),
        purpose=_("to %(name)s") % {"name": row.destination.name},
        kind=_("Outbox"),
        crumbs=crumbs(Link(_("Outbox"), reverse("ingest:outbox"))),
        state=delivery_tag(row),
        facts=[
            Fact(_("Objects sent"), f"{row.n_sent} / {row.exam.n_instances}"),
            Fact(_("Not taken"), row.n_failed),
            Fact(_("Sent"), When(row.sent_at) if row.sent_at else "—"),
            Fact(_("Throughput"), rate),
            *_commitment_fact(row),
        ],
        actions=_actions(request, row),
        sections=[
            Section(
                _("Exam"), KeyValues([(_("Exam"), exam_cell(request, row.exam)), (_("Verdict"), exam_light(row.exam))])
            ),
            Section(_("Way"), _way(row)),
            _objects_section(row),
        ],
    ).response(request)


@page(INGEST_MANAGE)
@require_POST
def retry(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Send now, whatever the pauses."""
    row = delivery_get(request.scope, delivery_id)
    delivery_retry(actor=request.actor, row=row)
    messages.success(request, _("It is sent next."))
    return redirect("ingest:delivery", row.pk)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Do not send an exam there after all."""
    row = delivery_get(request.scope, delivery_id)
    back = reverse("ingest:delivery", args=[row.pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: delivery_cancel(actor=request.actor, row=row, reason=reason) or True):
            messages.success(request, _("The exam is not sent there."))
            return redirect(back)
    return FormPage(
        title=_("Do not send"),
        purpose=_("%(exam)s is not sent to %(name)s. What was taken already stays there.")
        % {"exam": exam_words(row.exam), "name": row.destination.name},
        crumbs=crumbs(Link(_("Outbox"), reverse("ingest:outbox"))),
        form=form,
        submit=_("Do not send"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _commitment_fact(row: Delivery) -> list[Fact]:
    if not row.commitment:
        return []
    return [Fact(_("Storage commitment"), commitment_tag(row.commitment))]


def state_words(row: Delivery) -> Lines | Many | Tag:
    """The state of an entry with what one should know about it."""
    tag = delivery_tag(row)
    if row.state in _WAITING and row.destination.failing_since:
        return Lines(tag, trouble_words(row.destination.trouble))
    if row.trouble and row.state != State.SENT:
        return Lines(tag, trouble_words(row.trouble))
    if row.state == State.CANCELLED:
        return Lines(tag, row.cancel_reason)
    if row.commitment and row.state == State.SENT:
        return Many([tag, commitment_tag(row.commitment)])
    return tag


def _row(row: Delivery) -> Row:
    return Row(
        {
            "exam": exam_cell(None, row.exam),
            "to": row.destination.name,
            "state": state_words(row),
            "sent": f"{row.n_sent} / {row.exam.n_instances}",
            "at": When(row.changed_at, ago=True),
        },
        url=reverse("ingest:delivery", args=[row.pk]),
        id=str(row.pk),
    )


def _state_tabs(request: HttpRequest, state: str) -> list[Tab]:
    """The lists of intake, then the states of the outbox with their counts."""
    counts = delivery_counts(request.scope)
    numbers = {"waiting": counts["waiting"] + counts["sending"], "held": counts["held"], "failed": counts["failed"]}
    labels = {
        "": _("All"),
        "waiting": _("Waiting"),
        "held": _("Held"),
        "failed": _("Not taken"),
        "sent": _("Sent"),
    }
    query = request.GET.copy()
    query.pop("page", None)
    found = []
    for key, label in labels.items():
        query["state"] = key
        found.append(Tab(label, f"?{query.urlencode()}", numbers.get(key), state == key))
    return found


def _troubles(partners: Sequence[RemoteAE], counts: dict[UUID, dict[str, object]]) -> list[Alert]:
    """One notice for every destination that does not take what waits for it."""
    found = []
    for row in partners:
        n = counts.get(row.pk, {}).get("waiting", 0)
        if row.failing_since and n:
            url = f"{reverse('ingest:outbox')}?state=waiting&destination={row.pk}"
            text = _("%(n)s exams wait. %(why)s") % {"n": n, "why": trouble_words(row.trouble)}
            found.append(Alert(text, "human", row.name, Action(_("Show"), url)))
    return found


def _actions(request: HttpRequest, row: Delivery) -> list[Action]:
    if not scope_of(request, INGEST_MANAGE).contains(row.hospital.path):
        return []
    found = []
    if row.state in (State.WAITING, State.FAILED, State.CANCELLED):
        found.append(Action(_("Send now"), reverse("ingest:retry", args=[row.pk]), "send", "post", "primary"))
    if row.state in (State.HELD, State.WAITING, State.SENDING, State.FAILED):
        found.append(Action(_("Do not send"), reverse("ingest:cancel", args=[row.pk]), "ban"))
    return found


def _way(row: Delivery) -> KeyValues:
    lines: list[tuple[str, object]] = [
        (_("Destination"), Lines(row.destination.name, url=reverse("ingest:remote", args=[row.destination_id]))),
        (_("Because of"), row.rule.name if row.rule else _("asked for")),
        (_("Put in"), When(row.created_at)),
    ]
    if row.held_at:
        lines.append((_("Held since"), When(row.held_at)))
        if row.goes_at and row.state == State.HELD:
            lines.append((_("Goes by itself at"), When(row.goes_at)))
    if row.released_at:
        who = " · ".join(filter(None, (str(row.get_release_display()), row.released_by, row.release_reason)))
        lines.append((_("Released"), Lines(When(row.released_at), who)))
    if row.state in _WAITING and row.next_at:
        lines.append((_("Next try"), When(row.next_at)))
    if row.state in _WAITING and row.destination.failing_since:
        since = trouble_words(row.destination.trouble), row.destination.trouble_detail
        lines.append((_("Does not answer since"), Lines(When(row.destination.failing_since), " ".join(since))))
    if row.state == State.CANCELLED:
        lines.append((_("Cancelled"), Lines(row.cancelled_by, row.cancel_reason)))
    if row.with_results:
        lines.append((_("Results"), _("sent beside it") if row.results_key else _("follow when the exam is judged")))
    return KeyValues(lines)


def _objects_section(row: Delivery) -> Section:
    found = list(failed_objects(row)[:_MOST_OBJECTS])
    table = Table(
        columns=(
            Column("uid", _("Object"), wide=True),
            Column("outcome", _("Answer")),
            Column("status", _("Status"), nowrap=True, phone=False),
            Column("at", _("When"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "uid": Lines(f"…{one.sop_uid[-24:]}", trouble_words(one.trouble)),
                    "outcome": Tag(str(one.get_outcome_display()), _object_tone(one)),
                    "status": f"0x{one.status:04X}" if one.status is not None else None,
                    "at": When(one.at),
                },
                id=str(one.pk),
            )
            for one in found
        ],
        caption=_("Objects with a remark"),
        empty=Empty(_("No remark"), _("Every object tried so far was simply taken."), icon="circle-check"),
    )
    return Section(_("Objects with a remark"), table, flush=True)


def _object_tone(one: SentObject) -> str:
    return "fail" if one.outcome == SentObject.Outcome.FAILED else "human"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
