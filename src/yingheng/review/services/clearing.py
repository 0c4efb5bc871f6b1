"""Letting the images of an exam go once no daily review holds them."""

from __future__ import annotations

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.jobs import services as jobs
from yingheng.review.models import Campaign, Case, Ruling
from yingheng.review.models.campaigns import Purpose

_OPEN = (Case.State.WAITING, Case.State.ARBITRATION)


def exam_clear(*, exam: Exam, by: Actor | None = None) -> bool:
    """Say that the daily review lets an exam go; False while a review of it waits, or found it to be waste.

    In the caller's transaction.
    """
    daily = Case.objects.filter(exam=exam, campaign__purpose=Purpose.DAILY)
    daily = daily.exclude(campaign__state=Campaign.State.CANCELLED)
    if daily.filter(state__in=_OPEN).exists():
        return False
    settled = Ruling.objects.filter(case__in=daily.filter(state=Case.State.SETTLED)).order_by("version")
    newest = {one.case_id: one for one in settled}
    if any((one.details.get("flags") or {}).get("waste") for one in newest.values()):
        return False
    payload = {"by": {"id": by.id, "name": by.name}} if by else {}
    jobs.emit(events.EXAM_CLEARED, str(exam.pk), payload=payload, scope=exam.hospital.path)
    return True
