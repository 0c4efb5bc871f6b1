"""Who may open a page. Every view is decorated; a test walks the addresses and finds the ones that are not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url

from yingheng.common.errors import Conflict, Invalid, NotAllowed, NotFound, error_text
from yingheng.tenancy.models import Membership
from yingheng.tenancy.permissions import known
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import memberships_today

View = Callable[..., HttpResponse]
SIGNED_IN = "signed-in"
PUBLIC = "public"


@dataclass(frozen=True)
class Guarded:
    """A decorated view: what it asks for (`exam.view` …, `signed-in` or `public`) and where it is."""

    access: str
    module: str
    name: str


PAGES: list[Guarded] = []


def page(permission: str, *, fresh_password: bool = True) -> Callable[[View], View]:
    """Only for people who hold `permission` somewhere today.

    Sets `request.scope` (the organisations where they hold it) and `request.actor` (for the audit log). Outside the
    scope things do not exist: NotFound of a selector becomes 404. NotAllowed becomes 403; Conflict and Invalid of a
    posted form become a message on the same page.
    """
    known(permission)
    return _guard(permission, fresh_password=fresh_password)


def signed_in(view: View) -> View:
    """For everybody with an account, also one that must first change its password; the scope is all their roles'."""
    return _guard(SIGNED_IN, fresh_password=False)(view)


def own(view: View) -> View:
    """For everybody with an account and a password of their own; the scope is all their roles'."""
    return _guard(SIGNED_IN, fresh_password=True)(view)


def public(view: View) -> View:
    """For everybody. Says so, where the test can see it."""
    return mark(view, view, PUBLIC)


def memberships_of(request: HttpRequest) -> list[Membership]:
    """The requester's roles today, read once a request."""
    if not hasattr(request, "_memberships"):
        user = request.user
        request._memberships = memberships_today(user) if user.is_authenticated else []  # noqa: SLF001
    return request._memberships  # noqa: SLF001


def permissions_of(request: HttpRequest) -> frozenset[str]:
    """Every permission the requester holds somewhere today: for menus, not for decisions."""
    return frozenset().union(*(row.permissions for row in memberships_of(request)))


def scope_of(request: HttpRequest, permission: str) -> Scope:
    """Where the requester holds `permission` today; false when nowhere, or when their token is narrowed to others."""
    narrowed = getattr(request, "narrowed_to", None)
    if narrowed is not None and permission not in narrowed:
        return Scope()
    return Scope.of_memberships(memberships_of(request), known(permission))


def _guard(access: str, *, fresh_password: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), resolve_url("tenancy:login"))
            if fresh_password and request.user.must_change_password:
                return redirect("tenancy:password")
            scope = Scope.of_memberships(memberships_of(request), "" if access == SIGNED_IN else access)
            if access != SIGNED_IN and not scope:
                raise PermissionDenied(access)
            request.scope, request.actor = scope, request.user.actor
            return _answer(request, view, args, kwargs)

        return mark(guarded, view, access)

    return decorate


def _answer(request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except NotFound as exc:
        raise Http404(exc.code) from exc
    except NotAllowed as exc:
        raise PermissionDenied(exc.code) from exc
    except (Conflict, Invalid) as exc:
        if request.method != "POST":
            raise BadRequest(exc.code) from exc
        messages.error(request, error_text(exc))
        return HttpResponseRedirect(request.get_full_path())


def mark(marked: View, view: View, access: str) -> View:
    """Note what a view asks for where tests and pages can see it."""
    marked.access = access  # type: ignore[attr-defined]
    PAGES.append(Guarded(access, view.__module__, view.__qualname__))
    return marked
