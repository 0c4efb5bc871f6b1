"""Judge a sheet: answers become measurements, criteria say what they say.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from imagingqc.criteria.judge import References, overall
from imagingqc.criteria.model import Context, Standard, Verdict
from imagingqc.errors import AnalysisError, Reason
from imagingqc.evaluate import judge_measurements
from imagingqc.quantity import Measurement
from yingheng.sheets.formulas import reading_of
from yingheng.sheets.scoring import Scored, score_of
from yingheng.sheets.spec import Item, Reading, Spec


@dataclass(frozen=True)
class Basis:
    """What a subject is judged by: standards of its hospital, facts of its own, references of relative limits."""

    standards: Sequence[Standard] = ()
    facts: Mapping[str, str | float] = field(default_factory=dict)
    references: References = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What came out: measurements, verdicts by quantity, why a formula gave nothing, the score."""

    measurements: tuple[Measurement, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    refused: Mapping[str, Reason] = field(default_factory=dict)
    score: Scored | None = None

    def of(self, quantity: str) -> list[Verdict]:
        """The verdicts on one quantity."""
        return [v for v in self.verdicts if v.quantity == quantity]

    @property
    def outcome(self) -> str:
        """The worst verdict; "" when nothing of the sheet is judged by anything."""
        return overall(self.verdicts).value if self.verdicts else ""


def quantities_of(spec: Spec) -> list[str]:
    """Every quantity that the sheet gives, in its order."""
    found = [item.quantity for item in spec.items() if item.quantity]
    for reading in spec.readings:
        known = reading_of(reading.function)
        found += known.quantities if known else ()
    return list(dict.fromkeys(found))


def judge_sheet(spec: Spec, answers: Mapping[str, Any], basis: Basis) -> Judged:
    """Judge what is answered so far; what is not yet there is "not assessable" with its limit, never a pass."""
    measurements = _measured(spec, answers)
    refused: dict[str, Reason] = {}
    for reading in spec.readings:
        measurements += _formula(reading, answers, refused)
    facts = {**basis.facts, **spec.facts, **_facts(spec, answers)}
    standards = [s for s in basis.standards if _concerns(s, spec)]
    wanted = set(quantities_of(spec)) - _not_meant(spec, measurements)
    kept = tuple(
        verdict
        for subject in _subjects(standards, wanted)
        for verdict in judge_measurements(measurements, Context(subject, facts), standards, basis.references)
        if verdict.quantity in wanted
    )
    return Judged(tuple(measurements), kept, refused, score_of(spec, answers))


def _subjects(standards: Sequence[Standard], wanted: set[str]) -> list[Any]:
    """Whom the limits on these quantities are about: a sheet on a device may ask for the temperature of its room."""
    return sorted({c.subject for s in standards for c in s.criteria if c.quantity in wanted})


def _not_meant(spec: Spec, measurements: Sequence[Measurement]) -> set[str]:
    """Of a formula that was done: what it could have given but, for what was entered, does not (the other phantom)."""
    given = {m.quantity for m in measurements}
    found: set[str] = set()
    for reading in spec.readings:
        known = reading_of(reading.function)
        own = set(known.quantities) if known else set()
        found |= own - given if own & given else set()
    return found


def _concerns(standard: Standard, spec: Spec) -> bool:
    wanted = set(quantities_of(spec))
    return any(c.quantity in wanted for c in standard.criteria)


def _measured(spec: Spec, answers: Mapping[str, Any]) -> list[Measurement]:
    found = []
    for item in spec.items():
        value = _number(item, answers.get(item.key))
        if item.quantity and value is not None:
            found.append(Measurement(item.quantity, value, item.unit or "1", f"sheet.{spec.key}", str(spec.version)))
    return found


def _number(item: Item, value: object) -> float | int | None:
    if isinstance(value, list):
        return fmean(value) if value and item.type == "series" else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _facts(spec: Spec, answers: Mapping[str, Any]) -> dict[str, str | float]:
    return {item.fact: answers[item.key] for item in spec.items() if item.fact and item.key in answers}


def _formula(reading: Reading, answers: Mapping[str, Any], refused: dict[str, Reason]) -> list[Measurement]:
    """The results of a formula; why there are none goes to `refused`, except that nothing was entered yet."""
    known = reading_of(reading.function)
    kinds = {one.key: one.kind for one in known.inputs} if known else {}
    given = {
        key: (answers[item] == "yes") if kinds.get(key) == "flag" else answers[item]
        for key, item in reading.inputs.items()
        if item in answers
    }
    if known is None or not given:
        return []
    try:
        return list(known.measure(given))
    except AnalysisError as exc:
        if exc.reason.code != "reading_missing":
            refused[reading.function] = exc.reason
        return []
