"""Counting a device's month: its days, which rejected exposures are in the rate, and the cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.functions import TruncMonth

from imagingqc.stats.rejects import surely_above
from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.jobs.services import emit
from yingheng.notify.services import notify
from yingheng.registry.models import Device
from yingheng.rejects.facts import month_facts, month_start
from yingheng.rejects.models import CountedDay, CountedMonth, RejectedExposure
from yingheng.rejects.month_cells import INDICATORS, Part
from yingheng.rejects.months import Counted, Month, month_counted
from yingheng.rejects.targets import lines
from yingheng.rollups.models import Cell
from yingheng.rollups.services import CellDelta, RecountFn, cell_add, dimensions_hash
from yingheng.tenancy.permissions import REVIEW_VIEW
from yingheng.tenancy.roles import roles_with
from yingheng.tenancy.scope import Scope

_LOG = RejectedExposure.Source.LOG
_DERIVED = (RejectedExposure.Source.MPPS, RejectedExposure.Source.REGISTER)


def month_ask(*, device: Device, day: dt.date, soon: bool = True) -> None:
    """Have the month of a day counted anew, in the caller's transaction.

    `soon` False: at the next full ten minutes, so that a busy device is counted once for many exams.
    """
    instant = now()
    full = instant.replace(minute=instant.minute // 10 * 10, second=0, microsecond=0) + dt.timedelta(minutes=10)
    key = f"{device.pk}:{month_start(day):%Y-%m}"
    emit(events.EXPOSURES_CHANGED, key, scope=device.hospital.path, not_before=None if soon else full)


@transaction.atomic
def month_count(*, device: Device, month: dt.date) -> Month:
    """Count a month from its facts and put the difference into the cells; counting again changes nothing."""
    row, _created = CountedMonth.objects.get_or_create(
        device=device, month=month, defaults={"hospital_id": device.hospital_id, "counted_at": now()}
    )
    row = CountedMonth.objects.select_for_update(no_key=True).get(pk=row.pk)
    facts = month_facts(device, month)
    found = month_counted(facts, ZoneInfo(device.hospital.zone))
    _cells_change(row, found.parts)
    CountedDay.objects.filter(device=device, day__range=(facts.first, facts.last)).delete()
    CountedDay.objects.bulk_create(
        CountedDay(hospital_id=device.hospital_id, device=device, day=one.day, source=one.told.source,
                   rejected=one.told.rejected, acquired=one.told.acquired, kept=one.kept)
        for one in found.days
    )  # fmt: skip
    _rows_change(device, facts.first, facts.last, found.rows)
    row.counted_at = now()
    row.save(update_fields=["counted_at"])
    _tell(device, month, found)
    return found


def _cells_change(row: CountedMonth, parts: list[Part]) -> None:
    """Add to the cells of the month what they differ by."""
    cells = Cell.objects.filter(indicator__in=INDICATORS, hospital=row.hospital_id, day=row.month)
    stored = cells.filter(dimensions__device=str(row.device_id))
    left = {(c.indicator, c.dimensions_hash): (c.dimensions, c.numerator, c.denominator) for c in stored}
    steps: list[tuple[str, CellDelta]] = []
    for indicator, dimensions, numerator, denominator in parts:
        _known, k, n = left.pop((indicator, dimensions_hash(dimensions)), (None, 0, 0))
        steps.append((indicator, _delta(row, dimensions, numerator - k, denominator - n)))
    steps += [(key[0], _delta(row, dimensions, -k, -n)) for key, (dimensions, k, n) in left.items()]
    for indicator, delta in sorted(steps, key=lambda one: (one[0], dimensions_hash(one[1].dimensions))):
        cell_add(indicator=indicator, delta=delta)


def _delta(row: CountedMonth, dimensions: dict[str, Any], numerator: int, denominator: int) -> CellDelta:
    return CellDelta(row.hospital_id, row.month, dimensions, numerator, denominator)


def _rows_change(device: Device, first: dt.date, last: dt.date, rows: list[Counted]) -> None:
    """Rows of logs learn their exam and whether they count; those of other sources are written anew."""
    changed = []
    for one in rows:
        row = one.row
        if row is None:
            continue
        wanted = (one.exam, one.retake, UUID(one.performer) if one.performer else None, one.counted)
        if (row.exam_id, row.retake_id, row.performer_id, row.counted) != wanted:
            row.exam_id, row.retake_id, row.performer_id, row.counted = wanted
            changed.append(row)
    RejectedExposure.objects.bulk_update(changed, ["exam", "retake", "performer", "counted"], batch_size=500)
    RejectedExposure.objects.filter(device=device, local_day__range=(first, last), source__in=_DERIVED).delete()
    derived = [_derived(device, one) for one in rows if one.row is None and one.source != _LOG]
    RejectedExposure.objects.bulk_create(derived, batch_size=500)


def _derived(device: Device, one: Counted) -> RejectedExposure:
    part, _between, view = one.position.partition("|")
    return RejectedExposure(
        hospital_id=device.hospital_id, device=device, source=one.source, key=one.key, exam_id=one.exam,
        retake_id=one.retake, n=one.n, counted=one.counted, at=one.at, local_day=one.day, hour=one.hour,
        body_part=part, view=view, performer_id=one.performer or None, reason=one.reason,
    )  # fmt: skip


def _tell(device: Device, month: dt.date, found: Month) -> None:
    """Tell those who answer for quality that a month lies surely above the line; everybody once."""
    rejected, acquired = (sum(getattr(one.told, name) for one in found.days) for name in ("rejected", "acquired"))
    limit = lines()["investigate"].value
    if not surely_above(rejected, acquired, limit / 100):
        return
    notify(
        key=f"rejects.above:{device.pk}:{month:%Y-%m}",
        kind="rejects.above",
        params={"device": device.label, "month": f"{month:%Y-%m}", "acquired": acquired,
                "rate": f"{100 * rejected / acquired:.1f}", "limit": f"{limit:g}"},
        roles=roles_with(REVIEW_VIEW) - {"regional_centre"},
        scope=device.hospital.path,
        subject=f"device:{device.pk}",
        link=f"/retakes/rejects/?first={month:%Y-%m}&last={month:%Y-%m}&device={device.pk}",
    )  # fmt: skip


def _recount(indicator: str) -> RecountFn:
    def recount(scope: Scope) -> Iterator[CellDelta]:
        rows = CountedMonth.objects.select_related("device__hospital").order_by("month", "device")
        for row in scope.filter(rows).iterator(200):
            facts = month_facts(row.device, row.month)
            for part in month_counted(facts, ZoneInfo(row.device.hospital.zone)).parts:
                if part[0] == indicator:
                    yield _delta(row, *part[1:])

    return recount


RECOUNTS: Mapping[str, RecountFn] = {name: _recount(name) for name in INDICATORS}


def months_recount(scope: Scope, first: dt.date | None = None) -> int:
    """Ask for every month with exposures, MPPS or logs since `first` to be counted; returns how many were asked for."""
    exams = Exam.objects.filter(device__isnull=False)
    logs = RejectedExposure.objects.filter(source=_LOG)
    if first:
        exams, logs = exams.filter(local_day__gte=first), logs.filter(local_day__gte=first)
    wanted: set[tuple[Any, dt.date]] = set()
    for rows, day in ((exams, "local_day"), (logs, "local_day")):
        found = scope.filter(rows).order_by().annotate(month=TruncMonth(day)).values_list("device", "month").distinct()
        wanted |= set(found)
    devices = Device.objects.select_related("hospital").in_bulk({device for device, _month in wanted})
    for device, month in sorted(wanted, key=str):
        month_ask(device=devices[device], day=month)
    return len(wanted)
