"""The register of retakes: entered by people, suggested by machines and then recorded or rejected by people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Retake
from yingheng.catalog.retake_reasons import retake_reasons
from yingheng.catalog.services.announcing import exams_tell
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.services import emit

State = Retake.State


@transaction.atomic
def retake_record(
    *,
    exam: Exam,
    reason: str,
    origin: str,
    asked_at: dt.datetime | None = None,
    asked_by: str = "",
    note: str = "",
    actor: Actor | None = None,
) -> Retake:
    """Enter a retake once per exam, reason and origin; `actor` is the person who enters it, None for a machine.

    `reason` is a code of the dictionary of retake reasons; Invalid for any other.
    """
    if origin not in Retake.Origin.values:
        raise Invalid("catalog.origin_unknown")
    retake, created = Retake.objects.get_or_create(
        exam=exam,
        reason=_known(reason),
        origin=origin,
        defaults={
            "hospital_id": exam.hospital_id,
            "asked_at": asked_at or now(),
            "asked_by": asked_by or (actor.name if actor else ""),
            "note": note.strip(),
        },
    )
    again = not created and retake.state == State.REJECTED and actor is not None
    if again:  # a person takes back that it was none
        _settle(retake, actor, State.RECORDED, "")
    if actor is not None and (created or again):
        _audit(actor, "retake.record", retake, reason=retake.reason, before=None if created else State.REJECTED)
    if created or again:
        _settled(retake, exam.hospital.path)
    return retake


@transaction.atomic
def retake_suggest(*, exam: Exam, origin: str, n_exposures: int, details: Mapping[str, Any]) -> Retake | None:
    """Put down that a machine saw a retake, for a person to record or reject; None when one from there is known.

    What a person settled is not asked again; a suggestion that still waits follows what is seen now.
    """
    if origin not in Retake.Origin.values:
        raise Invalid("catalog.origin_unknown")
    Exam.objects.select_for_update(no_key=True).only("pk").get(pk=exam.pk)
    known = Retake.objects.filter(exam=exam, origin=origin).order_by("asked_at").first()
    if known is not None and known.state != State.SUGGESTED:
        return None
    if known is not None:
        Retake.objects.filter(pk=known.pk).update(n_exposures=n_exposures, details=dict(details))
        return None
    made = Retake.objects.create(
        hospital_id=exam.hospital_id,
        exam=exam,
        origin=origin,
        state=State.SUGGESTED,
        n_exposures=n_exposures,
        details=dict(details),
        asked_at=exam.ended_at or exam.sort_at,
    )
    exams_tell([exam.pk])
    return made


@transaction.atomic
def retake_confirm(*, actor: Actor, retake: Retake, reason: str, note: str = "") -> Retake:
    """A person records what a machine suggested, with its reason; Conflict when it is settled or entered already."""
    row = _locked(retake)
    if row.state != State.SUGGESTED:
        raise Conflict("catalog.retake_settled")
    row.reason, row.note = _known(reason), note.strip()
    try:
        with transaction.atomic():
            _settle(row, actor, State.RECORDED, "")
    except IntegrityError as exc:
        raise Conflict("catalog.retake_known") from exc
    _audit(actor, "retake.confirm", row, reason=row.reason, before=State.SUGGESTED)
    _settled(row, row.hospital.path)
    return row


@transaction.atomic
def retake_reject(*, actor: Actor, retake: Retake, reason: str) -> Retake:
    """A person says that this is no retake, or takes an entry back; it stays in the register with the reason."""
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    row = _locked(retake)
    if row.state == State.REJECTED:
        raise Conflict("catalog.retake_settled")
    before = row.state
    _settle(row, actor, State.REJECTED, reason.strip())
    _audit(actor, "retake.reject", row, reason=reason.strip(), before=before)
    _settled(row, row.hospital.path)
    return row


def _known(code: str) -> str:
    if not code.strip():
        raise Invalid("catalog.reason_missing")
    if code.strip() not in retake_reasons():
        raise Invalid("catalog.retake_reason_unknown")
    return code.strip()


def _locked(retake: Retake) -> Retake:
    rows = Retake.objects.select_for_update(of=("self",), no_key=True).select_related("exam", "hospital")
    return rows.get(pk=retake.pk)


def _settle(row: Retake, actor: Actor, state: str, why: str) -> None:
    row.state, row.settled_by, row.settled_at, row.settled_reason = state, actor.name, now(), why
    row.save()


def _settled(row: Retake, path: str) -> None:
    """Tell the pages that show its exam, and whoever counts."""
    exams_tell([row.exam_id])
    emit(events.RETAKE_SETTLED, str(row.pk), scope=path)


def _audit(actor: Actor, action: str, row: Retake, *, reason: str, before: str | None) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"exam:{row.exam_id}",
        scope=row.hospital.path,
        before={"state": before} if before else None,
        after={"reason": row.reason, "origin": row.origin, "state": row.state},
        reason=reason,
    )
