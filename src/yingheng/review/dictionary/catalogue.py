"""The dictionaries as one organisation has them: the product's entries, its own, and those it does not offer.

Entries and choices of an organisation hold for everything below it.  What is nearer decides.  Everything that has ever
been there is named; only what is neither withdrawn nor hidden is offered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Window

from yingheng.common.remember import forget, remembered
from yingheng.review.dictionary.defects import Defect, defects, own_defect
from yingheng.review.dictionary.positions import OWN_EDITION, Position, own_position, positions
from yingheng.review.dictionary.table import OWN, DictionaryError, Row
from yingheng.review.models.dictionary import DictionaryChoice, DictionaryEntry, DictionaryVersion, EntryKind
from yingheng.review.readers import upward
from yingheng.tenancy.models import Organisation

_KEY = "review.dictionary"
ABOUT: Mapping[str, str] = {EntryKind.DEFECT: "image", EntryKind.REPORT: "report"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries by code; `off` are those that are not offered: withdrawn, or hidden by the organisation.

    `owners` names the organisation of each entry that is not the product's.
    """

    defects: Mapping[str, Defect]
    positions: Mapping[str, Position]
    off: frozenset[str]
    hidden: frozenset[str]
    owners: Mapping[str, str]

    def offered_defects(self, about: str = "image", modality: str = "") -> list[Defect]:
        """The defects of an "image" (of a modality, if one is given) or of a "report", in the order of the table."""
        found = [one for one in self.defects.values() if one.about == about and one.code not in self.off]
        return [one for one in found if one.fits(modality)] if modality else found

    def offered_positions(self, edition: str = "") -> dict[str, Position]:
        """The positions, of one edition or all."""
        return {
            code: one
            for code, one in self.positions.items()
            if code not in self.off and (not edition or edition in one.editions)
        }


def catalogue_for(organisation: Organisation) -> Catalogue:
    """The dictionaries of an organisation.  Two queries, once for a request."""
    return remembered((_KEY, organisation.path), lambda: _catalogue(organisation))


def product_catalogue() -> Catalogue:
    """What comes with the product, for those who belong to no one organisation."""
    return Catalogue(defects(), positions(), frozenset(), frozenset(), {})


def catalogue_changed() -> None:
    """Have everything asked for again in the same request."""
    forget(_KEY)


def own_of(kind: str, row: Row) -> Defect | Position:
    """An own entry out of its row; DictionaryError for a bad one."""
    return own_position(row) if kind == EntryKind.POSITION else own_defect(row, ABOUT[kind])


def row_of(one: Defect | Position, columns: Iterable[str]) -> dict[str, str]:
    """An entry as a row with those columns of its table: what `own_of` makes the same entry of."""
    told: dict[str, Any] = {"zh": one.name.zh, "en": one.name.en}
    if isinstance(one, Position):
        told |= {"shows": one.shows.zh, "shows_en": one.shows.en, "criteria": one.criteria.zh,
                 "criteria_en": one.criteria.en, "views": ",".join(one.views), "sides": ",".join(one.sides),
                 "supported": ",".join(one.supported),
                 "editions": ",".join(sorted(one.editions - {OWN_EDITION}))}  # fmt: skip
    else:
        told |= {"class": one.kind, "veto": "yes" if one.veto else "no", "advice": one.advice.zh,
                 "advice_en": one.advice.en, "modalities": ",".join(sorted(one.modalities)),
                 "indicator": str(one.indicator or "")}  # fmt: skip
    return {name: str(told[name] if name in told else getattr(one, name)) for name in columns}


def _catalogue(organisation: Organisation) -> Catalogue:
    above = upward(organisation.path)
    entries = list(DictionaryEntry.objects.filter(organisation__path__in=above).select_related("organisation"))
    choices = DictionaryChoice.objects.filter(organisation__path__in=above).select_related("organisation")
    told = _choices(choices.order_by("made_at", "pk"))
    every_defect, every_position = dict(defects()), dict(positions())
    for row in sorted(entries, key=lambda one: (one.kind, one.code)):
        try:
            one = own_of(row.kind, row.content)
        except DictionaryError:  # written by an edition of the product that knew other words: still named by its code
            continue
        (every_position if isinstance(one, Position) else every_defect)[row.code] = one  # type: ignore[index, assignment]
    for (code, kind, edition), holds in told.items():
        if kind == DictionaryChoice.Kind.MEMBER and code in every_position:
            known = every_position[code]
            members = known.editions | {edition} if holds else known.editions - {edition}
            every_position[code] = replace(known, editions=frozenset(members))
    hidden = frozenset(code for (code, kind, _e), holds in told.items() if kind == "hidden" and holds)
    gone = {row.code for row in entries if row.state == DictionaryEntry.State.WITHDRAWN}
    owners = {row.code: row.organisation.name for row in entries}
    return Catalogue(every_defect, every_position, hidden | gone, hidden, owners)


def _choices(rows: Iterable[DictionaryChoice]) -> dict[tuple[str, str, str], bool]:
    """(code, kind, edition) -> whether it holds: of the nearest organisation that says anything, what it said last."""
    found: dict[tuple[str, str, str], tuple[int, bool]] = {}
    for row in rows:
        key, depth = (row.code, row.kind, row.edition), row.organisation.path.count("/")
        if key not in found or found[key][0] <= depth:
            found[key] = (depth, row.holds)
    return {key: holds for key, (_depth, holds) in found.items()}


# --- by code alone --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Own:
    """An entry of an organisation with what it said when: (from then on, defect or position), oldest first."""

    said: Sequence[tuple[dt.datetime, Defect | Position]]

    def at(self, when: dt.datetime | None) -> Defect | Position:
        before = [one for since, one in self.said if when is None or since <= when]
        return before[-1] if before else self.said[0][1]


_own: dict[str, _Own | None] = {}
_stamp: list[Any] = []


def named(code: str, at: dt.datetime | None = None) -> Defect | Position | None:
    """The entry of that code, whoever it belongs to, as it was worded at that time (now without one).

    Own entries are kept in memory as long as nothing is written: one query for a request, and one for each
    organisation that is met the first time.
    """
    if not OWN.fullmatch(code):
        return defects().get(code) or positions().get(code)
    names_ready([code])
    found = _own.get(code)
    return found.at(at) if found else None


def names_ready(codes: Iterable[str]) -> None:
    """Have `named` know these own entries, of many organisations by one query; before a page names many of them."""
    stamp = remembered((_KEY, "stamp"), _newest)
    if [stamp] != _stamp:
        _own.clear()
        _stamp[:] = [stamp]
    unknown = {code for code in codes if OWN.fullmatch(code) and code not in _own}
    if unknown:
        _load(unknown)


def _newest() -> tuple[UUID, int] | None:
    rows = DictionaryVersion.objects.order_by("-pk").annotate(n=Window(Count("pk")))
    return rows.values_list("pk", "n").first()


def _load(codes: Collection[str]) -> None:
    """Everything of the organisations that have these codes."""
    _own.update(dict.fromkeys(codes))
    owner = DictionaryEntry.objects.filter(code__in=codes).values("organisation")
    rows = DictionaryVersion.objects.filter(entry__organisation__in=owner).order_by("entry", "version")
    said: dict[str, list[tuple[dt.datetime, Defect | Position]]] = {}
    for name, kind, content, when in rows.values_list("entry__code", "entry__kind", "content", "made_at"):
        try:
            said.setdefault(name, []).append((when, own_of(kind, content)))
        except DictionaryError:
            continue
    _own.update({name: _Own(several) for name, several in said.items()})
