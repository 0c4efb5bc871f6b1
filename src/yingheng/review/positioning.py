"""Which position a film is of: by the exam item, View Position and view code, or by a name that says it word for word.

Exactly one position must fit; otherwise there is none, and the reason why.  Nothing is guessed: an item that knows one
position and a film that says another is a contradiction, and an exam of several films has the position of all of them
or none (the reading room names that of each film).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from yingheng.catalog.models import Series
from yingheng.review.dictionary.positions import Position, positions
from yingheng.review.dictionary.table import listed, rows

FILMS = frozenset({"DX", "CR", "DR", "RG", "MG", "PX", "IO"})
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # pictures of screens and paper
#: How a position was found …
ITEM, VIEW, NAME, PERSON = "item", "view", "name", "person"
#: … or why there is none.
NOT_FILM, NO_FILM, SEVERAL, AMBIGUOUS = "not_film", "no_film", "several", "ambiguous"
CONTRADICTION, NO_FIT = "contradiction", "no_fit"
WHY: Mapping[str, Promise] = {
    "": pgettext_lazy("position", "not looked for yet"),
    ITEM: pgettext_lazy("position", "by the exam item"),
    VIEW: pgettext_lazy("position", "by body part and view"),
    NAME: pgettext_lazy("position", "by its name in the series"),
    PERSON: pgettext_lazy("position", "entered by a person"),
    NOT_FILM: pgettext_lazy("position", "not a film"),
    NO_FILM: pgettext_lazy("position", "no film is kept"),
    SEVERAL: pgettext_lazy("position", "films of several positions"),
    AMBIGUOUS: pgettext_lazy("position", "several positions fit"),
    CONTRADICTION: pgettext_lazy("position", "item and view contradict each other"),
    NO_FIT: pgettext_lazy("position", "no position of the dictionary fits"),
}
_LATERAL = {"LAT": ("LL", "RL"), "LATERAL": ("LL", "RL"), "LATERALE": ("LL", "RL"), "SEITLICH": ("LL", "RL")}
_SIDE = {"L": "LL", "R": "RL"}
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A position ("" when there is none) and how it was found, or why it was not."""

    position: str
    why: str


@dataclass(frozen=True, slots=True)
class Film:
    """What a series says of itself.  `n`: images, of which the first one says it."""

    part: str = ""
    view: str = ""
    codes: tuple[str, ...] = ()
    side: str = ""
    texts: tuple[str, ...] = ()
    n: int = 1


@dataclass(frozen=True, slots=True)
class Positions:
    """The positions that are offered, with the names by which a series can say one."""

    offered: Mapping[str, Position]
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, offered: Mapping[str, Position]) -> Positions:
        names: dict[str, set[str]] = {}
        for code, one in offered.items():
            for text in (one.name.zh, one.name.en, one.eponym):
                if text:
                    names.setdefault(plain(text), set()).add(code)
        return cls(offered, {name: frozenset(codes) for name, codes in names.items()})


def plain(text: str) -> str:
    """Letters and digits alone, in small."""
    return _NOT_WORD.sub("", text).casefold()


@cache
def item_positions() -> Mapping[str, tuple[str, ...]]:
    """Code of an exam item -> the positions that it is made of (item_positions.tsv)."""
    return {row["item"]: listed(row["positions"]) for row in rows("item_positions")}


def film_of(series: Series) -> Film:
    """What is known of a series."""
    facts = series.facts
    codes = facts.get("ViewCodeSequence") or ()
    return Film(
        part=(series.body_part or str(facts.get("BodyPartExamined") or "")).upper(),
        view=str(facts.get("ViewPosition") or "").upper().replace(".", "").strip(),
        codes=tuple(str(code).split(":")[1] for code in codes if str(code).count(":") >= 1),
        side=str(facts.get("ImageLaterality") or facts.get("Laterality") or "").upper(),
        texts=tuple(filter(None, (series.description, series.protocol_name))),
        n=max(series.n_instances, 1),
    )


def is_film(series: Series) -> bool:
    """Whether a series holds radiographs."""
    return series.modality in FILMS and series.n_frames > 0 and not series.sop_class_uid.startswith(_CAPTURE)


def position_of_film(film: Film, part: str, item: str, known: Positions) -> Found:
    """The one position of a film; `part` and `item` are those of its exam, "" where they are not known."""
    asked = [code for code in item_positions().get(item, ()) if code in known.offered]
    if film.n > 1:  # only the first image has spoken
        return Found(asked[0], ITEM) if len(asked) == 1 else Found("", SEVERAL)
    views = _views(film)
    said = frozenset().union(*(known.names.get(plain(text), frozenset()) for text in film.texts))
    if len(said) == 1:
        code = next(iter(said))
        allowed = known.offered[code].views
        clash = bool(views and allowed and not set(views) & set(allowed)) or bool(asked and code not in asked)
        return Found("", CONTRADICTION) if clash else Found(code, NAME)
    if asked:
        fitting = _fitting([known.offered[code] for code in asked], film, views)
        return _one(fitting, ITEM) if fitting else Found("", CONTRADICTION)
    if not views:
        return Found("", AMBIGUOUS)
    here = [one for one in known.offered.values() if one.part == (part or film.part).upper()]
    fitting = _fitting([one for one in here if not one.own], film, views)
    return _one(fitting or _fitting([one for one in here if one.own], film, views), VIEW)


def position_of_exam(films: Sequence[Film], part: str, item: str, known: Positions) -> Found:
    """The position that all films of an exam share."""
    if not films:
        return Found("", NO_FILM)
    found = [position_of_film(film, part, item, known) for film in films]
    codes = {one.position for one in found}
    if len(codes) == 1:
        return found[0]
    return Found("", SEVERAL)


@cache
def product_positions() -> Positions:
    """Those that come with the product."""
    return Positions.of(positions())


def films_of(several: Iterable[Series]) -> list[Film]:
    """The films among the series of an exam."""
    return [film_of(one) for one in several if is_film(one)]


def _views(film: Film) -> tuple[str, ...]:
    both = _LATERAL.get(film.view)
    if both is None:
        return (film.view,) if film.view else ()
    return (_SIDE[film.side],) if film.side in _SIDE else both


def _fitting(several: Sequence[Position], film: Film, views: Sequence[str]) -> list[Position]:
    """Those that allow the view, narrowed by the view code where it is that of some of them."""
    found = [one for one in several if not views or not one.views or set(views) & set(one.views)]
    coded = [one for one in found if one.view_code in film.codes]
    return coded or found


def _one(fitting: Sequence[Position], why: str) -> Found:
    """The one that is left; of several the one that is made in no other view."""
    if not fitting:
        return Found("", NO_FIT)
    alone = [one for one in fitting if len(one.views) == 1]
    chosen = fitting if len(fitting) == 1 else alone
    return Found(chosen[0].code, why) if len(chosen) == 1 else Found("", AMBIGUOUS)
