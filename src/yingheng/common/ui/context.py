"""Template context of every page: what the frame around a page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from . import words
from .navigation import menu_for


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor.  Reads what tenancy and notify put on the request; each is optional.

    request.permissions (frozenset of names) · request.scope_name (text) · request.unread (count, or None where there
    are no notifications) · request.unread_url · request.demo (bool; or settings.YINGHENG_DEMO).
    """
    return {
        "menu": SimpleLazyObject(lambda: menu_for(request)),
        "lang": words.language(),
        "scope_name": getattr(request, "scope_name", ""),
        "unread": getattr(request, "unread", None),
        "unread_url": getattr(request, "unread_url", ""),
        "demo": getattr(request, "demo", False) or getattr(settings, "YINGHENG_DEMO", False),
    }
