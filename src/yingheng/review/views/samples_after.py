"""Giving a sample up, and what a reader did, on paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods

from yingheng.common.clock import local_day
from yingheng.common.errors import NotFound
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import KeyValues, Lines, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.documents.selectors import attachment_list
from yingheng.documents.services import signer_authenticate
from yingheng.review.forms.cases import ReasonForm
from yingheng.review.models import Campaign
from yingheng.review.selectors import campaign_get
from yingheng.review.services.cancelling import campaign_cancel
from yingheng.review.services.certifying import SUBJECT as CERTIFICATE
from yingheng.review.services.certifying import Certificate, certificate_sign
from yingheng.review.telling import days_text
from yingheng.review.views.common import campaign_link, crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.permissions import REVIEW_PLAN
from yingheng.tenancy.scope import Scope


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class CertificateForm(forms.Form):
    """Two local days, and the password of who signs for the organisation."""

    first_day = _day(gettext_lazy("First day"))
    last_day = _day(gettext_lazy("Last day"))
    password = forms.CharField(
        label=gettext_lazy("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("You sign for the organisation; your name and the time stand on the certificate."),
    )  # fmt: skip


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Give a sample up."""
    row = campaign_get(request.scope, campaign_id)
    back = reverse("review:campaign", args=[row.pk])
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(
        form, lambda: campaign_cancel(actor=request.actor, campaign=row, reason=form.cleaned_data["reason"])
    ):
        messages.success(request, _("The sample is cancelled."))
        return redirect(back)
    return FormPage(
        title=_("Cancel the sample: %(what)s") % {"what": row.title},
        purpose=_("What was read stays in the records and counts nowhere. The same days are not drawn again."),
        crumbs=crumbs(campaign_link(row)),
        form=form,
        submit=_("Cancel the sample"),
        cancel_url=back,
        aside=[Section(_("Sample"), KeyValues(_kept(row)))],
    ).response(request, status=400 if form.is_bound else 200)


def _kept(row: Campaign) -> list[tuple[str, object]]:
    """What has been done of the sample that is given up."""
    return [
        (_("Days of the exams"), days_text(row)),
        (pgettext("case", "Settled"), f"{row.n_settled} / {row.n_cases}"),
        (_("To be read by"), When(row.due_on)),
    ]


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def certificate(request: HttpRequest, campaign_id: UUID, reader_id: UUID) -> HttpResponse:
    """What a reader of a sample did for its organisation in a period, as PDF."""
    row = campaign_get(request.scope, campaign_id)
    mine = row.assignments.filter(reader_id=reader_id).select_related("reader").first()
    if mine is None:
        raise NotFound("review.campaign_unknown")
    today = local_day(row.organisation.zone)
    form = CertificateForm(
        request.POST or None, initial={"first_day": today.replace(month=1, day=1), "last_day": today}
    )
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: _signed(request, mine.reader, row.organisation, form.cleaned_data))
        if made:
            answer = HttpResponse(made.data, content_type="application/pdf")
            answer["Content-Disposition"] = 'attachment; filename="film-review.pdf"'
            return answer
    return FormPage(
        title=_("Certificate for %(name)s") % {"name": mine.reader.display_name},
        purpose=_("Cases and time in all samples of %(place)s in a period.") % {"place": row.organisation.name},
        crumbs=crumbs(campaign_link(row)),
        form=form,
        submit=_("Sign and make the PDF"),
        cancel_url=f"{reverse('review:campaign', args=[row.pk])}?tab=readers",
        aside=_issued(row.organisation, mine.reader),
    ).response(request, status=400 if form.is_bound else 200)


def _signed(request: HttpRequest, reader: User, place: Organisation, data: dict[str, Any]) -> Certificate:
    user = signer_authenticate(request, username=request.user.get_username(), password=data["password"])
    days = {name: data[name] for name in ("first_day", "last_day")}
    return certificate_sign(user=user, reader=reader, organisation=place, **days)


def _issued(place: Organisation, reader: User) -> list[Section]:
    """Certificates that were signed before."""
    files = attachment_list(Scope.of_organisation(place), subject_type=CERTIFICATE, subject_id=str(reader.pk))[:10]
    table = Table(
        columns=(Column("file", _("Certificate"), wide=True),),
        rows=[Row({"file": Lines(one.name, When(one.created_at))}, url=reverse("documents:file", args=[one.pk]),
                  id=str(one.pk)) for one in files],
        caption=_("Signed before"),
    )  # fmt: skip
    return [Section(_("Signed before"), table, flush=True)] if files else []
