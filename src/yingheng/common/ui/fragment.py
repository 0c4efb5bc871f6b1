"""A part as HTML by itself, for answers that a page puts into place."""

from __future__ import annotations

from django.template import engines

from .parts import Part

_SOURCE = "{% load ui %}{% part item %}"


def part_html(item: Part) -> str:
    """The markup of one part in the current language."""
    return engines["django"].from_string(_SOURCE).render({"item": item}).strip()
