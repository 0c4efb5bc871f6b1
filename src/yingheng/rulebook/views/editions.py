"""Editions of a hospital's own rules: the list, beginning and throwing away a draft, files in and out."""

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
from yingheng.common.ui.parts import Action, Empty, Lines, When
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.rulebook.forms import NewForm, UploadForm
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import edition_get, edition_list
from yingheng.rulebook.services import edition_create, edition_discard, edition_from_file
from yingheng.rulebook.views.common import crumbs, state_tag, tabs, title_of
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import STANDARD_EDIT, STANDARD_VIEW
from yingheng.tenancy.selectors import hospital_list

PAGE_ROWS = 50
_FARTHEST = 1_000_000


@page(STANDARD_VIEW)
@require_safe
def editions(request: HttpRequest) -> HttpResponse:
    """Drafts, published and withdrawn editions, newest first."""
    asked = request.GET.get("page", "")
    start = min(int(asked), _FARTHEST) if asked.isdecimal() else 0
    found = list(edition_list(request.scope)[start : start + PAGE_ROWS + 1])
    actions = []
    if scope_of(request, STANDARD_EDIT):
        actions = [
            Action(_("New draft"), reverse("rulebook:new"), "plus", kind="primary"),
            Action(_("Upload a rule file"), reverse("rulebook:upload"), "upload"),
        ]
    return ListPage(
        title=_("Rules of the hospital"),
        purpose=_("A hospital's own criteria add to the standards it uses. Tried out first, then signed off."),
        actions=actions,
        tabs=tabs("list"),
        table=Table(
            columns=(
                Column("title", _("Rules"), wide=True),
                Column("state", _("State"), nowrap=True),
                Column("n", _("Criteria"), align="right", phone=False),
                Column("from", _("In force from"), nowrap=True),
                Column("by", _("Signed off by"), phone=False),
                Column("changed", _("Last change"), nowrap=True, phone=False),
            ),
            rows=[_row(one) for one in found[:PAGE_ROWS]],
            caption=_("Rules of the hospital"),
            pager=Pager(
                shown=len(found[:PAGE_ROWS]),
                previous_url=f"?page={max(0, start - PAGE_ROWS)}" if start else "",
                next_url=f"?page={start + PAGE_ROWS}" if len(found) > PAGE_ROWS else "",
            ),
            empty=Empty(
                _("No rules of its own"),
                _("The hospital is judged by the standards in use alone."),
                icon="book-2",
            ),
        ),
    ).response(request)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a draft, empty or from a standard whose criteria are chosen next."""
    base = request.GET.get("base", "")
    form = NewForm(request.POST or None, hospitals=hospital_list(request.scope), initial={"base": base})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            form,
            lambda: edition_create(
                actor=request.actor,
                hospital=form.chosen,
                title=data["title"],
                title_en=data["title_en"],
                base=data["base"],
            ),
        )
        if made and made.base:
            return redirect("rulebook:take", made.pk, made.base)
        if made:
            return redirect("rulebook:edition", made.pk)
    return FormPage(
        title=_("New draft"),
        purpose=_("A draft holds nowhere. Only publishing it changes what exams are judged by."),
        crumbs=crumbs(),
        form=form,
        submit=_("Begin"),
        cancel_url=reverse("rulebook:list"),
    ).response(request, status=400 if form.is_bound else 200)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Begin a draft from a rule file."""
    form = UploadForm(request.POST or None, request.FILES or None, hospitals=hospital_list(request.scope))
    if request.method == "POST" and form.is_valid():
        name = request.FILES["file"].name or "rules.toml"
        text = form.cleaned_data["file"]
        made = attempt(form, lambda: edition_from_file(actor=request.actor, hospital=form.chosen, text=text, name=name))
        if made:
            messages.success(request, _("The file became a draft."))
            return redirect("rulebook:edition", made.pk)
    return FormPage(
        title=_("Upload a rule file"),
        purpose=_("For those who write rules as text. Every mistake is named by criterion and field."),
        crumbs=crumbs(),
        form=form,
        submit=_("Upload"),
        cancel_url=reverse("rulebook:list"),
        multipart=True,
    ).response(request, status=400 if form.is_bound else 200)


@page(STANDARD_VIEW)
@require_safe
def download(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """The rule file of an edition."""
    row = edition_get(request.scope, edition_id)
    answer = HttpResponse(row.text, content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.code}.toml"'
    return answer


@page(STANDARD_EDIT)
@require_POST
def discard(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    edition_discard(actor=request.actor, edition=edition_get(request.scope, edition_id))
    messages.success(request, _("The draft is gone."))
    return redirect("rulebook:list")


def _row(row: RuleEdition) -> Row:
    return Row(
        {
            "title": Lines(title_of(row), f"{row.hospital.name} · {row.code}"),
            "state": state_tag(row),
            "n": len(edition_standard(row).criteria),
            "from": When(row.valid_from) if row.valid_from else None,
            "by": row.published_by_name or None,
            "changed": When(row.withdrawn_at or row.published_at or row.changed_at),
        },
        url=reverse("rulebook:edition", args=[row.pk]),
        id=str(row.pk),
    )
