"""Radiographic positions (positions.tsv) and the lists of positions that others have published (editions.tsv).

Columns of positions: code; names; group; body part (DICOM); view positions; view code (SNOMED CT); eponym; sides;
distance; kilovolts; what must be shown; criteria of a good image; editions it belongs to; which fields a source
supports; how sure the entry is and its source.

An edition says how many positions its document has.  Where the list itself has not been seen, no position is said to
belong to it: a hospital that has the document adds the members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.review.dictionary.letters import letters_of
from yingheng.review.dictionary.table import CONFIDENCES, DictionaryError, Row, known, listed, own_rows, rows
from yingheng.sheets.spec import Words

GROUPS: Mapping[str, Promise] = {
    "chest": pgettext_lazy("positions", "chest"),
    "upper": pgettext_lazy("positions", "upper limb"),
    "lower": pgettext_lazy("positions", "lower limb"),
    "pelvis": pgettext_lazy("positions", "pelvis and hip"),
    "spine": pgettext_lazy("positions", "spine"),
    "skull": pgettext_lazy("positions", "skull"),
    "face": pgettext_lazy("positions", "face and neck"),
    "abdomen": pgettext_lazy("positions", "abdomen"),
    "breast": pgettext_lazy("positions", "breast"),
}
COLUMNS = ("code", "zh", "en", "group", "part", "views", "view_code", "eponym", "sides", "sid_cm", "kv", "shows",
           "shows_en", "criteria", "criteria_en", "editions", "supported", "confidence", "source")  # fmt: skip
_NEEDED = ("code", "zh", "group", "part", "criteria")
OWN_EDITION = "yingheng"


@dataclass(frozen=True, slots=True)
class Edition:
    """A published list of positions.  `parts` and `size` are what its document says, None where that is not known."""

    key: str
    name: Words
    parts: int | None
    size: int | None
    confidence: str
    note: Words


@dataclass(frozen=True, slots=True)
class Position:
    """One position.  `views` are values of View Position; `shows` must be on the image, `criteria` make it a good one.

    `supported` names the fields that the source says; the others are professional knowledge.
    """

    code: str
    name: Words
    group: str
    part: str
    views: tuple[str, ...]
    view_code: str
    eponym: str
    sides: tuple[str, ...]
    sid_cm: str
    kv: str
    shows: Words
    criteria: Words
    editions: frozenset[str]
    supported: tuple[str, ...]
    confidence: str
    source: str
    own: bool = False

    @property
    def letters(self) -> str:
        """The first letters of its Chinese name as they are spoken."""
        return letters_of(self.name.zh)


def positions(
    extra: Iterable[Row] = (), *, members: Iterable[tuple[str, str]] = (), edition: str = ""
) -> Mapping[str, Position]:
    """Every position by code, then those of `extra` (rows of a hospital, codes H-…); DictionaryError for a bad one.

    `members` are pairs of edition and code that a hospital adds; `edition` leaves the positions of others out.
    """
    own = {row["code"]: _position(row, own=True) for row in own_rows(extra, COLUMNS, _NEEDED)}
    found = {**_all(), **own}
    for key, code in members:
        if key not in editions() or code not in found:
            raise DictionaryError(code, _("There is no such edition or position."))
        found[code] = replace(found[code], editions=found[code].editions | {key})
    return {code: one for code, one in found.items() if not edition or edition in one.editions}


def own_position(row: Row) -> Position:
    """A position that a hospital adds; DictionaryError for a bad one."""
    return _position(own_rows([row], COLUMNS, _NEEDED)[0], own=True)


def positions_for(part: str, view: str, found: Mapping[str, Position] | None = None) -> list[Position]:
    """The positions that body part and View Position allow, those that name no other view first.

    The view code or a person decides between several: an upright and a supine abdomen are both AP.
    """
    wanted = view.upper()
    every = (found if found is not None else _all()).values()
    fitting = [one for one in every if one.part == part.upper() and wanted in one.views]
    return sorted(fitting, key=lambda one: len(one.views))


def position_for(part: str, view: str, found: Mapping[str, Position] | None = None) -> Position | None:
    """The one position that body part and view allow; None when there is none, or more than one."""
    fitting = positions_for(part, view, found)
    alone = [one for one in fitting if len(one.views) == 1] or fitting
    return alone[0] if len(alone) == 1 else None


@cache
def editions() -> Mapping[str, Edition]:
    """The known editions by key."""
    return {
        row["key"]: Edition(
            key=row["key"],
            name=Words(row["zh"], row["en"]),
            parts=int(row["parts"]) if row["parts"] else None,
            size=int(row["size"]) if row["size"] else None,
            confidence=known(row["key"], "confidence", row["confidence"], CONFIDENCES),
            note=Words(row["note"], row["note_en"]),
        )
        for row in rows("editions")
    }


@cache
def _all() -> Mapping[str, Position]:
    made = [_position(row) for row in rows("positions")]
    found = {one.code: one for one in made}
    if len(found) != len(made):
        raise DictionaryError("positions", _("This code is there twice."))
    return found


def _position(row: Row, *, own: bool = False) -> Position:
    code = row["code"]
    told = frozenset(listed(row["editions"]))
    for one in told:
        known(code, "editions", one, editions())
    return Position(
        code=code,
        name=Words(row["zh"], row["en"] or row["zh"]),
        group=known(code, "group", row["group"], GROUPS),
        part=row["part"].upper(),
        views=listed(row["views"].upper()),
        view_code=row["view_code"],
        eponym=row["eponym"],
        sides=tuple(known(code, "sides", side, ("R", "L", "B")) for side in listed(row["sides"])),
        sid_cm=row["sid_cm"],
        kv=row["kv"],
        shows=Words(row["shows"], row["shows_en"] or row["shows"]),
        criteria=Words(row["criteria"], row["criteria_en"] or row["criteria"]),
        editions=told if own else told | {OWN_EDITION},
        supported=listed(row["supported"]),
        confidence=known(code, "confidence", row["confidence"] or "expert", CONFIDENCES),
        source=row["source"],
        own=own,
    )
