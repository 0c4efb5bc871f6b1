"""One item of a sheet from its table in the text, and the items that a reading of the core asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from imagingqc.criteria.model import APPLIES_KEYS
from imagingqc.quantity import quantity_catalogue
from yingheng.sheets.formulas import Input, reading_of
from yingheng.sheets.load_score import CHECK_KEYS, CHOICE_KEYS, SCORE_KEYS, quick_of, score_fields
from yingheng.sheets.places import KEY, Places
from yingheng.sheets.spec import ITEM_TYPES, NUMERIC, Choice, Item, Reading, ShownIf, Words

MOST_READINGS = 60
_COMMON = ("key", "type", "label", "label_en", "help", "help_en", "required", "shown_if", "quick")
_OWN: Mapping[str, tuple[str, ...]] = {
    "number": ("unit", "decimals", "plausible", "quantity", "fact"),
    "integer": ("unit", "plausible", "quantity", "fact"),
    "series": ("unit", "decimals", "plausible", "quantity", "count"),
    "choice": ("choices", "fact", *CHOICE_KEYS),
    "check": CHECK_KEYS,
    "text": (),
    "date": (),
    "file": (),
    "signature": ("by",),
    "score": SCORE_KEYS,
}
_CHOICE = ("key", "label", "label_en", "quick")


def item_of(raw: Mapping[str, Any], at: str, places: Places) -> Item | None:
    """The item; None when not even its type is known."""
    if raw.get("type") not in ITEM_TYPES:
        places.add(f"{at}: type", _("one of %(known)s is wanted") % {"known": ", ".join(ITEM_TYPES)})
        return None
    kind = raw["type"]
    places.only(at, raw, _COMMON + _OWN[kind])
    key = places.text(at, raw, "key")
    at = f"{at} ({key})"
    if key and not KEY.fullmatch(key):
        places.add(f"{at}: key", _("lower-case letters, digits and underscores, beginning with a letter"))
    return Item(
        key=key,
        type=kind,
        label=places.words(at, raw, "label"),
        help=places.words(at, raw, "help", needed=False),
        required=places.flag(at, raw, "required", default=True),
        shown_if=_shown_if(raw, at, places),
        quick=quick_of(at, raw, places),
        by=places.one_of(at, raw, "by", ("author", "witness"), "author") if kind == "signature" else "author",
        **_numeric(raw, at, kind, places),
        **_listed(raw, at, kind, places),
    )


def _numeric(raw: Mapping[str, Any], at: str, kind: str, places: Places) -> dict[str, Any]:
    if kind not in NUMERIC:
        return {"fact": _fact(raw, at, places)}
    unit = places.text(at, raw, "unit", needed=False)
    decimals = places.whole(at, raw, "decimals", 0) if "decimals" in raw else None
    out = {"unit": unit, "decimals": decimals, "fact": _fact(raw, at, places)}
    out["plausible"] = _plausible(raw, at, places)
    out["count"] = _count(raw, at, places) if kind == "series" else (1, 1)
    out["quantity"] = _quantity(raw, at, unit, places)
    return out


def _quantity(raw: Mapping[str, Any], at: str, unit: str, places: Places) -> str:
    name = places.text(at, raw, "quantity", needed=False)
    known = quantity_catalogue().get(name)
    if name and known is None:
        places.add(f"{at}: quantity", _("there is no such quantity"))
    elif known is not None and known.kind not in {"number", "integer"}:
        places.add(f"{at}: quantity", _("this quantity is no number"))
    elif known is not None and known.unit != (unit or "1"):
        places.add(f"{at}: unit", _("the quantity is in %(unit)s") % {"unit": known.unit})
    return name


def _fact(raw: Mapping[str, Any], at: str, places: Places) -> str:
    name = places.text(at, raw, "fact", needed=False)
    if name and name not in APPLIES_KEYS:
        places.add(f"{at}: fact", _("no limit asks for this"))
    return name


def _pair(raw: Mapping[str, Any], at: str, key: str, places: Places) -> tuple[Any, Any] | None:
    value = raw[key]
    good = isinstance(value, list) and len(value) == 2 and value[0] <= value[1] if _numbers(value) else False
    if not good:
        places.add(f"{at}: {key}", _("two numbers are wanted, the smaller one first"))
        return None
    return value[0], value[1]


def _numbers(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in value
    )


def _plausible(raw: Mapping[str, Any], at: str, places: Places) -> tuple[float, float] | None:
    pair = _pair(raw, at, "plausible", places) if "plausible" in raw else None
    return (float(pair[0]), float(pair[1])) if pair else None


def _count(raw: Mapping[str, Any], at: str, places: Places) -> tuple[int, int]:
    value = raw.get("count")
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value, value]
    pair = _pair({"count": value}, at, "count", places)
    if pair is None:
        return 1, 1
    if not (all(isinstance(n, int) for n in pair) and pair[0] >= 1 and pair[1] <= MOST_READINGS):
        places.add(f"{at}: count", _("1 to %(most)s readings") % {"most": MOST_READINGS})
        return 1, 1
    return int(pair[0]), int(pair[1])


def _shown_if(raw: Mapping[str, Any], at: str, places: Places) -> ShownIf | None:
    if "shown_if" not in raw:
        return None
    table = raw["shown_if"]
    values = table.get("is") if isinstance(table, dict) else None
    values = [values] if isinstance(values, str) else values
    sound = isinstance(values, list) and values and all(isinstance(v, str) for v in values)
    if not sound or set(table) != {"item", "is"} or not isinstance(table["item"], str):
        places.add(f"{at}: shown_if", _('a table like { item = "key", is = "yes" } is wanted'))
        return None
    return ShownIf(table["item"], tuple(values))


def _listed(raw: Mapping[str, Any], at: str, kind: str, places: Places) -> dict[str, Any]:
    found = score_fields(raw, at, kind, places)
    if kind == "choice":
        rows = places.rows(at, raw, "choices", _CHOICE)
        if len(rows) < 2:
            places.add(f"{at}: choices", _("at least two choices are wanted"))
        found["choices"] = tuple(
            Choice(places.text(p, r, "key"), places.words(p, r, "label"), quick_of(p, r, places)) for p, r in rows
        )
    return found


def reading_items(raw: Mapping[str, Any], at: str, title: Words, places: Places) -> tuple[list[Item], Reading | None]:
    """The items that a reading asks for; its formula is done when they are filled in."""
    name = places.text(at, raw, "reading")
    reading = reading_of(name)
    if reading is None:
        places.add(f"{at}: reading", _("there is no such reading"))
        return [], None
    prefix = places.text(at, raw, "prefix", needed=False)
    facts = _input_facts(raw, at, reading.inputs, places)
    items = {
        one.key: replace(
            _from_input(one, prefix + one.key.replace("-", "_").replace(".", "_")), fact=facts.get(one.key, "")
        )
        for one in reading.inputs
    }
    first = reading.inputs[0].key
    items[first] = replace(items[first], help=_joined(places.words(at, raw, "help", needed=False), items[first].help))
    for item in items.values():
        if not KEY.fullmatch(item.key):
            places.add(f"{at}: prefix", _("lower-case letters, digits and underscores, beginning with a letter"))
    shown = _shown_quantities(raw, at, reading.quantities, places)
    return list(items.values()), Reading(name, {key: item.key for key, item in items.items()}, title, shown)


def _input_facts(raw: Mapping[str, Any], at: str, inputs: Sequence[Input], places: Places) -> dict[str, str]:
    """Which inputs say what limits ask for: input -> fact."""
    table = raw.get("facts", {})
    if not isinstance(table, dict):
        places.add(f"{at}: facts", _("a table is wanted"))
        return {}
    places.only(f"{at}: facts", table, [one.key for one in inputs])
    for name in table.values():
        if name not in APPLIES_KEYS:
            places.add(f"{at}: facts", _("no limit asks for this"))
    return {key: str(name) for key, name in table.items()}


def _shown_quantities(raw: Mapping[str, Any], at: str, known: Sequence[str], places: Places) -> tuple[str, ...]:
    found = raw.get("quantities", [])
    if not isinstance(found, list) or not set(map(str, found)) <= set(known):
        places.add(f"{at}: quantities", _("there is no such quantity"))
        return ()
    return tuple(found)


def _joined(one: Words, other: Words) -> Words:
    return Words(" · ".join(filter(None, (one.zh, other.zh))), " · ".join(filter(None, (one.en, other.en))))


_TYPES = {"number": "number", "numbers": "series", "integer": "integer", "choice": "choice", "flag": "check"}


def _from_input(one: Input, key: str) -> Item:
    bounded = math.isfinite(one.low) or math.isfinite(one.high)
    return Item(
        key=key,
        type=_TYPES[one.kind],  # type: ignore[arg-type]
        label=Words(one.zh, one.en),
        required=not one.optional and one.default is None,
        unit="" if one.kind in {"choice", "flag"} else one.unit,
        plausible=(one.low, one.high) if bounded else None,
        count=(one.fewest, one.most) if one.kind == "numbers" else (1, 1),
        choices=tuple(Choice(c.key, Words(c.zh, c.en)) for c in one.choices),
        help=Words("", "") if one.default is None else Words(f"不填按 {one.default}", f"{one.default} if left empty"),
    )
