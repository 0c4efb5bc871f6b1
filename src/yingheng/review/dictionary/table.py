"""Reading the tables of this package, and the rows that a hospital adds to them."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yingheng.common.ui.words import language
from yingheng.review.entry_texts import COLUMN_WORDS, column_text

OWN = re.compile(r"H-[A-Z0-9][A-Z0-9-]{0,40}")
CONFIDENCES = ("verified", "secondary", "expert", "unconfirmed")
Row = Mapping[str, str]


class DictionaryError(ValueError):
    """An entry that cannot be taken; `code` names it and `text` says why, in the reader's language."""

    def __init__(self, code: str, text: str | Promise) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The rows of `<name>.tsv` beside this module, by the names of its header; all values are text."""
    text = files("yingheng.review.dictionary").joinpath(f"{name}.tsv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))


def own_rows(extra: Iterable[Row], columns: Collection[str], needed: Collection[str]) -> list[Row]:
    """Rows of a hospital: codes begin with H-, columns are those of the table, what must be there is there."""
    found: list[Row] = []
    seen: set[str] = set()
    for raw in extra:
        code = str(raw.get("code", ""))
        if not OWN.fullmatch(code):
            raise DictionaryError(code, _("The code begins with H-, then capital letters, digits and hyphens."))
        if code in seen:
            raise DictionaryError(code, _("This code is there twice."))
        for name in raw:
            if name not in columns:
                raise DictionaryError(code, _("There is no column %(name)s.") % {"name": name})
        for name in needed:
            if not str(raw.get(name, "")).strip():
                raise DictionaryError(code, _("%(name)s is missing.") % {"name": _heading(name)})
        seen.add(code)
        found.append({name: str(raw.get(name, "")).strip() for name in columns})
    return found


def listed(text: str) -> tuple[str, ...]:
    """The values of a cell that holds several, separated by commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def known(code: str, name: str, value: str, values: Collection[str]) -> str:
    """The value, if it is one of those that the column may have."""
    if value not in values:
        words = [str(word) for word in (values.values() if isinstance(values, Mapping) else values) if str(word)]
        told = {"name": _heading(name), "values": ("、" if language() == "zh" else ", ").join(words)}
        raise DictionaryError(code, _("%(name)s is one of: %(values)s.") % told)
    return value


def _heading(name: str) -> str:
    """What people call a column."""
    return column_text(name) if name in COLUMN_WORDS else name
