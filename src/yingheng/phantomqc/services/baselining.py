"""Baselines of performance tests: a person says that what was measured is how the device should be."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from imagingqc.stats.baseline import SD_PER_MAD
from imagingqc.stats.control import FEWEST, individuals
from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.courses import boundaries_of_device, points_within
from yingheng.evidence.epochs import window_at
from yingheng.evidence.models import Baseline, QuantityPoint
from yingheng.evidence.services import OF_TESTS, BaselineValues, baseline_set, courses_refresh, numbers_of
from yingheng.phantomqc.models import PhantomCase
from yingheng.phantomqc.naming import protocol_of
from yingheng.registry.models import Device
from yingheng.tenancy.scope import Scope


@transaction.atomic
def case_baseline_set(*, actor: Actor, case: PhantomCase, reason: str) -> list[Baseline]:
    """Set the values of a run as the baseline of its device, each quantity with a new version; a reason is required.

    Later runs are compared with it; what was judged before stays as it was.  Conflict where nothing was measured.
    """
    if not reason.strip():
        raise Invalid("phantomqc.reason_missing")
    run, device = case.run, case.device
    if run is None or run.refused or device is None:
        raise Conflict("phantomqc.nothing_measured")
    protocol = protocol_of(case.test)
    values = run.result["measurements"]
    numbers = numbers_of(values, {v["quantity"] for v in values})
    boundaries = boundaries_of_device(Scope.everything(), device.pk)
    day = case.exam.local_day
    made = []
    for quantity, value in sorted(numbers.items()):
        starts = window_at(boundaries, protocol, quantity, case.exam.sort_at).start
        at = case.exam.sort_at
        found = BaselineValues(1, value, 0.0, day, day, starts, at)
        made.append(
            baseline_set(
                actor=actor, device=device, protocol_key=protocol, quantity=quantity, values=found, cause=reason.strip()
            )
        )
    courses_refresh(device, protocol, set(numbers), None)
    return made


@transaction.atomic
def course_baseline_set(
    *, actor: Actor, device: Device, protocol_key: str, quantity: str, points: Collection[UUID], reason: str
) -> Baseline:
    """Make a new version of one quantity's baseline from chosen values of performance tests; a reason is required.

    Middle and spread are those of a chart of single values: the mean, and the mean moving range / 1.128, kept as the
    median deviation that such a spread would have.  All values are of the time since the last change of the device.
    What was judged before stays as it was.  Invalid for fewer than FEWEST values, and for values of other times.
    """
    if not reason.strip():
        raise Invalid("phantomqc.reason_missing")
    if not protocol_key.startswith(OF_TESTS):
        raise Invalid("phantomqc.baseline_of_tests")
    window = window_at(boundaries_of_device(Scope.everything(), device.pk), protocol_key, quantity, None)
    rows = QuantityPoint.objects.filter(device=device, protocol_key=protocol_key, quantity=quantity)
    chosen = list(points_within(rows.filter(pk__in=points), window))
    if len(chosen) < max(FEWEST, len(set(points))):
        raise Invalid("phantomqc.baseline_values", n=len(chosen), fewest=FEWEST)
    chart = individuals([point.value for point in chosen])
    first, last = chosen[0], chosen[-1]
    values = BaselineValues(
        chart.n, chart.middle, chart.sd / SD_PER_MAD, first.local_day, last.local_day, window.start, last.at
    )
    made = baseline_set(
        actor=actor, device=device, protocol_key=protocol_key, quantity=quantity, values=values, cause=reason.strip()
    )
    courses_refresh(device, protocol_key, [quantity], None)
    return made
