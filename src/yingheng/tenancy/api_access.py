"""Who may use an address meant for programs: by access token, or by the session of our own pages.

    from yingheng.tenancy.api_access import api

    @api(INGEST_SEND, methods=("POST",))
    def orders(request):          # request.scope, request.actor, request.user; request.token is None in a session
        ...
        return JsonResponse({...})

A token comes as `Authorization: Bearer <token>`, or as the password of HTTP Basic (the user name is not looked at).
Without one the session of the browser counts, and then a write needs the CSRF token as any form does.

Answers are JSON: {"error": {"code": …, "text": …}} with 401 (and WWW-Authenticate), 403 without the permission, 404
outside of the scope, 409 for Conflict, 400 for Invalid, 405 for another method.  Wrong tokens wait and are logged;
the lock-out of the sign-in page has no part in this.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware

from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict, Invalid, NotAllowed, NotFound, PlatformError, error_text
from yingheng.tenancy.access import View, mark, scope_of
from yingheng.tenancy.models import ApiToken
from yingheng.tenancy.permissions import known
from yingheng.tenancy.tokens import token_find, token_used

SAFE = ("GET", "HEAD")
WRONG_TOKEN_S = 0.5  # a wrong token is answered after this long
_STATUS: dict[type[PlatformError], int] = {NotFound: 404, NotAllowed: 403, Conflict: 409, Invalid: 400}
logger = logging.getLogger(__name__)


def api(permission: str, *, methods: tuple[str, ...] = SAFE) -> Callable[[View], View]:
    """Only for holders of `permission`, by token or session, and only by `methods`.

    Sets `request.scope` (where they hold it, narrowed by the token), `request.actor` and `request.token`.
    """
    known(permission)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return _not_allowed(methods)
            refused = _authenticate(request)
            if refused is not None:
                return refused
            request.scope = scope_of(request, permission)
            if not request.scope:
                return refusal(403, "tenancy.permission_missing", permission=permission)
            return _answer(request, view, args, kwargs)

        guarded.csrf_exempt = True  # type: ignore[attr-defined]  # a session is checked in _authenticate
        return mark(guarded, view, permission)

    return decorate


def by_method(**views: View) -> View:
    """One address whose methods are different deeds: `by_method(GET=search, POST=store)`; GET answers HEAD too."""
    table = {**views, **({"HEAD": views["GET"]} if "GET" in views else {})}

    def dispatch(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = table.get(request.method or "")
        return view(request, *args, **kwargs) if view else _not_allowed(tuple(table))

    first = next(iter(views.values()))
    dispatch.__module__, dispatch.__qualname__ = first.__module__, first.__qualname__
    dispatch.access = first.access  # type: ignore[attr-defined]
    dispatch.csrf_exempt = True  # type: ignore[attr-defined]  # each view checks it
    return dispatch


def refusal(status: int, code: str, **params: Any) -> HttpResponse:
    """An error as JSON, in the words of `code`."""
    return _refusal(status, Invalid(code, **params))


def _refusal(status: int, error: PlatformError) -> HttpResponse:
    return JsonResponse({"error": {"code": error.code, "text": error_text(error)}}, status=status)


def _not_allowed(methods: tuple[str, ...]) -> HttpResponse:
    response = refusal(405, "tenancy.method_unknown")
    response["Allow"] = ", ".join(methods)
    return response


def _answer(request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except PlatformError as exc:
        return _refusal(_status(exc), exc)


def _status(error: PlatformError) -> int:
    """The status of the error's class, or the one that a class of its own names as `http_status`."""
    known = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    return int(getattr(error, "http_status", known))


def _authenticate(request: HttpRequest) -> HttpResponse | None:
    """Sets user, actor, token and what the token is narrowed to; the answer when nobody is there."""
    header = request.headers.get("Authorization", "")
    if header:
        return _by_token(request, header)
    if not request.user.is_authenticated:
        return _unknown(request, "tenancy.token_needed")
    if request.user.must_change_password:
        return refusal(403, "tenancy.password_first")
    if _Csrf.refused(request):
        return refusal(403, "tenancy.csrf")
    request.actor, request.token = request.user.actor, None
    return None


def _by_token(request: HttpRequest, header: str) -> HttpResponse | None:
    token = token_find(_secret(header))
    address = request.META.get("REMOTE_ADDR", "")
    if token is None:
        logger.warning("access token refused: address %s, path %s", address, request.path)
        time.sleep(WRONG_TOKEN_S)
        return _unknown(request, "tenancy.token_wrong")
    token_used(token, address)
    request.user, request.token = token.user, token
    request.narrowed_to = frozenset(token.permissions) if token.permissions else None
    request.actor = _actor(token)
    return None


def _actor(token: ApiToken) -> Actor:
    """The account, and by which token: who reads the log sees that no hand did it."""
    return Actor(token.user.actor.id, f"{token.user.actor.name} [{token.name}]"[:150])


def _secret(header: str) -> str:
    scheme, _blank, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _unknown(request: HttpRequest, code: str) -> HttpResponse:
    response = refusal(401, code)
    challenge = 'Bearer realm="Yingheng"'
    # A browser would ask its user for a name and password in a window of its own; stock clients wait for the challenge.
    if "Sec-Fetch-Mode" not in request.headers:
        challenge += ', Basic realm="Yingheng", charset="UTF-8"'
    response["WWW-Authenticate"] = challenge
    return response


class _Csrf(CsrfViewMiddleware):
    """Django's own check, asked by hand because a token needs none."""

    @classmethod
    def refused(cls, request: HttpRequest) -> bool:
        check = cls(lambda _request: HttpResponse())
        check.process_request(request)
        return check.process_view(request, _unmarked, (), {}) is not None

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002 - Django's signature
        return HttpResponse(reason, status=403)


def _unmarked() -> None:
    """Stands for a view that is not exempt."""


__all__ = ["SAFE", "api", "by_method", "refusal"]
