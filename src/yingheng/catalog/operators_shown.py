"""The one door between an operator's text and what a page may show of it: the text for those who keep the staff."""

from __future__ import annotations

from django.http import HttpRequest

from yingheng.catalog import keys
from yingheng.catalog.models import Operator
from yingheng.catalog.pseudonyms import name_words
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import PERSON_EDIT


def may_name(request: HttpRequest, path: str) -> bool:
    """Whether the requester may see what operators of the hospital at `path` are called."""
    return scope_of(request, PERSON_EDIT).contains(path)


def operator_text(request: HttpRequest, row: Operator, path: str) -> str:
    """The text of an operator as people read it, or the label that stands for it."""
    return text_of(row) if may_name(request, path) else row.label


def text_of(row: Operator) -> str:
    """The text in clear: for this door, and for pages that ask for the right themselves."""
    return name_words(keys.text_decrypt(row.text_cipher)) or row.label
