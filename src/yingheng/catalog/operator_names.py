"""The texts by which scanners and information systems name who made an exam: the same name, placeholders, whose it is.

Pure: no database.  A text is compared after NFKC, without regard to case, blanks, carets and punctuation, and to the
order of its parts ("ZHANG^SAN", "San Zhang"); the groups of a DICOM person name ("Zhang^San=张^三") each count.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from itertools import permutations
from uuid import UUID

LONGEST = 200
_WORDS = re.compile(r"[^\W_]+")
_LEAST_ALIKE = 0.5
_MOST_ORDERED = 4  # parts of a name whose orders are all looked at


def words(text: str) -> tuple[str, ...]:
    """The words of one group of a name; Chinese characters, however they are parted, are one."""
    found = tuple(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))
    return ("".join(found),) if found and not any(word.isascii() for word in found) else found


def groups(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of each group of a name that has any."""
    return tuple(found for part in text[:LONGEST].split("=") if (found := words(part)))


def canonical(text: str) -> str:
    """One spelling for all spellings of a text; "" for one that says nothing."""
    return "=".join(dict.fromkeys(" ".join(sorted(one)) for one in groups(text)))


def spellings(found: tuple[str, ...]) -> frozenset[str]:
    """The words of a group written together, in every order."""
    if len(found) > _MOST_ORDERED:
        return frozenset({"".join(found), "".join(sorted(found))})
    return frozenset("".join(order) for order in permutations(found))


@lru_cache(maxsize=1)
def placeholders() -> frozenset[str]:
    """Canonical texts that stand for nobody: what scanners put in by themselves, and what people type to get on."""
    text = resources.files("yingheng.catalog").joinpath("operator_placeholders.tsv").read_text(encoding="utf-8")
    return frozenset(canonical(row["text"]) for row in csv.DictReader(text.splitlines(), delimiter="\t"))


def is_placeholder(text: str) -> bool:
    """Whether every group of a text stands for nobody; a single Latin letter does so too."""
    told = [" ".join(sorted(one)) for one in groups(text)]
    return all(one in placeholders() or (len(one) == 1 and one.isascii() and one.isalpha()) for one in told)


@dataclass(slots=True)
class Staff:
    """The staff of one hospital, by number and by name."""

    numbers: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    names: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, rows: Iterable[tuple[UUID, str, str]]) -> Staff:
        """From rows of id, staff number and name."""
        found = cls()
        for pk, number, name in rows:
            found.numbers["".join(words(number))].add(pk)
            for group in groups(name):
                for spelling in spellings(group):
                    found.names[spelling].add(pk)
        found.numbers.pop("", None)
        return found

    def named(self, text: str) -> frozenset[UUID]:
        """Whom a text names: by number and name together, else by the one or the other, exactly."""
        told = groups(text)
        both = {pk for group in told for pk in self._both(group)}
        if both:
            return frozenset(both)
        found: set[UUID] = set()
        for group in told:
            found |= self.numbers.get("".join(group), set())
            for spelling in spellings(group):
                found |= self.names.get(spelling, set())
        return frozenset(found)

    def _both(self, group: tuple[str, ...]) -> set[UUID]:
        """Who has one word of the group as staff number and the others as name: "1023 张三"."""
        found: set[UUID] = set()
        for place, word in enumerate(group):
            holders = self.numbers.get(word)
            rest = words(" ".join(group[:place] + group[place + 1 :]))
            if holders and rest:
                found |= holders & {pk for spelling in spellings(rest) for pk in self.names.get(spelling, ())}
        return found


def several_told(values: object) -> tuple[str, ...]:
    """The texts of an attribute with any number of values, without those that say nothing and what comes twice."""
    told = values if isinstance(values, tuple | list) else (values,)
    texts = (str(one).strip("\0 ")[:LONGEST] for one in told if one is not None)
    found: Mapping[str, str] = {key: text for text in reversed(list(texts)) if (key := canonical(text))}
    return tuple(reversed(found.values()))


def alike(text: str, rows: Iterable[tuple[UUID, str, str]], most: int = 3) -> list[UUID]:
    """Of the staff (id, number, name) those whose name or number has most letters in common with a text, best first.

    A hint for people (Dice's coefficient over letters, at least a half), never a match.
    """
    told = [Counter("".join(group)) for group in groups(text)]
    found: list[tuple[float, str, UUID]] = []
    for pk, number, name in rows:
        known = [Counter("".join(group)) for group in (*groups(name), words(number))]
        score = max((_dice(a, b) for a in told for b in known if b), default=0.0)
        if score >= _LEAST_ALIKE:
            found.append((-score, number, pk))
    return [pk for _score, _number, pk in sorted(found)[:most]]


def _dice(a: Counter[str], b: Counter[str]) -> float:
    return 2 * (a & b).total() / (a.total() + b.total())
