"""The score of a sheet: points of a hundred, by dimension and item, grade, vetoes, defects.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yingheng.sheets.answers import shown_keys, spared_keys
from yingheng.sheets.load_score import counts
from yingheng.sheets.spec import Item, Spec

_DIGITS = 2
_EXACT = 6  # points are compared with lines after this many digits, so that 89.9999999 is 90


@dataclass(frozen=True)
class ItemScore:
    """What one item gave: `points` of `most`, the ticked faults by key, codes of their defects, the chosen level."""

    key: str
    points: float
    most: float
    faults: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    level: str = ""
    dimension: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "points": self.points, "most": self.most, "faults": list(self.faults),
                "defects": list(self.defects), "level": self.level, "dimension": self.dimension}  # fmt: skip

    @property
    def failed(self) -> bool:
        return self.points < self.most or bool(self.faults)


@dataclass(frozen=True)
class DimensionScore:
    """Points of a hundred of one dimension, and the line it should reach where it has one."""

    key: str
    points: float
    line: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "points": self.points, "line": self.line}


@dataclass(frozen=True)
class Scored:
    """What a sheet comes to.

    `points` are of a hundred, None where the sheet gives only a grade; `grade` is "" where the sheet has none.
    `vetoed` names faults and checks with a veto ("item.fault", "item.no"): with one the grade is the last.
    `excellent` and `trace` say that the lines of the sheet were reached; a veto always has its cause traced where the
    sheet has such a line.
    """

    points: float | None
    grade: str
    vetoed: tuple[str, ...] = ()
    excellent: bool = False
    trace: bool = False
    dimensions: tuple[DimensionScore, ...] = ()
    items: tuple[ItemScore, ...] = ()

    @property
    def defects(self) -> tuple[str, ...]:
        """Codes of all defects found, sorted, each once."""
        return tuple(sorted({code for item in self.items for code in item.defects}))

    def as_dict(self) -> dict[str, Any]:
        return {
            "points": self.points,
            "grade": self.grade,
            "vetoed": list(self.vetoed),
            "excellent": self.excellent,
            "trace": self.trace,
            "defects": list(self.defects),
            "dimensions": [one.as_dict() for one in self.dimensions],
            "items": [one.as_dict() for one in self.items],
        }


def score_of(spec: Spec, answers: Mapping[str, Any]) -> Scored | None:
    """The score, weights scaled to a hundred; None for other sheets, or while an item that counts has no answer."""
    shown, spared = shown_keys(spec, answers), spared_keys(spec, answers)
    asked = [item for item in spec.items() if counts(item) and item.key in shown]
    if not asked or any(i.key not in answers for i in asked if i.required and i.key not in spared):
        return None
    answered = [item for item in asked if item.key in answers]
    items = tuple(one for one in (_item_score(item, answers[item.key]) for item in answered) if one)
    dimensions = _dimensions(spec, items)
    points = _points(spec, items, dimensions)
    given = next((str(answers[item.key]) for item in answered if item.grades), "")
    if points is None and not given:
        return None
    vetoed = tuple(veto for item in answered for veto in _vetoes(item, answers[item.key]))
    grade = _grade(spec, points, given, vetoed, items)
    excellent, trace = _lines(spec, points, grade, vetoed)
    shown_points = None if points is None else round(points, _DIGITS)
    return Scored(shown_points, grade, vetoed, excellent, trace, dimensions, items)


def _item_score(item: Item, answer: Any) -> ItemScore | None:
    """None for what does not count: the grade itself, and a check that does not apply."""
    if item.type == "choice" or (item.type == "check" and answer == "na"):
        return None
    if item.type == "check":
        return ItemScore(item.key, item.weight if answer == "yes" else 0.0, item.weight, dimension=item.dimension)
    faults, level = tuple(answer["faults"]), str(answer.get("level", ""))
    told = [d for d in item.deductions if d.key in faults] + [one for one in item.levels if one.key == level]
    defects = tuple(sorted({d.defect for d in told if d.defect}))
    return ItemScore(item.key, float(answer["points"]), item.weight, faults, defects, level, item.dimension)


def _share(items: Sequence[ItemScore]) -> float | None:
    """Points of a hundred; None where nothing counts."""
    most = sum(item.most for item in items)
    return 100.0 * sum(item.points for item in items) / most if most else None


def _dimensions(spec: Spec, items: Sequence[ItemScore]) -> tuple[DimensionScore, ...]:
    found = []
    for dimension in spec.dimensions:
        points = _share([item for item in items if item.dimension == dimension.key])
        if points is not None:
            found.append(DimensionScore(dimension.key, round(points, _DIGITS), dimension.line))
    return tuple(found)


def _points(spec: Spec, items: Sequence[ItemScore], dimensions: Sequence[DimensionScore]) -> float | None:
    """By the weights of the items, or of the dimensions where these have some."""
    weights = {one.key: one.weight for one in spec.dimensions if one.weight is not None}
    if not weights:
        return _share(items)
    whole = sum(weights[one.key] for one in dimensions)
    shares = {one.key: _share([item for item in items if item.dimension == one.key]) or 0.0 for one in dimensions}
    return sum(weights[key] * share for key, share in shares.items()) / whole if whole else None


def _vetoes(item: Item, answer: Any) -> list[str]:
    if item.type == "check":
        return [f"{item.key}.no"] if item.veto and answer == "no" else []
    if item.type != "score":
        return []
    told = {*answer["faults"], answer.get("level", "")}
    return [f"{item.key}.{one.key}" for one in (*item.deductions, *item.levels) if one.veto and one.key in told]


def _grade(spec: Spec, points: float | None, given: str, vetoed: Sequence[str], items: Sequence[ItemScore]) -> str:
    if not spec.grades:
        return ""
    keys = [step.key for step in spec.grades]
    if vetoed:
        return keys[-1]
    if given:
        return given
    failed = sum(item.failed for item in items)
    exact = round(points or 0.0, _EXACT)
    found = next(i for i, s in enumerate(spec.grades) if exact >= s.least and (s.faults is None or failed <= s.faults))
    if spec.zero_best and any(item.most and not item.points for item in items):
        found = max(found, keys.index(spec.zero_best))
    return keys[found]


def _lines(spec: Spec, points: float | None, grade: str, vetoed: Sequence[str]) -> tuple[bool, bool]:
    lines, keys = spec.lines, [step.key for step in spec.grades]
    excellent = trace = False
    if points is not None:
        excellent = lines.excellent is not None and round(points, _EXACT) >= lines.excellent
        trace = lines.trace is not None and round(points, _EXACT) < lines.trace
    if grade and lines.excellent_grade:
        excellent = excellent or keys.index(grade) <= keys.index(lines.excellent_grade)
    if grade and lines.trace_grade:
        trace = trace or keys.index(grade) >= keys.index(lines.trace_grade)
    if vetoed:
        return False, lines.trace is not None or bool(lines.trace_grade)
    return excellent, trace
