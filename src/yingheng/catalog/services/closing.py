"""Declaring a series complete and an exam closed; each tells the pipeline in the same transaction."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max, Min

from yingheng.catalog.models import Exam, Series
from yingheng.catalog.services.announcing import exams_tell
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.jobs import services as jobs


@transaction.atomic
def series_close(*, series: Series, priority: int = 0) -> bool:
    """Mark a series complete as it was when `series` was read, and emit SERIES_READY.

    False, and nothing happens, when it is complete already or an object arrived since `series` was read.
    """
    row = Series.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=series.pk)
    if row.state == Series.State.COMPLETE or row.n_instances != series.n_instances:
        return False
    span = row.instances.aggregate(low=Min("position_mm"), high=Max("position_mm"))
    row.geometry = {**row.geometry, "position_min_mm": span["low"], "position_max_mm": span["high"]}
    row.state, row.completed_at = Series.State.COMPLETE, now()
    row.save(update_fields=["geometry", "state", "completed_at"])
    jobs.emit(events.SERIES_READY, str(row.pk), scope=row.hospital.path, priority=priority)
    return True


@transaction.atomic
def exam_close(*, exam: Exam, priority: int = 0) -> bool:
    """Mark an exam closed as it was when `exam` was read, after its series, and emit EXAM_CLOSED.

    False, and nothing happens, when it is closed already or an object arrived since `exam` was read.
    """
    row = Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=exam.pk)
    if row.state == Exam.State.CLOSED or row.n_instances != exam.n_instances:
        return False
    for series in row.series.filter(state=Series.State.RECEIVING).order_by("series_uid"):
        series_close(series=series, priority=priority)
    row.state, row.closed_at = Exam.State.CLOSED, now()
    row.save(update_fields=["state", "closed_at"])
    jobs.emit(events.EXAM_CLOSED, str(row.pk), scope=row.hospital.path, priority=priority)
    exams_tell([row.pk])
    return True
