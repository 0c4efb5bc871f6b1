"""From verdicts to findings: open, refresh, close.  Only failures become rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yingheng.common import events
from yingheng.common.clock import now
from yingheng.evidence.models import Assessment, Finding
from yingheng.evidence.services.recounting import finding_cells
from yingheng.evidence.services.settling import LIVE, finding_event
from yingheng.evidence.truth import EffectiveVerdict
from yingheng.jobs import services as jobs
from yingheng.rollups.services import cells_change

_SEVERITIES = ("veto", "major", "minor")


def findings_update(assessment: Assessment, verdicts: Sequence[EffectiveVerdict]) -> None:
    """Bring the findings of the subject in line with the verdicts that hold, in the caller's transaction.

    A failure opens a finding or refreshes the live one of its quantity.  A finding loses each criterion that now
    passes and is settled when it has lost the last; a criterion that could not be judged this time stays.
    """
    rows = Finding.objects.filter(
        subject_type=assessment.subject_type, subject_id=assessment.subject_id, state__in=LIVE
    ).select_for_update(no_key=True)
    live = {f.quantity: f for f in rows.order_by("quantity")}
    failing: dict[str, list[EffectiveVerdict]] = {}
    for v in verdicts:
        if v.outcome == "FAIL":
            failing.setdefault(v.quantity_key, []).append(v)
    passing = {v.verdict["criterion"]: v for v in verdicts if v.outcome == "PASS"}
    for key in sorted(live.keys() | failing.keys()):
        finding, failures = live.get(key), failing.get(key, [])
        if finding is None:
            _open(assessment, key, failures)
        elif failures:
            _refresh(finding, assessment, failures, passing)
        else:
            _relieve(finding, assessment, passing)


def _entry(assessment: Assessment, v: EffectiveVerdict) -> dict[str, Any]:
    return {
        "standard": assessment.standard,
        "family": assessment.family,
        "criterion": v.verdict["criterion"],
        "clause": v.verdict["clause"],
        "severity": v.verdict["severity"],
    }


def worst_severity(criteria: Sequence[dict[str, Any]]) -> str:
    """The gravest severity of a finding's criteria."""
    return min((c["severity"] for c in criteria), key=_SEVERITIES.index)


def _open(assessment: Assessment, key: str, failures: Sequence[EffectiveVerdict]) -> None:
    moment, first = now(), failures[0].verdict
    criteria = [_entry(assessment, v) for v in failures]
    finding = Finding.objects.create(
        hospital_id=assessment.hospital_id,
        subject_type=assessment.subject_type,
        subject_id=assessment.subject_id,
        exam_id=assessment.exam_id,
        device_id=assessment.device_id,
        modality=assessment.modality,
        local_day=assessment.local_day,
        quantity=key,
        severity=worst_severity(criteria),
        criteria=criteria,
        value=first["value"],
        unit=first["unit"],
        evidence=first["evidence"],
        input_hash=assessment.input_hash,
        assessment=assessment,
        first_seen_at=moment,
        last_seen_at=moment,
    )
    cells_change(added=finding_cells(finding))
    jobs.emit(events.FINDING_OPENED, str(finding.pk), scope=assessment.hospital.path)


def _refresh(
    finding: Finding,
    assessment: Assessment,
    failures: Sequence[EffectiveVerdict],
    passing: dict[str, EffectiveVerdict],
) -> None:
    first = failures[0].verdict
    gone = {*passing, *(v.verdict["criterion"] for v in failures)}
    kept = [c for c in finding.criteria if not (c["family"] == assessment.family and c["criterion"] in gone)]
    finding.criteria = kept + [_entry(assessment, v) for v in failures]
    finding.severity = worst_severity(finding.criteria)
    finding.value, finding.unit, finding.evidence = first["value"], first["unit"], first["evidence"]
    finding.input_hash, finding.assessment = assessment.input_hash, assessment
    finding.last_seen_at, finding.n_seen = now(), finding.n_seen + 1
    finding.save()
    if finding.state == Finding.State.VERIFIED:
        finding_event(finding, "fail")


def _relieve(finding: Finding, assessment: Assessment, passing: dict[str, EffectiveVerdict]) -> None:
    ours = {c["criterion"] for c in finding.criteria if c["family"] == assessment.family}
    passed = ours & passing.keys()
    if not passed:
        return
    finding.criteria = [
        c for c in finding.criteria if not (c["family"] == assessment.family and c["criterion"] in passed)
    ]
    decided = [d for c in passed if (d := passing[c].decision) is not None]
    if finding.criteria:
        finding.severity = worst_severity(finding.criteria)
        finding.save(update_fields=["criteria", "severity"])
    elif decided and finding.state in {Finding.State.OPEN, Finding.State.CONFIRMED}:
        finding_event(finding, "overrule", assessment=assessment, reason=decided[-1].reason)
    else:
        finding_event(finding, "pass", assessment=assessment)
