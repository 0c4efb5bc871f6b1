"""What somebody at the scanner has to know of several exams at once: what failed, what is open, what was accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from yingheng.catalog.models import Exam
from yingheng.evidence.models import Acceptance, Assessment, Finding
from yingheng.tenancy.scope import Scope

_SEVERITY = ("veto", "major", "minor")
_PLACED = frozenset({"slices", "series_list"})


@dataclass(slots=True)
class ExamLight:
    """Findings of an exam that are not overruled, gravest first; one verdict that is open; the newest acceptance."""

    findings: list[Finding] = field(default_factory=list)
    open: Mapping[str, Any] | None = None
    n_open: int = 0
    acceptance: Acceptance | None = None

    @property
    def live(self) -> list[Finding]:
        """Findings that nobody settled yet."""
        return [f for f in self.findings if f.closed_at is None]

    @property
    def accepted(self) -> bool:
        """Whether the newest acceptance covers everything that is open now."""
        known = set(self.acceptance.findings) if self.acceptance else set()
        return self.acceptance is not None and all(str(f.pk) in known for f in self.live)


def exam_lights(scope: Scope, exams: Sequence[Exam]) -> dict[UUID, ExamLight]:
    """The light of each exam.  Three queries, whatever their number."""
    lights = {exam.pk: ExamLight() for exam in exams}
    failed = [exam.pk for exam in exams if exam.n_fail or exam.n_findings]
    rows = Finding.objects.filter(exam__in=failed).exclude(state=Finding.State.OVERRULED)
    for finding in sorted(scope.filter(rows), key=_gravity):
        lights[finding.exam_id].findings.append(finding)
    open_ones = [exam for exam in exams if exam.outcome in {"NEEDS_HUMAN", "NOT_ASSESSABLE"}]
    for exam_id, verdicts in _open_verdicts(scope, open_ones).items():
        lights[exam_id].open, lights[exam_id].n_open = verdicts[0], len(verdicts)
    for one in scope.filter(Acceptance.objects.filter(exam__in=list(lights))).order_by("made_at", "pk"):
        lights[one.exam_id].acceptance = one
    return lights


def _gravity(finding: Finding) -> tuple[int, bool, Any, Any]:
    """Graver first; of the same severity what is missing or misplaced, which can be made good on the spot."""
    kind = ((finding.evidence or {}).get("shape") or {}).get("kind")
    return _SEVERITY.index(finding.severity), kind not in _PLACED, finding.first_seen_at, finding.pk


def _open_verdicts(scope: Scope, exams: Iterable[Exam]) -> dict[UUID, list[Mapping[str, Any]]]:
    """Verdicts with the outcome of their exam, those with something to point at first."""
    outcome = {exam.pk: exam.outcome for exam in exams}
    rows = Assessment.objects.filter(exam__in=list(outcome), is_current=True)
    rows = rows.filter(Q(n_human__gt=0) | Q(n_unassessable__gt=0)).exclude(run_kind=Assessment.RunKind.SHADOW)
    found: defaultdict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
    for row in scope.filter(rows).only("exam_id", "verdicts").order_by("subject_type", "subject_id", "family"):
        verdicts = (v for v in row.verdicts if v["outcome"] == outcome[row.exam_id] and v["grade"] != "manual")
        found[row.exam_id] += verdicts
    for verdicts in found.values():
        verdicts.sort(key=lambda v: (v.get("evidence") is None, _SEVERITY.index(v["severity"])))
    return {exam_id: verdicts for exam_id, verdicts in found.items() if verdicts}


def acceptances_waiting(scope: Scope, exam_ids: Iterable[UUID]) -> dict[UUID, Acceptance]:
    """Exams whose newest acceptance was by somebody who may not decide.  One query."""
    newest: dict[UUID, Acceptance] = {}
    for one in scope.filter(Acceptance.objects.filter(exam__in=list(exam_ids))).order_by("made_at", "pk"):
        newest[one.exam_id] = one
    return {exam_id: one for exam_id, one in newest.items() if not one.decides}
