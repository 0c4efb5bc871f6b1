"""The table of what follows a fact, found by the setting YINGHENG_JOB_ROUTES."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

Handler = Callable[[str, dict[str, Any]], object]
Routes = Mapping[str, tuple[Handler, ...]]


def routes() -> Routes:
    """Kind → handlers, run in that order with (natural key, payload)."""
    return import_string(settings.YINGHENG_JOB_ROUTES)
