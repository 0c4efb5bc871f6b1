"""What a sheet asks, as plain data: groups of items, limits by quantity, weights of a score.

A template is written as TOML (see `load`); everything here is made by it and is sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

ItemType = Literal[
    "number", "integer", "series", "choice", "check", "text", "date", "file", "signature", "score"
]  # fmt: skip
Kind = Literal["checklist", "readings", "score"]
ITEM_TYPES = ("number", "integer", "series", "choice", "check", "text", "date", "file", "signature", "score")
KINDS = ("checklist", "readings", "score")
CHECKS = ("yes", "no", "na")
NUMERIC = frozenset({"number", "integer", "series"})


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str

    def text(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a choice; `points` is what it is worth where the item is scored."""

    key: str
    label: Words


@dataclass(frozen=True, slots=True)
class Deduction:
    """A fault that a score loses points for; `veto` sends the whole sheet to the last grade."""

    key: str
    label: Words
    points: float
    veto: bool = False


@dataclass(frozen=True, slots=True)
class ShownIf:
    """An item is asked only while another one has one of these answers."""

    item: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is asked.

    `unit` is UCUM.  `plausible` bounds what can be meant at all: a value outside is refused as a typing error.
    `count` is the least and the most readings of a series.  `quantity` has the criteria judge the value (of a series
    its mean); `fact` makes the answer a fact that limits ask for (slice_thickness …).  `by` of a signature is the
    person who submits ("author") or a second one ("witness").
    """

    key: str
    type: ItemType
    label: Words
    help: Words = field(default_factory=lambda: Words("", ""))
    required: bool = True
    unit: str = ""
    decimals: int | None = None
    plausible: tuple[float, float] | None = None
    count: tuple[int, int] = (1, 1)
    choices: tuple[Choice, ...] = ()
    quantity: str = ""
    fact: str = ""
    shown_if: ShownIf | None = None
    weight: float = 0.0
    deductions: tuple[Deduction, ...] = ()
    by: Literal["author", "witness"] = "author"


@dataclass(frozen=True, slots=True)
class Group:
    """Items under one heading; those of an `optional` one are asked for once one of them is answered."""

    title: Words
    items: tuple[Item, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A function of `imagingqc.phantom.readings` done for the person: parameter -> item that gives it.

    `quantities` are the results shown beside it, where another one of the sheet gives the rest; empty: all.
    """

    function: str
    inputs: Mapping[str, str]
    label: Words
    quantities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GradeStep:
    """The grade of a score of at least `least` points of a hundred."""

    key: str
    label: Words
    least: float


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole sheet.  `subject` is a kind of subject ("device", "room" …).

    `standards` are judged beside those of the hospital; `facts` are what their limits ask for (test, modality …).
    """

    key: str
    version: int
    kind: Kind
    title: Words
    subject: str
    groups: tuple[Group, ...]
    about: Words = field(default_factory=lambda: Words("", ""))
    standards: tuple[str, ...] = ()
    facts: Mapping[str, str | float] = field(default_factory=dict)
    readings: tuple[Reading, ...] = ()
    grades: tuple[GradeStep, ...] = ()

    def items(self) -> Iterator[Item]:
        """Every item, in the order of the sheet."""
        for group in self.groups:
            yield from group.items

    def item(self, key: str) -> Item:
        """The item of that key; KeyError when there is none."""
        found = next((item for item in self.items() if item.key == key), None)
        if found is None:
            raise KeyError(key)
        return found
