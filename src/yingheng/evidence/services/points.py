"""Points on the course of a device, read out of the measurement sets that are stored."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from statistics import median
from typing import Any

from django.db import transaction

from yingheng.catalog.models import Series
from yingheng.evidence.epochs import PART_KEYWORDS, boundaries_of
from yingheng.evidence.models import DevicePart, MeasurementSet, QuantityPoint
from yingheng.registry.models import Device
from yingheng.tenancy.models import Organisation

Watched = Callable[[MeasurementSet], Collection[str]]
_VALUE_LENGTH = 200
OF_TESTS = "phantom:"
"""Beginning of the protocol key under which a performance test has its course."""


def numbers_of(values: Iterable[Mapping[str, Any]], quantities: Collection[str]) -> dict[str, float]:
    """The finite numbers of a stored set by quantity; of several values of one quantity their median."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for entry in values:
        value = entry["value"]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and math.isfinite(value) and entry["quantity"] in quantities:
            found[entry["quantity"]].append(float(value))
    return {quantity: float(median(several)) for quantity, several in found.items()}


@transaction.atomic
def points_store(known: MeasurementSet, quantities: Collection[str]) -> dict[str, float]:
    """Bring the points of a series in line with its current set; returns the values by quantity.

    Nothing for what is not the current set of a series with device, protocol and exam.  Idempotent.
    """
    on_course = known.subject_type == "series" and known.device_id and known.protocol_key and known.exam_id
    if not on_course or not known.is_current:
        return {}
    rows = points_of(known, quantities)
    values = {point.quantity: point.value for point in rows}
    QuantityPoint.objects.filter(subject_id=known.subject_id, derived=False).exclude(quantity__in=values).delete()
    points_put(rows)
    return values


def points_of(known: MeasurementSet, quantities: Collection[str]) -> list[QuantityPoint]:
    """The points that a set of a series with device, protocol and exam gives; not stored."""
    return [
        QuantityPoint(
            hospital_id=known.hospital_id,
            device_id=known.device_id,
            protocol_key=known.protocol_key,
            quantity=quantity,
            subject_id=known.subject_id,
            exam_id=known.exam_id,
            local_day=known.local_day,
            at=known.exam.sort_at,
            value=value,
        )
        for quantity, value in numbers_of(known.values, quantities).items()
        if known.exam is not None
    ]


def points_put(rows: Collection[QuantityPoint]) -> None:
    """Write points; one that is there already takes the new numbers."""
    QuantityPoint.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["subject_id", "quantity"],
        update_fields=["device", "protocol_key", "exam", "local_day", "at", "value", "derived"],
    )


@transaction.atomic
def points_rebuild(hospital: Organisation, watched: Watched) -> int:
    """Make the points of a hospital anew from its current sets, and what headers said of parts; returns how many.

    `watched` says which quantities of a set are kept.  Derived points stay as long as their series has a set; points
    of performance tests are not of series and stay.
    """
    sets = MeasurementSet.objects.filter(hospital=hospital, subject_type="series", is_current=True)
    points = QuantityPoint.objects.filter(hospital=hospital).exclude(protocol_key__startswith=OF_TESTS)
    points.filter(derived=False).delete()
    gone = points.exclude(subject_id__in=sets.values("subject_id"))
    gone.delete()
    DevicePart.objects.filter(hospital=hospital).delete()
    made = 0
    for known in sets.select_related("exam", "device").order_by("exam__sort_at", "id").iterator(500):
        values = points_store(known, watched(known))
        made += len(values)
        if values and known.device and known.exam:
            facts = Series.objects.filter(pk=known.subject_id).values_list("facts", flat=True).first()
            parts_seen(known.device, facts or {}, known.exam.sort_at)
    return made


@transaction.atomic
def parts_seen(device: Device, facts: Mapping[str, Any], at: dt.datetime) -> bool:
    """Note which parts and software the header of an exam names; True when the device became another by it.

    Two queries where nothing is new; the order in which exams arrive does not matter.
    """
    rows = list(DevicePart.objects.filter(device=device))
    before = boundaries_of((), [_copy(row) for row in rows])
    by_key = {(row.keyword, row.value): row for row in rows}
    for keyword in PART_KEYWORDS:
        value = _text(facts.get(keyword))
        if not value:
            continue
        row = by_key.get((keyword, value))
        if row is None:
            row = DevicePart(
                hospital_id=device.hospital_id, device=device, keyword=keyword, value=value, first_at=at, last_at=at
            )
            DevicePart.objects.bulk_create([row], ignore_conflicts=True)
            rows.append(row)
        elif at < row.first_at:
            DevicePart.objects.filter(pk=row.pk, first_at__gt=at).update(first_at=at)
            row.first_at = at
        elif at > row.last_at:
            DevicePart.objects.filter(pk=row.pk, last_at__lt=at).update(last_at=at)
            row.last_at = at
    return boundaries_of((), rows) != before


def _copy(row: DevicePart) -> DevicePart:
    return DevicePart(
        device_id=row.device_id, keyword=row.keyword, value=row.value, first_at=row.first_at, last_at=row.last_at
    )


def _text(value: Any) -> str:
    """A header value as one text; "" for none."""
    several = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return " ".join(" / ".join(str(v) for v in several).split())[:_VALUE_LENGTH]
