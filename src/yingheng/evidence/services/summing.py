"""The exam's own summary of everything judged about it."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from yingheng.catalog.services import exam_outcome_set
from yingheng.evidence.models import Assessment, Decision, Finding
from yingheng.evidence.truth import effective, worst

_LIVE = ("open", "confirmed", "in_action", "verified")


def exam_outcome_refresh(exam_id: UUID | None) -> None:
    """Sum the verdicts that hold for an exam and its series into the exam's row, in the caller's transaction.

    Counted are current assessments other than shadow runs; manual clauses count once a person has judged them.
    """
    if exam_id is None:
        return
    counts = _counts(exam_id)
    outcome = worst(o for o, n in counts.items() if n) if counts.total() else ""
    rows = Assessment.objects.filter(exam_id=exam_id, is_current=True).exclude(run_kind="shadow")
    if not outcome and rows.exists():  # judged, but by manual clauses alone, or by standards that ask nothing
        outcome = "NEEDS_HUMAN" if rows.filter(n_manual__gt=0).exists() else "NOT_ASSESSABLE"
    exam_outcome_set(
        exam_id=exam_id,
        outcome=outcome,
        n_pass=counts["PASS"],
        n_fail=counts["FAIL"],
        n_human=counts["NEEDS_HUMAN"],
        n_unassessable=counts["NOT_ASSESSABLE"],
        n_findings=Finding.objects.filter(exam_id=exam_id, state__in=_LIVE).count(),
    )


def _counts(exam_id: UUID) -> Counter[str]:
    rows = Assessment.objects.filter(exam_id=exam_id, is_current=True).exclude(run_kind="shadow")
    decisions = list(Decision.objects.filter(exam_id=exam_id))
    if decisions:
        verdicts = [v for row in rows for v in effective(row, decisions)]
        return Counter(v.outcome for v in verdicts if v.counts)
    total: Counter[str] = Counter()
    for n_pass, n_fail, n_human, n_none in rows.values_list("n_pass", "n_fail", "n_human", "n_unassessable"):
        total.update({"PASS": n_pass, "FAIL": n_fail, "NEEDS_HUMAN": n_human, "NOT_ASSESSABLE": n_none})
    return total
