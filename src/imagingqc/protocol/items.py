"""Which exam item an exam is, from its free texts: keywords, modifiers, and refusal when more than one fits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from imagingqc.errors import Reason
from imagingqc.protocol.table import rows

SHORT = 4  # Latin keywords of up to four letters match whole words only, whatever the table says
Confidence = Literal["text", "body_part", "none"]


@dataclass(frozen=True, slots=True)
class Item:
    """One exam item of the catalogue."""

    code: str
    modality: str
    name_zh: str
    name_en: str
    body_part: str


@dataclass(frozen=True, slots=True)
class ItemMatch:
    """`item_code` None when nothing or more than one fits; `why` names the keywords that decided, or the reason.

    `confidence`: "text" (an exam description), "body_part" (only the Body Part Examined attribute), "none".
    `candidates` are the items between which the texts do not decide.
    """

    item_code: str | None
    confidence: Confidence
    why: tuple[str, ...] = ()
    reason: Reason | None = None
    candidates: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """The code that rules may ask for, "" when the item is not certain.

        A body part alone is not certain: a phantom scan says HEAD as well, and nobody ordered a plain head.
        """
        return self.item_code if self.item_code and self.confidence == "text" else ""


@dataclass(frozen=True, slots=True)
class _Keyword:
    text: str
    pattern: re.Pattern[str]
    body_part: str
    body_part_zh: str
    modalities: frozenset[str]
    hint: str
    priority: int


@dataclass(frozen=True, slots=True)
class _Hit:
    keyword: _Keyword
    text: int  # which text
    start: int
    end: int


@cache
def item_catalogue() -> dict[str, Item]:
    """Every exam item, by code."""
    return {
        row["item"]: Item(row["item"], row["modality"], row["name_zh"], row["name_en"], row["body_part"])
        for row in rows("items")
    }


@cache
def _keywords() -> tuple[_Keyword, ...]:
    return tuple(
        _Keyword(
            row["keyword"],
            _pattern(row["keyword"], whole=row["match"] == "word"),
            row["body_part"],
            row["body_part_zh"],
            frozenset(row["modalities"].split(",")),
            row["hint"],
            int(row["priority"]),
        )
        for row in rows("body_part_keywords")
    )


def _pattern(keyword: str, *, whole: bool) -> re.Pattern[str]:
    """The keyword as a literal; Latin ones that are short or marked as words stand between non-letters."""
    latin = keyword.isascii()
    literal = re.escape(keyword)
    if latin and (whole or len(keyword) <= SHORT):
        start = r"(?<![A-Za-z])" if keyword[0].isalpha() else ""
        end = r"(?![A-Za-z])" if keyword[-1].isalpha() else ""
        literal = start + literal + end
    return re.compile(literal, re.IGNORECASE)


# Modifiers turn the plain item of a body part into the item that was done.
VARIANTS: dict[tuple[str, str], str] = {
    ("CT-HEAD-PL", "CTA"): "CT-HEAD-CTA",
    ("CT-HEAD-PL", "CTV"): "CT-HEAD-CTV",
    ("CT-HEAD-PL", "perfusion"): "CT-HEAD-CTP",
    ("CT-NECK-PL", "CTA"): "CT-HN-CTA",
    ("CT-UABD-PL", "CTA"): "CT-ABD-CTA",
    ("CT-ABDPEL-PL", "CTA"): "CT-ABD-CTA",
    ("CT-KIDNEY-CE", "CTA"): "CT-RENAL-CTA",
    ("MR-HEAD-PL", "MRA"): "MR-HEAD-MRA",
    ("MR-HEAD-PL", "MRV"): "MR-HEAD-MRV",
    ("MR-NECK", "MRA"): "MR-NECK-MRA",
    ("MR-PIT", "contrast"): "MR-PIT-DCE",
    ("CT-HEAD-PL", "pediatric"): "CT-PED-HEAD",
    ("CT-CHEST-PL", "pediatric"): "CT-PED-CHEST",
    ("MR-HEAD-PL", "pediatric"): "MR-PED-HEAD",
    ("DX-CHEST", "pediatric"): "DX-CHEST-PED",
}
VASCULAR = ("CTA", "CTV", "MRA", "MRV", "perfusion")
_PLAIN_WORDS = re.compile(r"non[- ]?(?:enhanced|contrast)|without contrast|w/o|平扫|plain", re.IGNORECASE)
_BOTH = re.compile(r"w(?:ith)?\s*(?:&|and|\+|/)\s*w(?:/o|ithout)", re.IGNORECASE)
_NEGATED = re.compile(r"non[- ]?enhanced|non[- ]?contrast|without contrast|w/o(?: contrast)?|不增强", re.IGNORECASE)


def identify_item(texts: Sequence[str], modality: str, body_part: str | None = None) -> ItemMatch:
    """The exam item of one exam.

    `texts`: what was ordered and done (requested procedure, study description, protocol), best first; not the names
    of single series, which speak of parts of the exam.  `modality` "CT", "MR", "DX" (CR counts as DX) or "MG".
    The body part attribute is heard only when no text names a part.  Never guesses: several parts or items give
    `item_ambiguous`, none `item_unknown`, phantoms and dose reports `item_excluded`.
    """
    family = family_of(modality)
    hits = _outermost(_hits(texts, family))
    excluded = [h for h in hits if _is_excluding(h.keyword)]
    if excluded:
        what = excluded[0].keyword.text
        return ItemMatch(None, "none", (what,), Reason("item_excluded", {"what": what}))
    anatomy = [h for h in hits if "=" not in h.keyword.hint]
    named = _named(texts, family)
    if named is not None and all(_says_the_same(h, named) for h in hits if not _is_name(texts[h.text], family)):
        return ItemMatch(named.code, "text", (named.name_zh,))
    confidence: Confidence = "text"
    if not anatomy and body_part:
        anatomy = _outermost(_hits([body_part], family))
        anatomy = [h for h in anatomy if "=" not in h.keyword.hint and not _is_excluding(h.keyword)]
        confidence = "body_part"
    if not anatomy:
        return ItemMatch(None, "none", (), Reason("item_unknown"))
    return _decided(texts, hits, anatomy, (family, confidence))


def _decided(
    texts: Sequence[str], hits: Sequence[_Hit], anatomy: Sequence[_Hit], how: tuple[str, Confidence]
) -> ItemMatch:
    """The item that the named parts and modifiers leave, or why they leave none; `how`: family and confidence."""
    family, confidence = how
    why = tuple(dict.fromkeys(h.keyword.text for h in anatomy))
    candidates = _candidates(anatomy, family)
    if not candidates:
        return ItemMatch(None, "none", why, Reason("item_unknown"))
    if len(candidates) != 1:
        names = tuple(sorted(candidates))
        return ItemMatch(None, "none", why, Reason("item_ambiguous", {"items": ", ".join(names)}), names)
    item = _modified(candidates.pop(), _modifiers(texts, hits))
    if item is None:
        return ItemMatch(None, "none", why, Reason("item_ambiguous", {"items": ", ".join(why)}))
    return ItemMatch(item, confidence, why)


@cache
def _names() -> dict[tuple[str, str], Item]:
    """Items by modality and name in either language; a name that several items have stands for none."""
    found: dict[tuple[str, str], Item | None] = {}
    for item in item_catalogue().values():
        for name in {_spelt(item.name_zh), _spelt(item.name_en)} - {""}:
            key = (item.modality, name)
            found[key] = None if key in found else item
    return {key: item for key, item in found.items() if item is not None}


def _named(texts: Sequence[str], family: str) -> Item | None:
    """The one item whose very name some text is; keywords would only hear the part of the body in it."""
    found = {item.code: item for text in texts if (item := _names().get((family, _spelt(text)))) is not None}
    return next(iter(found.values())) if len(found) == 1 else None


def _is_name(text: str, family: str) -> bool:
    return (family, _spelt(text)) in _names()


def _says_the_same(hit: _Hit, item: Item) -> bool:
    """Whether a keyword of another text speaks of the same part of the body and modifies nothing."""
    return hit.keyword.body_part == item.body_part and "=" not in hit.keyword.hint


def _spelt(text: str) -> str:
    """A text without what differs between two spellings of a name: width, case and blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def family_of(modality: str) -> str:
    """The modality under which the catalogue keeps its items: CR counts as DX."""
    return "DX" if modality == "CR" else modality


