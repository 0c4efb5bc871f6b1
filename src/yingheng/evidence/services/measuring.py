"""Storing what was measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Max

from imagingqc.criteria.model import Context
from imagingqc.quantity import Measurement
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.evidence.models import Baseline, MeasurementSet
from yingheng.evidence.services.subject import Subject, subject_lock
from yingheng.jobs import services as jobs
from yingheng.registry.models import Device


@transaction.atomic
def measurements_store(
    *,
    subject: Subject,
    method_set: str,
    version: str,
    input_hash: str,
    values: Sequence[Measurement],
    context: Context | None = None,
    protocol_key: str = "",
) -> tuple[MeasurementSet, bool]:
    """Store the values of a set of methods; returns the row, and whether it is new.

    `context` is what rules may ask of the subject: with it the set can be judged again when the images are gone.
    The same methods, version and inputs again change nothing.  The set stored last is the current one of its
    subject and `method_set`; what went before stays.
    """
    subject_lock(subject)
    same_set = MeasurementSet.objects.filter(**subject.key, method_set=method_set)
    found = same_set.filter(version=version, input_hash=input_hash).first()
    if found is not None and found.is_current:
        return found, False
    same_set.filter(is_current=True).update(is_current=False)
    if found is not None:  # measured on these inputs before, and now these are the inputs again
        same_set.filter(pk=found.pk).update(is_current=True)
        found.is_current = True
    row = found or MeasurementSet.objects.create(
        **subject.columns,
        method_set=method_set,
        version=version,
        input_hash=input_hash,
        values=[m.as_dict() for m in values],
        context=context.as_dict() if context else {},
        protocol_key=protocol_key,
        created_at=now(),
    )
    jobs.emit(events.MEASUREMENT_STORED, str(row.pk), scope=subject.hospital.path, priority=-1)
    return row, found is None


@dataclass(frozen=True, slots=True)
class BaselineValues:
    """Median and median absolute deviation (unit of the quantity) of `n` values from a window of local days.

    `starts_at` is when the device became what it is (None: from the beginning), `last_at` the exam time of the last
    value: the baseline stands for exams of that time between two changes of the device.
    """

    n: int
    median: float
    mad: float
    first_day: dt.date
    last_day: dt.date
    starts_at: dt.datetime | None = None
    last_at: dt.datetime | None = None


@transaction.atomic
def baseline_set(
    *,
    actor: Actor | None,
    device: Device,
    protocol_key: str,
    quantity: str,
    values: BaselineValues,
    cause: str = "",
) -> Baseline:
    """Set a new version of a device's own normal value; `cause` says what made it necessary."""
    if values.n < 1 or values.mad < 0 or values.first_day > values.last_day:
        raise Invalid("evidence.baseline_numbers")
    locked = Device.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=device.pk)
    rows = Baseline.objects.filter(device=locked, protocol_key=protocol_key, quantity=quantity)
    row = Baseline.objects.create(
        hospital=locked.hospital,
        device=locked,
        protocol_key=protocol_key,
        quantity=quantity,
        version=(rows.aggregate(newest=Max("version"))["newest"] or 0) + 1,
        **asdict(values),
        set_by_id=actor.id if actor else "",
        set_by_name=actor.name if actor else "",
        cause=cause,
        created_at=now(),
    )
    if actor is not None:
        audit.record(
            actor=actor,
            action="baseline.set",
            subject=f"device:{device.pk}",
            scope=locked.hospital.path,
            after={"quantity": quantity, "version": row.version, "median": values.median, "n": values.n},
            reason=cause,
        )
    jobs.emit(events.BASELINE_CHANGED, str(row.pk), scope=locked.hospital.path)
    return row
