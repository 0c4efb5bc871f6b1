"""Access tokens: one's own, and those of machine accounts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Link
from yingheng.tenancy.access import own, page
from yingheng.tenancy.forms import TokenForm
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import USER_MANAGE
from yingheng.tenancy.selectors import memberships_today, user_administered
from yingheng.tenancy.token_pages import tokens_page
from yingheng.tenancy.tokens import token_get, token_list, token_make, token_revoke


@own
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens."""
    return tokens_page(token_list(request.user)).response(request)


@never_cache
@own
@require_http_methods(["GET", "POST"])
def token_new(request: HttpRequest) -> HttpResponse:
    """A new token of one's own; shown once."""
    return _new(
        request, request.user, reverse("tenancy:tokens"), Link(_("My access tokens"), reverse("tenancy:tokens"))
    )


@own
@require_POST
def token_end(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Revoke a token of one's own."""
    token_revoke(actor=request.actor, token=token_get(request.user, token_id))
    messages.success(request, _("The access token was revoked."))
    return redirect("tenancy:tokens")


@never_cache
@page(USER_MANAGE)
@require_http_methods(["GET", "POST"])
def machine_token_new(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """A new token of a machine account; shown once."""
    found = user_administered(request.scope, user_id)
    address = reverse("tenancy:user", kwargs={"user_id": found.pk})
    return _new(request, found, address, Link(str(found), address))


@page(USER_MANAGE)
@require_POST
def user_token_end(request: HttpRequest, user_id: UUID, token_id: UUID) -> HttpResponse:
    """Revoke a token of an account that one administers."""
    found = user_administered(request.scope, user_id)
    token_revoke(actor=request.actor, token=token_get(found, token_id))
    messages.success(request, _("The access token was revoked."))
    return redirect("tenancy:user", user_id=found.pk)


def _new(request: HttpRequest, user: User, back: str, crumb: Link) -> HttpResponse:
    held = frozenset().union(*(row.permissions for row in memberships_today(user)))
    form = TokenForm(request.POST or None, held=held)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: token_make(actor=request.user, user=user, **form.cleaned_data))
        if made:
            return render(request, "tenancy/new_token.html", {"made": made, "back": back})
    return FormPage(
        title=_("New access token"),
        purpose=_("The token is shown to you once. Whoever has it can do what you tick here: keep it like a password."),
        crumbs=[crumb],
        form=form,
        submit=_("Make the token"),
        cancel_url=back,
    ).response(request)
