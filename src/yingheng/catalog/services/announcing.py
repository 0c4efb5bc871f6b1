"""Telling open pages that exams changed."""

from __future__ import annotations

from collections.abc import Iterable

from yingheng.catalog.models import Exam
from yingheng.jobs.signals import EXAM, signals_send


def exams_tell(exam_ids: Iterable[object]) -> None:
    """Say, in the caller's transaction, that these exams changed.  Two queries, whatever their number."""
    wanted = list(exam_ids)
    rows = Exam.objects.filter(pk__in=wanted).values_list("pk", "device_id", "hospital__path") if wanted else ()
    signals_send(EXAM, rows)
