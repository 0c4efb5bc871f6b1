"""Order of truth: a person's decision before the automatic verdict, on the inputs the person saw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yingheng.evidence.models import Assessment, Decision

WORST_FIRST = ("FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE", "PASS")
_EDITION = re.compile(r"-(19|20)\d\d(\.\d+)*$")


def standard_family(standard_id: str) -> str:
    """The standard without its edition: "ws-519-2019" -> "ws-519"; without a year at its end, the id itself."""
    return _EDITION.sub("", standard_id)


@dataclass(frozen=True, slots=True)
class EffectiveVerdict:
    """One verdict as the machine gave it (Verdict JSON) and what a person decided about it, side by side."""

    verdict: Mapping[str, Any]
    assessment: Assessment
    decision: Decision | None

    @property
    def automatic(self) -> str:
        """The machine's outcome."""
        return str(self.verdict["outcome"])

    @property
    def outcome(self) -> str:
        """The outcome that holds."""
        return self.decision.outcome if self.decision else self.automatic

    @property
    def counts(self) -> bool:
        """Whether it counts in sums: a manual clause does once a person has judged it."""
        return self.verdict["grade"] != "manual" or self.decision is not None

    @property
    def quantity_key(self) -> str:
        """What a finding about it is keyed by."""
        return quantity_key(self.assessment.family, self.verdict)


def quantity_key(family: str, verdict: Mapping[str, Any]) -> str:
    """The quantity, or "clause:<family>/<criterion>" for a clause that has none."""
    return str(verdict["quantity"] or f"clause:{family}/{verdict['criterion']}")


def decisions_in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """Without those that were withdrawn and those that withdraw, oldest first."""
    rows = sorted(decisions, key=lambda d: (d.made_at, d.pk))
    withdrawn = {d.withdraws_id for d in rows if d.withdraws_id}
    return [d for d in rows if d.pk not in withdrawn and d.withdraws_id is None]


def effective(assessment: Assessment, decisions: Sequence[Decision]) -> list[EffectiveVerdict]:
    """The verdicts of an assessment with the newest decision on each; `decisions` are those of its subject."""
    newest = {
        (entry["family"], entry["criterion"]): d
        for d in decisions_in_force(decisions)
        if d.input_hash == assessment.input_hash
        and (d.subject_type, d.subject_id) == (assessment.subject_type, assessment.subject_id)
        for entry in d.criteria
    }
    return [
        EffectiveVerdict(v, assessment, newest.get((assessment.family, v["criterion"]))) for v in assessment.verdicts
    ]


def is_minor_gap(outcome: str, verdict: Mapping[str, Any]) -> bool:
    """Whether something of minor severity could not be assessed.

    It is counted and shown, but alone it does not keep a sound exam from being called sound: scanners leave out
    optional attributes, and a light that is grey on every exam tells nobody anything.
    """
    return outcome == "NOT_ASSESSABLE" and verdict["severity"] == "minor"


def is_major_pass(outcome: str, verdict: Mapping[str, Any]) -> bool:
    """Whether a pass says something for the exam.

    A veto that did not strike and a minor point in order do not: an ultrasound exam about which nothing but "one
    patient, sound header" is known is not assessed, however sound its header.
    """
    return outcome == "PASS" and verdict["severity"] == "major"


def worst(outcomes: Iterable[str]) -> str:
    """The worst outcome; NOT_ASSESSABLE when there is none."""
    present = set(outcomes)
    return next((o for o in WORST_FIRST if o in present), "NOT_ASSESSABLE")
