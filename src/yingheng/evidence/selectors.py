"""Reading evidence within a scope."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Count, QuerySet

from imagingqc.criteria.model import Context, Known, Of
from yingheng.catalog.models import Exam
from yingheng.common.rows import row_or_not_found
from yingheng.evidence.courses import LIVE_STATES, references_at
from yingheng.evidence.models import Assessment, Baseline, Decision, Finding, MeasurementSet
from yingheng.evidence.truth import EffectiveVerdict, effective
from yingheng.registry.models import Device
from yingheng.tenancy.scope import Scope


def measurements_current(scope: Scope, *, subject_type: str, subject_id: UUID | str) -> QuerySet[MeasurementSet]:
    """The current measurement sets of a subject, one per set of methods."""
    rows = MeasurementSet.objects.filter(subject_type=subject_type, subject_id=subject_id, is_current=True)
    return scope.filter(rows).order_by("method_set")


def measurements_of_exam(scope: Scope, exam: Exam) -> QuerySet[MeasurementSet]:
    """The current measurement sets of an exam and of its series."""
    rows = MeasurementSet.objects.filter(exam=exam, is_current=True)
    return scope.filter(rows).order_by("subject_type", "subject_id", "method_set")


def measurements_of_device(scope: Scope, device: Device, *, protocol_key: str = "") -> QuerySet[MeasurementSet]:
    """Current measurement sets made with a device, oldest day first."""
    rows = MeasurementSet.objects.filter(device=device, is_current=True)
    rows = rows.filter(protocol_key=protocol_key) if protocol_key else rows
    return scope.filter(rows).order_by("local_day", "id")


def baseline_current(scope: Scope, *, device: Device, protocol_key: str, quantity: str) -> Baseline | None:
    """The newest version of a baseline, None when none was set."""
    rows = Baseline.objects.filter(device=device, protocol_key=protocol_key, quantity=quantity)
    return scope.filter(rows).order_by("-version").first()


def references_of(
    scope: Scope, *, device_id: UUID | None, protocol_key: str, at: dt.datetime | None = None
) -> dict[tuple[str, Of], Known]:
    """What a device's values under a protocol are compared with at the time of an exam, as the judge takes it.

    Baselines in force then (None: now), and what there is of those that are not complete.  Four queries.
    """
    if device_id is None or not protocol_key:
        return {}
    return references_at(scope, device_id=device_id, protocol_key=protocol_key, at=at)


def context_of(known: MeasurementSet, *, item: str, complete: bool) -> Context:
    """The context stored with a set, as complete as its subject is now, with the item that the exam has now."""
    stored = Context.from_dict(known.context) if known.context else Context("series", {"modality": known.modality})
    facts = {name: value for name, value in stored.facts.items() if name != "item"}
    if item:
        facts["item"] = item
    return Context(stored.subject, facts, complete, stored.silent)


def assessments_current(scope: Scope, *, subject_type: str, subject_id: UUID | str) -> QuerySet[Assessment]:
    """The current assessments of a subject, one per standard; trial runs left out."""
    rows = Assessment.objects.filter(subject_type=subject_type, subject_id=subject_id, is_current=True)
    return scope.filter(rows.exclude(run_kind=Assessment.RunKind.SHADOW)).order_by("family", "run_kind")


def assessments_of_exam(scope: Scope, exam: Exam) -> QuerySet[Assessment]:
    """The current assessments of an exam and of its series; trial runs left out."""
    rows = Assessment.objects.filter(exam=exam, is_current=True).exclude(run_kind=Assessment.RunKind.SHADOW)
    return scope.filter(rows).order_by("subject_type", "subject_id", "family")


def assessment_history(scope: Scope, *, subject_type: str, subject_id: UUID | str) -> QuerySet[Assessment]:
    """Every assessment of a subject, newest first, without the verdicts."""
    rows = Assessment.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return scope.filter(rows).defer("verdicts").order_by("-created_at", "-id")


def assessment_get(scope: Scope, assessment_id: UUID | str) -> Assessment:
    """One assessment; NotFound when there is none in the scope."""
    return row_or_not_found(
        scope.filter(Assessment.objects.select_related("hospital")), assessment_id, "evidence.assessment_unknown"
    )


def verdicts_effective(scope: Scope, *, subject_type: str, subject_id: UUID | str) -> list[EffectiveVerdict]:
    """The verdicts of a subject under every standard, each with the decision that goes before it.  Two queries."""
    assessments = list(assessments_current(scope, subject_type=subject_type, subject_id=subject_id))
    rows = Decision.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return _merged(assessments, scope.filter(rows))


def verdicts_effective_of_exam(scope: Scope, exam: Exam) -> list[EffectiveVerdict]:
    """The verdicts of an exam and of all its series, each with the decision that goes before it.  Two queries."""
    decisions = list(scope.filter(Decision.objects.filter(exam=exam)).order_by("made_at", "id"))
    exam.decided = decisions  # type: ignore[attr-defined]  # for the timeline of the same page
    return _merged(list(assessments_of_exam(scope, exam)), decisions)


def _merged(assessments: Sequence[Assessment], decisions: Iterable[Decision]) -> list[EffectiveVerdict]:
    by_subject: defaultdict[tuple[str, UUID], list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_subject[decision.subject_type, decision.subject_id].append(decision)
    return [v for row in assessments for v in effective(row, by_subject[row.subject_type, row.subject_id])]


def finding_list(
    scope: Scope,
    *,
    states: Sequence[str] = LIVE_STATES,
    exam: Exam | None = None,
    device: Device | None = None,
    severity: str = "",
    quantity: str = "",
) -> QuerySet[Finding]:
    """Findings with exam, device and hospital, last seen first; empty `states` asks for all."""
    rows = Finding.objects.select_related("exam", "device", "hospital")
    conditions = {"exam": exam, "device": device, "severity": severity, "quantity": quantity}
    rows = rows.filter(**{name: value for name, value in conditions.items() if value})
    if states:
        rows = rows.filter(state__in=states)
    return scope.filter(rows).order_by("-last_seen_at", "-id")


def finding_counts(scope: Scope) -> dict[str, int]:
    """Number of findings by state.  One query."""
    rows = scope.filter(Finding.objects.all()).order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in rows}


def finding_get(scope: Scope, finding_id: UUID | str) -> Finding:
    """One finding with exam, device, assessment and hospital; NotFound when there is none in the scope."""
    rows = Finding.objects.select_related("exam", "device", "assessment", "closing_assessment", "hospital")
    return row_or_not_found(scope.filter(rows), finding_id, "evidence.finding_unknown")


def decision_list(scope: Scope, *, finding: Finding | None = None, exam: Exam | None = None) -> QuerySet[Decision]:
    """Decisions, oldest first: of a finding, of an exam with its series, or all in the scope."""
    rows = Decision.objects.select_related("withdraws")
    conditions = {"finding": finding, "exam": exam}
    rows = rows.filter(**{name: value for name, value in conditions.items() if value})
    return scope.filter(rows).order_by("made_at", "id")
