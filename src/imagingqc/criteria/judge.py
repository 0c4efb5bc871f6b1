"""Judge measurements by the criteria of a standard: one verdict per criterion that applies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from imagingqc.criteria.limits import Check, Reference, check_limit, finite, is_number
from imagingqc.criteria.model import Confidence, Context, Criterion, Known, Limit, Of, Outcome, Standard, Verdict
from imagingqc.errors import Reason
from imagingqc.quantity import Measurement, Value

Measurements: TypeAlias = Mapping[str, Measurement | Sequence[Measurement]]
References: TypeAlias = Mapping[tuple[str, Of], Known]

BASELINE_N = 30  # fewer values say too little of what is normal

NUMERIC_APPLIES = frozenset({"slice_thickness", "field_strength"})
MAPPED_APPLIES = ("item", "body_part", "equipment", "barrier")
"""Keys that the hospital registers (exams mapped, rooms described): unknown means not assessable, never silence."""

_UNSURE = {Confidence.UNCONFIRMED: "limit_unconfirmed", Confidence.EXPERT: "limit_expert"}
_WORST_FIRST = (Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE, Outcome.PASS)


def judge(
    standard: Standard,
    criterion: Criterion,
    measurements: Measurements,
    context: Context,
    references: References | None = None,
) -> Verdict | None:
    """What `criterion` says of the subject, None when it does not apply.

    `measurements` maps a quantity to one measurement or to several (two stacks of one series): the one with the
    worst outcome decides and gives the evidence.  `references` maps (quantity, "baseline" | "vendor" | "nominal")
    to what is known, in the quantity's unit; a nominal value stated by the measurement itself comes first.  A baseline
    of fewer than BASELINE_N values does not count yet.
    A missing, non-finite or wrongly typed value is NOT_ASSESSABLE with its reason, never PASS; no bad value raises.
    """
    unmapped = applies(criterion, context)
    if unmapped is False:
        return None
    blank = _blank(standard, criterion)
    if isinstance(unmapped, Reason):
        return replace(blank, reason=unmapped)
    if criterion.grade == "manual" or criterion.quantity is None or criterion.limit is None:
        return replace(blank, outcome=Outcome.NEEDS_HUMAN, reason=Reason("manual_clause"))
    if criterion.absence and not context.complete:
        return replace(blank, reason=Reason("still_receiving"))
    found = measurements.get(criterion.quantity, ())
    several = (found,) if isinstance(found, Measurement) else tuple(found)
    if not several:
        return replace(blank, reason=Reason("no_measurement", {"quantity": criterion.quantity}))
    judged = [_judge_one(criterion, m, references or {}) for m in several]
    worst = min(judged, key=_worst_first)
    return replace(
        blank,
        outcome=worst.outcome,
        value=worst.value,
        reason=worst.reason,
        evidence=worst.measurement.evidence,
        reference=_compared_with(criterion, worst.measurement, references or {}),
    )


def judge_all(
    standard: Standard, measurements: Measurements, context: Context, references: References | None = None
) -> tuple[Verdict, ...]:
    """The verdicts of every criterion that applies, in the order of the document."""
    judged = (judge(standard, c, measurements, context, references) for c in standard.criteria)
    return tuple(v for v in judged if v is not None)


def overall(verdicts: Iterable[Verdict], *, manual: bool = True) -> Outcome:
    """The worst outcome: FAIL, then NEEDS_HUMAN, then NOT_ASSESSABLE, then PASS.

    No verdict at all is NOT_ASSESSABLE.  `manual=False` leaves out the clauses that only a person can judge, for
    the light of the automatic part.
    """
    outcomes = {v.outcome for v in verdicts if manual or v.grade != "manual"}
    return next((o for o in _WORST_FIRST if o in outcomes), Outcome.NOT_ASSESSABLE)


def applies(criterion: Criterion, context: Context) -> bool | Reason:
    """True, False, or the reason why it cannot be known (exam not mapped, room not described yet).

    Another subject never applies.  Test types are never mixed: criterion and subject name the same test or none.
    Other keys that are unknown of the subject do not apply.  Ranges hold at both ends.
    """
    if criterion.subject != context.subject or ("test" in context.facts and "test" not in criterion.applies):
        return False
    unmapped: Reason | None = None
    for key, wanted in criterion.applies.items():
        if key not in context.facts:
            if key not in MAPPED_APPLIES:
                return False
            unmapped = Reason(f"unmapped_{key}")
        elif not _matches(key, wanted, context.facts[key]):
            return False
    return unmapped or True


def _matches(key: str, wanted: tuple[str, ...] | tuple[float, float], fact: str | float) -> bool:
    if key not in NUMERIC_APPLIES:
        return str(fact) in wanted
    low, high = wanted
    return is_number(fact) and is_number(low) and is_number(high) and low <= fact <= high


@dataclass(frozen=True, slots=True)
class _Judged:
    outcome: Outcome
    reason: Reason | None
    value: Value | None
    margin: float
    measurement: Measurement


def _worst_first(judged: _Judged) -> tuple[int, float, tuple[str, ...], str]:
    """Sort key: worst outcome, then furthest beyond the limit, then the sources so that order never matters."""
    m = judged.measurement
    return _WORST_FIRST.index(judged.outcome), -judged.margin, m.sources, repr((m.value, m.evidence, m.reason))


def _judge_one(criterion: Criterion, measurement: Measurement, references: References) -> _Judged:
    value = measurement.value
    check = _check(criterion, measurement, references)
    if value is not None and not finite(value):
        value = None
    if check.state == "pass":
        return _Judged(Outcome.PASS, None, value, check.margin, measurement)
    if check.state == "unknown":
        return _Judged(Outcome.NOT_ASSESSABLE, check.reason, value, 0.0, measurement)
    outcome, reason = _breach(criterion)
    return _Judged(outcome, reason, value, check.margin, measurement)


def _breach(criterion: Criterion) -> tuple[Outcome, Reason | None]:
    """A limit nobody confirmed, and a grade that only triages, ask a person instead of failing."""
    if criterion.confidence in _UNSURE:
        return Outcome.NEEDS_HUMAN, Reason(_UNSURE[criterion.confidence])
    if criterion.grade == "C":
        return Outcome.NEEDS_HUMAN, Reason("grade_c_review")
    return Outcome.FAIL, None


def _check(criterion: Criterion, measurement: Measurement, references: References) -> Check:
    limit, value = criterion.limit, measurement.value
    assert limit is not None
    if value is None:
        # "must be present" is about the attribute itself: the tag that is not there is the breach.
        absent = measurement.reason is not None and measurement.reason.code == "missing_tag"
        return Check("breach", margin=1.0) if limit.op == "present" and absent else Check("unknown", measurement.reason)
    if not finite(value):
        return Check("unknown", Reason("value_not_finite"))
    if measurement.unit != criterion.unit:
        return Check("unknown", Reason("unit_differs", {"got": measurement.unit, "want": criterion.unit}))
    reference = _reference(measurement, references)
    needed = criterion.grade == "B" or "baseline" in _compares_with(limit)
    young = _baseline_missing(reference("baseline")) if needed else None
    return Check("unknown", young) if young else check_limit(limit, value, reference)


def _baseline_missing(known: Known | None) -> Reason | None:
    """Why there is no baseline to judge by: none at all, or of too few values."""
    if known is None:
        return Reason("no_baseline")
    if known.n is not None and known.n < BASELINE_N:
        return Reason("baseline_too_few", {"n": known.n, "need": BASELINE_N})
    return None


def _compares_with(limit: Limit) -> set[Of]:
    """Every reference that a limit or its parts ask for."""
    parts = (*limit.any, *limit.all)
    own: set[Of] = {limit.of} if limit.of else set()
    return own.union(*(_compares_with(part) for part in parts)) if parts else own


def _compared_with(criterion: Criterion, measurement: Measurement, references: References) -> Known | None:
    """The reference of a limit that compares with one; of several, the baseline comes first."""
    asked = _compares_with(criterion.limit) if criterion.limit else set()
    look_up = _reference(measurement, references)
    order: tuple[Of, ...] = ("baseline", "vendor", "nominal")
    return next((known for of in order if of in asked and (known := look_up(of)) is not None), None)


def _reference(measurement: Measurement, references: References) -> Reference:
    def look_up(of: Of) -> Known | None:
        if of == "nominal" and measurement.nominal is not None:
            return Known(measurement.nominal)
        return references.get((measurement.quantity, of))

    return look_up


def _blank(standard: Standard, criterion: Criterion) -> Verdict:
    return Verdict(
        standard=standard.id,
        criterion=criterion.id,
        clause=criterion.clause,
        outcome=Outcome.NOT_ASSESSABLE,
        quantity=criterion.quantity,
        value=None,
        unit=criterion.unit,
        limit=criterion.limit,
        reason=None,
        confidence=criterion.confidence,
        grade=criterion.grade,
        severity=criterion.severity,
    )
