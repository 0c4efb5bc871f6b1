"""Analysing a case: decode, measure, judge, keep; what is measured joins evidence and the course of the device."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from imagingqc.criteria.judge import overall
from imagingqc.criteria.model import Context, Standard, Verdict
from imagingqc.dicom import model as dicom
from imagingqc.phantom.model import PhantomResult, PhantomTest
from imagingqc.phantom.run import analyse, device_context, judge_device
from imagingqc.phantom.standards import phantom_standards
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Series
from yingheng.catalog.reading import series_read
from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.evidence.models import QuantityPoint
from yingheng.evidence.services import (
    Run,
    Subject,
    assessment_store,
    courses_refresh,
    measurements_store,
    numbers_of,
    points_put,
    unasked_retire,
)
from yingheng.phantomqc.models import PhantomCase, PhantomRun
from yingheng.phantomqc.naming import protocol_of, subject_of_case
from yingheng.phantomqc.selectors import references_of_test, standards_of
from yingheng.phantomqc.services.asking import analysis_or_invalid, parameters_given
from yingheng.phantomqc.services.occasions import run_attach

State = PhantomCase.State


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was measured and what each standard says of it."""

    result: PhantomResult
    verdicts: tuple[Verdict, ...]
    standards: tuple[Standard, ...]

    @property
    def outcome(self) -> str:
        return overall(self.verdicts, manual=False).value

    @property
    def spoken(self) -> _Spoken:
        found = self.result.found
        assert found is not None
        return _Spoken(found.measurements, self.verdicts, self.standards, self.result.version)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What a run says of its device."""

    measurements: Sequence[Measurement]
    verdicts: Sequence[Verdict]
    standards: Sequence[Standard]
    version: str


def case_run(*, case_id: UUID | str) -> PhantomRun | None:
    """Analyse a case as it is asked for; None when there is nothing (left) to analyse.

    Idempotent: the same bytes, code and parameters add nothing.  Raises NotFound when stored bytes are gone, Invalid
    or DataError when they are damaged.
    """
    rows = PhantomCase.objects.select_related("hospital", "exam", "device__hospital")
    case = rows.filter(pk=case_id, state__in=[State.ASKED, State.DONE]).first()
    if case is None:
        return None
    test = analysis_or_invalid(case.test)
    series, inputs = case_series(case)
    key = _key(test, case, inputs)
    known = PhantomRun.objects.filter(case=case, key=key).first()
    if known is not None and case.run_id == known.pk and case.state == State.DONE:
        return known
    result = analyse(test, series, parameters_given(case.parameters))
    judged = _judge(case, result)
    return _keep(case, judged, key, inputs)


def case_series(case: PhantomCase) -> tuple[list[dicom.Series], str]:
    """The series of a case, and one hash over all their bytes; NotFound when stored bytes are gone."""
    found, hashes = [], []
    for row in Series.objects.select_related("exam").filter(pk__in=case.series).order_by("pk"):
        read, inputs = series_read(row)
        if read is None:
            raise NotFound("catalog.pixels_gone")
        found.append(read)
        hashes.append(inputs)
    return found, hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def _key(test: PhantomTest, case: PhantomCase, inputs: str) -> str:
    named = [test.name, test.version, case.test_type, case.parameters, inputs]
    return hashlib.sha256(json.dumps(named, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _judge(case: PhantomCase, result: PhantomResult) -> _Judged:
    if result.found is None:
        return _Judged(result, (), ())
    standards = standards_of(case, phantom_standards(result.found.phantom))
    device = case.device
    references = references_of_test(device, protocol_of(case.test), case.exam.sort_at) if device else {}
    context = device_context(result, case.test_type)
    return _Judged(result, judge_device(result.found.measurements, context, standards, references), standards)


@transaction.atomic
def _keep(case: PhantomCase, judged: _Judged, key: str, inputs: str) -> PhantomRun:
    """Store a run, make it the one that holds, and let evidence and tests follow."""
    locked = PhantomCase.objects.select_for_update(no_key=True).get(pk=case.pk)
    result = judged.result
    run, _new = PhantomRun.objects.get_or_create(
        case=case,
        key=key,
        defaults={
            "hospital_id": case.hospital_id,
            "device_id": case.device_id,
            "test": result.test,
            "version": result.version,
            "test_type": case.test_type,
            "parameters": case.parameters,
            "series": case.series,
            "input_hash": inputs,
            "result": _stored(judged),
            "phantom": result.found.phantom if result.found else "",
            "refused": result.refused.code if result.refused else "",
            "outcome": judged.outcome if result.found else "",
            "local_day": case.exam.local_day,
            "made_at": now(),
            "asked_by_name": case.changed_by_name,
            "asked_reason": case.asked_reason,
        },
    )
    locked.run, locked.state, locked.changed_at = run, State.DONE, now()
    locked.save(update_fields=["run", "state", "changed_at"])
    case.run, case.state = run, State.DONE
    subject = subject_of_case(case)
    if result.found is not None and subject is not None:
        _evidence(case, subject, judged.spoken, device_context(result, case.test_type), key)
        _course(case, result)
    else:
        QuantityPoint.objects.filter(subject_id=case.pk).delete()
    run_attach(run, case, judged.verdicts)
    return run


def _stored(judged: _Judged) -> dict[str, object]:
    verdicts = [v.as_dict() for v in judged.verdicts]
    return json.loads(json.dumps(judged.result.as_dict() | {"verdicts": verdicts}, default=float))


def _evidence(case: PhantomCase, subject: Subject, spoken: _Spoken, context: Context, key: str) -> None:
    """Measurements and assessments of the device's test, unless a later exam has spoken already."""
    if runs_that_hold(case).filter(case__exam__sort_at__gt=case.exam.sort_at).exists():
        return
    measurements_store(
        subject=subject,
        method_set=protocol_of(case.test),
        version=spoken.version,
        input_hash=key,
        values=spoken.measurements,
        context=context,
        protocol_key=protocol_of(case.test),
    )
    verdicts_store(subject, spoken.verdicts, spoken.standards, Run(spoken.version, key))


