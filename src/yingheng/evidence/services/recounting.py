"""Cells fed by evidence, and the recounts that prove them.

`assessment.pass`: numerator passed, denominator passed or failed (automatic outcomes, current assessments).
`assessment.assessable`: numerator given any judgement but NOT_ASSESSABLE, denominator all current assessments.
`finding.opened`: numerator findings ever opened, by quantity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yingheng.evidence.models import Assessment, Finding
from yingheng.rollups.services import CellDelta, Named, RecountFn
from yingheng.tenancy.scope import Scope

PASSED = "assessment.pass"
ASSESSABLE = "assessment.assessable"
OPENED = "finding.opened"


def assessment_cells(row: Assessment | None) -> list[Named]:
    """What an assessment adds to the cells; nothing when there is none."""
    if row is None:
        return []
    dimensions = {
        "subject": row.subject_type,
        "family": row.family,
        "modality": row.modality,
        "device": str(row.device_id) if row.device_id else None,
    }
    decided = row.outcome in {"PASS", "FAIL"}
    common = {"hospital_id": row.hospital_id, "day": row.local_day, "dimensions": dimensions}
    return [
        (PASSED, CellDelta(**common, numerator=int(row.outcome == "PASS"), denominator=int(decided))),
        (ASSESSABLE, CellDelta(**common, numerator=int(row.outcome != "NOT_ASSESSABLE"), denominator=1)),
    ]


def finding_cells(row: Finding) -> list[Named]:
    """What opening a finding adds to the cells."""
    dimensions = {
        "subject": row.subject_type,
        "quantity": row.quantity,
        "modality": row.modality,
        "device": str(row.device_id) if row.device_id else None,
    }
    return [(OPENED, CellDelta(row.hospital_id, row.local_day, dimensions, numerator=1))]


def _recount_assessments(indicator: str) -> RecountFn:
    def recount(scope: Scope) -> Iterator[CellDelta]:
        rows = Assessment.objects.filter(is_current=True).exclude(run_kind=Assessment.RunKind.SHADOW)
        for row in scope.filter(rows).defer("verdicts", "run").iterator(2000):
            yield from (delta for name, delta in assessment_cells(row) if name == indicator)

    return recount


def _recount_findings(scope: Scope) -> Iterator[CellDelta]:
    for row in scope.filter(Finding.objects.all()).defer("evidence").iterator(2000):
        yield from (delta for _, delta in finding_cells(row))


RECOUNTS: Mapping[str, RecountFn] = {
    PASSED: _recount_assessments(PASSED),
    ASSESSABLE: _recount_assessments(ASSESSABLE),
    OPENED: _recount_findings,
}
