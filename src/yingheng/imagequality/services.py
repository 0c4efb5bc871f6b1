"""Automatic evaluation of every series and exam: measure, store, judge, store.

The numbers come from `imagingqc.evaluate`, the same path that `yingheng check` takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Standard, Verdict
from imagingqc.evaluate import DEFAULT_STANDARDS, evaluate_exam, evaluate_series, methods_version, stacks_of
from imagingqc.quantity import Measurement
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.common import events
from yingheng.evidence.services import (
    Run,
    Subject,
    assessment_store,
    measurements_store,
    subject_of_exam,
    subject_of_series,
)
from yingheng.imagequality.reading import exam_read, series_read
from yingheng.jobs import services as jobs

METHOD_SET = "imagequality"
ASKED = 10  # priority of what a person waits for


def series_evaluate(*, series_id: UUID | str) -> bool:
    """Measure and judge one series as it stands; False when there is nothing (left) to evaluate.

    Idempotent: the same bytes under the same code change nothing.  Criteria about absence wait until the series is
    complete.  Raises NotFound when stored bytes are gone, Invalid or DataError when they are
    damaged.
    """
    row = Series.objects.select_related("exam__hospital", "device").filter(pk=series_id).first()
    if row is None or row.pixels_gone_at is not None:
        return False
    read, inputs = series_read(row)
    if read is None:
        return False
    standards = standards_in_use()
    result = evaluate_series(read, standards, complete=row.state == Series.State.COMPLETE)
    _store(subject_of_series(row), inputs, result.measurements, standards, result.verdicts)
    return True


def exam_evaluate(*, exam_id: UUID | str) -> bool:
    """Measure and judge what concerns the exam as a whole; False when there is nothing (left) to evaluate."""
    row = Exam.objects.select_related("hospital", "device").filter(pk=exam_id).first()
    if row is None or row.series.filter(pixels_gone_at__isnull=False).exists():  # what is left is not the exam
        return False
    read, inputs = exam_read(row)
    if read is None:
        return False
    standards = standards_in_use()
    result = evaluate_exam(read, stacks_of(read), standards, complete=row.state == Exam.State.CLOSED)
    _store(subject_of_exam(row), inputs, result.measurements, standards, result.verdicts)
    return True


@transaction.atomic
def exam_ask(*, exam: Exam, actor: Actor) -> None:
    """Have the workers evaluate an exam and all its series once more, before other work."""
    path = exam.hospital.path
    for pk in Series.objects.filter(exam=exam).order_by("pk").values_list("pk", flat=True):
        jobs.emit(events.SERIES_READY, str(pk), scope=path, priority=ASKED)
    jobs.emit(events.EXAM_CLOSED, str(exam.pk), scope=path, priority=ASKED)
    audit.record(actor=actor, action="exam.evaluate", subject=f"exam:{exam.pk}", scope=path)


def standards_in_use() -> tuple[Standard, ...]:
    """The editions that every hospital is judged by until it chooses its own."""
    builtin = load_builtin()
    return tuple(builtin[name] for name in DEFAULT_STANDARDS)


@transaction.atomic
def _store(
    subject: Subject,
    inputs: str,
    measurements: Sequence[Measurement],
    standards: Sequence[Standard],
    verdicts: Sequence[Verdict],
) -> None:
    version = methods_version()
    measurements_store(subject=subject, method_set=METHOD_SET, version=version, input_hash=inputs, values=measurements)
    run = Run(code_version=version, input_hash=inputs)
    for standard in standards:
        of_standard = [v for v in verdicts if v.standard == standard.id]
        if of_standard:
            assessment_store(subject=subject, standard=standard, verdicts=of_standard, run=run)
