"""Submitting a case: the sheet, the time, the reading and what follows, in one transaction, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction

from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.review.models import Assignment
from yingheng.review.services.reading import OCCASION, assignment_held, check_open, reading_write, seconds_count
from yingheng.review.sheet_subject import subject_of
from yingheng.sheets.answers import Typed
from yingheng.sheets.judging import Basis
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.services import SheetErrors, check_revision, response_finish, response_hold, response_keep
from yingheng.sheets.spec import Spec
from yingheng.tenancy.models import User


@dataclass(frozen=True)
class Sent:
    """What a browser sends with a case.

    typed : what was typed, as the sheet of the case reads it.   revision : of the draft that it went on from.
    over : what another window saved since may go.   seconds : with the case in sight since they were last told.
    """

    typed: Callable[[Spec], Typed]
    revision: int
    over: bool = False
    seconds: float = 0.0


def reading_submit(*, reader: User, assignment_id: UUID, sent: Sent) -> Assignment:
    """Submit a case of the reader.  Sent twice it counts once.

    What is refused is kept as a draft, with the time: SheetErrors when something is missing, Conflict
    `review.case_gone` when settling refuses.  Nothing is kept where the case was taken back or read before
    (`review.case_gone`, `review.read_already`) or another window has saved something else (`sheets.saved_elsewhere`).
    """
    with transaction.atomic():
        row = assignment_held(assignment_id, reader)
        typed = sent.typed(spec_of(row.case.template))
        if row.state == Assignment.State.SUBMITTED and _sheet(row, reader).typed == typed:
            return row  # the first answer was lost on its way
        check_open(row)
        _count_time(row, sent.seconds)
        refused = _submitted(row, reader, typed, sent)
    if refused is not None:
        raise refused
    return row


def _submitted(row: Assignment, reader: User, typed: Typed, sent: Sent) -> Conflict | SheetErrors | None:
    """Why it is refused; then what was typed is kept all the same."""
    sheet, seconds = _sheet(row, reader), row.seconds
    check_revision(sheet, typed, sent.revision, over=sent.over)
    try:
        with transaction.atomic():
            response_finish(actor=reader.actor, row=sheet, typed=typed, basis=Basis(), take=partial(reading_write, row))
    except (SheetErrors, Conflict) as exc:
        state, opened = Assignment.State.BEGUN, row.opened_at
        Assignment.objects.filter(pk=row.pk).update(state=state, opened_at=opened, seconds=seconds)
        response_keep(actor=reader.actor, row=_sheet(row, reader), typed=typed, revision=sent.revision, over=True)
        return exc
    return None


def _count_time(row: Assignment, seconds: float) -> None:
    row.opened_at = row.opened_at or now()
    seconds_count(row, seconds)


def _sheet(row: Assignment, reader: User) -> Response:
    """The sheet of the case, locked; a new one where nothing was typed before."""
    return response_hold(actor=reader.actor, template=row.case.template, subject=subject_of(row), occasion=OCCASION)
