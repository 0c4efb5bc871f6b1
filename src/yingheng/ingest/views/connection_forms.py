"""Adding, changing, testing and stopping connections."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Link
from yingheng.ingest.forms.peers import LocalForm, ReasonForm, RemoteForm
from yingheng.ingest.forwarding.scu import PeerTrouble, Timeouts, echo
from yingheng.ingest.models import LocalAE, RemoteAE
from yingheng.ingest.selectors.peers import local_ae_get, remote_ae_get
from yingheng.ingest.services.forwarding_outbox import destination_call
from yingheng.ingest.services.forwarding_partner import peer_of
from yingheng.ingest.services.peers import (
    local_ae_put,
    local_ae_remove,
    remote_ae_put,
    remote_ae_start,
    remote_ae_stop,
)
from yingheng.ingest.texts import trouble_words
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import INGEST_MANAGE
from yingheng.tenancy.selectors import hospital_list

TEST_TIMEOUTS = Timeouts(connect=4.0, agree=5.0, answer=5.0)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def remote_new(request: HttpRequest) -> HttpResponse:
    """Add somebody else's AE; the address may fill in what a refused association told."""
    asked = request.GET
    initial = {"ae_title": asked.get("ae", ""), "name": asked.get("ae", ""), "addresses": asked.get("address", "")}
    initial["may_send"] = bool(asked.get("ae"))
    if asked.get("hospital"):
        initial["hospital"] = asked["hospital"]
    return _remote_form(request, None, RemoteForm(
        request.POST or None, hospitals=hospital_list(request.scope), initial=initial
    ))  # fmt: skip


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def remote_edit(request: HttpRequest, remote_id: UUID) -> HttpResponse:
    """Change a connection."""
    row = remote_ae_get(request.scope, remote_id)
    names = ("name", "ae_title", "host", "port", "tls", "may_send", "is_destination", "is_archive", "is_worklist",
             "wants_commitment")  # fmt: skip
    initial = {name: getattr(row, name) for name in names} | {"addresses": "\n".join(row.addresses)}
    return _remote_form(request, row, RemoteForm(request.POST or None, hospitals=[row.hospital], initial=initial))


def _remote_form(request: HttpRequest, row: RemoteAE | None, form: RemoteForm) -> HttpResponse:
    back = reverse("ingest:remote", args=[row.pk]) if row else reverse("ingest:connections")
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form, lambda: remote_ae_put(actor=request.actor, hospital=form.chosen, fields=form.peer, row=row)
        )
        if made:
            messages.success(request, _("Kept. The receiver follows within seconds."))
            return redirect("ingest:remote", made.pk)
    return FormPage(
        title=_("Change the connection") if row else _("Add a connection"),
        purpose=_("A modality that sends to us, a PACS that we send to, or both."),
        crumbs=crumbs(Link(_("Connections"), reverse("ingest:connections"))),
        form=form,
        submit=_("Keep"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(INGEST_MANAGE)
@require_POST
def remote_test(request: HttpRequest, remote_id: UUID) -> HttpResponse:
    """Ask the partner whether it answers (C-ECHO)."""
    row = remote_ae_get(request.scope, remote_id)
    back = redirect("ingest:remote", row.pk)
    if not row.host or row.port is None:
        messages.warning(request, _("There is no host and port to call."))
        return back
    try:
        seconds = echo(peer_of(row, TEST_TIMEOUTS))
    except PeerTrouble as trouble:
        detail = f" ({trouble.detail})" if trouble.detail else ""
        messages.error(request, _("No connection. %(why)s") % {"why": trouble_words(trouble.code) + detail})
        return back
    messages.success(request, _("It answers, after %(ms)s ms.") % {"ms": round(1000 * seconds)})
    if row.is_destination and row.failing_since:
        destination_call(row)
    return back


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def remote_stop(request: HttpRequest, remote_id: UUID) -> HttpResponse:
    """Take a connection out of use."""
    row = remote_ae_get(request.scope, remote_id)
    back = reverse("ingest:remote", args=[row.pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: remote_ae_stop(actor=request.actor, row=row, reason=reason) or True):
            messages.success(request, _("The connection is out of use."))
            return redirect(back)
    return FormPage(
        title=_("Take out of use: %(name)s") % {"name": row.name},
        purpose=_("It may no longer send, and nothing is sent to it. What it sent stays."),
        crumbs=crumbs(Link(row.name, back)),
        form=form,
        submit=_("Take out of use"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(INGEST_MANAGE)
@require_POST
def remote_start(request: HttpRequest, remote_id: UUID) -> HttpResponse:
    """Take a connection into use again."""
    row = remote_ae_get(request.scope, remote_id)
    remote_ae_start(actor=request.actor, row=row)
    messages.success(request, _("The connection is in use again."))
    return redirect("ingest:remote", row.pk)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def local_new(request: HttpRequest) -> HttpResponse:
    """Add a title under which we answer."""
    initial = {"ae_title": request.GET.get("ae", "")}
    form = LocalForm(request.POST or None, hospitals=hospital_list(request.scope), initial=initial)
    return _local_form(request, None, form)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def local_edit(request: HttpRequest, local_id: UUID) -> HttpResponse:
    """Change one."""
    row = local_ae_get(request.scope, local_id)
    initial = {"ae_title": row.ae_title, "is_open": row.is_open}
    return _local_form(request, row, LocalForm(request.POST or None, hospitals=[row.hospital], initial=initial))


def _local_form(request: HttpRequest, row: LocalAE | None, form: LocalForm) -> HttpResponse:
    back = reverse("ingest:connections")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            form,
            lambda: local_ae_put(
                actor=request.actor, hospital=form.chosen, ae_title=data["ae_title"], is_open=data["is_open"], row=row
            ),
        )
        if made:
            messages.success(request, _("Kept. The receiver follows within seconds."))
            return redirect(back)
    actions = []
    if row:
        actions = [Action(_("Remove"), reverse("ingest:local_remove", args=[row.pk]), "trash", kind="danger")]
    return FormPage(
        title=row.ae_title if row else _("Add an AE title of ours"),
        purpose=_("The AE title that is called decides to which hospital an exam belongs."),
        crumbs=crumbs(Link(_("Connections"), back)),
        actions=actions,
        form=form,
        submit=_("Keep"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def local_remove(request: HttpRequest, local_id: UUID) -> HttpResponse:
    """No longer answer under a title."""
    row = local_ae_get(request.scope, local_id)
    back = reverse("ingest:connections")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        local_ae_remove(actor=request.actor, row=row, reason=form.cleaned_data["reason"])
        messages.success(request, _("We no longer answer under this AE title."))
        return redirect(back)
    return FormPage(
        title=_("Remove %(name)s") % {"name": row.ae_title},
        purpose=_("Whoever calls this AE title is refused from then on. What it brought stays."),
        crumbs=crumbs(Link(_("Connections"), back)),
        form=form,
        submit=_("Remove"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
