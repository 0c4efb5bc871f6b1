"""Queries: what was asked of archives and worklists, and what became of every study."""

from __future__ import annotations

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
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, KeyValues, Lines, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.ingest.forms.querying import AskForm
from yingheng.ingest.models import Query, QueryStudy
from yingheng.ingest.models.querying import Kind
from yingheng.ingest.selectors.querying import asked_partners, query_get, query_list, study_counts, study_list
from yingheng.ingest.services.querying import query_again, query_ask, query_stop
from yingheng.ingest.services.querying_fetch import OPEN
from yingheng.ingest.texts import trouble_words
from yingheng.ingest.views.common import crumbs, tabs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW, PATIENT_IDENTIFY

QUERY_TONES = {"searching": "accent", "fetching": "accent", "done": "pass", "stopped": "none", "failed": "fail"}
_STUDY_TONES = {
    "waiting": "neutral",
    "known": "none",
    "done": "pass",
    "partial": "human",
    "failed": "fail",
    "unfit": "none",
    "left": "human",
}


@page(INGEST_VIEW)
@require_safe
def queries(request: HttpRequest) -> HttpResponse:
    """Every query, newest first."""
    kind = request.GET.get("kind", "")
    shown, pager = offset_page(request, query_list(request.scope, kind=kind if kind in Kind.values else ""))
    return ListPage(
        title=_("Queries"),
        purpose=_("What was asked of archives and worklists: what they have, what was lacking here, what came."),
        crumbs=crumbs(),
        tabs=tabs("queries"),
        actions=_list_actions(request),
        filters=FilterBar(
            (Filter("kind", _("Kind"), "select", kind, [Option("", _("All")), *(Option(*c) for c in Kind.choices)]),)
        ),
        table=Table(
            columns=(
                Column("what", _("Query"), wide=True),
                Column("state", _("State")),
                Column("found", _("Found"), align="right", phone=False),
                Column("known", _("Here already"), align="right", phone=False),
                Column("done", _("Fetched"), align="right"),
                Column("failed", _("Not wholly fetched"), align="right"),
                Column("at", _("Begun"), nowrap=True, phone=False),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Queries"),
            pager=pager,
            empty=Empty(_("Nothing asked yet"), _("Plan a nightly back-fill, or fetch studies now."), icon="search"),
        ),
    ).response(request)


def _list_actions(request: HttpRequest) -> list[Action]:
    actions = [
        Action(_("Plans"), reverse("ingest:query_plans"), "calendar"),
        Action(_("Watched folders"), reverse("ingest:watched"), "folder"),
    ]
    if scope_of(request, INGEST_MANAGE):
        actions.append(Action(_("Fetch studies"), reverse("ingest:query_new"), "download", kind="primary"))
    return actions


def days_words(row: Query) -> str:
    """The days that a query is about."""
    if row.first_day is None or row.last_day is None:
        return _("any day")
    if row.first_day == row.last_day:
        return row.first_day.isoformat()
    return f"{row.first_day.isoformat()} – {row.last_day.isoformat()}"


def query_tag(row: Query) -> Tag:
    """The state of a query."""
    return Tag(str(row.get_state_display()), QUERY_TONES[row.state])


def _trouble(row: Query) -> str:
    code = row.trouble or (row.partner.trouble if row.state in OPEN else "")
    return trouble_words(code) if code else ""


def _row(row: Query) -> Row:
    words = _trouble(row)
    return Row(
        {
            "what": Lines(row.partner.name, f"{row.get_kind_display()} · {days_words(row)} · {row.hospital.name}"),
            "state": Lines(query_tag(row), words) if words else query_tag(row),
            "found": row.n_found,
            "known": row.n_known,
            "done": row.n_done,
            "failed": row.n_failed or None,
            "at": When(row.created_at, ago=True),
        },
        url=reverse("ingest:query", args=[row.pk]),
        id=str(row.pk),
    )


@page(INGEST_VIEW)
@require_safe
def query(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """One query with its log."""
    row = query_get(request.scope, query_id)
    return ThingPage(
        title=f"{row.partner.name} · {days_words(row)}",
        purpose=str(row.get_kind_display()),
        kind=_("Query"),
        crumbs=crumbs(Link(_("Queries"), reverse("ingest:queries"))),
        state=query_tag(row),
        alerts=_alerts(row),
        facts=[
            Fact(_("Found"), row.n_found),
            Fact(_("Here already"), row.n_known),
            Fact(_("Fetched"), f"{row.n_done} / {row.n_asked}"),
            Fact(_("Not wholly fetched"), row.n_failed),
        ],
        actions=_actions(request, row),
        sections=[_log(request, row), Section(_("What was asked"), _asked(row))],
    ).response(request)


def _alerts(row: Query) -> list[Alert]:
    found = []
    if words := _trouble(row):
        detail = row.trouble_detail or row.partner.trouble_detail
        found.append(Alert(f"{words} {detail}".strip(), "human", _("Trouble")))
    if row.is_cut:
        text = _("The archive has more than it would say, even asked for ten minutes at a time: narrow the conditions.")
        found.append(Alert(text, "human"))
    return found


def _actions(request: HttpRequest, row: Query) -> list[Action]:
    if not scope_of(request, INGEST_MANAGE).contains(row.hospital.path):
        return []
    if row.state in OPEN:
        return [Action(_("Stop"), reverse("ingest:query_stop", args=[row.pk]), "ban", "post")]
    return [Action(_("Once more"), reverse("ingest:query_again", args=[row.pk]), "refresh", "post", "primary")]


def _asked(row: Query) -> KeyValues:
    pairs: list[tuple[str, object]] = [
        (_("Connection"), Lines(str(row.partner), url=reverse("ingest:remote", args=[row.partner_id]))),
        (_("Study dates"), days_words(row)),
        (_("Modalities"), ", ".join(row.modalities)),
        (_("Stations"), ", ".join(row.stations)),
        (_("Study description contains"), row.description),
        (_("Accession number"), row.accession),
        (_("Patient id"), _("one patient; not shown") if row.patient_cipher else ""),
        (_("Studies a run at most"), row.most_studies),
        (_("Objects fetched"), row.n_objects),
        (_("Asked by"), row.asked_by or (_("a plan") if row.kind != Kind.DEMAND else "")),
        (_("Begun"), When(row.started_at) if row.started_at else ""),
        (_("Next try"), When(row.next_at) if row.next_at else ""),
        (_("Ended"), When(row.ended_at) if row.ended_at else ""),
        (_("Stopped by"), row.stopped_by),
    ]
    if row.from_hour and row.to_hour:
        pairs.append((_("Only from"), f"{row.from_hour:%H:%M} – {row.to_hour:%H:%M}"))
    return KeyValues([(label, value) for label, value in pairs if value != ""])


def _log(request: HttpRequest, row: Query) -> Section:
    state = request.GET.get("state", "")
    state = state if state in QueryStudy.State.values else ""
    shown, pager = offset_page(request, study_list(row, state=state))
    counts = study_counts(row)
    here = reverse("ingest:query", args=[row.pk])
    labels = dict(QueryStudy.State.choices)
    chosen = [Action(f"{labels[key]} {n}", f"{here}?state={key}", kind="quiet") for key, n in sorted(counts.items())]
    if state:
        chosen.append(Action(_("All"), here, kind="quiet"))
    table = Table(
        columns=(
            Column("study", _("Study"), wide=True),
            Column("day", _("Day"), nowrap=True),
            Column("state", _("Result"), wide=True),
            Column("n", _("Objects"), align="right", nowrap=True),
            Column("way", _("Fetched by"), nowrap=True, phone=False),
            Column("at", _("When"), nowrap=True, phone=False),
        ),
        rows=[_study_row(one) for one in shown],
        caption=_("Log"),
        pager=pager,
        empty=Empty(_("No study"), _("Nothing was found that meets the conditions, or it was not asked yet.")),
    )
    title = _("Log: %(state)s") % {"state": labels[state]} if state else _("Log")
    return Section(title, table, actions=chosen if len(counts) > 1 or state else [], flush=True)


def _study_row(row: QueryStudy) -> Row:
    tag = Tag(str(row.get_state_display()), _STUDY_TONES[row.state])
    words = " ".join(filter(None, (trouble_words(row.trouble), row.trouble_detail))) if row.trouble else ""
    said = "—" if row.n_said is None else row.n_said
    names = " · ".join(filter(None, (row.modality, row.accession, f"…{row.study_uid[-20:]}")))
    return Row(
        {
            "study": Lines(row.label or _("without description"), names),
            "day": row.day.isoformat() if row.day else None,
            "state": Lines(tag, words) if words else tag,
            "n": f"{row.n_had + row.n_received} / {said}",
            "way": row.way or None,
            "at": When(row.changed_at, ago=True),
        },
        id=str(row.pk),
    )


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def query_new(request: HttpRequest) -> HttpResponse:
    """Fetch studies now."""
    by_patient = scope_of(request, PATIENT_IDENTIFY)
    partners = list(asked_partners(request.scope, worklist=False))
    form = AskForm(request.POST or None, partners=partners, by_patient=bool(by_patient))
    if request.method == "POST" and form.is_valid():
        if form.asked.patient_id and not by_patient.contains(form.chosen.hospital.path):
            form.add_error("patient_id", _("In this hospital you may not ask by patient."))
        elif made := attempt(form, lambda: query_ask(actor=request.actor, fields=form.asked)):
            messages.success(request, _("It is asked next; the log below fills up by itself."))
            return redirect("ingest:query", made.pk)
    return FormPage(
        title=_("Fetch studies"),
        purpose=_("Only what is lacking here is fetched; fetching the same again changes nothing."),
        crumbs=crumbs(Link(_("Queries"), reverse("ingest:queries"))),
        alerts=[] if partners else [Alert(_("No connection in use is marked as one that we query."), "human")],
        form=form,
        submit=_("Fetch"),
        cancel_url=reverse("ingest:queries"),
    ).response(request, status=400 if form.is_bound else 200)


@page(INGEST_MANAGE)
@require_POST
def stop(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Fetch no more."""
    row = query_get(request.scope, query_id)
    query_stop(actor=request.actor, row=row)
    messages.success(request, _("Stopped. The series under way still ends; what came stays."))
    return redirect("ingest:query", row.pk)


@page(INGEST_MANAGE)
@require_POST
def again(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Ask once more, and fetch what is lacking."""
    row = query_get(request.scope, query_id)
    query_again(actor=request.actor, row=row)
    messages.success(request, _("It is asked once more; only what is still lacking is fetched."))
    return redirect("ingest:query", row.pk)
