"""Facts that stand inside of sequences: ultrasound regions, the radiopharmaceutical, modifiers of a view.

Source: PS3.3 C.8.5.5 (ultrasound regions), C.8.4.10 and C.8.9.2 (isotope), C.8.4.11 and C.8.4.14 (rotations, phases),
C.8.11.3 (view modifiers), C.7.6.10 (mask).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from imagingqc.dicom.attributes import EVERY_ITEM, FIRST_ITEM
from imagingqc.dicom.clean import facts_of
from imagingqc.dicom.fast import Elements, Header, tags_of
from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.dicom.model import Fact, Problem
from imagingqc.errors import Reason

MAX_ITEMS = 256
_TAGS = tags_of((*FIRST_ITEM, *EVERY_ITEM))


def nested_facts(dataset: Elements) -> tuple[dict[str, Fact], list[Problem]]:
    """Facts of the sequences listed in `attributes`, and what was wrong with them.

    Of EVERY_ITEM sequences each keyword holds a tuple with one value for each item; when one item lacks one or holds an
    unbelievable one, none of them is kept, since they belong together.  Of FIRST_ITEM sequences the first item counts.
    """
    return dataset.derived("nested", _TAGS, _nested) if isinstance(dataset, Header) else _nested(dataset)


def _nested(dataset: Dataset) -> tuple[dict[str, Fact], list[Problem]]:
    facts: dict[str, Fact] = {}
    problems: list[Problem] = []
    for keyword, wanted in FIRST_ITEM.items():
        for item in _items(dataset, keyword, problems)[:1]:
            found, wrong = _of_item(item, wanted)
            facts |= found
            problems += wrong
    for keyword, wanted in EVERY_ITEM.items():
        rows = [_of_item(item, wanted) for item in _items(dataset, keyword, problems)]
        problems += [problem for _, wrong in rows for problem in wrong]
        if rows and all(len(found) == len(wanted) for found, _ in rows):
            facts |= {name: tuple(_number(found[name]) for found, _ in rows) for name in wanted}
    return facts, problems


def _items(dataset: Dataset, keyword: str, problems: list[Problem]) -> Sequence[Dataset]:
    try:
        items = list(dataset.get(keyword) or ())
    except PARSER_ERRORS:
        items = [None]
    if len(items) <= MAX_ITEMS and all(isinstance(item, Dataset) for item in items):
        return items
    problems.append(Problem(keyword, Reason("unreadable_value", {"tag": keyword})))
    return []


def _of_item(item: Dataset, wanted: Sequence[str]) -> tuple[dict[str, Fact], list[Problem]]:
    found: dict[str, Fact] = {}
    problems: list[Problem] = []
    for keyword, fact in facts_of(item):
        if keyword not in wanted:
            continue
        if isinstance(fact, Problem):
            problems.append(fact)
        else:
            found[keyword] = fact
    return found, problems


def _number(fact: Fact) -> float:
    """The one number of an item; -1 for several, which no attribute of the list may have."""
    return float(fact) if isinstance(fact, int | float) else -1.0
