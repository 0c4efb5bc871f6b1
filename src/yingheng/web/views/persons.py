"""The staff of a hospital: who there is, whose account is whose, and what scanners call them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.operators_shown import operator_text
from yingheng.catalog.selectors import exams_made_count, operator_counts, operators_of_person
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.panels import panels_for
from yingheng.common.ui.parts import Action, Empty, Fact, Lines, Link, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.registry.models import Person
from yingheng.registry.selectors import person_get, person_search
from yingheng.registry.services import person_account_set, person_activate, person_change, person_create
from yingheng.review.readers import readers_of
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import PERSON_EDIT, PERSON_VIEW
from yingheng.tenancy.selectors import hospital_list
from yingheng.web.person_forms import AccountForm, ActiveForm, PersonForm
from yingheng.web.views.operators import operator_of_address, operator_state, take_up


def person_crumbs(*more: Link) -> list[Link]:
    """The way back to the list of staff."""
    return [Link(_("Staff"), reverse("web:persons")), *more]


def person_tabs(request: HttpRequest, current: str) -> list[Tab]:
    """Staff and operators side by side; the number is that of operators who wait."""
    tabs = [Tab(_("Staff"), reverse("web:persons"), None, current == "persons")]
    scope = scope_of(request, PERSON_EDIT)
    if scope:
        waiting = operator_counts(scope).get("waiting", 0)
        tabs.append(Tab(_("Operators to identify"), reverse("web:operators"), waiting, current == "operators"))
    return tabs


@page(PERSON_VIEW)
@require_safe
def persons(request: HttpRequest) -> HttpResponse:
    """Staff by name, with their accounts."""
    names = ("text", "category", "account", "active")
    asked = {name: request.GET.get(name, "").strip() for name in names}
    shown, pager = offset_page(request, person_search(request.scope, **asked))
    several = len({row.hospital_id for row in shown}) > 1
    return ListPage(
        title=_("Staff"),
        purpose=_("Who there is. By it exams are known to be somebody's, and nobody is given their own work to judge."),
        tabs=person_tabs(request, "persons"),
        filters=FilterBar(_filters(asked)),
        actions=_list_actions(request),
        table=Table(
            columns=(
                Column("name", pgettext("person", "Name"), wide=True),
                Column("number", _("Staff number"), nowrap=True),
                Column("category", _("Occupation"), nowrap=True, phone=False),
                Column("account", _("Account")),
            ),
            rows=[_row(row, several=several) for row in shown],
            caption=_("Staff"),
            pager=pager,
            empty=Empty(_("Nobody here"), _("Record staff one by one, or take over a staff list."), "users"),
        ),
    ).response(request)


def _filters(asked: dict[str, str]) -> tuple[Filter, ...]:
    everybody = Option("", _("All"))
    posts = [everybody, *(Option(key, str(label)) for key, label in Person.Category.choices)]
    accounts = [everybody, Option("none", _("without an account")), Option("some", _("with an account"))]
    there = [Option("", _("active")), Option("no", _("not active any more")), Option("all", _("All"))]
    return (
        Filter("text", _("Name or number"), value=asked["text"]),
        Filter("category", _("Occupation"), "select", asked["category"], posts),
        Filter("account", _("Account"), "select", asked["account"], accounts),
        Filter("active", _("State"), "select", asked["active"], there),
    )


def _list_actions(request: HttpRequest) -> list[Action]:
    if not scope_of(request, PERSON_EDIT):
        return []
    return [
        Action(_("Record somebody"), reverse("web:person_new"), "plus", kind="primary", key="n"),
        Action(_("Take over a staff list"), reverse("web:person_list"), "upload"),
    ]


def _row(row: Person, *, several: bool) -> Row:
    second = row.hospital.name if several else ""
    cells = {
        "name": Lines(row.name, second) if row.active else Lines(row.name, _("not active any more")),
        "number": row.staff_number,
        "category": row.get_category_display(),
        "account": Lines(row.user.display_name, row.user.username) if row.user else Tag(_("none"), "human"),
    }
    return Row(cells, url=reverse("web:person", args=[row.pk]), id=str(row.pk))


@page(PERSON_VIEW)
@require_safe
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One member of the staff."""
    row = person_get(request.scope, person_id)
    account = Lines(row.user.display_name, row.user.username) if row.user else "—"
    return ThingPage(
        title=row.name,
        purpose=row.hospital.name,
        kind=str(row.get_category_display()),
        crumbs=person_crumbs(),
        state=Tag(_("active"), "pass") if row.active else Tag(_("not active any more"), "none"),
        facts=[
            Fact(_("Staff number"), row.staff_number),
            Fact(_("Account"), account),
            Fact(_("Exams made"), exams_made_count(row), _("as far as it is known who made them")),
        ],
        actions=_actions(request, row),
        sections=[
            Section(_("Names on images and messages"), _texts(request, row), flush=True),
            *panels_for("person", request, row),
        ],
    ).response(request)


