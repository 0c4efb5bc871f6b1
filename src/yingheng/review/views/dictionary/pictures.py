"""Reference pictures: adding one, taking it away, and the picture itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.errors import NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Link
from yingheng.common.ui.words import language
from yingheng.documents.storage import file_read
from yingheng.documents.views.files import download
from yingheng.review.forms.dictionary import CONFIRMED, PictureForm, ReasonForm
from yingheng.review.models import EntryKind, ReferencePicture
from yingheng.review.services.picturing import PictureFields, picture_put, picture_remove
from yingheng.review.views.dictionary.common import crumbs, entry_seen, may_write
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_PLAN, REVIEW_VIEW
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import organisation_list


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, organisation_id: UUID, code: str) -> HttpResponse:
    """Add a picture to an entry."""
    seen = entry_seen(request, organisation_id, code)
    if not may_write(request, seen.place):
        raise NotFound("review.entry_unknown")
    is_position = seen.kind == EntryKind.POSITION
    lang = language()
    defects = [(one.code, one.name.text(lang)) for one in seen.known.offered_defects("image", "DX")]
    form = PictureForm(request.POST or None, request.FILES or None, defects=defects if is_position else ())
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        fields = PictureFields(
            position=code if is_position else "",
            defect=typed.get("defect", "") if is_position else code,
            caption=typed["caption"],
            source=typed["source"],
            licence=typed["licence"],
            confirmed=str(CONFIRMED) if typed["confirmed"] else "",
        )
        data = typed["file"].read()
        if attempt(form, lambda: picture_put(actor=request.actor, organisation=seen.place, fields=fields, data=data)):
            messages.success(request, _("The picture is there."))
            return redirect(seen.url)
    return FormPage(
        title=_("Add a picture"),
        purpose=_("Only pixels are kept: header, EXIF and comments go. Text in the picture itself stays: look first."),
        crumbs=crumbs(Link(seen.one.name.text(lang), seen.url), place=seen.place, kind=seen.kind),
        form=form,
        submit=_("Add"),
        cancel_url=seen.url,
        multipart=True,
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, picture_id: UUID) -> HttpResponse:
    """Take a picture away."""
    rows = ReferencePicture.objects.filter(removed_at__isnull=True).select_related("organisation")
    row = row_or_not_found(request.scope.filter(rows, "organisation__path"), picture_id, "review.picture_unknown")
    seen = entry_seen(request, row.organisation_id, row.position or row.defect)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: picture_remove(actor=request.actor, picture=row, reason=reason)):
            messages.success(request, _("Taken away."))
            return redirect(seen.url)
    return FormPage(
        title=_("Take the picture away"),
        purpose=row.caption or row.source,
        crumbs=crumbs(Link(seen.one.name.text(language()), seen.url), place=seen.place, kind=seen.kind),
        form=form,
        submit=_("Take away"),
        cancel_url=seen.url,
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_VIEW)
@require_safe
def picture(request: HttpRequest, picture_id: UUID) -> HttpResponse:
    """A reference picture; with `?small=1` a small one.  Seen by its organisation, those above and those below."""
    rows = ReferencePicture.objects.filter(removed_at__isnull=True).select_related("organisation")
    row = row_or_not_found(rows, picture_id, "review.picture_unknown")
    inside = Scope.of_organisation(row.organisation)
    reached = request.scope.contains(row.organisation.path) or any(
        inside.contains(one.path) for one in organisation_list(request.scope)
    )
    if not reached:
        raise NotFound("review.picture_unknown")
    return picture_response(row, small="small" in request.GET)


def picture_response(row: ReferencePicture, *, small: bool) -> HttpResponse:
    """The bytes of a picture."""
    data = file_read(row.thumbnail_sha256 if small else row.sha256)
    response = download(data, "reference.png", "image/png", inline=True)
    response["Cache-Control"] = "private, max-age=3600"
    return response
