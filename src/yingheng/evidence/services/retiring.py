"""Letting go of what the rules no longer ask: other standards are in use now, or an edition asks for other things."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction

from yingheng.evidence.models import Assessment, Finding, MeasurementSet
from yingheng.evidence.services.exploding import worst_severity
from yingheng.evidence.services.recounting import assessment_cells
from yingheng.evidence.services.settling import LIVE, finding_event
from yingheng.evidence.services.subject import Subject, subject_lock
from yingheng.evidence.services.summing import exam_outcome_refresh
from yingheng.rollups.services import cells_change

NO_LONGER_ASKED = "现行规则不再提出此要求 · no longer asked by the rules in force"


@transaction.atomic
def unasked_retire(*, subject: Subject, judged: Sequence[Assessment], reason: str = NO_LONGER_ASKED) -> int:
    """After a subject was judged by all its rules: let go of the rest; returns how many rows changed.

    `judged` are the assessments that hold now.  Automatic assessments of other families stop being current; what is
    stored of them stays.  A live finding loses each criterion that no current assessment speaks of, and is closed
    when it has lost the last: nobody asks for it any more, and nothing can pass it.  `reason` is what it is closed
    with.
    """
    subject_lock(subject)
    families = {row.family for row in judged}
    rows = Assessment.objects.filter(**subject.key, is_current=True).exclude(run_kind=Assessment.RunKind.SHADOW)
    others = [r for r in rows.defer("verdicts", "run") if r.pk not in {j.pk for j in judged}]
    gone = [r for r in others if r.run_kind == Assessment.RunKind.AUTO and r.family not in families]
    if gone:
        Assessment.objects.filter(pk__in=[r.pk for r in gone]).update(is_current=False)
        cells_change(removed=[cell for row in gone for cell in assessment_cells(row)])
    lost = _findings_lose(subject, [*judged, *(r for r in others if r not in gone)], reason)
    if gone or lost:
        exam_outcome_refresh(subject.exam_id)
    return len(gone) + lost


def _findings_lose(subject: Subject, asking: Sequence[Assessment], reason: str) -> int:
    live = list(Finding.objects.filter(**subject.key, state__in=LIVE).select_for_update(no_key=True).order_by("pk"))
    if not live:
        return 0
    asked = {(row.family, verdict["criterion"]) for row in asking for verdict in row.verdicts}
    changed = 0
    for finding in live:
        kept = [c for c in finding.criteria if (c["family"], c["criterion"]) in asked]
        if len(kept) == len(finding.criteria):
            continue
        changed += 1
        if kept:
            finding.criteria, finding.severity = kept, worst_severity(kept)
            finding.save(update_fields=["criteria", "severity"])
        else:
            finding_event(finding, "close", reason=reason)
    return changed


@transaction.atomic
def measured_retire(*, subject: Subject, input_hashes: Collection[str]) -> int:
    """Of what was measured on these inputs nothing counts any more; what is stored stays.  Returns how many sets."""
    subject_lock(subject)
    rows = MeasurementSet.objects.filter(**subject.key, is_current=True, input_hash__in=input_hashes)
    return rows.update(is_current=False)
