"""The list of filled-in sheets, beginning one, and giving one back as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.errors import NotFound
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Tab
from yingheng.common.ui.tables import Table
from yingheng.common.ui.words import language
from yingheng.sheets.library import newest_products
from yingheng.sheets.models import Response, Template
from yingheng.sheets.selectors import response_list, template_get, template_list
from yingheng.sheets.services import product_template, response_begin
from yingheng.sheets.subjects import Subject, subject_kind, subject_kinds
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import SHEET_FILL, SHEET_VIEW
from yingheng.tenancy.scope import Scope
from yingheng.web.sheet_filling import crumbs
from yingheng.web.sheet_shown import columns, response_row

PRODUCT = "product:"


@page(SHEET_VIEW)
@require_safe
def sheets(request: HttpRequest) -> HttpResponse:
    """What was filled in, newest first."""
    state = request.GET.get("state", "")
    state = state if state in Response.State.values else ""
    shown, pager = offset_page(request, response_list(request.scope, state=state))
    may = bool(scope_of(request, SHEET_FILL))
    begin = Action(_("Fill in a sheet"), reverse("web:sheet_new"), "plus", kind="primary", key="n")
    names = (("", _("All")), ("draft", _("Drafts")), ("submitted", pgettext("filled-in sheets", "Submitted")))
    return ListPage(
        title=_("Sheets"),
        purpose=_("Checklists, readings and score sheets that were filled in or are being filled in."),
        tabs=[Tab(label, f"?state={key}" if key else "?", None, key == state) for key, label in names],
        actions=[*([begin] if may else []), Action(_("Templates"), reverse("sheets:templates"), "clipboard-list")],
        table=Table(
            columns=columns(),
            rows=[response_row(row) for row in shown],
            caption=_("Sheets"),
            pager=pager,
            empty=Empty(_("No sheet was filled in"), _("Begin one here, or on the page of a device."), "clipboard"),
        ),
    ).response(request)


class BeginForm(forms.Form):
    """Which sheet, and about what."""

    template = forms.ChoiceField(label=gettext_lazy("Sheet"))
    subject = forms.ChoiceField(label=gettext_lazy("About"))
    occasion = forms.CharField(
        label=gettext_lazy("Occasion"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Left empty: today. The same sheet for the same occasion is filled in once."),
    )

    def __init__(self, *args: Any, templates: Sequence[Any], subjects: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = templates
        self.fields["subject"].choices = subjects


@page(SHEET_FILL)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a sheet, or go on with the one of that occasion."""
    wanted = request.GET.get("subject", "")
    subjects = _subjects(request.scope)
    kinds = {wanted.partition(":")[0]} if wanted in dict(subjects) else set(subject_kinds())
    form = BeginForm(
        request.POST or None,
        templates=_templates(request.scope, kinds),
        subjects=subjects,
        initial={"subject": wanted, "template": request.GET.get("template", "")},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        row = response_begin(
            actor=request.actor,
            template=_template(request.scope, data["template"]),
            subject=_subject(request.scope, data["subject"]),
            occasion=data["occasion"],
        )
        return redirect("web:sheet", row.pk)
    return FormPage(
        title=_("Fill in a sheet"),
        purpose=_("What is typed is kept at once; it counts when it is submitted."),
        crumbs=crumbs(),
        form=form,
        submit=_("Begin"),
        cancel_url=reverse("web:sheets"),
    ).response(request, status=400 if form.is_bound else 200)


def _subjects(scope: Scope) -> list[tuple[str, str]]:
    found = [one for kind in subject_kinds().values() for one in kind.choose(scope)]
    several = len({one.hospital.pk for one in found}) > 1
    return [(f"{s.kind}:{s.id}", f"{s.label} · {s.hospital.name}" if several else s.label) for s in found]


def _subject(scope: Scope, named: str) -> Subject:
    kind, _colon, key = named.partition(":")
    return subject_kind(kind).find(scope, key)


def _templates(scope: Scope, kinds: set[str]) -> list[tuple[str, str]]:
    """Published templates about these kinds of subject: the hospital's own first, of each key the newest."""
    own: dict[tuple[str, str], Template] = {}
    for row in template_list(scope, state=Template.State.PUBLISHED).order_by("version"):
        if row.subject in kinds:
            own[str(row.hospital_id), row.key] = row
    taken = {row.key for row in own.values()}
    found = [(str(row.pk), row.title if language() == "zh" else row.title_en) for row in own.values()]
    product = [one.spec for one in newest_products() if one.spec.subject in kinds and one.spec.key not in taken]
    return [*found, *((f"{PRODUCT}{spec.key}", spec.title.text(language())) for spec in product)]


def _template(scope: Scope, named: str) -> Template:
    if named.startswith(PRODUCT):
        return product_template(key=named.removeprefix(PRODUCT))
    if not named:
        raise NotFound("sheets.template_unknown")
    return template_get(scope, named)
