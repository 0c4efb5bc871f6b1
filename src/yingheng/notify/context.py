"""The count beside the bell."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from yingheng.notify.selectors import unread_count


def unread(request: HttpRequest) -> dict[str, Any]:
    """`unread` and `unread_url`, also on the request for the frame around a page; counted only where shown."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    request.unread = SimpleLazyObject(lambda: unread_count(user))
    request.unread_url = reverse("notify:list")
    return {"unread": request.unread, "unread_url": request.unread_url}
