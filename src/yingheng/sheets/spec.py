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
CONFIDENCES = ("verified", "secondary", "expert", "unconfirmed")
#: What a sheet can be limited to, so that the one that fits an exam is chosen.
APPLIES = ("modality", "body_part", "view")
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
    """One answer of a choice.  `quick` is the key that gives it where sheets are filled in by keyboard."""

    key: str
    label: Words
    quick: str = ""


@dataclass(frozen=True, slots=True)
class Deduction:
    """A fault that a score loses points for; `veto` sends the whole sheet to the last grade.

    `defect` is its code in the dictionary of defects.
    """

    key: str
    label: Words
    points: float
    veto: bool = False
    defect: str = ""
    quick: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One of the steps that a score is given in, with its points."""

    key: str
    label: Words
    points: float
    veto: bool = False
    defect: str = ""
    quick: str = ""


@dataclass(frozen=True, slots=True)
class AutoStep:
    """Points for a measured value of at most, or at least, that much; without a bound for every other value."""

    points: float
    at_most: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Auto:
    """What a measurement suggests for an item: the first step that holds.  `magnitude` leaves the sign out.

    A suggestion is never an answer: a person always enters the points.
    """

    quantity: str
    steps: tuple[AutoStep, ...]
    magnitude: bool = False


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

    Of a score sheet: `weight` is the most points of a score, and of a check what "yes" is worth ("not applicable" does
    not count).  A score is entered as points, as faults (`deductions`) or as one of `levels`.  `veto` of a check has
    "no" send the sheet to the last grade; `grades` of a choice has the person give the grade itself.  `quick` is the
    key that goes to the item.
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
    levels: tuple[Level, ...] = ()
    dimension: str = ""
    auto: Auto | None = None
    veto: bool = False
    grades: bool = False
    quick: str = ""
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
    """The grade of a score of at least `least` points of a hundred, with at most `faults` items that lost points."""

    key: str
    label: Words
    least: float = 0.0
    faults: int | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """What several items are about (coverage, contrast …): points of a hundred of its own.

    With `weight` the whole score is the weighted mean of the dimensions.  `line` is what should be reached.
    """

    key: str
    label: Words
    weight: float | None = None
    line: float | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """The points or the grade from which on an image is excellent, and below or from which its cause is traced."""

    excellent: float | None = None
    trace: float | None = None
    excellent_grade: str = ""
    trace_grade: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole sheet.  `subject` is a kind of subject ("device", "room" …).

    `standards` are judged beside those of the hospital; `facts` are what their limits ask for (test, modality …).

    Of a score sheet: `applies` is what it is for, by modality, body part and view (nothing: for everything);
    `zero_best` the best grade that is left once an item has no points at all; `source` where it comes from and
    `confidence` how sure that is.
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
    dimensions: tuple[Dimension, ...] = ()
    lines: Lines = field(default_factory=Lines)
    zero_best: str = ""
    applies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: Words = field(default_factory=lambda: Words("", ""))
    confidence: str = ""

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
