"""Taking an import back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Link
from yingheng.rejects.forms import WithdrawForm
from yingheng.rejects.models import LogFile
from yingheng.rejects.selectors import log_get, months_brought
from yingheng.rejects.services.withdrawing import log_withdraw
from yingheng.rejects.views.common import crumbs
from yingheng.rejects.views.logs import brought_facts
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MAPPING_EDIT


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Say why an import is taken back; who clicks twice finds it taken back."""
    row = log_get(request.scope, file_id)
    back = reverse("rejects:log", args=[row.pk])
    if row.state == LogFile.State.WITHDRAWN:
        return redirect(back)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: log_withdraw(actor=request.actor, row=row, reason=reason)):
            messages.success(request, _("The import is taken back. Its months are counted anew in a moment."))
            return redirect(back)
    return FormPage(
        title=_("Take an import back"),
        purpose=_(
            "Its rows stay on record and leave every figure; what other logs tell too goes on to count. "
            "The days are then counted by other logs, MPPS or the register. The same file may be imported again."
        ),
        crumbs=crumbs(Link(_("Logs of devices"), reverse("rejects:logs")), Link(row.name, back)),
        form=form,
        submit=_("Take back"),
        cancel_url=back,
        aside=[brought_facts(row, months_brought(row))],
    ).response(request, status=400 if form.is_bound else 200)
