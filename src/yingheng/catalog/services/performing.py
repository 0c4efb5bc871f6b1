"""Who took the images of one exam, as a person says it: the technologist that film review and its results go to."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.catalog.services.operators import performers_settle
from yingheng.common import events
from yingheng.common.errors import Invalid
from yingheng.jobs import services as jobs
from yingheng.registry.models import Person

_By = Exam.PerformerSource


@transaction.atomic
def exam_performer_set(*, actor: Actor, exam: Exam, person: Person | None, reason: str = "") -> Exam:
    """Say which member of the staff took the images; None where nobody knows.

    It holds whatever headers and messages tell; cases of film review follow.  Invalid for one of another hospital.
    """
    row = _locked(exam)
    if person is not None and person.hospital_id != row.hospital_id:
        raise Invalid("catalog.performer_elsewhere")
    before = _told(row)
    row.performer, row.performer_source = person, _By.PERSON
    row.save(update_fields=["performer", "performer_source"])
    _record(actor, row, before, reason)
    return row


@transaction.atomic
def exam_performer_follow(*, actor: Actor, exam: Exam, reason: str = "") -> Exam:
    """Leave it to the operators that the exam names again; nothing changes where nobody had set it."""
    row = _locked(exam)
    if row.performer_source != _By.PERSON:
        return row
    before = _told(row)
    Exam.objects.filter(pk=row.pk).update(performer=None, performer_source=_By.NOBODY)
    performers_settle([row.pk])
    row = _locked(exam)
    _record(actor, row, before, reason)
    return row


def _locked(exam: Exam) -> Exam:
    return Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=exam.pk)


def _told(row: Exam) -> dict[str, str]:
    return {"person": str(row.performer_id or ""), "source": str(row.performer_source)}


def _record(actor: Actor, row: Exam, before: dict[str, str], reason: str) -> None:
    after = _told(row)
    if after == before:
        return
    audit.record(
        actor=actor,
        action="exam.performer",
        subject=f"exam:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after=after,
        reason=reason.strip(),
    )
    if after["person"] != before["person"]:
        jobs.emit(events.PERFORMER_SET, str(row.pk), scope=row.hospital.path)
