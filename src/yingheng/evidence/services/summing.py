"""The exam's own summary of everything judged about it."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from yingheng.catalog.services import exam_outcome_set
from yingheng.evidence.models import Assessment, Decision, Finding
from yingheng.evidence.truth import effective, is_minor_gap, worst

_LIVE = ("open", "confirmed", "in_action", "verified")


def exam_outcome_refresh(exam_id: UUID | None) -> None:
    """Sum the verdicts that hold for an exam and its series into the exam's row, in the caller's transaction.

    Counted are current assessments other than shadow runs; manual clauses count once a person has judged them.
    Minor criteria that could not be assessed are counted but do not decide the outcome (`truth.is_minor_gap`).
    """
    if exam_id is None:
        return
    counts, minor_gaps = _counts(exam_id)
    weighed = counts - Counter(NOT_ASSESSABLE=minor_gaps) if counts["PASS"] else counts
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


def _counts(exam_id: UUID) -> tuple[Counter[str], int]:
    """Verdicts by the outcome that holds, and how many of the unassessable ones are of minor severity."""
    rows = Assessment.objects.filter(exam_id=exam_id, is_current=True).exclude(run_kind="shadow")
    decisions = list(Decision.objects.filter(exam_id=exam_id))
    if decisions:
        held = [v for row in rows for v in effective(row, decisions) if v.counts]
        return Counter(v.outcome for v in held), sum(is_minor_gap(v.outcome, v.verdict) for v in held)
    total: Counter[str] = Counter()
    minor = 0
    columns = ("n_pass", "n_fail", "n_human", "n_unassessable", "n_unassessable_minor")
    for n_pass, n_fail, n_human, n_none, n_minor in rows.values_list(*columns):
        total.update({"PASS": n_pass, "FAIL": n_fail, "NEEDS_HUMAN": n_human, "NOT_ASSESSABLE": n_none})
        minor += n_minor
    return total, minor
