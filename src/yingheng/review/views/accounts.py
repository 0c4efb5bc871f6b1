"""Whose account is whose among the staff: by it nobody is given their own work to read."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Empty, Lines, Link, Tag
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.registry.models import Person
from yingheng.registry.services.persons import person_account_set
from yingheng.review.forms.cases import AccountForm
from yingheng.review.readers import readers_of
from yingheng.review.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_PLAN


def _persons(request: HttpRequest):  # noqa: ANN202 - a query
    rows = Person.objects.filter(active=True).select_related("hospital", "user")
    return request.scope.filter(rows).order_by("name", "staff_number", "pk")


@page(REVIEW_PLAN)
@require_safe
def account_list(request: HttpRequest) -> HttpResponse:
    """Staff with their accounts."""
    rows, text, show = _persons(request), request.GET.get("text", ""), request.GET.get("account", "")
    rows = rows.filter(name__icontains=text) if text else rows
    rows = rows.filter(user__isnull=show == "none") if show in {"none", "some"} else rows
    shown, pager = offset_page(request, rows)
    options = [Option("", _("All")), Option("none", _("without an account")), Option("some", _("with an account"))]
    return ListPage(
        title=_("Accounts of staff"),
        purpose=_("Whose account is whose: nobody is given their own exams to read, and everybody sees their own."),
        crumbs=crumbs(),
        filters=FilterBar(
            (Filter("text", _("Name"), value=text), Filter("account", _("Account"), "select", show, options))
        ),
        table=Table(
            columns=(
                Column("name", _("Name"), wide=True),
                Column("category", _("Occupation"), nowrap=True, phone=False),
                Column("account", _("Account")),
            ),
            rows=[
                Row(
                    {
                        "name": Lines(row.name, f"{row.hospital.name} · {row.staff_number}"),
                        "category": row.get_category_display(),
                        "account": Lines(row.user.display_name, row.user.username)
                        if row.user
                        else Tag(_("none"), "human"),
                    },
                    url=reverse("review:account", args=[row.pk]),
                    id=str(row.pk),
                )
                for row in shown
            ],
            caption=_("Accounts of staff"),
            pager=pager,
            empty=Empty(_("Nobody here"), _("Staff come with the exams that name them."), "users"),
        ),
    ).response(request)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Which account is that of a person."""
    row = row_or_not_found(_persons(request), person_id, "review.person_unknown")
    readers = readers_of(row.hospital)
    users = {pk: one.user for pk, one in readers.items()} | ({str(row.user_id): row.user} if row.user else {})
    accounts = sorted((f"{user.display_name} · {user.username}", pk) for pk, user in users.items())
    form = AccountForm(
        request.POST or None,
        accounts=[(pk, name) for name, pk in accounts],
        initial={"account": str(row.user_id or "")},
    )
    if request.method == "POST" and form.is_valid():
        user = users.get(form.cleaned_data["account"])
        if attempt(form, lambda: person_account_set(actor=request.actor, person=row, user=user)):
            messages.success(request, _("Kept."))
            return redirect("review:accounts")
    return FormPage(
        title=_("Account of %(name)s") % {"name": row.name},
        purpose=_("%(place)s, staff number %(number)s. Offered are accounts of the hospital that may read.")
        % {"place": row.hospital.name, "number": row.staff_number},
        crumbs=crumbs(Link(_("Accounts of staff"), reverse("review:accounts"))),
        form=form,
        cancel_url=reverse("review:accounts"),
    ).response(request, status=400 if form.is_bound else 200)
