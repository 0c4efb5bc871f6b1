"""Facts of an exam that others establish: its outcome; merged patients; settled quarantine."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Patient, PatientLink, Quarantine
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid


def exam_outcome_set(
    *, exam_id: object, outcome: str, n_pass: int, n_fail: int, n_human: int, n_unassessable: int, n_findings: int
) -> None:
    """Write the summary of verdicts and open findings into the exam's row, in the caller's transaction."""
    Exam.objects.filter(pk=exam_id).update(
        outcome=outcome,
        n_pass=n_pass,
        n_fail=n_fail,
        n_human=n_human,
        n_unassessable=n_unassessable,
        n_findings=n_findings,
    )


@transaction.atomic
def patient_merge(*, actor: Actor, kept: Patient, merged: Patient, reason: str) -> PatientLink:
    """Link two patient ids of one hospital as one person; exams stay where they are."""
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    if kept.pk == merged.pk:
        raise Invalid("catalog.patient_merge")
    if kept.hospital_id != merged.hospital_id:
        raise Invalid("catalog.other_hospital")
    link, created = PatientLink.objects.get_or_create(
        merged=merged, defaults={"kept": kept, "hospital_id": kept.hospital_id, "created_at": now()}
    )
    if not created and link.kept_id != kept.pk:
        raise Conflict("catalog.patient_merge")
    if created:
        audit.record(
            actor=actor,
            action="patient.merge",
            subject=f"patient:{merged.pk}",
            scope=kept.hospital.path,
            after={"kept": str(kept.pk)},
            reason=reason.strip(),
        )
    return link


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
        scope=row.hospital.path,
        after={"sop_uid": row.sop_uid, "sha256": row.sha256},
        reason=reason.strip(),
    )
    return row