def runs_that_hold(case: PhantomCase) -> QuerySet[PhantomRun]:
    """The runs of the same test of the same device, of other cases too, that measured and are not put aside."""
    rows = PhantomRun.objects.filter(device_id=case.device_id, test=case.test, test_type=case.test_type, refused="")
    return rows.filter(case__run=F("pk"), case__state=State.DONE)


def evidence_again(case: PhantomCase) -> None:
    """What the run of a case measured counts of its device once more: judged by what is stored, not measured anew."""
    run, subject = case.run, subject_of_case(case)
    assert run is not None
    assert subject is not None
    assert case.device is not None
    measurements = [Measurement.from_dict(one) for one in run.result["measurements"]]
    facts = {"modality": case.modality, "test": case.test_type, **(run.result.get("facts") or {})}
    context = Context("device", facts | {"phantom": run.phantom})
    standards = standards_of(case, phantom_standards(run.phantom))
    references = references_of_test(case.device, protocol_of(case.test), case.exam.sort_at)
    verdicts = judge_device(measurements, context, standards, references)
    _evidence(case, subject, _Spoken(measurements, verdicts, standards, run.version), context, run.key)


def verdicts_store(
    subject: Subject, verdicts: Sequence[Verdict], standards: Sequence[Standard], run: Run, kind: str = "auto"
) -> None:
    """One assessment a standard; what no standard asks any more stops counting."""
    rows = []
    for standard in standards:
        own = [v for v in verdicts if v.standard == standard.id]
        if own:
            row, _new = assessment_store(
                subject=subject, standard=standard, verdicts=own, run=run, run_kind=kind, holds=True
            )
            rows.append(row)
    unasked_retire(subject=subject, judged=rows)


def _course(case: PhantomCase, result: PhantomResult) -> None:
    """The numbers of a run on the course of the device; a new run of the same case takes the place of the old."""
    assert result.found is not None
    device = case.device
    assert device is not None
    protocol = protocol_of(case.test)
    numbers = numbers_of(_dicts(result.found.measurements), {m.quantity for m in result.found.measurements})
    QuantityPoint.objects.filter(subject_id=case.pk).exclude(quantity__in=numbers).delete()
    points_put(
        [
            QuantityPoint(
                hospital_id=case.hospital_id,
                device_id=device.pk,
                protocol_key=protocol,
                quantity=quantity,
                subject_id=case.pk,
                exam_id=case.exam_id,
                local_day=case.exam.local_day,
                at=case.exam.sort_at,
                value=value,
            )
            for quantity, value in numbers.items()
        ]
    )
    courses_refresh(device, protocol, set(numbers), case.exam.sort_at)


def _dicts(measurements: Sequence[Measurement]) -> list[dict[str, object]]:
    return [m.as_dict() for m in measurements]
