"""What follows from facts: months to be counted, logs to be imported, decisions to be applied.  For `pipeline`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from yingheng.catalog.models import Exam, Retake
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.jobs.services import emit
from yingheng.registry.models import Device
from yingheng.rejects.models import LogFile, LogFolder, ReasonDecision, RejectedExposure
from yingheng.rejects.services.counting import month_ask, month_count, months_recount
from yingheng.rejects.services.importing import log_import
from yingheng.rejects.services.looking import folder_look
from yingheng.rejects.services.reasons import reason_apply
from yingheng.tenancy.scope import Scope

_BACK = dt.timedelta(days=40)  # the running month and the one before
_LOOK_AGAIN = dt.timedelta(seconds=45)


def count_month(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXPOSURES_CHANGED`."""
    device_id, _colon, month = natural_key.partition(":")
    device = Device.objects.select_related("hospital").filter(pk=device_id).first()
    if device is not None:
        month_count(device=device, month=dt.date.fromisoformat(f"{month}-01"))


def count_exam(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED` and `events.PERFORMER_SET`: an exam came, or it is known who made it."""
    _ask(Exam.objects.select_related("device__hospital").filter(pk=natural_key).first(), soon=False)


def count_retake(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.RETAKE_SETTLED`."""
    row = Retake.objects.select_related("exam__device__hospital").filter(pk=natural_key).first()
    if row is not None:
        _ask(row.exam, soon=True)


def count_operator(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.OPERATOR_LINKED`: rejected exposures that name this operator are somebody else's now."""
    rows = RejectedExposure.objects.filter(operator=natural_key).select_related("device__hospital")
    seen = set()
    for row in rows.order_by("device", "local_day").iterator(500):
        key = row.device_id, row.local_day.replace(day=1)
        if key not in seen:
            seen.add(key)
            month_ask(device=row.device, day=row.local_day)


def import_log(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.REJECT_LOG_ASKED`."""
    row = LogFile.objects.filter(pk=natural_key).first()
    if row is not None:
        log_import(row=row)


def apply_reason(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.REJECT_REASON_DECIDED`."""
    row = ReasonDecision.objects.select_related("hospital").filter(pk=natural_key).first()
    if row is not None:
        reason_apply(decision=row)


def look_folder(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.REJECT_FOLDER_LOOK`: a share that hangs holds up this job alone."""
    row = LogFolder.objects.select_related("hospital").filter(pk=natural_key).first()
    if row is not None and folder_look(row.pk).more:
        emit(events.REJECT_FOLDER_LOOK, natural_key, scope=row.hospital.path)


def folders_ask() -> int:
    """Chore: have every watched folder looked at by a job; returns how many."""
    rows = LogFolder.objects.filter(is_active=True).select_related("hospital")
    due = rows.filter(Q(looked_at=None) | Q(looked_at__lt=now() - _LOOK_AGAIN))
    for row in due:
        emit(events.REJECT_FOLDER_LOOK, str(row.pk), scope=row.hospital.path)
    return len(due)


def months_count_again() -> int:
    """Chore: count the last two months once more, for whatever no fact told of; returns how many were asked for."""
    return months_recount(Scope.everything(), now().date() - _BACK)


def _ask(exam: Exam | None, *, soon: bool) -> None:
    if exam is not None and exam.device is not None:
        month_ask(device=exam.device, day=exam.local_day, soon=soon)
