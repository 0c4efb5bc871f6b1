"""A template to try out: judged while typing, nothing is kept."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yingheng.common.ui.parts import Action, Link
from yingheng.common.ui.sheetform import SheetPage
from yingheng.common.ui.words import language
from yingheng.sheets.answers import read, typed_of
from yingheng.sheets.judging import judge_sheet
from yingheng.sheets.library import product
from yingheng.sheets.pages import score_text, sheet_groups, typing_answer
from yingheng.sheets.preview import MODALITIES, preview_basis, preview_modalities
from yingheng.sheets.selectors import spec_of, template_get
from yingheng.sheets.spec import Spec
from yingheng.sheets.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import SHEET_VIEW


@page(SHEET_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """A template to try out: judged while typing, nothing is kept."""
    row = template_get(request.scope, template_id)
    return _preview(request, spec_of(row), reverse("sheets:template", args=[row.pk]))


@page(SHEET_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def product_preview(request: HttpRequest, key: str) -> HttpResponse:
    """A template of the product to try out."""
    return _preview(request, product(key).spec, reverse("sheets:product", args=[key]))


def _preview(request: HttpRequest, spec: Spec, back: str) -> HttpResponse:
    asked = request.GET.get("modality", "")
    modality = asked if asked in MODALITIES else MODALITIES[0]
    basis = preview_basis(spec, modality)
    if request.method == "POST":
        return JsonResponse({"revision": 0, **typing_answer(spec, typed_of(request.POST, spec), basis)})
    judged = judge_sheet(spec, read(spec, {}, whole=False).answers, basis)
    return SheetPage(
        title=spec.title.text(language()),
        purpose=_("To try out: judged while typing by the standards that the sheet names, nothing is kept."),
        crumbs=[*crumbs(), Link(spec.key, back)],
        groups=sheet_groups(spec, {}, judged, signer=request.actor.name),
        judge_url=request.get_full_path(),
        actions=[
            Action(name, f"?modality={name}", kind="secondary" if name == modality else "quiet")
            for name in preview_modalities(spec)
        ],
        score=score_text(spec, judged),
        checklist=spec.kind != "readings",
    ).response(request)
