"""Readings outside of tests on the course of their device: from instruments, or from sheets about the device."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from imagingqc.quantity import Measurement
from yingheng.audit.actor import Actor
from yingheng.evidence.models import QuantityPoint
from yingheng.evidence.services import courses_refresh, numbers_of, points_put
from yingheng.phantomqc.models import InstrumentReading
from yingheng.phantomqc.naming import SHEET, protocol_of, protocol_under
from yingheng.registry.models import Device
from yingheng.sheets.judging import Judged
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec

READING = "reading."  # beginning of the method of what a form of readings gives


def reading_follow(row: InstrumentReading, device: Device) -> None:
    """Put a free reading of an instrument on the course of its device, at the noon of its day or when it came."""
    at = row.made_at
    zone = ZoneInfo(device.hospital.zone)
    if at.astimezone(zone).date() != row.local_day:
        at = dt.datetime.combine(row.local_day, dt.time(12), zone)
    protocol = protocol_under(row.reading, row.given["values"])
    numbers = numbers_of(row.values, {value["quantity"] for value in row.values})
    _put(device, row.pk, protocol, numbers, (row.local_day, at))


def sheet_follow(actor: Actor, response: Response, judged: Judged) -> None:  # noqa: ARG001 - what a subject is told
    """Put the numbers of a submitted sheet about a device on its course; a correction takes the place of the old ones.

    Numbers of a form of readings join those that tests and instruments gave; others have a course of their sheet.
    """
    device = Device.objects.select_related("hospital").get(pk=response.subject_id)
    first = response
    gone: list[UUID] = []
    while first.supersedes is not None:
        first = first.supersedes
        gone.append(first.pk)
    points = QuantityPoint.objects.filter(subject_id__in=gone)
    refresh = {(p.protocol_key, p.quantity) for p in points} if gone else set()
    points.delete()
    spec = spec_of(response.template)
    at = first.submitted_at or response.submitted_at
    assert at is not None
    taken: set[str] = set()
    for protocol, measured in _by_protocol(spec, response.answers, judged.measurements).items():
        numbers = numbers_of([m.as_dict() for m in measured], {m.quantity for m in measured} - taken)
        taken |= set(numbers)
        _put(device, response.pk, protocol, numbers, (first.local_day, at))
        refresh -= {(protocol, quantity) for quantity in numbers}
    for protocol, quantity in sorted(refresh):
        courses_refresh(device, protocol, [quantity], at)


def _by_protocol(
    spec: Spec, answers: Mapping[str, Any], measurements: Iterable[Measurement]
) -> dict[str, list[Measurement]]:
    """What a sheet gave, by the protocol key that it has its course under."""
    given = {
        one.function: {key: answers[item] for key, item in one.inputs.items() if item in answers}
        for one in spec.readings
    }
    found: dict[str, list[Measurement]] = {}
    for m in measurements:
        name = m.method.removeprefix(READING)
        own = m.method.startswith(READING) and name in given
        protocol = protocol_under(name, given[name]) if own else protocol_of(f"{SHEET}{spec.key}")
        found.setdefault(protocol, []).append(m)
    return found


def _put(
    device: Device, subject: UUID, protocol: str, numbers: Mapping[str, float], when: tuple[dt.date, dt.datetime]
) -> None:
    day, at = when
    if not numbers:
        return
    points_put(
        [
            QuantityPoint(
                hospital_id=device.hospital_id,
                device_id=device.pk,
                protocol_key=protocol,
                quantity=quantity,
                subject_id=subject,
                local_day=day,
                at=at,
                value=number,
            )
            for quantity, number in numbers.items()
        ]
    )
    courses_refresh(device, protocol, set(numbers), at)
