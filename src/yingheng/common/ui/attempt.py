"""What a view does with the refusal of a service: the words stand at the top of the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django import forms

from yingheng.common.errors import Conflict, Invalid, error_text

_T = TypeVar("_T")


def attempt(form: forms.Form, service: Callable[[], _T]) -> _T | None:
    """The service's result; None with the words of its refusal at the top of `form`."""
    try:
        return service()
    except (Conflict, Invalid) as exc:
        form.add_error(None, error_text(exc))
        return None
