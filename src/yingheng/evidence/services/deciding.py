"""People's decisions on findings and verdicts.  The automatic verdict stays; the decision stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.models import OUTCOMES, Assessment, Decision, Finding
from yingheng.evidence.services.exploding import findings_update
from yingheng.evidence.services.settling import finding_event
from yingheng.evidence.services.subject import Subject, subject_lock
from yingheng.evidence.services.summing import exam_outcome_refresh
from yingheng.evidence.truth import decisions_in_force, effective

Verb = Decision.Verb


@transaction.atomic
def finding_decide(*, actor: Actor, finding: Finding, verb: str, reason: str = "") -> Decision:
    """Confirm or overrule a finding, or withdraw the newest decision on it.

    Confirming holds its criteria as failed, overruling as passed, for the inputs that were judged.  Overruling and
    withdrawing need a reason.  Conflict when the state of the finding does not allow it.
    """
    row = Finding.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=finding.pk)
    subject_lock(_subject(row))
    if verb not in {Verb.CONFIRM, Verb.OVERRULE, Verb.WITHDRAW}:
        raise Invalid("evidence.decision_target")
    if verb != Verb.CONFIRM and not reason.strip():
        raise Invalid("evidence.reason_missing")
    before = row.state
    withdrawn = _newest(row.decisions.all()) if verb == Verb.WITHDRAW else None
    if verb == Verb.WITHDRAW and withdrawn is None:
        raise Conflict("evidence.nothing_to_withdraw")
    finding_event(row, verb, reason=reason)
    criteria = [{"family": c["family"], "criterion": c["criterion"], "automatic": "FAIL"} for c in row.criteria]
    decision = _record(
        row,
        actor,
        verb,
        finding=row,
        assessment=row.assessment,
        criteria=criteria,
        outcome={Verb.CONFIRM: "FAIL", Verb.OVERRULE: "PASS"}.get(Verb(verb), ""),
        reason=reason,
        withdraws=withdrawn,
    )
    _audit(actor, f"finding.{verb}", f"finding:{row.pk}", row, before={"state": before}, after={"state": row.state},
           reason=reason)  # fmt: skip
    exam_outcome_refresh(row.exam_id)
    return decision


@transaction.atomic
def verdict_decide(
    *, actor: Actor, assessment: Assessment, criterion: str, verb: str, outcome: str = "", reason: str = ""
) -> Decision:
    """Confirm, overrule or judge one verdict of a current assessment, or withdraw the newest decision on it.

    confirm: the machine's outcome holds.  overrule: `outcome` holds instead of PASS or FAIL, with a reason.
    judge: `outcome` is given where the machine asked for a person or could not tell.  Findings follow at once.
    """
    subject_lock(_subject(assessment))
    row = Assessment.objects.select_related("hospital").get(pk=assessment.pk)
    if not row.is_current:
        raise Conflict("evidence.changed_meanwhile")
    automatic = _automatic(row, criterion)
    held = _verdict_outcome(verb, automatic, outcome, reason)
    subject = {"subject_type": row.subject_type, "subject_id": row.subject_id}
    entry = {"family": row.family, "criterion": criterion, "automatic": automatic}
    known = list(Decision.objects.filter(**subject))
    withdrawn = None
    if verb == Verb.WITHDRAW:
        withdrawn = _newest([d for d in known if d.finding_id is None and _covers(d, row, criterion)])
        if withdrawn is None:
            raise Conflict("evidence.nothing_to_withdraw")
    decision = _record(
        row,
        actor,
        verb,
        finding=None,
        assessment=row,
        criteria=[entry],
        outcome=held,
        reason=reason,
        withdraws=withdrawn,
    )
    _audit(actor, f"verdict.{verb}", f"assessment:{row.pk}", row, before={"criterion": criterion, "outcome": automatic},
           after={"outcome": held}, reason=reason)  # fmt: skip
    findings_update(row, effective(row, [*known, decision]))
    exam_outcome_refresh(row.exam_id)
    return decision


def _verdict_outcome(verb: str, automatic: str, outcome: str, reason: str) -> str:
    """The outcome that a decision on a verdict gives, "" for withdrawing; Invalid when it makes no sense."""
    if verb in {Verb.OVERRULE, Verb.WITHDRAW} and not reason.strip():
        raise Invalid("evidence.reason_missing")
    if verb == Verb.CONFIRM and automatic in {"PASS", "FAIL"}:
        return automatic
    if verb == Verb.WITHDRAW:
        return ""
    told = automatic in {"PASS", "FAIL"}
    if outcome in OUTCOMES and outcome != automatic and verb == (Verb.OVERRULE if told else Verb.JUDGE):
        return outcome
    raise Invalid("evidence.verdict_outcome")


def _automatic(row: Assessment, criterion: str) -> str:
    for verdict in row.verdicts:
        if verdict["criterion"] == criterion:
            return str(verdict["outcome"])
    raise Invalid("evidence.criterion_unknown")


def _covers(decision: Decision, row: Assessment, criterion: str) -> bool:
    return decision.input_hash == row.input_hash and any(
        (c["family"], c["criterion"]) == (row.family, criterion) for c in decision.criteria
    )


def _newest(decisions: Sequence[Decision]) -> Decision | None:
    held = decisions_in_force(decisions)
    return held[-1] if held else None


def _subject(row: Finding | Assessment) -> Subject:
    return Subject(
        row.hospital, row.subject_type, row.subject_id, row.local_day, row.exam_id, row.device_id, row.modality
    )


def _record(row: Finding | Assessment, actor: Actor, verb: str, **values: Any) -> Decision:
    return Decision.objects.create(
        hospital_id=row.hospital_id,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        exam_id=row.exam_id,
        device_id=row.device_id,
        modality=row.modality,
        local_day=row.local_day,
        verb=verb,
        input_hash=row.input_hash,
        actor_id=actor.id,
        actor_name=actor.name,
        made_at=now(),
        **{**values, "reason": values["reason"].strip()},
    )


def _audit(
    actor: Actor, action: str, subject: str, row: Finding | Assessment, *, before: Any, after: Any, reason: str
) -> None:
    audit.record(
        actor=actor, action=action, subject=subject, scope=row.hospital.path, before=before, after=after, reason=reason
    )
