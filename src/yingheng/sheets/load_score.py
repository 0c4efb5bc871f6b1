"""What only score sheets have: faults, levels, suggestions, dimensions, grades and lines, from their tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from imagingqc.quantity import quantity_catalogue
from yingheng.sheets.defects import defect_name, defects_registered
from yingheng.sheets.places import Places
from yingheng.sheets.spec import APPLIES, Auto, AutoStep, Deduction, Dimension, GradeStep, Item, Level, Lines, Spec

SCORE_KEYS = ("weight", "deductions", "levels", "dimension", "auto")
CHECK_KEYS = ("weight", "veto", "dimension")
CHOICE_KEYS = ("grades",)
HEAD_KEYS = ("dimension", "lines", "zero_best", "applies", "source", "source_en", "confidence")
GRADE_KEYS = ("key", "label", "label_en", "least", "faults")
_FAULT = ("key", "label", "label_en", "points", "veto", "defect", "quick")
_DIMENSION = ("key", "label", "label_en", "weight", "line")
_LINES = ("excellent", "trace", "excellent_grade", "trace_grade")
_QUICK = re.compile(r"[0-9a-z]")
_MOST = 10_000.0


def quick_of(at: str, raw: Mapping[str, Any], places: Places) -> str:
    """The key of the keyboard for an item or an answer; "" without one."""
    key = places.text(at, raw, "quick", needed=False)
    if key and not _QUICK.fullmatch(key):
        places.add(f"{at}: quick", _("one digit or small letter is wanted"))
    return key


def score_fields(raw: Mapping[str, Any], at: str, kind: str, places: Places) -> dict[str, Any]:
    """What an item of that type has of its own in a score sheet."""
    if kind == "choice":
        return {"grades": places.flag(at, raw, "grades", default=False)}
    if kind not in {"score", "check"}:
        return {}
    found: dict[str, Any] = {"dimension": places.text(at, raw, "dimension", needed=False)}
    if kind == "check":
        found["weight"] = places.number(at, raw, "weight", low=0, high=_MOST) or 0.0
        found["veto"] = places.flag(at, raw, "veto", default=False)
        return found
    return found | _scored(raw, at, places)


def _scored(raw: Mapping[str, Any], at: str, places: Places) -> dict[str, Any]:
    deductions = tuple(_fault(Deduction, place, row, places) for place, row in _faults(raw, at, "deductions", places))
    levels = tuple(_fault(Level, place, row, places) for place, row in _faults(raw, at, "levels", places))
    weight = places.number(at, raw, "weight", low=0, high=_MOST)
    if weight is None:
        places.add(f"{at}: weight", _("is missing"))
        weight = 1.0
    if not weight and (not deductions or levels or any(one.points for one in deductions)):
        places.add(f"{at}: weight", _("only a list of faults without points is worth nothing"))
    if levels and (deductions or len(levels) < 2 or max(one.points for one in levels) != weight):
        places.add(f"{at}: levels", _("at least two levels, the best with the points of the item, and no faults"))
    return {
        "weight": weight,
        "deductions": deductions,
        "levels": levels,
        "auto": _auto(raw, at, weight, levels, places),
    }


def _faults(raw: Mapping[str, Any], at: str, name: str, places: Places) -> list[tuple[str, dict[str, Any]]]:
    return places.rows(at, raw, name, _FAULT)


def _fault(made: Any, at: str, raw: Mapping[str, Any], places: Places) -> Any:
    return made(
        places.text(at, raw, "key"),
        places.words(at, raw, "label"),
        places.number(at, raw, "points", low=0, high=_MOST) or 0.0,
        places.flag(at, raw, "veto", default=False),
        places.text(at, raw, "defect", needed=False),
        quick_of(at, raw, places),
    )


def _auto(raw: Mapping[str, Any], at: str, weight: float, levels: Sequence[Level], places: Places) -> Auto | None:
    if "auto" not in raw:
        return None
    table, at = raw["auto"], f"{at}: auto"
    if not isinstance(table, dict) or not isinstance(table.get("steps"), list) or not table["steps"]:
        places.add(at, _("a table with quantity and steps is wanted"))
        return None
    places.only(at, table, ("quantity", "magnitude", "steps"))
    name = places.text(at, table, "quantity")
    known = quantity_catalogue().get(name)
    if known is None or known.kind not in {"number", "integer"}:
        places.add(at, _("there is no such quantity"))
    steps = tuple(_step(one, at, places) for one in table["steps"])
    offered = {one.points for one in levels} or None
    if any(s.points > weight or (offered is not None and s.points not in offered) for s in steps):
        places.add(at, _("points that the item does not have"))
    if not _ordered(steps):
        places.add(at, _("steps go from the best to the worst, and only the last may be without a bound"))
    return Auto(name, steps, places.flag(at, table, "magnitude", default=False))


def _step(raw: Any, at: str, places: Places) -> AutoStep:
    if not isinstance(raw, dict):
        places.add(at, _("tables are wanted"))
        return AutoStep(0.0)
    places.only(at, raw, ("points", "at_most", "at_least"))
    return AutoStep(
        places.number(at, raw, "points", low=0, high=_MOST) or 0.0,
        places.number(at, raw, "at_most"),
        places.number(at, raw, "at_least"),
    )


def _ordered(steps: Sequence[AutoStep]) -> bool:
    bounded = list(steps[:-1] if steps and steps[-1].at_most is None and steps[-1].at_least is None else steps)
    upper = [s.at_most for s in bounded if s.at_most is not None]
    lower = [s.at_least for s in bounded if s.at_least is not None]
    one_sided = len(bounded) in {len(upper), len(lower)} and not (upper and lower)
    falling = all(a.points > b.points for a, b in pairwise(steps))
    return one_sided and falling and upper == sorted(set(upper)) and lower == sorted(set(lower), reverse=True)


def grades_of(raw: object, places: Places) -> tuple[GradeStep, ...]:
    """The grades from the best to the worst."""
    steps = []
    for number, one in enumerate(raw if isinstance(raw, list) else [raw], 1):
        at = f"grade {number}"
        if not isinstance(one, dict):
            places.add(at, _("a table is wanted"))
            continue
        places.only(at, one, GRADE_KEYS)
        least = places.number(at, one, "least", low=0, high=100) or 0.0
        faults = places.whole(at, one, "faults", 0) if "faults" in one else None
        steps.append(GradeStep(places.text(at, one, "key"), places.words(at, one, "label"), least, faults))
    if steps and not _graded(steps):
        places.add("grade", _("grades go from the best to the worst, and the last begins at 0"))
    return tuple(steps)


def _graded(steps: Sequence[GradeStep]) -> bool:
    least, bounds = [s.least for s in steps], [s.faults for s in steps if s.faults is not None]
    falling = least == sorted(least, reverse=True) and bounds == sorted(set(bounds))
    distinct = len(set(least)) == len(least) or bool(bounds) or not any(least)
    bounded_first = all(s.faults is None for s in steps[len(bounds) :])
    return falling and distinct and bounded_first and least[-1] == 0 and len({s.key for s in steps}) == len(steps)


def dimensions_of(raw: Mapping[str, Any], places: Places) -> tuple[Dimension, ...]:
    """The dimensions of a sheet; all of them have a weight, or none."""
    found = tuple(
        Dimension(
            places.text(at, row, "key"),
            places.words(at, row, "label"),
            places.number(at, row, "weight", low=0.0001, high=_MOST),
            places.number(at, row, "line", low=0, high=100),
        )
        for at, row in places.rows("sheet", raw, "dimension", _DIMENSION)
    )
    if len({one.weight is None for one in found}) > 1:
        places.add("dimension", _("all dimensions have a weight, or none"))
    return found


def lines_of(raw: Mapping[str, Any], places: Places) -> Lines:
    """From where on an image is excellent, and from where on its cause is traced."""
    table = raw.get("lines", {})
    if not isinstance(table, dict):
        places.add("lines", _("a table is wanted"))
        return Lines()
    places.only("lines", table, _LINES)
    lines = Lines(
        places.number("lines", table, "excellent", low=0, high=100),
        places.number("lines", table, "trace", low=0, high=100),
        places.text("lines", table, "excellent_grade", needed=False),
        places.text("lines", table, "trace_grade", needed=False),
    )
    if lines.excellent is not None and lines.trace is not None and lines.excellent <= lines.trace:
        places.add("lines", _("excellent begins above the line below which causes are traced"))
    return lines


def applies_of(raw: Mapping[str, Any], places: Places) -> dict[str, tuple[str, ...]]:
    """What a sheet is for."""
    table = raw.get("applies", {})
    if not isinstance(table, dict):
        places.add("applies", _("a table is wanted"))
        return {}
    places.only("applies", table, APPLIES)
    found = {}
    for key, values in table.items():
        if not isinstance(values, list) or not values or not all(isinstance(one, str) and one for one in values):
            places.add(f"applies: {key}", _("a list of texts is wanted"))
            continue
        found[key] = tuple(values)
    return found


def check_score(spec: Spec, places: Places, *, stored: bool) -> None:
    """What of a score sheet only shows when everything of it is known.

    Codes of defects of a stored sheet are not asked for again: a dictionary may lose an entry, a sheet never.
    """
    items = list(spec.items())
    counted = [item for item in items if counts(item)]
    if bool(counted) != (spec.kind == "score"):
        places.add("sheet: kind", _('items of type "score" belong to sheets of kind "score", and these need one'))
    if spec.grades and not counted:
        places.add("grade", _("grades belong to a score sheet"))
    _check_grades(spec, [item for item in items if item.grades], places)
    _check_dimensions(spec, counted, places)
    _check_quick(items, places)
    if defects_registered() and not stored:
        _check_defects(items, places)


def counts(item: Item) -> bool:
    """Whether the item is part of the score."""
    return item.type == "score" or item.weight > 0 or item.grades


def _check_grades(spec: Spec, givers: Sequence[Item], places: Places) -> None:
    known = {step.key for step in spec.grades}
    for name in filter(None, (spec.zero_best, spec.lines.excellent_grade, spec.lines.trace_grade)):
        if name not in known:
            places.add("grade", _("there is no grade %(name)s") % {"name": name})
    if len(givers) > 1:
        places.add(givers[1].key, _("only one item gives the grade"))
    for item in givers:
        if not {choice.key for choice in item.choices} <= known:
            places.add(f"{item.key}: choices", _("names an answer that is no grade of the sheet"))


def _check_dimensions(spec: Spec, counted: Sequence[Item], places: Places) -> None:
    known = {one.key for one in spec.dimensions}
    weighted = any(one.weight is not None for one in spec.dimensions)
    for item in counted:
        if item.dimension and item.dimension not in known:
            places.add(f"{item.key}: dimension", _("there is no such dimension"))
        elif weighted and item.weight and not item.dimension:
            places.add(f"{item.key}: dimension", _("is missing"))
    for key in sorted(known - {item.dimension for item in counted}):
        places.add(f"dimension {key}", _("no item is about it"))


def _check_quick(items: Sequence[Item], places: Places) -> None:
    """One key means one thing: the keys of an item's answers are those of that item, other keys of the whole sheet."""
    seen: set[str] = set()
    for item in items:
        own = [one.quick for one in (*item.choices, *item.deductions, *item.levels) if one.quick]
        for key in filter(None, [item.quick, *own]):
            if key in seen:
                places.add(f"{item.key}: quick", _("the key %(key)s is given twice") % {"key": key})
            seen.add(key)


def _check_defects(items: Sequence[Item], places: Places) -> None:
    for item in items:
        for one in (*item.deductions, *item.levels):
            if one.defect and defect_name(one.defect) is None:
                places.add(f"{item.key}: {one.key}", _("there is no defect %(code)s") % {"code": one.defect})
