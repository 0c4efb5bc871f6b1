"""What a leader does about a day of the daily review: begin it, sign for it, leave a film out."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.errors import Conflict, Invalid, NotFound, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Alert, KeyValues, Link, Section, When
from yingheng.documents.services import Signed, signature_make, signer_authenticate
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.campaigns import Purpose
from yingheng.review.selectors import case_get
from yingheng.review.services.daily import case_excuse, day_begin, day_sign
from yingheng.review.shown import exam_text
from yingheng.review.views.daily import day_get, signed_of
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_RULE

DAY_SUBJECT = "review_day"


class SignForm(forms.Form):
    """Who took part, what came up, and the password that signs."""

    participants = forms.CharField(
        label=gettext_lazy("Took part"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=gettext_lazy("One name a line; the leader first."),
    )
    note = forms.CharField(
        label=gettext_lazy("Questions of the consultation and agreements"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("It is your signature under the review of this day."),
    )


class ExcuseForm(forms.Form):
    """Why a film is left unread."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)


@page(REVIEW_RULE)
@require_POST
def begin(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Take what nobody reads yet and go to the first film."""
    row = day_get(request, campaign_id)
    n = day_begin(user=request.user, campaign=row, over="over" in request.POST)
    mine = Assignment.objects.filter(
        campaign=row, reader=request.user, state__in=(Assignment.State.ASSIGNED, Assignment.State.BEGUN)
    )
    first = mine.order_by("place").first()
    if first is None:
        messages.info(request, _("Nothing of this day is yours to read: the rest is your own work, or others read it."))
        return redirect("review:day", row.pk)
    if n:
        messages.success(request, ngettext("%(n)d film is yours.", "%(n)d films are yours.", n) % {"n": n})
    return redirect("web:reading", first.pk)


@page(REVIEW_RULE)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Sign for the review of a day with the password."""
    row = day_get(request, campaign_id)
    if signed_of(row) is not None:
        return redirect("review:day", row.pk)
    form = SignForm(request.POST or None, initial={"participants": request.actor.name})
    if request.method == "POST" and form.is_valid() and _sign(request, row, form):
        messages.success(request, _("The review of this day is signed."))
        return redirect("review:day", row.pk)
    unread = row.n_cases - row.n_settled
    text = ngettext(
        "%(n)d film is not read yet: read it, or leave it out with a reason.",
        "%(n)d films are not read yet: read them, or leave them out with a reason.",
        unread,
    )
    back = Action(_("Go to the films"), reverse("review:day", args=[row.pk]))
    return FormPage(
        title=_("Sign for %(day)s") % {"day": row.first_day.isoformat()},
        purpose=_("Who signs stands for every film of the day having been looked at, or left out for a reason."),
        crumbs=[
            Link(_("Daily review"), reverse("review:daily")),
            Link(row.title, reverse("review:day", args=[row.pk])),
        ],
        alerts=[Alert(text % {"n": unread}, "human", action=back)] if unread else [],
        form=form,
        submit=_("Sign"),
        cancel_url=reverse("review:day", args=[row.pk]),
        aside=[Section(_("This day"), KeyValues(_day_numbers(row)))],
    ).response(request, status=400 if form.is_bound else 200)


def _day_numbers(row: Campaign) -> list[tuple[str, object]]:
    """What the signature stands for."""
    out = row.cases.filter(state=Case.State.WITHDRAWN).count()
    left = row.n_cases - row.n_settled
    return [
        (_("Films"), row.n_cases + out),
        (_("Read"), row.n_settled),
        (_("Not read yet"), left),
        (pgettext("daily review", "Left out"), out),
    ]


def _sign(request: HttpRequest, row: Campaign, form: SignForm) -> bool:
    data = form.cleaned_data
    try:
        user = signer_authenticate(request, username=request.user.get_username(), password=data["password"])
        names = data["participants"].splitlines()
        signed = day_sign(user=user, campaign=row, participants=names, note=data["note"])
    except (Conflict, Invalid) as exc:
        form.add_error("password" if exc.code == "documents.password" else None, error_text(exc))
        return False
    signature_make(user=user, signed=Signed(row.organisation, DAY_SUBJECT, str(signed.pk), signed.sha256))
    return True


@page(REVIEW_RULE)
@require_http_methods(["GET", "HEAD", "POST"])
def excuse(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Leave a film unread, with the reason."""
    case = case_get(request.scope, case_id)
    if case.campaign.purpose != Purpose.DAILY:
        raise NotFound("review.case_unknown")
    back = reverse("review:day", args=[case.campaign_id])
    if case.state not in {Case.State.WAITING, Case.State.ARBITRATION}:
        messages.info(request, _("This film is read or left out already."))
        return redirect(back)
    form = ExcuseForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    reason = form.cleaned_data["reason"] if valid else ""
    if valid and attempt(form, lambda: case_excuse(user=request.user, case=case, reason=reason)):
        messages.success(request, _("The film is left out; its images may leave."))
        return redirect(back)
    return FormPage(
        title=_("Leave film %(number)s out") % {"number": case.number},
        purpose=_("It stays in the list with your reason, and its images are sent on."),
        crumbs=[Link(_("Daily review"), reverse("review:daily")), Link(case.campaign.title, back)],
        form=form,
        submit=pgettext("daily review", "Leave out"),
        cancel_url=back,
        aside=[Section(_("Film"), KeyValues(_which_film(case)))],
    ).response(request, status=400 if form.is_bound else 200)


def _which_film(case: Case) -> list[tuple[str, object]]:
    """Which film it is that is left out."""
    return [
        (_("Exam"), exam_text(case)),
        (_("Examined"), When(case.local_day)),
        (_("Device"), case.device.label if case.device else "—"),
        (_("Technologist"), case.performer.name if case.performer else "—"),
    ]
