"""Which item an exam text may mean, learnt from what people of the same hospital confirmed for similar texts.

A suggestion is shown with its reason and never applied by itself.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from imagingqc.protocol.items import Item, family_of, item_catalogue, spoken

LEAST = 0.5  # of similarity: below it nothing is suggested
KEY_LENGTH = 200
BETWEEN = " / "
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?:\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?|[01]\d[0-3]\d)(?!\d)")
_TIME = re.compile(r"(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)")
_SERIAL = re.compile(r"(?:(?<=\s)[A-Z]{1,4}[-#]?|^[A-Z]{1,4}[-#]?)?(?<!\d)\d{5,}(?:[-.]\d+)*")
_SPACES = re.compile(r"[\s^_|]+")
_EDGES = " \t-–—.,;:/\\*#~+=…、，。；：·"
_WORD = re.compile(r"[A-Z]+|\d+|[^\W\dA-Z_]")  # a Latin word, a number, or one character of any other script
_INSIDE = re.compile(r"[^\w+]|_")


@dataclass(frozen=True, slots=True)
class Known:
    """A text of this hospital that a person confirmed to mean an item; `n_exams` exams carry it."""

    text: str
    item: str
    n_exams: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item that a text may mean, and why.

    `score` 0 to 1 is the similarity (higher is nearer) to `like`: a confirmed text of `n_exams` exams, or for
    `source` "name" the item's own name.  For `source` "dictionary" the keywords allow the item beside others; it
    then has a `like` only where a confirmed text supports it.
    """

    item: str
    source: str  # dictionary | similar | name
    score: float
    like: str = ""
    n_exams: int = 0


def plain_text(text: str) -> str:
    """A text without what differs from exam to exam: case, width, spacing, dates, times, long numbers."""
    found = unicodedata.normalize("NFKC", text).upper()
    found = _SPACES.sub(" ", found)
    for pattern in (_DATE, _TIME, _SERIAL):
        found = pattern.sub(" ", found)
    found = _SPACES.sub(" ", found).strip(_EDGES)
    return found if any(c.isalnum() for c in found) else ""


def item_key(texts: Iterable[str], body_part: str = "") -> str:
    """The name under which exams with the same texts are mapped together; "" when there is nothing to go by.

    Distinct texts in their order, one that another contains left out; without any text the body part attribute in
    brackets.  At most KEY_LENGTH characters, longer ones end in a digest of the whole.
    """
    plain = list(dict.fromkeys(t for text in texts if (t := plain_text(text))))
    kept = [t for t in plain if not any(t != other and t in other for other in plain)]
    part = plain_text(body_part)
    key = BETWEEN.join(kept) or (f"[{part}]" if part else "")
    if len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{key[: KEY_LENGTH - 10]}… {digest}"


def similarity(one: str, other: str) -> float:
    """How alike two texts are, 0 to 1: mean of the Jaccard indices of their character pairs and of their words.

    Pairs hear the order of characters, words do not, so that "CHEST CT" and "CT CHEST" are near.  Symmetric.
    """
    a, b = _features(one), _features(other)
    return (_jaccard(a[0], b[0]) + _jaccard(a[1], b[1])) / 2


def agree(one: str, other: str, modality: str) -> bool:
    """Whether two texts may mean the same item: no other body part, no other kind of scan.

    "Knee" and "hip", or a plain and a contrast scan, differ in few letters and are never taken for each other.
    """
    a, b = spoken(one, modality), spoken(other, modality)
    if a.parts and b.parts and a.parts.isdisjoint(b.parts):
        return False
    if a.items and b.items and a.items.isdisjoint(b.items):
        return False
    return a.scan - {"plain"} == b.scan - {"plain"}


def suggest(
    text: str,
    modality: str,
    known: Sequence[Known] = (),
    *,
    candidates: Sequence[str] = (),
    rejected: Iterable[str] = (),
    limit: int = 3,
) -> tuple[Suggestion, ...]:
    """At most `limit` items that a text may mean, the likeliest first; none when nothing is near enough.

    `candidates` are items between which the dictionary could not decide; `known` the confirmed texts of the
    hospital; `rejected` items that a person turned down for this text.  Only items of the modality.
    """
    catalogue, family, refused = item_catalogue(), family_of(modality), set(rejected)

    def wanted(code: str) -> bool:
        return code in catalogue and catalogue[code].modality == family and code not in refused

    found: dict[str, Suggestion] = {}
    for one in known:
        score = similarity(text, one.text) if wanted(one.item) else 0.0
        nearer = one.item not in found or (score, one.n_exams) > (found[one.item].score, found[one.item].n_exams)
        if score >= LEAST and nearer and agree(text, one.text, modality):
            found[one.item] = Suggestion(one.item, "similar", score, one.text, one.n_exams)
    for code in filter(wanted, dict.fromkeys(candidates)):
        like = found.get(code)
        score = like.score if like else _name_score(text, catalogue[code])
        found[code] = Suggestion(code, "dictionary", score, like.like if like else "", like.n_exams if like else 0)
    for code, item in catalogue.items():
        if code not in found and wanted(code):
            score = _name_score(text, item)
            if score >= LEAST and agree(text, item.name_zh, modality):
                found[code] = Suggestion(code, "name", score, item.name_zh)
    return tuple(sorted(found.values(), key=lambda s: (-_rank(s), s.item))[:limit])


_ALLOWED = 0.5  # what the dictionary's own keywords are worth beside a similarity


def _rank(s: Suggestion) -> float:
    """What was confirmed outweighs a name; what the keywords allow comes before what they do not."""
    if s.source == "dictionary":
        return _ALLOWED + (s.score if s.like else 0.3 * s.score)
    return s.score if s.source == "similar" else 0.9 * s.score


def _name_score(text: str, item: Item) -> float:
    return max(similarity(text, item.name_zh), similarity(text, item.name_en))


@lru_cache(maxsize=8192)
def _features(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Character pairs and words of a text; both empty when it says nothing."""
    plain = plain_text(text)
    compact = _INSIDE.sub("", plain)
    pairs = frozenset(compact[i : i + 2] for i in range(max(1, len(compact) - 1))) if compact else frozenset()
    return pairs, frozenset(_WORD.findall(plain))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0
