"""A template to try out: judged while typing, nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Link
from yingheng.common.ui.sheetform import SheetPage
from yingheng.common.ui.words import language
from yingheng.sheets.answers import read, typed_of
from yingheng.sheets.forms import TextForm, sound
from yingheng.sheets.judging import Basis, judge_sheet
from yingheng.sheets.library import product
from yingheng.sheets.load import load
from yingheng.sheets.pages import score_text, sheet_groups, typing_answer
from yingheng.sheets.preview import MODALITIES, preview_basis, preview_modalities
from yingheng.sheets.selectors import spec_of, template_shown
from yingheng.sheets.spec import Spec
from yingheng.sheets.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import SHEET_EDIT, SHEET_VIEW

TEXT = "look.text"  # no item can have this key


@page(SHEET_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """A template to try out: judged while typing, nothing is kept."""
    row = template_shown(request.scope, template_id)
    return _preview(request, spec_of(row), reverse("sheets:template", args=[row.pk]))


@page(SHEET_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def product_preview(request: HttpRequest, key: str) -> HttpResponse:
    """A template of the product to try out."""
    return _preview(request, product(key).spec, reverse("sheets:product", args=[key]))


@page(SHEET_EDIT)
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """A text that is being written, to try out before it is kept; mistakes are named instead."""
    kept = request.POST.get(TEXT)
    form = TextForm({"text": kept} if kept is not None else request.POST, request.FILES)
    spec = load(form.cleaned_data["text"]).spec if form.is_valid() and sound(form) else None
    if spec is None:
        return _mistakes(request, form)
    basis = preview_basis(spec, MODALITIES[0])
    if kept is not None:
        return JsonResponse({"revision": 0, **typing_answer(spec, typed_of(request.POST, spec), basis)})
    return _page(request, spec, basis, reverse("sheets:look"), [(TEXT, form.cleaned_data["text"])])


def _mistakes(request: HttpRequest, form: TextForm) -> HttpResponse:
    return FormPage(
        title=_("Preview"),
        purpose=_("The text is no sheet yet; nothing was kept. Go back to the tab where it is written."),
        crumbs=crumbs(),
        form=form,
        submit=_("Preview"),
        multipart=True,
    ).response(request, status=400)


def _preview(request: HttpRequest, spec: Spec, back: str) -> HttpResponse:
    asked = request.GET.get("modality", "")
    modality = asked if asked in MODALITIES else MODALITIES[0]
    basis = preview_basis(spec, modality)
    if request.method == "POST":
        return JsonResponse({"revision": 0, **typing_answer(spec, typed_of(request.POST, spec), basis)})
    actions = [
        Action(name, f"?modality={name}", kind="secondary" if name == modality else "quiet")
        for name in preview_modalities(spec)
    ]
    way = [*crumbs(spec.kind), Link(spec.key, back)]
    return _page(request, spec, basis, request.get_full_path(), crumbs=way, actions=actions)


def _page(
    request: HttpRequest, spec: Spec, basis: Basis, judge_url: str, hidden: Sequence[tuple[str, str]] = (), **more: Any
) -> HttpResponse:
    judged = judge_sheet(spec, read(spec, {}, whole=False).answers, basis)
    return SheetPage(
        title=spec.title.text(language()),
        purpose=_("To try out: judged while typing by the standards that the sheet names, nothing is kept."),
        groups=sheet_groups(spec, {}, judged, signer=request.actor.name),
        judge_url=judge_url,
        score=score_text(spec, judged),
        checklist=spec.kind != "readings",
        hidden=hidden,
        **({"crumbs": crumbs(spec.kind)} | more),
    ).response(request)
