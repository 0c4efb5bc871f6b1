"""What holds for all intake of a hospital."""

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
from yingheng.ingest.forms.policies import PolicyForm
from yingheng.ingest.selectors.policies import policy_of
from yingheng.ingest.services.forwarding_policy import PolicyFields, policy_put
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import INGEST_MANAGE
from yingheng.tenancy.selectors import organisation_get


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """How long exams are held, messages kept and reports waited for, where nothing more particular is set."""
    hospital = organisation_get(request.scope, hospital_id)
    row = policy_of(hospital)
    initial = {name: getattr(row, name) for name in PolicyFields.__dataclass_fields__}
    form = PolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = PolicyFields(**form.cleaned_data)
        if attempt(form, lambda: policy_put(actor=request.actor, hospital=hospital, fields=fields)):
            messages.success(request, _("Kept. It holds from now on."))
            return redirect("ingest:overview")
    return FormPage(
        title=_("Rules of intake"),
        purpose=_("%(hospital)s. What holds where a rule says nothing of its own.") % {"hospital": hospital.name},
        crumbs=crumbs(),
        form=form,
        submit=_("Keep"),
        cancel_url=reverse("ingest:overview"),
    ).response(request, status=400 if form.is_bound else 200)
