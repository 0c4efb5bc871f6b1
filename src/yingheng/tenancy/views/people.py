"""Users and roles."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Link
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.forms import GrantForm, ReasonForm, UserForm
from yingheng.tenancy.models import User
from yingheng.tenancy.people import user_list_page, user_page
from yingheng.tenancy.permissions import ROLE_GRANT, USER_MANAGE, USER_VIEW
from yingheng.tenancy.selectors import (
    UserFilter,
    membership_get,
    organisation_get,
    organisation_list,
    user_administered,
    user_get,
    user_list,
    user_roles,
)
from yingheng.tenancy.services import (
    NewPassword,
    membership_grant,
    membership_revoke,
    password_reset,
    user_activate,
    user_create,
    user_deactivate,
)
from yingheng.tenancy.tokens import token_list

PAGE_ROWS = 50
_ACTIVE = {"open": True, "closed": False}


@page(USER_VIEW)
@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """The people of one's area, their roles and whether they may sign in."""
    asked = request.GET
    wanted = UserFilter(
        text=asked.get("text", "").strip(),
        role=asked.get("role", ""),
        active=_ACTIVE.get(asked.get("state", "")),
        after=asked.get("after", ""),
    )
    rows = user_list(request.scope, wanted, PAGE_ROWS + 1)
    may_create = bool(scope_of(request, USER_MANAGE))
    return user_list_page(request.GET, rows, PAGE_ROWS, may_create=may_create).response(request)


@page(USER_VIEW)
@require_safe
def user(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One person: roles held and once held, what may be done with the account."""
    found = user_get(request.scope, user_id)
    manage = scope_of(request, USER_MANAGE)
    mine = found.pk == request.user.pk
    may_manage = bool(found.home and manage.contains(found.home.path)) and not mine
    return user_page(
        found,
        user_roles(request.scope, found),
        tokens=token_list(found) if may_manage else (),
        may_manage=may_manage,
        may_grant=bool(scope_of(request, ROLE_GRANT)) and not mine,
        language=get_language() or "",
    ).response(request)


@never_cache
@page(USER_MANAGE)
@require_http_methods(["GET", "POST"])
def user_new(request: HttpRequest) -> HttpResponse:
    """A new account; its password is shown once."""
    form = UserForm(request.POST or None, organisations=organisation_list(request.scope))
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        made = attempt(
            form,
            lambda: user_create(
                actor=request.actor,
                username=typed["username"],
                display_name=typed["display_name"],
                organisation=organisation_get(request.scope, typed["organisation"]),
                role=typed["role"],
                language=typed["language"],
                machine=typed["machine"],
            ),
        )
        if made and typed["machine"]:
            return redirect("tenancy:user", user_id=made.user.pk)
        if made:
            return _show_password(request, made)
    return FormPage(
        title=_("New user"),
        purpose=_("A password is made for this person and shown to you once."),
        crumbs=[_back()],
        form=form,
        submit=_("Create"),
        cancel_url=reverse("tenancy:users"),
    ).response(request)


@page(ROLE_GRANT)
@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Give a person a role."""
    found = user_get(scope_of(request, USER_VIEW), user_id)
    form = GrantForm(request.POST or None, organisations=organisation_list(request.scope))
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        made = attempt(
            form,
            lambda: membership_grant(
                actor=request.actor,
                user=found,
                organisation=organisation_get(request.scope, typed["organisation"]),
                role=typed["role"],
                valid_from=typed["valid_from"],
                valid_to=typed["valid_to"],
            ),
        )
        if made:
            messages.success(request, _("The role was granted."))
            return redirect("tenancy:user", user_id=found.pk)
    return _form_page(_("Grant a role"), found, form, _("Grant")).response(request)


@page(ROLE_GRANT)
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """End a role, with a reason."""
    held = membership_get(request.scope, membership_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: membership_revoke(actor=request.actor, membership=held, reason=reason) or True):
            messages.success(request, _("The role was revoked."))
            return redirect("tenancy:user", user_id=held.user_id)
    return _form_page(_("Revoke a role"), held.user, form, _("Revoke")).response(request)


@page(USER_MANAGE)
@require_http_methods(["GET", "POST"])
def deactivate(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Close an account, with a reason."""
    found = user_administered(request.scope, user_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: user_deactivate(actor=request.actor, user=found, reason=reason) or True):
            messages.success(request, _("The account was closed."))
            return redirect("tenancy:user", user_id=found.pk)
    return _form_page(_("Close the account"), found, form, _("Close the account")).response(request)


@page(USER_MANAGE)
@require_POST
def activate(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Open a closed account again."""
    found = user_administered(request.scope, user_id)
    user_activate(actor=request.actor, user=found)
    messages.success(request, _("The account is open again."))
    return redirect("tenancy:user", user_id=found.pk)


@never_cache
@page(USER_MANAGE)
@require_POST
def reset(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Make a new password for a person who forgot theirs; shown once."""
    found = user_administered(request.scope, user_id)
    return _show_password(request, password_reset(actor=request.actor, user=found))


def _show_password(request: HttpRequest, made: NewPassword) -> HttpResponse:
    return render(request, "tenancy/new_password.html", {"made": made})


def _back() -> Link:
    return Link(_("Users and roles"), reverse("tenancy:users"))


def _form_page(title: str, person: User, form: object, submit: str) -> FormPage:
    address = reverse("tenancy:user", kwargs={"user_id": person.pk})
    crumbs = [_back(), Link(str(person), address)]
    return FormPage(title=title, purpose=str(person), crumbs=crumbs, form=form, submit=submit, cancel_url=address)
