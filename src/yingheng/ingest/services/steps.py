"""Performed procedure steps out of the spool into the catalog, and what follows for their exams."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction

from imagingqc.errors import DataError
from yingheng.catalog.models import Exam, PerformedStep, Quarantine
from yingheng.catalog.services import exams_settle, performed_step_record, step_operators_tell
from yingheng.catalog.times import header_moment
from yingheng.ingest.mpps import StepMessage, step_message
from yingheng.ingest.services.refusing import set_aside
from yingheng.ingest.spool import Spooled
from yingheng.tenancy.models import Organisation

if TYPE_CHECKING:
    from yingheng.ingest.services.draining import Desk


def steps_take(hospital: Organisation, files: Sequence[Spooled], desk: Desk) -> None:
    """Record MPPS messages in order of arrival.  The taker of `Kind.STEP_CREATE` and `Kind.STEP_SET`."""
    readable: list[tuple[Spooled, StepMessage]] = []
    for one in files:
        try:
            readable.append((one, step_message(one.path)))
        except DataError as error:
            set_aside(hospital, one, desk.spool, Quarantine.Reason.UNREADABLE, error.reason)
            desk.tally["unreadable"] += 1
    with transaction.atomic():
        for one, message in readable:
            step_record(hospital, message, received_at=dt.datetime.fromtimestamp(one.received_ns / 1e9, dt.UTC))
    steps = PerformedStep.objects.filter(hospital=hospital, sop_uid__in={m.sop_uid for _one, m in readable})
    studies = set(steps.values_list("study_uid", flat=True)) - {""}
    exams = Exam.objects.filter(hospital=hospital, study_uid__in=studies).values_list("pk", flat=True)
    exams_settle(hospital=hospital, exam_ids=list(exams))
    for one, _message in readable:
        one.path.unlink(missing_ok=True)
    desk.tally["steps"] += len(readable)


def step_record(hospital: Organisation, message: StepMessage, *, received_at: dt.datetime) -> PerformedStep:
    """Record what one message says; telling it twice changes nothing, and what it does not say stays."""
    zone = ZoneInfo(hospital.zone)
    known = PerformedStep.objects.filter(hospital=hospital, sop_uid=message.sop_uid).first()
    details: dict[str, Any] = {
        "study_uid": message.study_uid,
        "modality": message.modality,
        "started_at": header_moment(*message.start, zone, received_at),
        "ended_at": header_moment(*message.end, zone, received_at),
        "discontinuation_reason": message.discontinuation_reason,
    }
    if message.series is not None:
        details["series"] = [
            {"series_uid": s.uid, "n_instances": s.n_instances, "description": s.description} for s in message.series
        ]
    rejected = message.rejected_exposures(known.modality if known else "")
    if rejected is not None:
        details["rejected_exposures"] = rejected
    told = {name: value for name, value in details.items() if value not in ("", None)}
    step = performed_step_record(
        hospital=hospital,
        sop_uid=message.sop_uid,
        state=message.state or PerformedStep.State.IN_PROGRESS,
        details=told,
    )
    if message.operators:
        step_operators_tell(step=step, texts=message.operators)
    return step
