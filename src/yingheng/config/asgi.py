"""The ASGI application."""

import gc
import os
from collections.abc import Mapping
from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yingheng.config.settings")


class Request(ASGIRequest):
    """A request whose scheme is kept: `request.scope` is the requester's scope here (`tenancy.access`), not ASGI's."""

    def __init__(self, scope: Mapping[str, Any], body_file: Any) -> None:
        self._asgi_scheme = str(scope.get("scheme") or "http")
        super().__init__(scope, body_file)

    def _get_scheme(self) -> str:
        return self._asgi_scheme


class Handler(ASGIHandler):
    """Django's own, with our requests."""

    request_class = Request


def settle() -> None:
    """Load every page, and take what is loaded out of the garbage collector's sight.

    None of it is ever let go; yet every full collection would walk all of it, a tenth of a second within the request
    that happens to set it off.
    """
    get_resolver().url_patterns  # noqa: B018 - read for what it imports
    gc.collect()
    gc.freeze()


django.setup(set_prefix=False)
application = Handler()
settle()
