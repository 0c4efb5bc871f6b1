"""Using an exam as it is, although something about it failed: said with a reason, by whom, and with what authority."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.catalog.retake_reasons import ACCEPT_REASONS
from yingheng.catalog.services.announcing import exams_tell
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.models import Acceptance, Finding
from yingheng.evidence.services.deciding import Verb, finding_decide
from yingheng.evidence.services.settling import finding_close
from yingheng.evidence.services.subject import subject_lock, subject_of_exam

_UNDECIDED = ("open", "confirmed")
_ACCEPTABLE = ("FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")


@transaction.atomic
def exam_accept(*, actor: Actor, exam: Exam, reason: str = "", note: str = "", decides: bool) -> Acceptance:
    """Accept an exam as it stands, for a `reason` of the list, a `note` in own words, or both.

    No verdict is changed.  With `decides` (the person may decide on exams and findings) the open findings are
    confirmed and closed with the reason; without it they stay open, and the acceptance waits beside them.
    Conflict when nothing about the exam asks for it.
    """
    if reason and reason not in ACCEPT_REASONS:
        raise Invalid("evidence.accept_reason")
    if not reason and not note.strip():
        raise Invalid("evidence.reason_missing")
    subject_lock(subject_of_exam(exam))
    row = Exam.objects.select_related("hospital").get(pk=exam.pk)
    if row.outcome not in _ACCEPTABLE:
        raise Conflict("evidence.nothing_to_accept")
    findings = list(Finding.objects.filter(exam=row, state__in=_UNDECIDED).order_by("quantity", "pk"))
    accepted = Acceptance.objects.create(
        hospital=row.hospital,
        subject_type="exam",
        subject_id=row.pk,
        exam=row,
        device_id=row.device_id,
        modality=row.modality,
        local_day=row.local_day,
        outcome=row.outcome,
        findings=[str(finding.pk) for finding in findings],
        reason=reason,
        note=note.strip(),
        decides=decides,
        actor_id=actor.id,
        actor_name=actor.name,
        made_at=now(),
    )
    words = "; ".join(filter(None, (f"accept:{reason}" if reason else "", note.strip())))
    if decides:
        for finding in findings:
            if finding.state == Finding.State.OPEN:
                finding_decide(actor=actor, finding=finding, verb=Verb.CONFIRM, reason=words)
            finding_close(actor=actor, finding=finding, reason=words)
    audit.record(
        actor=actor,
        action="exam.accept",
        subject=f"exam:{row.pk}",
        scope=row.hospital.path,
        after={"outcome": row.outcome, "findings": accepted.findings, "decides": decides},
        reason=words,
    )
    exams_tell([row.pk])
    return accepted