def _actions(request: HttpRequest, row: Person) -> list[Action]:
    if not scope_of(request, PERSON_EDIT).contains(row.hospital.path):
        return []

    def to(name: str) -> str:
        return reverse(f"web:{name}", args=[row.pk])

    gone = Action(_("Not active any more"), to("person_active"), "user-off", kind="quiet")
    back = Action(_("Active again"), to("person_active"), "user-check", kind="quiet")
    return [
        Action(_("Correct"), to("person_edit"), "pencil", kind="primary"),
        Action(_("Account"), to("person_account"), "link"),
        gone if row.active else back,
    ]


def _texts(request: HttpRequest, row: Person) -> Table:
    found = list(operators_of_person(request.scope, row)[:50])
    may = scope_of(request, PERSON_EDIT).contains(row.hospital.path)
    return Table(
        columns=(
            Column("text", pgettext("operator", "Name"), wide=True),
            Column("state", _("State"), nowrap=True),
            Column("n", _("Exams"), align="right"),
            Column("last", _("Last"), nowrap=True, phone=False),
        ),
        rows=[
            Row(
                {
                    "text": operator_text(request, one, row.hospital.path),
                    "state": operator_state(one),
                    "n": one.n_exams,
                    "last": When(one.last_seen, ago=True),
                },
                url=reverse("web:operator", args=[one.pk]) if may else "",
                id=str(one.pk),
            )
            for one in found
        ],
        caption=_("Names on images and messages"),
        empty=Empty(_("None so far"), _("No image and no message names this person."), "user"),
    )


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """Record somebody; with `operator` in the address that text is theirs at once."""
    operator, text = operator_of_address(request)
    hospitals = [operator.hospital] if operator else hospital_list(request.scope)
    form = PersonForm(request.POST or None, hospitals=hospitals, initial={"name": text})
    back = reverse("web:operators") if operator else reverse("web:persons")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        told = {name: data[name] for name in ("staff_number", "name", "category")}
        made = attempt(
            form,
            lambda: take_up(
                request, operator, lambda: person_create(actor=request.actor, hospital=form.chosen, **told)
            ),
        )
        if made is not None:
            messages.success(request, _("Recorded."))
            return redirect(back if operator else reverse("web:person", args=[made.pk]))
    purpose = _("%(text)s is this person from now on, on all exams.") % {"text": text} if operator else ""
    return FormPage(
        title=_("Record somebody"),
        purpose=purpose or _("Who they are; what they may do is decided with their account."),
        crumbs=person_crumbs(),
        form=form,
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def person_edit(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Correct number, name and occupation."""
    row = person_get(request.scope, person_id)
    initial = {"staff_number": row.staff_number, "name": row.name, "category": row.category}
    form = PersonForm(request.POST or None, hospitals=[row.hospital], initial=initial)
    if request.method == "POST" and form.is_valid():
        told = {name: form.cleaned_data[name] for name in initial}
        if attempt(form, lambda: person_change(actor=request.actor, person=row, **told)):
            messages.success(request, _("Kept."))
            return redirect("web:person", row.pk)
    return _form(request, row, form, _("Correct %(name)s") % {"name": row.name}, "")


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def person_active(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Somebody left, or is back."""
    row = person_get(request.scope, person_id)
    form = ActiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        person_activate(actor=request.actor, person=row, active=not row.active, reason=reason)
        messages.success(request, _("Kept."))
        return redirect("web:person", row.pk)
    title = _("%(name)s is not active any more") if row.active else _("%(name)s is active again")
    purpose = _("What they made and read stays theirs; new names on images are not matched to them any more.")
    return _form(request, row, form, title % {"name": row.name}, purpose if row.active else "")


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def person_account(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Which account is that of a person."""
    row = person_get(request.scope, person_id)
    users = {pk: one.user for pk, one in readers_of(row.hospital).items()}
    users |= {str(row.user_id): row.user} if row.user else {}
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
            return redirect("web:person", row.pk)
    purpose = _("By it nobody is given their own exams to read, and everybody sees their own results.")
    return _form(request, row, form, _("Account of %(name)s") % {"name": row.name}, purpose)


def _form(request: HttpRequest, row: Person, form: object, title: str, purpose: str) -> HttpResponse:
    back = reverse("web:person", args=[row.pk])
    return FormPage(
        title=title, purpose=purpose, crumbs=person_crumbs(Link(row.name, back)), form=form, cancel_url=back
    ).response(request, status=400 if form.is_bound else 200)
