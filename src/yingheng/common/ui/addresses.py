"""Query strings of list pages: what stays when one part of the address changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest


def with_query(request: HttpRequest, **changes: str | None) -> str:
    """The page's own query string with some parameters changed; None or "" takes one away.  The page is left out
    unless it is changed, since a changed filter starts from the first page."""
    kept = {key: value for key, value in request.GET.items() if key != "page" and value}
    kept |= {key: value or "" for key, value in changes.items()}
    return "?" + urlencode({key: value for key, value in kept.items() if value})


def kept_query(request: HttpRequest, *names: str) -> Mapping[str, str]:
    """Parameters that a filter form carries along."""
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def day(text: str) -> dt.date | None:
    """A date of the address; None when it is none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def identifier(text: str) -> UUID | None:
    """An id of the address; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
