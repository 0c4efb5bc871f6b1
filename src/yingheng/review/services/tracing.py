"""Why a case was poor, and what is done about it: cause, action, done, verified.  The finding of the exam follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.evidence.services import TRANSITIONS, finding_close, finding_event
from yingheng.review.grading import TRACE, trace_line
from yingheng.review.models import Case, Ruling, Tracing
from yingheng.review.results import OPEN_CASES, REAL_CASES
from yingheng.review.services.evidencing import findings_of
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import REVIEW_RULE
from yingheng.tenancy.scope import Scope

State = Tracing.State
LIVE = (State.OPEN, State.ACTING, State.DONE)
RULING_CHANGED = "申诉后不再需要追溯 · no longer asked for after an appeal"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a person says of a poor case: its cause, what is done, by whom and until when."""

    cause: str
    action: str
    due_on: dt.date
    responsible: User | None = None
    cause_text: str = ""


def tracing_follow(*, case: Case, ruling: Ruling) -> Tracing | None:
    """Open a tracing where the result asks for one, once a case; drop one nobody began when it asks no more."""
    wanted = bool((ruling.details.get("flags") or {}).get("trace"))
    found = Tracing.objects.filter(case=case).first()
    moment = now()
    if wanted and found is None:
        return Tracing.objects.create(
            case=case, hospital_id=case.hospital_id, ruling=ruling, opened_at=moment, changed_at=moment
        )
    if wanted and found is not None and found.state == State.DROPPED and found.closing_reason == RULING_CHANGED:
        found.state, found.closing_reason, found.closed_at = State.OPEN, "", None
    elif not wanted and found is not None and found.state == State.OPEN:
        found.state, found.closing_reason, found.closed_at = State.DROPPED, RULING_CHANGED, moment
    else:
        return found
    found.ruling, found.changed_at = ruling, moment
    found.save()
    return found


@transaction.atomic
def tracing_act(*, user: User, tracing: Tracing, told: Cause) -> Tracing:
    """Say the cause and what is done about it; said again while in action, it is corrected."""
    row = _held(user, tracing, (State.OPEN, State.ACTING))
    if told.cause not in Tracing.Cause.values:
        raise Invalid("review.cause_unknown")
    if not told.action.strip():
        raise Invalid("review.action_missing")
    if told.cause == Tracing.Cause.OTHER and not told.cause_text.strip():
        raise Invalid("review.cause_text_missing")
    if told.due_on < local_day(row.hospital.zone):
        raise Invalid("review.due_past")
    row.cause, row.cause_text, row.action = told.cause, told.cause_text.strip(), told.action.strip()
    row.responsible, row.due_on = told.responsible, told.due_on
    _save(row, State.ACTING, user.actor, "act", reason=row.action)
    for finding in findings_of(row.case):
        if (finding.state, "act") in TRANSITIONS:
            finding_event(finding, "act")
    return row


@transaction.atomic
def tracing_done(*, user: User, tracing: Tracing, proof: str) -> Tracing:
    """Say that the action was carried out, and what shows it; also for the person who is responsible."""
    row = _held(user, tracing, (State.ACTING,), also_responsible=True)
    if not proof.strip():
        raise Invalid("review.proof_missing")
    row.proof, row.done_at = proof.strip(), now()
    return _save(row, State.DONE, user.actor, "done", reason=row.proof)


@transaction.atomic
def tracing_close(*, user: User, tracing: Tracing, case: Case | None = None, reason: str = "") -> Tracing:
    """Verified: by a later good case of the same device or technologist, or by a person who says why; the person
    whose action it was needs a case."""
    row = _held(user, tracing, (State.DONE,))
    if case is None and not reason.strip():
        raise Invalid("review.reason_missing")
    if case is None and row.responsible_id == user.pk:
        raise NotAllowed("review.own_action")  # a later case is evidence, one's own word of one's own action is none
    if case is not None and not proving_cases(row).filter(pk=case.pk).exists():
        raise Invalid("review.case_proves_nothing")
    row.verified_by, row.verified_by_name = case, user.actor.name
    row.closing_reason, row.closed_at = reason.strip(), now()
    _save(row, State.CLOSED, user.actor, "close", reason=row.closing_reason)
    _findings_close(row, user.actor)
    return row


@transaction.atomic
def tracing_again(*, user: User, tracing: Tracing, reason: str) -> Tracing:
    """What was done did not help: back to the action, with the reason."""
    row = _held(user, tracing, (State.DONE,))
    if not reason.strip():
        raise Invalid("review.reason_missing")
    row.done_at = None
    return _save(row, State.ACTING, user.actor, "again", reason=reason.strip())


@transaction.atomic
def tracing_drop(*, user: User, tracing: Tracing, reason: str) -> Tracing:
    """Nothing is to be done; said with a reason."""
    row = _held(user, tracing, LIVE)
    if not reason.strip():
        raise Invalid("review.reason_missing")
    row.closing_reason, row.closed_at = reason.strip(), now()
    return _save(row, State.DROPPED, user.actor, "drop", reason=row.closing_reason)


def proving_cases(tracing: Tracing) -> QuerySet[Case]:
    """Later cases with open results that show that it helped: good enough, of the same kind of exam and subject, and
    of the same person, or device where the person is not known.  Newest first."""
    case = tracing.case
    same = {"performer_id": case.performer_id} if case.performer_id else {"device_id": case.device_id}
    if not any(same.values()):
        return Case.objects.none()
    line = trace_line(spec_of(case.template))
    rows = Case.objects.filter(OPEN_CASES, REAL_CASES, state=Case.State.SETTLED, hospital_id=case.hospital_id, **same)
    rows = rows.filter(campaign__subject_kind=case.campaign.subject_kind)
    rows = rows.filter(modality=case.modality, body_part=case.body_part, local_day__gt=case.local_day)
    if case.position:
        rows = rows.filter(position=case.position)
    rows = rows.filter(score__gte=TRACE if line is None else line).exclude(tracing__state__in=LIVE)
    return rows.select_related("campaign", "device").order_by("-settled_at", "-pk")


def _findings_close(row: Tracing, actor: Actor) -> None:
    why = row.closing_reason or f"原因追溯已验证 · verified by case {row.verified_by_id}"
    for finding in findings_of(row.case):
        finding_close(actor=actor, finding=finding, reason=why)


def _held(user: User, tracing: Tracing, states: tuple[str, ...], *, also_responsible: bool = False) -> Tracing:
    """The row, locked, for somebody who may lead reviews there."""
    rows = Tracing.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("hospital", "case__exam__hospital", "case__campaign", "case__template").get(pk=tracing.pk)
    responsible = also_responsible and row.responsible_id == user.pk
    if not responsible and not Scope.of_user(user, REVIEW_RULE).contains(row.hospital.path):
        raise NotAllowed("review.not_yours")
    if row.state not in states:
        raise Conflict("review.tracing_state")
    return row


def _save(row: Tracing, state: str, actor: Actor, verb: str, *, reason: str) -> Tracing:
    before, row.state, row.changed_at = row.state, state, now()
    row.save()
    audit.record(
        actor=actor,
        action=f"review.trace_{verb}",
        subject=f"review_case:{row.case_id}",
        scope=row.hospital.path,
        before={"state": before},
        after={"state": row.state, "cause": row.cause, "due": row.due_on},
        reason=reason,
    )
    return row
