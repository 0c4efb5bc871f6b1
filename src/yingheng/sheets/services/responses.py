"""Filling in: begun once, saved as often as somebody types, submitted once; a correction is a new version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.services import emit
from yingheng.sheets.answers import Typed, read
from yingheng.sheets.judging import Basis, Judged, judge_sheet
from yingheng.sheets.models import Response, Template
from yingheng.sheets.recording import record_of, response_digest
from yingheng.sheets.selectors import response_open, spec_of
from yingheng.sheets.subjects import Subject, subject_kinds
from yingheng.tenancy.models import Organisation

State = Response.State


class SheetErrors(Invalid):
    """A sheet that cannot be submitted as it is; `errors` says why, by item."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("sheets.answers_bad", n=len(errors))
        self.errors = dict(errors)


@transaction.atomic
def response_begin(*, actor: Actor, template: Template, subject: Subject, occasion: str = "") -> Response:
    """The sheet of that occasion (default: today in the hospital), begun if nobody did; else as it stands now."""
    row = _begun(actor, template, subject, occasion)
    if row._state.adding:  # noqa: SLF001 - Django tells it nowhere else
        row.save(force_insert=True)
    return row


def response_hold(*, actor: Actor, template: Template, subject: Subject, occasion: str) -> Response:
    """The sheet of that occasion, locked in the caller's transaction, for `response_keep` or `response_finish`.

    One that nobody has begun is not stored before one of these is called.
    """
    found = response_open(template, subject.kind, subject.id, occasion, lock=True)
    return found or _begun(actor, template, subject, occasion)


def _begun(actor: Actor, template: Template, subject: Subject, occasion: str) -> Response:
    """What there is, else a row that is not stored yet; nobody else begins one until the transaction ends."""
    day = local_day(subject.hospital.zone)
    occasion = occasion.strip() or day.isoformat()
    _check_begin(template, subject)
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=subject.hospital.pk)
    present = response_open(template, subject.kind, subject.id, occasion, lock=True)
    return present or Response(
        hospital=subject.hospital,
        template=template,
        subject_type=subject.kind,
        subject_id=subject.id,
        subject_label=subject.label[:200],
        occasion=occasion[:100],
        local_day=day,
        begun_by_id=actor.id,
        begun_by_name=actor.name,
        begun_at=now(),
        saved_at=now(),
    )


def _check_begin(template: Template, subject: Subject) -> None:
    if template.state != Template.State.PUBLISHED:
        raise Conflict("sheets.template_state")
    if template.subject != subject.kind:
        raise Invalid("sheets.other_subject")
    if template.hospital_id not in {None, subject.hospital.pk}:
        raise Invalid("sheets.other_hospital")


@transaction.atomic
def response_save(*, actor: Actor, response: Response, typed: Typed, revision: int, over: bool = False) -> Response:
    """Keep what was typed so far, right or wrong.

    `revision` is the one that the person had before them; Conflict `sheets.saved_elsewhere` when it was saved by
    somebody else, or in another window, since then, unless `over` says that theirs may go.
    """
    return response_keep(actor=actor, row=_draft(response), typed=typed, revision=revision, over=over)


def response_keep(*, actor: Actor, row: Response, typed: Typed, revision: int, over: bool = False) -> Response:
    """`response_save` of a draft that the caller's transaction holds."""
    _check_draft(row)
    if typed == row.typed:
        return row  # nothing new: two windows that agree do not disturb each other
    check_revision(row, typed, revision, over=over)
    row.typed, row.revision = typed, row.revision + 1
    row.saved_by_name, row.saved_at = actor.name, now()
    fresh = row._state.adding  # noqa: SLF001 - Django tells it nowhere else
    row.save(update_fields=None if fresh else ["typed", "revision", "saved_by_name", "saved_at"])
    return row


def check_revision(row: Response, typed: Typed, revision: int, *, over: bool = False) -> None:
    """Conflict `sheets.saved_elsewhere` when something else was saved than what the person went on from."""
    if typed != row.typed and revision != row.revision and not over:
        raise Conflict("sheets.saved_elsewhere", who=row.saved_by_name)


@transaction.atomic
def response_submit(*, actor: Actor, response: Response, typed: Typed, basis: Basis) -> Response:
    """Submit: read strictly, judge, keep for good.  SheetErrors when something is missing or cannot be right."""
    return response_finish(actor=actor, row=_draft(response), typed=typed, basis=basis)


