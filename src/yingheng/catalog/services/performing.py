"""Who took the images of an exam: the technologist that film review and its results are told of."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common.errors import Invalid
from yingheng.registry.models import Person


@transaction.atomic
def exam_performer_set(*, actor: Actor, exam: Exam, person: Person | None) -> Exam:
    """Say which member of the staff took the images; None where nobody knows.

    Samples keep whom they were drawn with.  Invalid for somebody of another hospital.
    """
    row = Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=exam.pk)
    if person is not None and person.hospital_id != row.hospital_id:
        raise Invalid("catalog.performer_elsewhere")
    before = str(row.performer_id or "")
    after = str(person.pk) if person else ""
    if after != before:
        row.performer = person
        row.save(update_fields=["performer"])
        audit.record(
            actor=actor,
            action="exam.performer",
            subject=f"exam:{row.pk}",
            scope=row.hospital.path,
            before={"person": before},
            after={"person": after},
        )
    return row
