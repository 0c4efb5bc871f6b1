"""Facts of an exam that others establish: its outcome; settled quarantine."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Quarantine
from yingheng.catalog.services.announcing import exams_tell
from yingheng.common.errors import Conflict, Invalid


def exam_outcome_set(
    *, exam_id: object, outcome: str, n_pass: int, n_fail: int, n_human: int, n_unassessable: int, n_findings: int
) -> None:
    """Write the summary of verdicts and open findings into the exam's row, in the caller's transaction; tell pages."""
    Exam.objects.filter(pk=exam_id).update(
        outcome=outcome,
        n_pass=n_pass,
        n_fail=n_fail,
        n_human=n_human,
        n_unassessable=n_unassessable,
        n_findings=n_findings,
    )
    exams_tell([exam_id])


@transaction.atomic
def quarantine_discard(*, actor: Actor, quarantine: Quarantine, reason: str) -> Quarantine:
    """A person decides that a quarantined object is not to be catalogued; the row and its reason stay."""
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    row = (
        Quarantine.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=quarantine.pk)
    )
    if row.state != Quarantine.State.WAITING:
        raise Conflict("catalog.quarantine_settled")
    row.state = Quarantine.State.DISCARDED
    row.save(update_fields=["state"])
    audit.record(
        actor=actor,
        action="catalog.quarantine_discard",
        subject=f"quarantine:{row.pk}",
        scope=row.path,
        after={"sop_uid": row.sop_uid, "sha256": row.sha256},
        reason=reason.strip(),
    )
    return row
