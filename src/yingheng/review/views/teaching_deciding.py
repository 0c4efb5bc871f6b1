"""What is decided about a case of the library: checked, sent back, published, withdrawn, renewed, shared."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Alert, KeyValues, Link, Section
from yingheng.review.faults import fault_list
from yingheng.review.forms.cases import ReasonForm
from yingheng.review.forms.teaching import ShareForm
from yingheng.review.library import GRADE_KEYS, GRADES, images_of, teaching_get
from yingheng.review.models import TeachingCase
from yingheng.review.services.teaching import (
    case_check,
    case_publish,
    case_send_back,
    case_withdraw,
)
from yingheng.review.services.teaching_sharing import case_next, case_offer, case_share
from yingheng.review.shown import placed_tag
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_TEACH


def _own(request: HttpRequest, case_id: UUID) -> TeachingCase:
    """A case of an organisation for which the requester builds the library."""
    row = teaching_get(request.scope, request.scope, case_id)
    if not request.scope.contains(row.organisation.path):
        raise PermissionDenied(REVIEW_TEACH)
    return row


def _link(row: TeachingCase) -> list[Link]:
    return [
        Link(_("Teaching library"), reverse("review:teaching")),
        Link(row.title, reverse("review:teaching_case", args=[row.pk])),
    ]


@page(REVIEW_TEACH)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Every image, large, to be looked at by somebody who did not write the case."""
    row = _own(request, case_id)
    alerts: list[Alert] = []
    if request.method == "POST":
        looked, unread = request.POST.getlist("looked"), request.POST.getlist("unread")
        try:
            case_check(actor=request.actor, case=row, looked=looked, unread=unread)
        except (Conflict, Invalid) as exc:
            alerts.append(Alert(error_text(exc), "fail"))
        else:
            messages.success(request, _("Checked. It can be published now."))
            return redirect("review:teaching_case", row.pk)
    chosen, sure = set(request.POST.getlist("looked")), set(request.POST.getlist("unread"))
    images = [
        {
            "id": str(one.pk),
            "name": _("Image %(n)s") % {"n": f"{one.series + 1}.{one.index + 1}"},
            "url": reverse("web:teaching_picture", args=[row.pk, one.series, one.index]),
            "unread": one.is_unread,
            "chosen": str(one.pk) in chosen,
            "sure": str(one.pk) in sure,
        }
        for one in images_of(row)
    ]
    told = [
        (_("Title"), row.title),
        (_("Grade"), placed_tag(GRADE_KEYS, row.grade, str(GRADES.get(row.grade, ""))) or "—"),
        (_("Defects"), fault_list(row.defects) or "—"),
        (_("Explanation"), row.explanation or "—"),
        (_("Teaching points"), row.lessons or "—"),
    ]
    return ThingPage(
        title=_("Check: %(title)s") % {"title": row.title},
        purpose=_("Written by %(name)s. You stand for it that the words are right and the images tell nobody.")
        % {"name": row.made_by_name},
        kind=_("Teaching library"),
        crumbs=_link(row),
        alerts=alerts,
        sections=[
            Section(_("Words and answer"), KeyValues(told)),
            Section(_("Images"), body_template="review/_teaching_check.html", context={"images": images}),
        ],
        wide=True,
    ).response(request, status=400 if alerts else 200)


@page(REVIEW_TEACH)
@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Back to whoever writes it, with what is wrong."""
    return _reasoned(request, _own(request, case_id), _("Send back"), case_send_back)


@page(REVIEW_TEACH)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Out of the library, with the reason."""
    return _reasoned(request, _own(request, case_id), _("Withdraw"), case_withdraw)


def _reasoned(
    request: HttpRequest, row: TeachingCase, title: str, deed: Callable[..., TeachingCase]
) -> HttpResponse:  # fmt: skip
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(form, lambda: deed(actor=request.actor, case=row, reason=form.cleaned_data["reason"])):
        return redirect("review:teaching_case", row.pk)
    return FormPage(
        title=f"{title}: {row.title}",
        crumbs=_link(row),
        form=form,
        submit=title,
        cancel_url=reverse("review:teaching_case", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_TEACH)
@require_POST
def publish(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Show it to those who learn."""
    return _done(request, case_id, case_publish, _("Published."))


@page(REVIEW_TEACH)
@require_POST
def renew(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Begin the next version; the published one stays until that is published."""
    return _done(request, case_id, case_next, _("A draft of the next version is there."))


@page(REVIEW_TEACH)
@require_POST
def offer(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Offer it to the region."""
    return _done(request, case_id, case_offer, _("Offered to the region."))


def _done(request: HttpRequest, case_id: UUID, deed: Callable[..., TeachingCase], words: str) -> HttpResponse:
    row = _own(request, case_id)
    try:
        row = deed(actor=request.actor, case=row)
        messages.success(request, words)
    except (Conflict, Invalid) as exc:
        messages.error(request, error_text(exc))
    return redirect("review:teaching_case", row.pk)


@page(REVIEW_TEACH)
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The region decides about an offered case."""
    row = teaching_get(request.scope, request.scope, case_id)
    if row.shared_with is None or not request.scope.contains(row.shared_with.path):
        raise PermissionDenied(REVIEW_TEACH)
    form = ShareForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid:
        told = form.cleaned_data
        accept = told["accept"] == "1"
        if attempt(
            form, lambda: case_share(actor=request.actor, case=row, accept=accept, reason=told["reason"])
        ):  # fmt: skip
            return redirect("review:teaching_case", row.pk)
    return FormPage(
        title=_("Decide for the region: %(title)s") % {"title": row.title},
        purpose=_("Taken in, the case is seen by all hospitals of %(region)s.") % {"region": row.shared_with.name},
        crumbs=_link(row),
        form=form,
        submit=pgettext("teaching case", "Decide"),
        cancel_url=reverse("review:teaching_case", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)