_Take = Callable[[Actor, Response, Judged], None]


def response_finish(*, actor: Actor, row: Response, typed: Typed, basis: Basis, take: _Take | None = None) -> Response:
    """`response_submit` of a draft that the caller's transaction holds.  SheetErrors come before anything is written.

    `take` is told of the sheet instead of whoever registered its kind of subject.
    """
    _check_draft(row)
    spec = spec_of(row.template)
    found = read(spec, typed)
    if found.errors:
        raise SheetErrors(found.errors)
    judged = judge_sheet(spec, found.answers, basis)
    if judged.refused:
        raise SheetErrors(_refused(row, judged))
    row.typed, row.answers = typed, found.answers
    row.record = record_of(spec, found.answers, typed)
    row.measurements = [m.as_dict() for m in judged.measurements]
    row.verdicts = [v.as_dict() for v in judged.verdicts]
    row.score = judged.score.as_dict() if judged.score else None
    row.outcome = judged.outcome
    row.state, row.is_current = State.SUBMITTED, True
    row.submitted_at, row.submitted_by_id, row.submitted_by_name = now(), actor.id, actor.name
    row.saved_at, row.saved_by_name = row.submitted_at, actor.name
    row.local_day = local_day(row.hospital.zone, row.submitted_at)
    row.sha256 = response_digest(row, row.template.sha256)
    if row.supersedes_id:
        Response.objects.filter(pk=row.supersedes_id).update(is_current=False)
    row.save()
    kind = subject_kinds().get(row.subject_type)
    take = take or (kind.submitted if kind is not None else None)
    if take is not None:
        take(actor, row, judged)
    _record(actor, "submit", row, after={"sha256": row.sha256, "outcome": row.outcome, "version": row.version})
    emit(events.SHEET_SUBMITTED, str(row.pk), scope=row.hospital.path)
    return row


def _refused(row: Response, judged: Judged) -> dict[str, str]:
    """Why formulas gave nothing, at the first item of each."""
    spec = spec_of(row.template)
    first = {r.function: next(iter(r.inputs.values())) for r in spec.readings}
    return {first[name]: reason.text("zh") for name, reason in judged.refused.items()}


@transaction.atomic
def response_correct(*, actor: Actor, response: Response, reason: str) -> Response:
    """A draft of the next version of a submitted sheet, beginning with its answers; what was submitted stays."""
    if not reason.strip():
        raise Invalid("sheets.reason_missing")
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=response.hospital_id)
    newest = response_open(response.template, response.subject_type, response.subject_id, response.occasion)
    if newest is None or newest.pk != response.pk or newest.state != State.SUBMITTED:
        raise Conflict("sheets.response_state")
    row = Response(
        hospital=newest.hospital,
        template=newest.template,
        subject_type=newest.subject_type,
        subject_id=newest.subject_id,
        subject_label=newest.subject_label,
        occasion=newest.occasion,
        version=newest.version + 1,
        supersedes=newest,
        reason=reason.strip(),
        is_current=False,
        typed=newest.typed,
        local_day=newest.local_day,
        begun_by_id=actor.id,
        begun_by_name=actor.name,
        begun_at=now(),
        saved_at=now(),
        saved_by_name=actor.name,
    )
    row.save(force_insert=True)
    _record(actor, "correct", row, reason=row.reason)
    return row


@transaction.atomic
def response_discard(*, actor: Actor, response: Response) -> None:
    """Throw a draft away; a submitted sheet stays."""
    row = _draft(response)
    _record(actor, "discard", row, before={"typed": row.typed})
    row.delete()


def _draft(response: Response) -> Response:
    rows = Response.objects.select_for_update(of=("self",), no_key=True).select_related("template", "hospital")
    row = rows.get(pk=response.pk)
    _check_draft(row)
    return row


def _check_draft(row: Response) -> None:
    if row.state != State.DRAFT:
        raise Conflict("sheets.response_state")


def _record(actor: Actor, verb: str, row: Response, **more: Any) -> None:
    audit.record(actor=actor, action=f"sheet.{verb}", subject=f"sheet:{row.pk}", scope=row.hospital.path, **more)
