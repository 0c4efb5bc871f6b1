"""What many exams say of the device that made them: drift from its own normal, and what stays in its place."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from imagingqc.clinical.method import DeviceMethod, images
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import DEVICE_METHODS
from imagingqc.criteria.model import Context
from imagingqc.dicom.model import Slice
from imagingqc.dicom.series import split_stacks
from imagingqc.errors import AnalysisError, DataError, Reason
from imagingqc.evaluate import judge_measurements
from imagingqc.quantity import Evidence, Measurement, quantity_catalogue
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.reading import dicom_series, input_hash
from yingheng.common.errors import Invalid, NotFound
from yingheng.evidence.courses import drifting
from yingheng.evidence.models import MeasurementSet, Trend
from yingheng.evidence.selectors import measurements_current
from yingheng.evidence.services import Run, assessment_store, measurements_store, subject_of_device, unasked_retire
from yingheng.registry.models import Device
from yingheng.rulebook.selectors import standards_for
from yingheng.tenancy.scope import Scope

DRIFT_SET, DRIFT_VERSION, DRIFTING = "drift", "1", "device.drift.quantities"
SEARCHED = 4  # times the exams that a method takes: so far back is looked for images of one part and matrix


@transaction.atomic
def drift_store(device: Device) -> bool:
    """Store how many quantities of a device have left their baseline, and judge it; False without any baseline."""
    rows = list(drifting(Scope.everything(), device.pk))
    compared = Trend.objects.filter(device=device, baseline__isnull=False, average__isnull=False).exists()
    if not compared and not rows:
        return False
    found = [{"quantity": r.quantity, "protocol": r.protocol_key, "direction": r.drift} for r in rows]
    evidence = Evidence(shape={"kind": "courses", "rows": found}) if found else None
    value = Measurement(DRIFTING, len(rows), "1", DRIFT_SET, DRIFT_VERSION, evidence=evidence)
    stood = "\n".join(f"{r.protocol_key}|{r.quantity}|{r.drift}|{r.baseline_id}" for r in rows)
    measurements_store(
        subject=subject_of_device(device),
        method_set=DRIFT_SET,
        version=DRIFT_VERSION,
        input_hash=hashlib.sha256(stood.encode()).hexdigest(),
        values=[value],
        context=_context(device),
    )
    return device_judge(device)


def _context(device: Device) -> Context:
    """What rules may ask of a device; what no method measures on it does not concern it."""
    facts = {"modality": device.modality} if device.modality else {}
    return Context("device", facts, silent=frozenset({"no_measurement"}))


@transaction.atomic
def device_judge(device: Device) -> bool:
    """Judge everything measured on a device as a whole by the rules of today; False when there is nothing."""
    sets = list(measurements_current(Scope.everything(), subject_type="device", subject_id=device.pk))
    if not sets:
        return False
    subject = subject_of_device(device)
    measurements = [Measurement.from_dict(value) for known in sets for value in known.values]
    standards = standards_for(device.hospital, subject.local_day)
    verdicts = judge_measurements(measurements, _context(device), standards)
    digest = hashlib.sha256("\n".join(known.input_hash for known in sets).encode()).hexdigest()
    run = Run(code_version=" ".join(f"{s.method_set}={s.version}" for s in sets)[:120], input_hash=digest)
    judged = []
    for standard in standards:
        found = [v for v in verdicts if v.standard == standard.id]
        if any(v.grade != "manual" for v in found):
            row, _ = assessment_store(subject=subject, standard=standard, verdicts=found, run=run, holds=True)
            judged.append(row)
    unasked_retire(subject=subject, judged=judged)
    return True


@dataclass(frozen=True, slots=True)
class _Candidate:
    series_id: UUID
    exam_id: UUID
    part: str
    matrix: tuple[int, int]


def device_accumulate(device: Device, method: DeviceMethod) -> int:
    """Run a method over the newest exams of every part of a device that has enough; returns how many parts.

    What was measured on the same images by the same code is not measured again.
    """
    done = 0
    for part, series in _groups(device, method).items():
        slices, inputs = _frames(series[: method.most])
        if len(slices) >= method.fewest:
            _store(device, method, part, slices, inputs)
            done += 1
    if done:
        device_judge(device)
    return done


def _groups(device: Device, method: DeviceMethod) -> dict[str, list[UUID]]:
    """Series by the part that made them, newest first, one of each exam and all of the commonest matrix."""
    rows = Series.objects.filter(
        exam__device=device, modality__in=method.modalities, pixels_gone_at__isnull=True, state=Series.State.COMPLETE
    ).order_by("-exam__sort_at", "-id")
    fields = rows.values_list("pk", "exam_id", "facts", "geometry")[: SEARCHED * method.most]
    by_part: defaultdict[str, list[_Candidate]] = defaultdict(list)
    for pk, exam_id, facts, geometry in fields:
        part = str(facts.get(method.part) or "")
        matrix = (int(geometry.get("rows") or 0), int(geometry.get("columns") or 0))
        by_part[part].append(_Candidate(pk, exam_id, part, matrix))
    return {part: _one_matrix(found) for part, found in by_part.items()}


def _one_matrix(found: Sequence[_Candidate]) -> list[UUID]:
    matrix = Counter(c.matrix for c in found).most_common(1)[0][0]
    by_exam: dict[UUID, UUID] = {}
    for candidate in found:
        if candidate.matrix == matrix:
            by_exam.setdefault(candidate.exam_id, candidate.series_id)
    return list(by_exam.values())


def _frames(series: Iterable[UUID]) -> tuple[list[Slice], str]:
    """The first image of each series that can be read, and the hash of what was read."""
    slices, used = [], []
    for pk in series:
        row = Instance.objects.filter(series_id=pk).select_related("series__exam").order_by("number", "sop_uid").first()
        if row is None:
            continue
        try:
            found = dicom_series([row], row.series.exam.study_uid)
            slices.append(images(split_stacks(found))[0].slices[0])
        except (NotFound, Invalid, DataError, AnalysisError):
            continue  # gone, damaged or no image: one exam less
        used.append(row)
    return slices, input_hash(used)


def _store(device: Device, method: DeviceMethod, part: str, slices: Sequence[Slice], inputs: str) -> None:
    name = f"{method.name}:{part}"[:120]
    known = MeasurementSet.objects.filter(subject_type="device", subject_id=device.pk, method_set=name)
    if known.filter(version=method.version, input_hash=inputs, is_current=True).exists():
        return
    measurements_store(
        subject=subject_of_device(device),
        method_set=name,
        version=method.version,
        input_hash=inputs,
        values=_measured(method, slices),
        context=_context(device),
    )


def _measured(method: DeviceMethod, slices: Sequence[Slice]) -> list[Measurement]:
    """What the method says; a refusal becomes the reason of all its quantities."""
    try:
        found = method.run(slices, CachedReader(keep=2))  # hundreds of large frames, each seen once
        reason = None
    except (AnalysisError, DataError) as error:
        found, reason = [], error.reason
    catalogue = quantity_catalogue()
    missing = [q for q in method.quantities if q not in {m.quantity for m in found}]
    return [*found, *(_refused(method, q, catalogue[q].unit, reason) for q in missing)]


def _refused(method: DeviceMethod, quantity: str, unit: str, reason: Reason | None) -> Measurement:
    why = reason or Reason("no_measurement", {"quantity": quantity})
    return Measurement(quantity, None, unit, method.name, method.version, reason=why)


def accumulations_due() -> list[tuple[Device, DeviceMethod]]:
    """Which devices have enough new exams for which method since it last looked at them."""
    due: list[tuple[Device, DeviceMethod]] = []
    for method in DEVICE_METHODS:
        devices = Device.objects.filter(modality__in=method.modalities).select_related("hospital")
        new = ((d, _new_exams(d, method, _last_run(d, method))) for d in devices)
        due += [(device, method) for device, n in new if n >= method.fewest]
    return due


def _last_run(device: Device, method: DeviceMethod) -> datetime | None:
    sets = MeasurementSet.objects.filter(subject_type="device", subject_id=device.pk, is_current=True)
    of_method: Any = sets.filter(method_set__startswith=f"{method.name}:", version=method.version)
    return of_method.order_by("-created_at").values_list("created_at", flat=True).first()


def _new_exams(device: Device, method: DeviceMethod, since: datetime | None) -> int:
    rows = Series.objects.filter(
        exam__device=device, modality__in=method.modalities, pixels_gone_at__isnull=True, state=Series.State.COMPLETE
    )
    rows = rows.filter(received_at__gt=since) if since else rows
    return rows.aggregate(n=Count("exam_id", distinct=True))["n"]
