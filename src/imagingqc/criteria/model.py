"""Standards, criteria and verdicts as plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from imagingqc.errors import Reason
from imagingqc.quantity import Evidence, Value, reason_sentence

Scalar: TypeAlias = float | int | str | bool


class Outcome(StrEnum):
    """The four outcomes.  A missing tag, limit or value is never a PASS."""

    PASS = "PASS"  # noqa: S105 - an outcome, not a password
    FAIL = "FAIL"
    NEEDS_HUMAN = "NEEDS_HUMAN"
    NOT_ASSESSABLE = "NOT_ASSESSABLE"


class Confidence(StrEnum):
    """How sure the source of a limit is, from best to worst; shown to the user, never hidden.

    Of these `expert` and `unconfirmed` never yield FAIL.
    """

    VERIFIED = "verified"
    SECONDARY = "secondary"
    MEMORY = "memory"
    EXPERT = "expert"
    UNCONFIRMED = "unconfirmed"


Severity = Literal["veto", "major", "minor"]
Grade = Literal["A", "B", "C", "manual"]
Subject = Literal["series", "exam", "device", "room", "person", "department", "report"]
Level = Literal["international", "national", "province", "city", "hospital", "product"]
Op = Literal[
    "<", "<=", ">", ">=", "between", "abs<=", "within_pct", "within_abs", "within_mad",
    "one_of", "present", "matches",
]  # fmt: skip
Of = Literal["nominal", "baseline", "vendor"]
Direction = Literal["both", "above", "below"]

APPLIES_KEYS = (
    "modality", "test", "body_part", "item", "age_band", "contrast", "hospital_level", "field_strength",
    "slice_thickness", "kernel_class", "view", "phantom", "detector", "equipment", "barrier",
)  # fmt: skip
TESTS = ("acceptance", "status", "constancy")


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: `op` with what it needs, or a combination `any` / `all` of limits (then `op` is None).

    `value` is a number or text; a pair for "between"; a tuple for "one_of"; a regular expression for "matches";
    None for "present".  Relative ops (within_pct in %, within_abs in the quantity's unit, within_mad in robust
    standard deviations of the reference) compare with the reference `of`, in one direction or both.
    """

    op: Op | None = None
    value: Scalar | tuple[Scalar, ...] | None = None
    of: Of | None = None
    direction: Direction = "both"
    any: tuple[Limit, ...] = ()
    all: tuple[Limit, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As written in the TOML file."""
        if self.any or self.all:
            key, parts = ("any", self.any) if self.any else ("all", self.all)
            return {key: [p.as_dict() for p in parts]}
        out: dict[str, Any] = {"op": self.op}
        if self.value is not None:
            out["value"] = list(self.value) if isinstance(self.value, tuple) else self.value
        if self.of is not None:
            out |= {"of": self.of, "direction": self.direction}
        return out


@dataclass(frozen=True, slots=True)
class Criterion:
    """A limit on one quantity (or, with grade "manual", a clause that a person judges), with its clause.

    `applies` maps a key of APPLIES_KEYS to the values it holds for (or, for numeric keys such as slice_thickness
    and field_strength, a (low, high) range in mm or T).  `quantity` and `limit` are None for manual criteria.
    `absence` marks criteria about something missing, not judged before the exam is closed.
    A range holds at both of its ends.  A criterion with a `test` and a subject without one (or the other way
    round) never meet: a performance test is judged only by the criteria written for that test.
    """

    id: str
    clause: str
    text: str
    text_en: str
    subject: Subject
    # Not hashed, so that a Standard can be a dictionary key although mappings have no hash.
    applies: Mapping[str, tuple[str, ...] | tuple[float, float]] = field(default_factory=dict, hash=False)
    quantity: str | None = None
    unit: str = ""
    limit: Limit | None = None
    severity: Severity = "major"
    grade: Grade = "A"
    confidence: Confidence = Confidence.UNCONFIRMED
    source: str = ""
    absence: bool = False


@dataclass(frozen=True, slots=True)
class Standard:
    """One edition of one document.  Editions are added, never edited.

    `valid_from` is None when the document states no date and none is known: it is never invented.
    """

    id: str
    title: str
    title_en: str
    body: str
    level: Level
    source: str
    valid_from: dt.date | None
    valid_to: dt.date | None = None
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A reference that a relative limit compares with, in the quantity's unit.

    `spread` is the median absolute deviation of the `n` values behind a baseline, `version` that baseline's number;
    a value that a vendor or a protocol promised has none of these.
    """

    value: float
    spread: float | None = None
    n: int | None = None
    version: int | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain JSON, kept with the verdict that rests on it."""
        return {"value": self.value, "spread": self.spread, "n": self.n, "version": self.version}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one criterion says of one subject.  `reason` is set unless the outcome is PASS or FAIL.

    `reference` is what a relative limit was compared with, where it was.
    """

    standard: str
    criterion: str
    clause: str
    outcome: Outcome
    quantity: str | None
    value: Value | None
    unit: str
    limit: Limit | None
    reason: Reason | None
    confidence: Confidence
    grade: Grade
    severity: Severity
    evidence: Evidence | None = None
    reference: Known | None = None

    def as_dict(self, lang: str = "zh") -> dict[str, Any]:
        """Verdict JSON, the same in files, in the database and in exports; keys are only ever added."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {
            "standard": self.standard,
            "criterion": self.criterion,
            "clause": self.clause,
            "outcome": self.outcome.value,
            "quantity": self.quantity,
            "value": value,
            "unit": self.unit,
            "limit": self.limit.as_dict() if self.limit else None,
            "reason": reason_sentence(self.reason, lang) if self.reason else None,
            "reason_code": self.reason.code if self.reason else None,
            "reason_values": dict(self.reason.values) if self.reason else None,
            "confidence": self.confidence.value,
            "grade": self.grade,
            "severity": self.severity,
            "evidence": self.evidence.as_dict() if self.evidence else None,
            "reference": self.reference.as_dict() if self.reference else None,
        }


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a subject for `applies`: key -> value (text, or a number for numeric keys).

    A key that is absent is unknown: a criterion that asks for it does not apply to this subject unless the key is
    `item` or `body_part` (the exam has not been mapped), `equipment` or `barrier` (nobody registered what the room
    is for, or which wall of it was measured): there unknown means NOT_ASSESSABLE, never silence.
    `complete` is False while instances may still arrive.  `silent` are the reason codes that do not concern this
    subject: a series of scouts holds no slices, so verdicts that ask for slices are left out, not counted.
    """

    subject: Subject
    facts: Mapping[str, str | float] = field(default_factory=dict)
    complete: bool = True
    silent: frozenset[str] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: stored with the measurements, so that they can be judged again without the images."""
        return {
            "subject": self.subject,
            "facts": dict(self.facts),
            "complete": self.complete,
            "silent": sorted(self.silent),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Context:
        """Inverse of `as_dict`."""
        return cls(data["subject"], dict(data["facts"]), bool(data["complete"]), frozenset(data["silent"]))
