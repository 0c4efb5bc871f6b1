"""Read sheets from TOML: closed keys, every mistake named with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from imagingqc.criteria.judge import NUMERIC_APPLIES
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import APPLIES_KEYS
from yingheng.sheets.load_items import item_of, reading_items
from yingheng.sheets.load_score import HEAD_KEYS, applies_of, check_score, dimensions_of, grades_of, lines_of
from yingheng.sheets.places import Places, Problem
from yingheng.sheets.spec import CONFIDENCES, KINDS, Group, Item, Reading, Spec

LARGEST = 300_000  # characters
MOST_ITEMS = 300
KEY = re.compile(r"[a-z][a-z0-9-]{1,60}")
_HEAD = ("key", "version", "kind", "title", "title_en", "about", "about_en", "subject", "standards", "facts", "group",
         "grade", *HEAD_KEYS)  # fmt: skip
_GROUP = ("title", "title_en", "item", "optional", "reading", "prefix", "facts", "quantities", "help", "help_en")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sheet, or what is wrong with its text."""

    spec: Spec | None
    problems: tuple[Problem, ...] = ()


def load(text: str, *, stored: bool = False) -> Loaded:
    """The sheet that a TOML text describes; `spec` is None exactly when there are problems.

    `stored`: the text was accepted before, and what it names outside of itself is not asked for again.
    """
    places = Places()
    if len(text) > LARGEST:
        places.add("file", _("The text is too large for a sheet."))
        return Loaded(None, places.found())
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        places.add("file", _("This is not TOML: %(what)s") % {"what": exc})
        return Loaded(None, places.found())
    spec = _spec(raw, places)
    if spec is not None:
        _check_whole(spec, places, stored=stored)
    problems = places.found()
    return Loaded(None if problems else spec, problems)


def _spec(raw: Mapping[str, Any], places: Places) -> Spec | None:
    places.only("sheet", raw, _HEAD)
    groups, readings = _groups(raw.get("group"), places)
    key = places.text("sheet", raw, "key")
    if key and not KEY.fullmatch(key):
        places.add("sheet: key", _("lower-case letters, digits and hyphens, beginning with a letter"))
    spec = Spec(
        key=key,
        version=places.whole("sheet", raw, "version", 1),
        kind=places.one_of("sheet", raw, "kind", KINDS),
        title=places.words("sheet", raw, "title"),
        about=places.words("sheet", raw, "about", needed=False),
        subject=places.text("sheet", raw, "subject"),
        standards=_standards(raw.get("standards", []), places),
        facts=_facts(raw.get("facts", {}), places),
        groups=groups,
        readings=readings,
        grades=grades_of(raw.get("grade", []), places),
        dimensions=dimensions_of(raw, places),
        lines=lines_of(raw, places),
        zero_best=places.text("sheet", raw, "zero_best", needed=False),
        applies=applies_of(raw, places),
        source=places.words("sheet", raw, "source", needed=False),
        confidence=places.one_of("sheet", raw, "confidence", ("", *CONFIDENCES), ""),
    )
    return None if places.found() else spec


def _standards(raw: object, places: Places) -> tuple[str, ...]:
    if not isinstance(raw, list):
        places.add("sheet: standards", _("a list is wanted"))
        return ()
    for name in raw:
        if name not in load_builtin():
            places.add("sheet: standards", _("there is no standard %(name)s") % {"name": name})
    return tuple(str(name) for name in raw)


def _facts(raw: object, places: Places) -> dict[str, str | float]:
    if not isinstance(raw, dict):
        places.add("sheet: facts", _("a table is wanted"))
        return {}
    for key, value in raw.items():
        if key not in APPLIES_KEYS:
            places.add(f"facts: {key}", _("no limit asks for this"))
        elif isinstance(value, bool) or not isinstance(value, int | float if key in NUMERIC_APPLIES else str):
            places.add(f"facts: {key}", _("a number is wanted") if key in NUMERIC_APPLIES else _("a text is wanted"))
    return dict(raw)


def _groups(raw: object, places: Places) -> tuple[tuple[Group, ...], tuple[Reading, ...]]:
    if not isinstance(raw, list) or not raw:
        places.add("sheet: group", _("at least one group is wanted"))
        return (), ()
    groups, readings = [], []
    for number, one in enumerate(raw, 1):
        at = f"group {number}"
        if not isinstance(one, dict):
            places.add(at, _("a table is wanted"))
            continue
        places.only(at, one, _GROUP)
        items = [
            item_of(table, f"{at}, item {i}", places) for i, table in enumerate(_tables(one, "item", at, places), 1)
        ]
        title = places.words(at, one, "title")
        if "reading" in one:
            made, reading = reading_items(one, at, title, places)
            items = [*made, *items]
            readings += [reading] if reading else []
        if not items:
            places.add(at, _("a group without an item"))
        optional = places.flag(at, one, "optional", default=False)
        groups.append(Group(title, tuple(item for item in items if item), optional))
    return tuple(groups), tuple(readings)


def _tables(raw: Mapping[str, Any], key: str, at: str, places: Places) -> list[dict[str, Any]]:
    found = raw.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        places.add(f"{at}: {key}", _("tables are wanted"))
        return []
    return found


def _check_whole(spec: Spec, places: Places, *, stored: bool) -> None:
    """What only shows when every item is known."""
    items = list(spec.items())
    if len(items) > MOST_ITEMS:
        places.add("sheet", _("more than %(most)s items") % {"most": MOST_ITEMS})
    seen: dict[str, Item] = {}
    for item in items:
        if item.key in seen:
            places.add(item.key, _("two items of one key"))
        _check_shown(item, seen, places)
        seen[item.key] = item
    check_score(spec, places, stored=stored)


def _check_shown(item: Item, before: Mapping[str, Item], places: Places) -> None:
    if item.shown_if is None:
        return
    other = before.get(item.shown_if.item)
    if other is None:
        places.add(f"{item.key}: shown_if", _("names no earlier item"))
        return
    known = {"check": ("yes", "no", "na"), "choice": tuple(c.key for c in other.choices)}.get(other.type)
    if known is None or not set(item.shown_if.values) <= set(known):
        places.add(f"{item.key}: shown_if", _("names an answer that the other item does not have"))
