"""What the template pages share: the way back, and the names of kinds."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.parts import Link


def kind_word(kind: str) -> str:
    """What a kind of sheet is called."""
    words = {"checklist": _("Checklist"), "readings": _("Readings"), "score": _("Score sheet")}
    return words[kind]


def type_word(kind: str) -> str:
    """What a kind of item is called."""
    words = {
        "number": _("number"),
        "integer": _("whole number"),
        "series": _("several readings"),
        "choice": _("one of several"),
        "check": _("yes, no, not applicable"),
        "text": pgettext("item", "text"),
        "date": _("date"),
        "file": _("picture or file"),
        "signature": _("signature"),
        "score": _("score"),
    }
    return words[kind]


def crumbs(kind: str = "", *, top: bool = False) -> list[Link]:
    """The way back: score sheets have a list of their own."""
    found = [Link(_("Sheets"), reverse("web:sheets"))]
    if top:
        return found
    url = reverse("sheets:templates")
    if kind == "score":
        return [*found, Link(_("Score sheets"), f"{url}?kind=score")]
    return [*found, Link(_("Templates of sheets"), url)]
