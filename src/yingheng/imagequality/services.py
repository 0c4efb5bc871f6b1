"""Automatic evaluation of every series and exam: measure, store, judge what is stored.

The numbers come from `imagingqc.evaluate`, the same path that `yingheng check` takes.  Judging reads stored
measurements alone, so that another item, another rule or another baseline needs no images.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction

from imagingqc.clinical.method import Pace
from imagingqc.clinical.registry import has_full_set
from imagingqc.evaluate import (
    ExamResult,
    SeriesResult,
    evaluate_exam,
    evaluate_series,
    judge_measurements,
    methods_version,
    stacks_of,
)
from imagingqc.protocol.facts import protocol_key
from imagingqc.protocol.items import ItemMatch
from imagingqc.quantity import Measurement
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.reading import exam_read, series_read
from yingheng.catalog.services import exam_item_identify
from yingheng.common import events
from yingheng.evidence.models import MeasurementSet
from yingheng.evidence.selectors import context_of, measurements_current, measurements_of_exam, references_of
from yingheng.evidence.services import (
    Run,
    Subject,
    assessment_store,
    measurements_store,
    subject_of_exam,
    subject_of_series,
    unasked_retire,
)
from yingheng.jobs import services as jobs
from yingheng.jobs.runner import report_progress
from yingheng.rulebook.selectors import standards_for
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

METHOD_SET = "imagequality"
ASKED = 10  # priority of what a person waits for
LATER = -5  # priority of what nobody waits for
AT_ONCE = 500  # jobs asked for in one transaction


def series_evaluate(*, series_id: UUID | str, pace: Pace = "fast") -> bool:
    """Measure and judge one series as it stands; False when there is nothing (left) to evaluate.

    The fast set first; where there is more to measure, a job for the full set follows.  Idempotent: the same bytes
    under the same code are not measured again, only judged.  Criteria about absence wait until the series is
    complete.  Raises NotFound when stored bytes are gone, Invalid or DataError when they are damaged.
    Images of a phantom are no patient's: they are left to the performance tests.
    """
    row = Series.objects.select_related("exam__hospital", "exam__item", "device").filter(pk=series_id).first()
    if row is None or row.pixels_gone_at is not None or row.exam.is_phantom:
        return False
    read, inputs = series_read(row)
    if read is None or len(read.instances) < row.n_instances:  # part of it came back without the rest
        return False
    item = exam_item_identify(exam=row.exam).fact
    subject = subject_of_series(row)
    known = _measured(row, inputs, pace)
    if known is None:
        result = evaluate_series(read, (), item=item, pace=pace)
        known = _store(subject, pace, inputs, result, protocol_key(read))
    complete = row.state == Series.State.COMPLETE
    measurements_judge(known, subject=subject, item=item, complete=complete)
    if complete and known.version.endswith(".fast") and has_full_set(read.modality):
        jobs.emit(events.SERIES_MEASURED, str(row.pk), scope=row.exam.hospital.path, priority=LATER)
    return True


def exam_evaluate(*, exam_id: UUID | str) -> bool:
    """Measure and judge what concerns the exam as a whole; False when there is nothing (left) to evaluate."""
    row = Exam.objects.select_related("hospital", "device", "item").filter(pk=exam_id).first()
    if row is None or row.is_phantom:
        return False
    if row.series.filter(pixels_gone_at__isnull=False).exists():  # what is left is not the exam
        return False
    read, inputs = exam_read(row)
    if read is None or sum(len(one.instances) for one in read.series) < row.n_instances:
        return False
    item = exam_item_identify(exam=row)
    result = evaluate_exam(read, stacks_of(read), (), item=item)
    subject = subject_of_exam(row)
    known = _store(subject, _item_variant(item), inputs, result)
    measurements_judge(known, subject=subject, item=item.fact, complete=row.state == Exam.State.CLOSED)
    return True


def exam_judge(*, exam_id: UUID | str) -> bool:
    """Judge an exam and its series again by what is stored of them; False when nothing is.

    What depends on the item (required series) is measured anew where headers are still there.
    """
    row = Exam.objects.select_related("hospital", "device", "item").filter(pk=exam_id).first()
    if row is None:
        return False
    item = exam_item_identify(exam=row, announce=False).fact
    judged = exam_evaluate(exam_id=row.pk)
    series = {s.pk: s for s in row.series.select_related("exam__hospital", "device")}
    for known in measurements_of_exam(Scope.everything(), row).filter(method_set=METHOD_SET):
        if known.subject_type == "series" and known.subject_id in series:
            one = series[known.subject_id]
            subject, complete = subject_of_series(one), one.state == Series.State.COMPLETE
        elif known.subject_type == "exam" and not judged:
            subject, complete = subject_of_exam(row), row.state == Exam.State.CLOSED
        else:
            continue
        measurements_judge(known, subject=subject, item=item, complete=complete)
        judged = True
    return judged


@transaction.atomic
def measurements_judge(known: MeasurementSet, *, subject: Subject, item: str, complete: bool) -> None:
    """Judge a stored set of measurements by the rules of its hospital and day, and store what they say.

    What these rules do not ask any more stops counting.
    """
    standards = standards_for(subject.hospital, subject.local_day)
    context = context_of(known, item=item, complete=complete)
    at = known.exam.sort_at if known.exam else None
    references = references_of(Scope.everything(), device_id=subject.device_id, protocol_key=known.protocol_key, at=at)
    measurements = [Measurement.from_dict(value) for value in known.values]
    verdicts = judge_measurements(measurements, context, standards, references)
    run = Run(code_version=known.version, input_hash=known.input_hash)
    judged = []
    for standard in standards:
        of_standard = [v for v in verdicts if v.standard == standard.id]
        if of_standard:
            row, _ = assessment_store(subject=subject, standard=standard, verdicts=of_standard, run=run, holds=True)
            judged.append(row)
    unasked_retire(subject=subject, judged=judged)


def hospital_judge(*, hospital_id: UUID | str, first_day: dt.date) -> int:
    """Have every exam of a hospital from that local day on judged again, behind other work; returns how many."""
    hospital = Organisation.objects.filter(pk=hospital_id).first()
    if hospital is None:
        return 0
    exams = Exam.objects.filter(hospital=hospital, local_day__gte=first_day).order_by("pk").values_list("pk", flat=True)
    total, done, chunk = exams.count(), 0, list(exams[:AT_ONCE])
    while chunk:
        with transaction.atomic():
            for pk in chunk:
                jobs.emit(events.EXAM_READY, str(pk), scope=hospital.path, priority=LATER)
        done += len(chunk)
        report_progress(done, max(done, total))
        chunk = list(exams.filter(pk__gt=chunk[-1])[:AT_ONCE])
    return done


@transaction.atomic
def exam_ask(*, exam: Exam, actor: Actor) -> None:
    """Have the workers evaluate an exam and all its series once more, before other work."""
    path = exam.hospital.path
    for pk in Series.objects.filter(exam=exam).order_by("pk").values_list("pk", flat=True):
        jobs.emit(events.SERIES_READY, str(pk), scope=path, priority=ASKED)
    jobs.emit(events.EXAM_CLOSED, str(exam.pk), scope=path, priority=ASKED)
    audit.record(actor=actor, action="exam.evaluate", subject=f"exam:{exam.pk}", scope=path)


def _item_variant(item: ItemMatch) -> str:
    """What a set of measurements of an exam depends on besides its images: its item, or why it has none."""
    return item.fact or (item.reason.code if item.reason else f"item_{item.confidence}")


def _version(variant: str) -> str:
    """The code that measured, and which variant of the set: its pace, or the item that an exam was compared with."""
    return f"{methods_version()}.{variant}"


def _measured(row: Series, inputs: str, pace: Pace) -> MeasurementSet | None:
    """The current set of these very bytes by this very code, if it holds at least what `pace` asks."""
    versions = [_version(p) for p in (("full",) if pace == "full" else ("fast", "full"))]
    rows = measurements_current(Scope.everything(), subject_type="series", subject_id=row.pk)
    return rows.filter(method_set=METHOD_SET, input_hash=inputs, version__in=versions).first()


def _store(
    subject: Subject, variant: str, inputs: str, result: SeriesResult | ExamResult, protocol: str = ""
) -> MeasurementSet:
    row, _ = measurements_store(
        subject=subject,
        method_set=METHOD_SET,
        version=_version(variant),
        input_hash=inputs,
        values=result.measurements,
        context=result.context,
        protocol_key=protocol,
    )
    return row
