"""The exam's own summary of everything judged about it."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from yingheng.catalog.services import exam_outcome_set
from yingheng.evidence.models import Assessment, Decision, Finding
from yingheng.evidence.truth import effective, is_major_pass, is_minor_gap, worst

_LIVE = ("open", "confirmed", "in_action", "verified")


def exam_outcome_refresh(exam_id: UUID | None) -> None:
    """Sum the verdicts that hold for an exam and its series into the exam's row, in the caller's transaction.

    Counted are current assessments other than shadow runs; manual clauses count once a person has judged them.
    What decides the outcome: failures and open questions of any severity, passes of major criteria
    (`truth.is_major_pass`), and gaps other than minor ones (`truth.is_minor_gap`).
    """
    if exam_id is None:
        return
    counts, weighed = _counts(exam_id)
    outcome = worst(o for o, n in weighed.items() if n) if counts.total() else ""
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


def _counts(exam_id: UUID) -> tuple[Counter[str], Counter[str]]:
    """Verdicts by the outcome that holds: all of them, and those that decide the exam's outcome."""
    rows = Assessment.objects.filter(exam_id=exam_id, is_current=True).exclude(run_kind="shadow")
    decisions = list(Decision.objects.filter(exam_id=exam_id))
    total: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    if decisions:
        held = [v for row in rows for v in effective(row, decisions) if v.counts]
        total.update(v.outcome for v in held)
        beside["PASS"] = total["PASS"] - sum(is_major_pass(v.outcome, v.verdict) for v in held)
        beside["NOT_ASSESSABLE"] = sum(is_minor_gap(v.outcome, v.verdict) for v in held)
        return total, total - beside
    for row in rows.defer("verdicts", "run", "failed"):
        total.update(
            {"PASS": row.n_pass, "FAIL": row.n_fail, "NEEDS_HUMAN": row.n_human, "NOT_ASSESSABLE": row.n_unassessable}
        )
        beside.update({"PASS": row.n_pass - row.n_pass_major, "NOT_ASSESSABLE": row.n_unassessable_minor})
    return total, total - beside
