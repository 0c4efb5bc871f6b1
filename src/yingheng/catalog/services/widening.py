"""Updating exams and series with what arrived: lowest header counts, times widen, flags rise, counts add up.

Every update is one statement whose conditions are tested by the database on the row as it then is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Greatest, Least

from yingheng.catalog.arrivals import Arrival, geometry, integer, stored_facts
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.services.ensure import grouped, lowest
from yingheng.common.clock import local_day
from yingheng.registry.models import Device

Devices = Mapping[str, Device | None]


def series_update(created: Sequence[Arrival], rows: Mapping[str, Series], devices: Devices) -> None:
    """Bring the series of the created instances up to date."""
    for uid, group in grouped(created, "series_uid").items():
        row, best = rows[uid], lowest(group)
        changes = _arrived(group) | {
            "n_instances": F("n_instances") + len(group),
            "n_frames": F("n_frames") + sum(max(len(a.item.instance.frames), 1) for a in group),
            "state": Series.State.RECEIVING,
            "completed_at": None,
        }
        target = Series.objects.filter(pk=row.pk)
        target.update(**changes)
        if best.source_key < row.source_key:
            _header_replace(target, best.source_key, _series_header(best, devices[best.sop_uid]))


def exams_update(
    created: Sequence[Arrival], rows: Mapping[str, Exam], devices: Devices, *, new_series: Iterable[str], zone: str
) -> None:
    """Bring the exams of the created instances up to date."""
    ours = set(new_series)
    for uid, group in grouped(created, "study_uid").items():
        row, best = rows[uid], lowest(group)
        changes = _arrived(group) | {
            "n_instances": F("n_instances") + len(group),
            "n_series": F("n_series") + len(ours & {a.series_uid for a in group}),
            "state": Exam.State.RECEIVING,
            "closed_at": None,
            **_sorted_by(group, zone),
        }
        for flag in ("is_contrast", "is_emergency", "is_clock_doubtful"):
            if any(getattr(a, flag) for a in group):
                changes[flag] = True
        if any(a.item.demo for a in group):
            changes["is_demo"] = True
        target = Exam.objects.filter(pk=row.pk)
        target.update(**changes)
        if best.source_key < row.source_key:
            _header_replace(target, best.source_key, _exam_header(best, devices[best.sop_uid]))


def header_restate(a: Arrival, before: str, *, series: Series, exam: Exam, device: Device | None) -> None:
    """Take the header of an object that stands in for one whose source key was `before`, where that one's counted."""
    for row, header in ((series, _series_header(a, device)), (exam, _exam_header(a, device))):
        type(row).objects.filter(pk=row.pk, source_key=before).update(**header, source_key=a.source_key)


def _arrived(group: Sequence[Arrival]) -> dict[str, Any]:
    received = [a.item.received_at for a in group]
    changes: dict[str, Any] = {
        "received_at": Least("received_at", Value(min(received))),
        "last_received_at": Greatest("last_received_at", Value(max(received))),
    }
    started = [a.started_at for a in group if a.started_at]
    ended = [a.ended_at for a in group if a.ended_at]
    if started:
        earliest = min(started)
        changes["started_at"] = _when(Q(started_at__isnull=True) | Q(started_at__gt=earliest), earliest, "started_at")
    if ended:
        latest = max(ended)
        changes["ended_at"] = _when(Q(ended_at__isnull=True) | Q(ended_at__lt=latest), latest, "ended_at")
    return changes


def _sorted_by(group: Sequence[Arrival], zone: str) -> dict[str, Any]:
    """`sort_at` and `local_day` follow the start, or the first arrival as long as no header tells a start."""
    started = [a.started_at for a in group if a.started_at]
    if started:
        moment = min(started)
        condition = Q(started_at__isnull=True) | Q(started_at__gte=moment)
    else:
        moment = min(a.item.received_at for a in group)
        condition = Q(started_at__isnull=True, sort_at__gt=moment)
    return {
        "sort_at": _when(condition, moment, "sort_at"),
        "local_day": _when(condition, local_day(zone, moment), "local_day"),
    }


def _header_replace(rows: QuerySet[Any], source_key: str, header: Mapping[str, Any]) -> None:
    """Take the facts of a better header, unless another process has found a better one still."""
    rows.filter(source_key__gt=source_key).update(**header, source_key=source_key)


def _when(condition: Q, value: dt.datetime | dt.date, name: str) -> Case:
    """`value` where the condition holds of the row, else what the column has."""
    return Case(When(condition, then=Value(value)), default=F(name))


def _exam_header(a: Arrival, device: Device | None) -> dict[str, Any]:
    return {
        "modality": a.item.instance.modality[:16],
        "accession": a.text("AccessionNumber", 64),
        "description": a.text("StudyDescription", 200),
        "body_part": a.text("BodyPartExamined", 64),
        "sex": a.sex,
        "age_years": a.age_years,
        "age_band": a.age_band,
        "is_paediatric": a.age_band == Exam.AgeBand.PAEDIATRIC,
        "device": device.pk if device else None,
    }


def _series_header(a: Arrival, device: Device | None) -> dict[str, Any]:
    instance = a.item.instance
    return {
        "modality": instance.modality[:16],
        "sop_class_uid": instance.sop_class_uid,
        "number": integer(instance.number("SeriesNumber")),
        "description": a.text("SeriesDescription", 200),
        "body_part": a.text("BodyPartExamined", 64),
        "protocol_name": a.text("ProtocolName", 200),
        "facts": stored_facts(instance),
        "geometry": geometry(instance),
        "device": device.pk if device else None,
    }
