"""What readings come to: where two of them differ, what they give together, and what a result means.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Protocol

from yingheng.review.spec import ReadingSpec
from yingheng.sheets.spec import Spec

EXCELLENT, TRACE = 95.0, 80.0  # for sheets with points that draw no lines of their own
WASTE = "waste"
_WASTE_SIGN = "废"
_EXACT = 6  # points are compared after this many digits, so that 79.9999999 is 80
_DIGITS = 2
POINTS, GRADE, VETO = "points", "grade", "veto"


class Told(Protocol):
    """What one reading says."""

    score: float | None
    grade: str
    vetoed: Sequence[str]
    faults: Sequence[str]
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """In what two readings differ: `kind` is points, grade or veto; both sides as they were given."""

    kind: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class Result:
    """What holds about a case.  `details` has dimensions, items, who named which defect how often, and flags."""

    score: float | None
    grade: str = ""
    vetoed: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flags:
    """What a result means; None where the sheet cannot say it (no points, no grades)."""

    excellent: bool | None
    trace: bool
    waste: bool | None

    def as_dict(self) -> dict[str, bool | None]:
        return {"excellent": self.excellent, "trace": self.trace, "waste": self.waste}


def differences(first: Told, second: Told, rules: ReadingSpec) -> list[Difference]:
    """What of two readings calls for a third; nothing where they agree."""
    found = []
    if (first.score is None) != (second.score is None) or (
        first.score is not None
        and second.score is not None
        and round(abs(first.score - second.score), _EXACT) > rules.points_apart
    ):
        found.append(Difference(POINTS, first.score, second.score))
    if rules.by_grade and first.grade != second.grade:
        found.append(Difference(GRADE, first.grade, second.grade))
    if rules.by_veto and sorted(first.vetoed) != sorted(second.vetoed):
        found.append(Difference(VETO, sorted(first.vetoed), sorted(second.vetoed)))
    return found


def alone(one: Told, spec: Spec) -> Result:
    """The result of one reading."""
    return combined([one], spec)


def combined(readings: Sequence[Told], spec: Spec) -> Result:
    """The result of readings that agree: means of points, the faults of all with how many named each."""
    scores = [r.score for r in readings if r.score is not None]
    score = round(fmean(scores), _DIGITS) if scores else None
    vetoed = tuple(sorted(set.intersection(*(set(r.vetoed) for r in readings))))
    grade = _grade(spec, score, [r.grade for r in readings if r.grade], vetoed)
    named = Counter(code for r in readings for code in set(r.faults))
    details = {
        "dimensions": _means(readings, "dimensions"),
        "items": _means(readings, "items"),
        "named": dict(sorted(named.items())),
        "n": len(readings),
        "flags": flags_of(spec, score, grade, vetoed).as_dict(),
    }
    return Result(score, grade, vetoed, tuple(sorted(named)), details)


def changed(before: Result, spec: Spec, *, score: float | None, grade: str, faults: Sequence[str]) -> Result:
    """The result that an appeal leaves: score and grade as decided; a veto stays only with the last grade."""
    keys = grade_keys(spec)
    vetoed = before.vetoed if keys and grade == keys[-1] else ()
    flags = flags_of(spec, score, grade, vetoed)
    named = {code: n for code, n in (before.details.get("named") or {}).items() if code in faults}
    details = {**before.details, "named": named, "flags": flags.as_dict()}
    return Result(score, grade, vetoed, tuple(sorted(faults)), details)


def grade_keys(spec: Spec) -> list[str]:
    """The grades of a sheet from the best to the worst."""
    return [step.key for step in spec.grades]


def grade_allowed(spec: Spec, score: float | None, grade: str) -> bool:
    """Whether a person may give that grade with these points: never a better one than the points give."""
    keys = grade_keys(spec)
    if not keys:
        return grade == ""
    if grade not in keys:
        return False
    return score is None or keys.index(grade) >= keys.index(_by_points(spec, score))


def flags_of(spec: Spec, score: float | None, grade: str, vetoed: Sequence[str]) -> Flags:
    """Excellent, to be traced, waste: by the lines of the sheet, else from 95 points on and below 80."""
    lines, keys = spec.lines, grade_keys(spec)
    waste = is_waste(spec, grade) if grade and _has_waste(spec) else None
    excellent: bool | None = None
    trace = bool(vetoed) or bool(waste)
    if score is not None:
        points = round(score, _EXACT)
        plain = lines.excellent is None and not lines.excellent_grade
        line = EXCELLENT if plain else lines.excellent
        excellent = None if line is None else points >= line
        below = TRACE if lines.trace is None and not lines.trace_grade else lines.trace
        trace = trace or (below is not None and points < below)
    if grade and lines.excellent_grade in keys:
        excellent = bool(excellent) or keys.index(grade) <= keys.index(lines.excellent_grade)
    if grade and lines.trace_grade in keys:
        trace = trace or keys.index(grade) >= keys.index(lines.trace_grade)
    return Flags(False if vetoed and excellent is not None else excellent, trace, waste)


def trace_line(spec: Spec) -> float | None:
    """Below how many points a cause is traced; None for sheets that go by grade alone."""
    if spec.lines.trace is not None:
        return spec.lines.trace
    return None if spec.lines.trace_grade else TRACE


def is_waste(spec: Spec, grade: str) -> bool:
    """Whether the grade says that a film is of no use: the last one of a sheet that calls it so."""
    return _has_waste(spec) and grade == spec.grades[-1].key


def _has_waste(spec: Spec) -> bool:
    last = spec.grades[-1] if spec.grades else None
    return last is not None and (last.key == WASTE or _WASTE_SIGN in last.label.zh)


def _grade(spec: Spec, score: float | None, given: Sequence[str], vetoed: Sequence[str]) -> str:
    """Equal grades stay; of others the one that the mean gives, never outside of what the readers gave.

    Where faults are counted rather than points, the worse of them.
    """
    keys = grade_keys(spec)
    if not keys or not given:
        return ""
    if vetoed:
        return keys[-1]
    places = sorted(keys.index(one) for one in given if one in keys)
    if not places:
        return ""
    by_faults = any(step.faults is not None for step in spec.grades) or not any(step.least for step in spec.grades)
    if places[0] == places[-1] or score is None or by_faults:
        return keys[places[-1]]
    middle = keys.index(_by_points(spec, score))
    return keys[min(max(middle, places[0]), places[-1])]


def _by_points(spec: Spec, score: float) -> str:
    exact = round(score, _EXACT)
    return next(step.key for step in spec.grades if exact >= step.least)


def _means(readings: Sequence[Told], name: str) -> list[dict[str, Any]]:
    """Mean points by key, in the order of the sheet, with what else was said of each."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for reading in readings:
        for row in reading.details.get(name) or ():
            rows.setdefault(str(row["key"]), []).append(row)
    return [_mean(own) for own in rows.values()]


def _mean(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    points = [float(row["points"]) for row in rows if row.get("points") is not None]
    told = dict(rows[0]) | {"points": round(fmean(points), _DIGITS) if points else None}
    for name in ("faults", "defects"):
        if name in told:
            told[name] = sorted({code for row in rows for code in row.get(name) or ()})
    return told