def keywords_of(item: str) -> tuple[str, ...]:
    """The keywords that name an item, in the order of the catalogue."""
    return tuple(k.text for k in _keywords() if item in k.hint.split(";"))


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a text says in words of the catalogue: body parts, items those words name, and the kind of scan."""

    parts: frozenset[str]
    items: frozenset[str]
    scan: frozenset[str]


@lru_cache(maxsize=4096)
def spoken(text: str, modality: str) -> Spoken:
    """The body parts, items and kind of scan that a text names; empty sets where it names none."""
    family = family_of(modality)
    hits = _outermost(_hits([text], family))
    anatomy = [h.keyword for h in hits if "=" not in h.keyword.hint and not _is_excluding(h.keyword)]
    parts = frozenset(k.body_part for k in anatomy if k.body_part)
    items = frozenset(code for k in anatomy for code in _items(k, family))
    return Spoken(parts, items, frozenset(_modifiers([text], hits)))


def phantom_word(text: str, modality: str) -> str | None:
    """The keyword by which a text names a phantom or a test ("ACR", "QA", 体模); None when it names none."""
    hits = _hits([text], family_of(modality))
    return next((h.keyword.text for h in hits if h.keyword.body_part == "PHANTOM"), None)


def _is_excluding(keyword: _Keyword) -> bool:
    return keyword.hint == "exclude_from_image_qc" or keyword.body_part == "PHANTOM"


def _hits(texts: Iterable[str], family: str) -> list[_Hit]:
    return [
        _Hit(keyword, number, found.start(), found.end())
        for number, text in enumerate(texts)
        for keyword in _keywords()
        if family in keyword.modalities
        for found in keyword.pattern.finditer(text[:500])
    ]


def _outermost(hits: Sequence[_Hit]) -> list[_Hit]:
    """Hits that no longer one overlaps ("abdomen" in "upper abdomen", 腰椎 in 腰椎间盘)."""
    return [h for h in hits if not any(_covered(h, other) for other in hits)]


def _covered(hit: _Hit, other: _Hit) -> bool:
    longer = other.end - other.start > hit.end - hit.start
    return hit.text == other.text and longer and other.start < hit.end and hit.start < other.end


def _candidates(anatomy: Sequence[_Hit], family: str) -> set[str]:
    """Items on which all keywords agree; a special item wins over the plain one of the same family."""
    sets = [items for h in anatomy for items in [_items(h.keyword, family)] if items]
    if not sets:
        return set()
    shared = set.intersection(*sets)
    found = shared or set.union(*sets)
    special = {i for i in found if any(p != i and p.endswith("-PL") and i.startswith(p[:-2]) for p in found)}
    plain = {p for p in found if any(i in special and i.startswith(p[:-2]) for i in found) and p.endswith("-PL")}
    return found - plain


def _items(keyword: _Keyword, family: str) -> set[str]:
    """Items of the modality that a keyword names; if it names none, the one that its body part has."""
    own = _of_family(keyword, family)
    if own or not keyword.body_part:
        return own
    same_part = [k for k in _keywords() if k.body_part == keyword.body_part and family in k.modalities]
    found = {code for other in same_part for code in _of_family(other, family)}
    usual = {f"{family}-{keyword.body_part}", f"{family}-{keyword.body_part}-PL"}
    return found if len(found) == 1 else found & usual


def _of_family(keyword: _Keyword, family: str) -> set[str]:
    catalogue = item_catalogue()
    return {code for code in keyword.hint.split(";") if code in catalogue and catalogue[code].modality == family}


def _modifiers(texts: Sequence[str], hits: Sequence[_Hit]) -> set[str]:
    """What the texts say about the kind of scan: plain, contrast, CTA, MRA, MRV, perfusion, pediatric ..."""
    found = {h.keyword.hint.split("=")[1] for h in hits if h.keyword.hint.startswith("scan=")}
    found |= {"pediatric" for h in hits if h.keyword.hint == "pediatric=Y"}
    joined = " ".join(texts)
    if re.search(r"(?<![A-Za-z])MRV(?![A-Za-z])", joined, re.IGNORECASE):
        found = (found - {"MRA"}) | {"MRV"}
    if _BOTH.search(joined):
        return found | {"contrast"}
    rest = _NEGATED.sub(" ", joined)
    if "contrast" in found and not any(h.keyword.hint == "scan=contrast" for h in _hits([rest], "CT")):
        found.discard("contrast")
    if _PLAIN_WORDS.search(joined):
        found.add("plain")
    return found


def _modified(item: str, modifiers: set[str]) -> str | None:
    """The item after its modifiers; None when a modifier asks for an item that the catalogue does not have."""
    for name in (*VASCULAR, "pediatric"):
        if name in modifiers and (item, name) in VARIANTS:
            return VARIANTS[item, name]
    vascular = [name for name in VASCULAR if name in modifiers]
    if vascular and item.endswith("-PL"):
        return None
    if "contrast" in modifiers or "multiphase" in modifiers:
        changed = VARIANTS.get((item, "contrast"), f"{item[:-2]}CE" if item.endswith("-PL") else item)
        return changed if changed in item_catalogue() else None
    if "plain" in modifiers and item.endswith("-CE"):
        plain = f"{item[:-2]}PL"
        return plain if plain in item_catalogue() else None
    return item
