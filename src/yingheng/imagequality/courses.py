"""What follows a stored set of measurements: points on the device's course, baselines, drift, judging anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import numpy as np
from django.db import transaction

from imagingqc.criteria.model import Criterion, Limit, Standard
from imagingqc.errors import AnalysisError
from imagingqc.quantity import quantity_catalogue
from imagingqc.stats.noise_model import FEWEST, fit_noise_model, residuals
from yingheng.catalog.models import Series
from yingheng.common import events
from yingheng.common.clock import local_day
from yingheng.evidence.courses import boundaries_of_device, points_within
from yingheng.evidence.epochs import Window, window_at, windows_of
from yingheng.evidence.models import Baseline, MeasurementSet, QuantityPoint
from yingheng.evidence.selectors import measurements_current
from yingheng.evidence.services import (
    courses_refresh,
    device_changed,
    device_courses_refresh,
    parts_seen,
    points_of,
    points_put,
    points_rebuild,
    points_store,
    subject_of_series,
)
from yingheng.imagequality.services import AT_ONCE, LATER, METHOD_SET, measurements_judge
from yingheng.jobs import services as jobs
from yingheng.registry.models import Device
from yingheng.rulebook.selectors import standards_for
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

NOISE, DIAMETER, RESIDUAL = "ct.noise.global", "ct.body.water_diameter", "ct.noise.residual"
BOLUS = ("ct.bolus.peak_time", "ct.bolus.injection_to_peak", "ct.bolus.threshold_time")
ALWAYS = (NOISE, "ct.dose.ssde", *BOLUS, "mr.snr.air", "mr.snr.local", "dx.exposure_index", "dx.deviation_index")
"""Quantities whose course is kept whatever the rules ask."""
ASIDE = (DIAMETER,)
"""Quantities that say something of the patient, kept for what is worked out with them: no baseline, no drift."""
FITTED = 1000  # newest exams that the noise model is fitted to
OUTLYING = 3.5  # robust standard deviations from which on an exam's noise asks for a look


def watched(standards: Iterable[Standard]) -> frozenset[str]:
    """The quantities whose points are kept: what these rules compare with a baseline, and some always."""
    asked = {c.quantity for s in standards for c in s.criteria if c.quantity and _by_baseline(c)}
    catalogue = quantity_catalogue()
    numbers = {q for q in asked if q in catalogue and catalogue[q].kind in {"number", "integer"}}
    return frozenset(numbers | {*ALWAYS, *ASIDE})


def _by_baseline(criterion: Criterion) -> bool:
    return criterion.grade == "B" or (criterion.limit is not None and _asks_baseline(criterion.limit))


def _asks_baseline(limit: Limit) -> bool:
    return limit.of == "baseline" or any(_asks_baseline(part) for part in (*limit.any, *limit.all))


@transaction.atomic
def set_follow(set_id: UUID | str) -> None:
    """Put a stored set on the course of its device; complete baselines, notice drift and changes of the device."""
    rows = MeasurementSet.objects.select_related("exam", "device", "hospital")
    known = rows.filter(pk=set_id, is_current=True, method_set=METHOD_SET, subject_type="series").first()
    if known is None or known.device is None or known.exam is None:
        return
    values = points_store(known, _watched(known))
    course = set(values) - set(ASIDE)
    if not course:
        return
    facts = Series.objects.filter(pk=known.subject_id).values_list("facts", flat=True).first() or {}
    if parts_seen(known.device, facts, known.exam.sort_at):
        device_changed(known.device_id, _earliest(known.device, known.exam.sort_at), known.hospital.path)
    if courses_refresh(known.device, known.protocol_key, course, known.exam.sort_at):
        jobs.emit(events.DEVICE_TREND, str(known.device_id), scope=known.hospital.path)


def _watched(known: MeasurementSet) -> frozenset[str]:
    return watched(standards_for(known.hospital, known.local_day))


def _earliest(device: Device, at: dt.datetime) -> dt.datetime:
    """From when on a change of parts that an exam at `at` revealed may matter: the last change before it, or it."""
    before = [b.at for b in boundaries_of_device(Scope.everything(), device.pk) if b.at <= at]
    return before[-1] if before else at


def baseline_follow(baseline_id: UUID | str) -> None:
    """Have the exams that a new baseline stands for judged again, when there is nothing better to do."""
    row = Baseline.objects.select_related("hospital").filter(pk=baseline_id).first()
    if row is None:
        return
    boundaries = boundaries_of_device(Scope.everything(), row.device_id)
    windows = windows_of(boundaries, row.protocol_key, row.quantity)
    window = next((w for w in windows if w.start == row.starts_at), None)
    if window is not None:
        of_protocol = QuantityPoint.objects.filter(device_id=row.device_id, protocol_key=row.protocol_key)
        _judge_later(of_protocol.filter(quantity=row.quantity), window, row.hospital.path)


def device_change_follow(device_id: UUID | str, since: dt.datetime) -> None:
    """After a device became another: baselines and drift anew, and every exam since then judged again."""
    device = Device.objects.select_related("hospital").filter(pk=device_id).first()
    if device is None:
        return
    device_courses_refresh(device, leave_out=ASIDE)
    _judge_later(QuantityPoint.objects.filter(device=device), Window(since), device.hospital.path)
    jobs.emit(events.DEVICE_TREND, str(device.pk), scope=device.hospital.path)


def _judge_later(points, window: Window, path: str) -> None:  # noqa: ANN001 - a query of QuantityPoint
    found = points_within(points.filter(derived=False), window).order_by().values_list("subject_id", flat=True)
    for subject_id in found.distinct():
        jobs.emit(events.SERIES_JUDGE, str(subject_id), scope=path, priority=LATER)


def series_judge(series_id: UUID | str) -> bool:
    """Judge a series again by what is stored of it; False when nothing is."""
    row = Series.objects.select_related("exam__hospital", "exam__item", "device").filter(pk=series_id).first()
    if row is None:
        return False
    sets = measurements_current(Scope.everything(), subject_type="series", subject_id=row.pk)
    known = sets.filter(method_set=METHOD_SET).select_related("exam").first()
    if known is None:
        return False
    item = row.exam.item.code if row.exam.item else ""
    complete = row.state == Series.State.COMPLETE
    measurements_judge(known, subject=subject_of_series(row), item=item, complete=complete)
    return True


def noise_refresh(device: Device) -> int:
    """Fit noise over size and dose for every protocol of a CT with enough exams; returns how many got a residual."""
    keys = QuantityPoint.objects.filter(device=device, quantity=NOISE).order_by()
    boundaries = boundaries_of_device(Scope.everything(), device.pk)
    made = 0
    for key in sorted(set(keys.values_list("protocol_key", flat=True).distinct())):
        window = window_at(boundaries, key, RESIDUAL, None)
        found = _fitted(device, key, window)
        if found:
            points_put(found)
            courses_refresh(device, key, (RESIDUAL,), None)
            made += len(found)
    return made


def _fitted(device: Device, protocol_key: str, window: Window) -> list[QuantityPoint]:
    """Residuals of the newest exams of a protocol as derived points; none where there are too few to fit."""
    course = QuantityPoint.objects.filter(device=device, protocol_key=protocol_key)
    noisy = list(points_within(course.filter(quantity=NOISE), window).reverse()[:FITTED])
    if len(noisy) < FEWEST:
        return []
    subjects = [point.subject_id for point in noisy]
    sizes = dict(course.filter(quantity=DIAMETER, subject_id__in=subjects).values_list("subject_id", "value"))
    doses = dict(Series.objects.filter(pk__in=subjects).values_list("pk", "facts__CTDIvol"))
    noise = [point.value for point in noisy]
    size = _column(subjects, sizes)
    dose = _column(subjects, doses)
    try:
        model = fit_noise_model(noise, size, dose)
    except AnalysisError:  # too few with all three numbers: a fit of nothing is no fit
        return []
    found = residuals(model, noise, size, dose)
    return [_residual(point, float(z)) for point, z in zip(noisy, found, strict=True) if np.isfinite(z)]


def _column(subjects: Sequence[UUID], values: dict[UUID, object]) -> list[float]:
    """One number for each subject, NaN where it has none."""
    found = (values.get(subject) for subject in subjects)
    return [float(v) if isinstance(v, int | float) else np.nan for v in found]


def _residual(point: QuantityPoint, z: float) -> QuantityPoint:
    return QuantityPoint(
        hospital_id=point.hospital_id,
        device_id=point.device_id,
        protocol_key=point.protocol_key,
        quantity=RESIDUAL,
        subject_id=point.subject_id,
        exam_id=point.exam_id,
        local_day=point.local_day,
        at=point.at,
        value=z,
        derived=True,
    )


def more_to_follow(device: Device) -> frozenset[str]:
    """The quantities that the rules of today watch and that have no point of this device yet."""
    wanted = watched(standards_for(device.hospital, local_day(device.hospital.zone)))
    known = {q for q in wanted if QuantityPoint.objects.filter(device=device, quantity=q).exists()}
    return wanted - known


def device_follow_more(device: Device) -> int:
    """Read the points of newly watched quantities out of what is stored of a device; returns how many."""
    wanted = more_to_follow(device)
    sets = MeasurementSet.objects.filter(device=device, subject_type="series", method_set=METHOD_SET, is_current=True)
    rows = sets.exclude(protocol_key="").select_related("exam").order_by("pk")
    keys: dict[str, set[str]] = {}
    made, last = 0, None
    while chunk := list((rows.filter(pk__gt=last) if last else rows)[:AT_ONCE]):
        found = [point for known in chunk for point in points_of(known, wanted)]
        points_put(found)
        for point in found:
            keys.setdefault(point.protocol_key, set()).add(point.quantity)
        made, last = made + len(found), chunk[-1].pk
    for key, quantities in sorted(keys.items()):
        courses_refresh(device, key, quantities - set(ASIDE), None)
    return made


def courses_rebuild(hospital: Organisation) -> int:
    """Make every point, baseline and trend of a hospital anew from its stored sets; returns the number of points."""
    standards: dict[dt.date, Collection[str]] = {}

    def of(known: MeasurementSet) -> Collection[str]:
        if known.local_day not in standards:
            standards[known.local_day] = watched(standards_for(hospital, known.local_day))
        return standards[known.local_day]

    made = points_rebuild(hospital, of)
    for device in Device.objects.filter(hospital=hospital):
        device_courses_refresh(device, leave_out=ASIDE)
    return made
