"""Values that one page asks for many times: looked up once while a request is answered, anew for the next one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

_T = TypeVar("_T")
_held: ContextVar[dict[Hashable, Any] | None] = ContextVar("yingheng_remembered", default=None)


class RememberMiddleware:
    """Gives every request a memory of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _held.set({})
        try:
            return self.get_response(request)
        finally:
            _held.reset(token)


def remembered(key: Hashable, make: Callable[[], _T]) -> _T:
    """What `make` gives, kept for the rest of the request; outside of a request it is asked every time."""
    held = _held.get()
    if held is None:
        return make()
    if key not in held:
        held[key] = make()
    value: _T = held[key]
    return value


def forget(kind: str) -> None:
    """Forget everything whose key is `kind`, or a tuple that begins with it: after a change in the same request."""
    held = _held.get()
    for key in [one for one in held or () if one == kind or (isinstance(one, tuple) and one[:1] == (kind,))]:
        del (held or {})[key]
