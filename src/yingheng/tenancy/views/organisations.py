"""The tree of organisations."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.parts import Action, Empty, Lines, Link
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.forms import OrganisationForm
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import ORGANISATION_MANAGE, USER_VIEW
from yingheng.tenancy.selectors import organisation_get, organisation_list
from yingheng.tenancy.services import organisation_create


@page(USER_VIEW)
@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """The part of the tree one may see."""
    rows = organisation_list(request.scope)
    may_create = bool(scope_of(request, ORGANISATION_MANAGE))
    create = Action(_("New organisation"), reverse("tenancy:organisation_new"), icon="plus", kind="primary")
    return ListPage(
        title=_("Organisations"),
        purpose=_("Regions, hospitals and departments: what a person may see follows this tree."),
        actions=[create] if may_create else [],
        table=Table(
            columns=(
                Column("name", _("Name"), wide=True),
                Column("kind", _("Kind")),
                Column("level", _("Level"), phone=False),
                Column("parent", _("Belongs to"), phone=False),
                Column("zone", _("Time zone"), phone=False),
            ),
            rows=[_row(row) for row in rows],
            caption=_("Organisations"),
            empty=Empty(_("No organisation"), icon="building"),
        ),
    ).response(request)


def _row(organisation: Organisation) -> Row:
    return Row(
        {
            "name": Lines(organisation.name, organisation.code),
            "kind": organisation.get_kind_display(),
            "level": organisation.get_level_display() if organisation.level else None,
            "parent": organisation.parent.name if organisation.parent else None,
            "zone": organisation.zone,
        },
        id=organisation.code,
    )


@page(ORGANISATION_MANAGE)
@require_http_methods(["GET", "POST"])
def organisation_new(request: HttpRequest) -> HttpResponse:
    """A new node below one of one's own."""
    form = OrganisationForm(request.POST or None, organisations=organisation_list(request.scope))
    if request.method == "POST" and form.is_valid():
        typed = {key: value for key, value in form.cleaned_data.items() if key != "parent"}
        parent = organisation_get(request.scope, form.cleaned_data["parent"])
        if attempt(form, lambda: organisation_create(actor=request.actor, parent=parent, **typed)):
            messages.success(request, _("The organisation was created."))
            return redirect("tenancy:organisations")
    return FormPage(
        title=_("New organisation"),
        crumbs=[Link(_("Organisations"), reverse("tenancy:organisations"))],
        form=form,
        submit=_("Create"),
        cancel_url=reverse("tenancy:organisations"),
    ).response(request)
