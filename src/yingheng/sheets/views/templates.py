"""Templates: those of the product and of the hospital, one of them, and what is written for it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.parts import Action, Empty, Fact, Lines, Many, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.sheets.forms import NewForm, ReasonForm, TextForm, sound
from yingheng.sheets.library import newest_products, product
from yingheng.sheets.models import Template
from yingheng.sheets.selectors import (
    spec_of,
    template_get,
    template_list,
    template_shown,
    template_versions,
    templates_above,
)
from yingheng.sheets.services import (
    template_begin,
    template_discard,
    template_next,
    template_publish,
    template_withdraw,
    template_write,
)
from yingheng.sheets.spec import KINDS, Spec
from yingheng.sheets.views.common import crumbs, kind_word
from yingheng.sheets.views.shown import (
    TONES,
    confidence_tag,
    own_versions,
    points_sum,
    product_versions,
    provenance,
    size_fact,
    spec_sections,
)
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW, SHEET_EDIT, SHEET_VIEW
from yingheng.tenancy.selectors import organisation_list

State = Template.State


@page(SHEET_VIEW)
@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """All templates, or those of one kind: the hospitals' own, then those that come with the product."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    rows = [_own_row(row) for row in template_list(request.scope, kind=kind)[:200]]
    rows += [_own_row(row) for row in templates_above(request.scope, kind=kind)[:100]]
    rows += [_product_row(p.spec) for p in newest_products() if kind in {"", p.spec.kind}]
    new = Action(_("New template"), reverse("sheets:new"), "plus", kind="primary", key="n")
    scores = kind == "score"
    return ListPage(
        title=_("Score sheets") if scores else _("Templates of sheets"),
        purpose=_(
            "What is looked at and what a fault costs. A published version never changes; old scores keep theirs."
        )
        if scores
        else _("What is asked, in which unit and with which limits. A published version never changes."),
        crumbs=crumbs(top=True),
        actions=_list_actions(request, new, scores=scores),
        tabs=[
            Tab(kind_word(one) if one else _("All"), f"?kind={one}" if one else "?", current=one == kind)
            for one in ("", *KINDS)
        ],
        table=Table(
            columns=(
                Column("title", _("Sheet"), wide=True),
                Column("points", _("Points and grades"), phone=False)
                if scores
                else Column("kind", pgettext("sheet", "Kind"), nowrap=True),
                Column("version", _("Version"), align="right"),
                Column("owner", pgettext("sheet template", "From"), phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=rows,
            caption=_("Templates of sheets"),
            empty=Empty(_("No template"), icon="clipboard"),
        ),
    ).response(request)


def _list_actions(request: HttpRequest, new: Action, *, scores: bool) -> list[Action]:
    """A new template; beside score sheets the dictionary of the defects and positions that they name."""
    found = [new] if scope_of(request, SHEET_EDIT) else []
    if scores and scope_of(request, REVIEW_VIEW):
        found.append(Action(_("Defects and positions"), reverse("review:dictionary"), "list-check"))
    return found


def _own_row(row: Template) -> Row:
    title = row.title if language() == "zh" else row.title_en
    state = Tag(row.get_state_display(), TONES[row.state])
    points = _points(spec_of(row)) if row.kind == "score" else ""
    cells = {"title": Lines(title, row.key), "kind": kind_word(row.kind), "version": row.version,
             "owner": row.hospital.name, "state": state, "points": points}  # fmt: skip
    return Row(cells, url=reverse("sheets:template", args=[row.pk]), id=str(row.pk))


def _product_row(spec: Spec) -> Row:
    tags = Many([one for one in (Tag(_("comes with the product")), confidence_tag(spec)) if one])
    cells = {"title": Lines(spec.title.text(language()), spec.key), "kind": kind_word(spec.kind),
             "version": spec.version, "owner": _("Yingheng"), "state": tags, "points": _points(spec)}  # fmt: skip
    return Row(cells, url=reverse("sheets:product", args=[spec.key]), id=spec.key)


def _points(spec: Spec) -> Lines:
    grades = " / ".join(step.label.text(language()) for step in spec.grades)
    return Lines(points_sum(spec) or "—", grades)


@page(SHEET_VIEW)
@require_safe
def template(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """One template of a hospital."""
    row = template_shown(request.scope, template_id)
    spec = spec_of(row)
    may = row.hospital is not None and scope_of(request, SHEET_EDIT).contains(row.hospital.path)
    facts = [Fact(_("Version"), row.version), Fact(pgettext("sheet", "Kind"), kind_word(row.kind)), size_fact(spec)]
    if row.published_at:
        facts.append(Fact(_("Published"), When(row.published_at), hint=row.published_by_name))
    return ThingPage(
        title=spec.title.text(language()),
        kind=_("Template of a sheet"),
        purpose=spec.about.text(language()),
        crumbs=crumbs(spec.kind),
        state=Tag(row.get_state_display(), TONES[row.state]),
        facts=facts,
        actions=_actions(row) if may else _looks(reverse("sheets:preview", args=[row.pk]), row),
        alerts=provenance(spec),
        sections=spec_sections(spec) + (own_versions(row, _versions(request, row)) if row.hospital else []),
        wide=True,
    ).response(request)


def _versions(request: HttpRequest, row: Template) -> list[Template]:
    """The versions that may be looked at: drafts of a region are its own."""
    found = template_versions(row)
    own = row.hospital is not None and request.scope.contains(row.hospital.path)
    return found if own else [one for one in found if one.state == State.PUBLISHED]


def _looks(preview: str, row: Template | None) -> list[Action]:
    found = [Action(_("Try it"), preview, "eye", key="v")]
    return [*found, Action("TOML", reverse("sheets:download", args=[row.pk]), "download")] if row else found


def _actions(row: Template) -> list[Action]:
    found = _looks(reverse("sheets:preview", args=[row.pk]), row)
    if row.state == State.DRAFT:
        publish = Action(_("Publish"), reverse("sheets:publish", args=[row.pk]), "check", "post", "primary",
                         _("A published version never changes. Publish it?"))  # fmt: skip
        discard = Action(_("Discard"), reverse("sheets:discard", args=[row.pk]), "trash", "post", "danger",
                         _("The draft is thrown away."))  # fmt: skip
        return [publish, Action(_("Edit"), reverse("sheets:edit", args=[row.pk]), "edit", key="e"), *found, discard]
    found.append(Action(_("Next version"), reverse("sheets:next", args=[row.pk]), "versions", "post"))
    if row.state == State.PUBLISHED:
        found.append(Action(_("Withdraw"), reverse("sheets:withdraw", args=[row.pk]), "arrow-back-up", kind="danger"))
    return found


@page(SHEET_VIEW)
@require_safe
def product_page(request: HttpRequest, key: str) -> HttpResponse:
    """One template that comes with the product."""
    version = request.GET.get("version", "")
    found = product(key, int(version) if version.isdecimal() else None)
    copy = Action(_("Copy for the hospital"), f"{reverse('sheets:new')}?copy={key}", "copy")
    may = bool(scope_of(request, SHEET_EDIT))
    return ThingPage(
        title=found.spec.title.text(language()),
        kind=_("Template of a sheet"),
        purpose=found.spec.about.text(language()),
        crumbs=crumbs(found.spec.kind),
        state=Tag(_("comes with the product")),
        facts=[
            Fact(_("Version"), found.spec.version),
            Fact(pgettext("sheet", "Kind"), kind_word(found.spec.kind)),
            size_fact(found.spec),
        ],
        actions=[*_looks(reverse("sheets:product_preview", args=[key]), None), *([copy] if may else [])],
        alerts=provenance(found.spec),
        sections=spec_sections(found.spec) + product_versions(found.spec),
        wide=True,
    ).response(request)


def _owners(request: HttpRequest) -> list[Organisation]:
    """Whose a new template can be: hospitals, and regions for their own reviews."""
    return [one for one in organisation_list(request.scope) if one.kind != Organisation.Kind.DEPARTMENT]


@page(SHEET_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a draft from a text, a file, or a copy of one of the product."""
    copied = request.GET.get("copy", "")
    form = NewForm(
        request.POST or None,
        request.FILES or None,
        hospitals=_owners(request),
        initial={"text": product(copied).text if copied else ""},
    )
    if request.method == "POST" and form.is_valid() and sound(form):
        try:
            row = template_begin(actor=request.actor, hospital=form.chosen, text=form.cleaned_data["text"])
        except (Conflict, Invalid) as exc:
            form.add_error(None, error_text(exc))
        else:
            return redirect("sheets:template", row.pk)
    return _editor(request, form, _("New template"), reverse("sheets:templates"))


@page(SHEET_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Change the text of a draft."""
    row = template_get(request.scope, template_id)
    if row.state != State.DRAFT:
        raise Conflict("sheets.template_state")
    form = TextForm(request.POST or None, request.FILES or None, initial={"text": row.text})
    if request.method == "POST" and form.is_valid() and sound(form):
        try:
            template_write(actor=request.actor, template=row, text=form.cleaned_data["text"])
        except (Conflict, Invalid) as exc:
            form.add_error(None, error_text(exc))
        else:
            messages.success(request, _("The draft is changed."))
            return redirect("sheets:template", row.pk)
    return _editor(request, form, _("Edit the template"), reverse("sheets:template", args=[row.pk]))


def _editor(request: HttpRequest, form: TextForm, title: str, back: str) -> HttpResponse:
    return FormPage(
        title=title,
        purpose=_(
            "Mistakes are named with their place; only a sound text is kept. Preview shows it before it is kept."
        ),
        crumbs=crumbs(),
        form=form,
        submit=_("Save"),
        cancel_url=back,
        preview_url=reverse("sheets:look"),
        multipart=True,
    ).response(request, status=400 if form.is_bound else 200)


@page(SHEET_EDIT)
@require_POST
def publish(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """From now on this version is filled in."""
    row = template_publish(actor=request.actor, template=template_get(request.scope, template_id))
    messages.success(request, _("Published."))
    return redirect("sheets:template", row.pk)


@page(SHEET_EDIT)
@require_POST
def following(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """A draft of the next version."""
    row = template_next(actor=request.actor, template=template_get(request.scope, template_id))
    return redirect("sheets:edit", row.pk)


@page(SHEET_EDIT)
@require_POST
def discard(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    template_discard(actor=request.actor, template=template_get(request.scope, template_id))
    messages.success(request, _("The draft is gone."))
    return redirect("sheets:templates")


@page(SHEET_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Have a version no longer begun."""
    row = template_get(request.scope, template_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        template_withdraw(actor=request.actor, template=row, reason=form.cleaned_data["reason"])
        messages.success(request, _("Withdrawn."))
        return redirect("sheets:template", row.pk)
    return FormPage(
        title=_("Withdraw the template"),
        purpose=_("It is no longer begun; what was filled in stays, and an older version is offered again."),
        crumbs=crumbs(),
        form=form,
        submit=_("Withdraw"),
        cancel_url=reverse("sheets:template", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)


@page(SHEET_VIEW)
@require_safe
def download(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """The text of a template as a file."""
    row = template_shown(request.scope, template_id)
    response = HttpResponse(row.text, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.key}-{row.version}.toml"'
    return response
