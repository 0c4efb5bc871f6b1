"""Errors a person can cause. Each carries a stable `code`; the words come from `error_text`, never from the exception.

A code is `<app>.<what>`, e.g. `tenancy.username_taken`. An app adds its words by `error_texts_add` when it starts.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PlatformError(Exception):
    """Base of all four. `params` fill the placeholders of the text (`%(name)s`)."""

    fallback: str | Promise = _("This could not be done.")

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class NotAllowed(PlatformError):  # noqa: N818 - reads as the answer given
    """The person may not do this."""

    fallback = _("You are not allowed to do this.")


class NotFound(PlatformError):  # noqa: N818 - reads as the answer given
    """There is no such thing, or it lies outside the person's scope: the two are never told apart."""

    fallback = _("This does not exist, or you have no access to it.")


class Conflict(PlatformError):  # noqa: N818 - reads as the answer given
    """It cannot be done in the present state of things."""

    fallback = _("This cannot be done in the present state.")


class Invalid(PlatformError):  # noqa: N818 - reads as the answer given
    """What was entered cannot be accepted."""

    fallback = _("What was entered cannot be accepted.")


_texts: dict[str, str | Promise] = {}


def error_texts_add(texts: Mapping[str, str | Promise]) -> None:
    """Register the words for codes; a code registered twice with other words is a programming error."""
    for code, text in texts.items():
        if code in _texts and str(_texts[code]) != str(text):
            raise ValueError(f"error code registered twice: {code}")
        _texts[code] = text


def error_text(error: PlatformError) -> str:
    """What to show, in the current language; an unregistered code falls back to its class."""
    text = _texts.get(error.code, error.fallback)
    return str(text) % error.params if error.params else str(text)
