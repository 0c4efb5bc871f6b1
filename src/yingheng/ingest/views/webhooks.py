"""Result notices: addresses that are told the outcome of exams, and what they were told."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Link, OutcomeBadge, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.forms.peers import WebhookForm
from yingheng.ingest.models import Notice, Webhook
from yingheng.ingest.selectors.forwarding import notice_get, notice_list, webhook_get, webhook_list
from yingheng.ingest.services.forwarding_notices import WebhookFields, notice_retry, webhook_put, webhook_switch
from yingheng.ingest.tags import POSTED_TONES
from yingheng.ingest.texts import trouble_words
from yingheng.ingest.views.common import crumbs, exam_cell, partner_light, tabs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import hospital_list


@page(INGEST_VIEW)
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """Addresses that are told outcomes."""
    shown, pager = offset_page(request, webhook_list(request.scope))
    actions = []
    if scope_of(request, INGEST_MANAGE):
        actions = [Action(_("Add an address"), reverse("ingest:webhook_new"), "plus", kind="primary")]
    return ListPage(
        title=_("Result notices"),
        purpose=_("Addresses that are told the outcome of every exam, signed, without names of patients."),
        crumbs=crumbs(),
        tabs=tabs("webhooks"),
        actions=actions,
        table=Table(
            columns=(
                Column("name", _("Name"), wide=True),
                Column("which", _("Outcomes"), phone=False),
                Column("waiting", _("Waiting"), align="right"),
                Column("failed", _("Not taken"), align="right"),
                Column("state", _("State")),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Result notices"),
            pager=pager,
            empty=Empty(_("No address yet"), _("A RIS or a message server can be told every outcome."), icon="webhook"),
        ),
    ).response(request)


@page(INGEST_VIEW)
@require_safe
def webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """What an address was told."""
    row = webhook_get(request.scope, webhook_id)
    shown, pager = offset_page(request, notice_list(request.scope, row).exclude(exam=None))
    may = scope_of(request, INGEST_MANAGE).contains(row.hospital.path)
    actions = []
    if may:
        switch = _("Stop") if row.is_active else _("Use again")
        actions = [
            Action(_("Change"), reverse("ingest:webhook_edit", args=[row.pk]), "edit"),
            Action(switch, reverse("ingest:webhook_toggle", args=[row.pk]), method="post"),
        ]
    return ListPage(
        title=row.name,
        purpose=row.url,
        crumbs=crumbs(Link(_("Result notices"), reverse("ingest:webhooks"))),
        actions=actions,
        table=Table(
            columns=(
                Column("exam", _("Exam"), wide=True),
                Column("outcome", _("Outcome now")),
                Column("state", _("Notice")),
                Column("n", _("Tries"), align="right", phone=False),
                Column("at", _("Last change"), nowrap=True),
                Column("do", "", align="right"),
            ),
            rows=[_notice_row(request, one, may=may) for one in shown],
            caption=_("Notices"),
            pager=pager,
            empty=Empty(_("Nothing told yet"), _("A notice follows when an exam is judged."), icon="webhook"),
        ),
    ).response(request)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    """Add an address."""
    return _form(request, None, WebhookForm(request.POST or None, hospitals=hospital_list(request.scope)))


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_edit(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Change one."""
    row = webhook_get(request.scope, webhook_id)
    initial = {name: getattr(row, name) for name in ("name", "url", "outcomes", "with_pseudonym")}
    form = WebhookForm(request.POST or None, hospitals=[row.hospital], row=row, initial=initial)
    return _form(request, row, form)


@page(INGEST_MANAGE)
@require_POST
def webhook_toggle(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Tell an address nothing any more, or again."""
    row = webhook_get(request.scope, webhook_id)
    webhook_switch(actor=request.actor, row=row, active=not row.is_active)
    messages.success(request, _("It is told nothing any more.") if row.is_active else _("It is told outcomes again."))
    return redirect("ingest:webhook", row.pk)


@page(INGEST_MANAGE)
@require_POST
def notice_again(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Tell it once more."""
    row = notice_get(request.scope, notice_id)
    notice_retry(actor=request.actor, row=row)
    messages.success(request, _("It is told next."))
    return redirect("ingest:webhook", row.webhook_id)


def _form(request: HttpRequest, row: Webhook | None, form: WebhookForm) -> HttpResponse:
    back = reverse("ingest:webhook", args=[row.pk]) if row else reverse("ingest:webhooks")
    if request.method == "POST" and form.is_valid():
        data = {name: form.cleaned_data[name] for name in WebhookFields.__dataclass_fields__}
        fields = WebhookFields(**data)
        made = attempt(form, lambda: webhook_put(actor=request.actor, hospital=form.chosen, fields=fields, row=row))
        if made:
            messages.success(request, _("Kept. It is told the outcomes from now on."))
            return redirect("ingest:webhook", made.pk)
    return FormPage(
        title=_("Change the address") if row else _("Add an address"),
        purpose=_("It gets a POST with JSON when an exam is judged and whenever its outcome changes."),
        crumbs=crumbs(Link(_("Result notices"), reverse("ingest:webhooks"))),
        form=form,
        submit=_("Keep"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _row(row: Webhook) -> Row:
    return Row(
        {
            "name": Lines(row.name, f"{row.url} · {row.hospital.name}"),
            "which": ", ".join(row.outcomes) or _("All"),
            "waiting": row.n_waiting or None,
            "failed": row.n_failed or None,
            "state": partner_light(row),
        },
        url=reverse("ingest:webhook", args=[row.pk]),
        id=str(row.pk),
    )


def _notice_row(request: HttpRequest, row: Notice, *, may: bool) -> Row:
    tag = Tag(str(row.get_state_display()), POSTED_TONES[row.state])
    words = " ".join(filter(None, (trouble_words(row.trouble), row.trouble_detail))) if row.trouble else ""
    again = reverse("ingest:notice_again", args=[row.pk])
    open_ = row.state in (Notice.State.FAILED, Notice.State.WAITING)
    return Row(
        {
            "exam": exam_cell(request, row.exam),
            "outcome": OutcomeBadge(row.exam.outcome) if row.exam.outcome else None,
            "state": Lines(tag, words) if words else tag,
            "n": row.attempts,
            "at": When(row.changed_at, ago=True),
            "do": Action(_("Tell again"), again, method="post") if may and open_ else None,
        },
        id=str(row.pk),
    )
