"""Objections to rulings: filed in time, decided by somebody else, at two levels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse

from yingheng.audit import services as audit
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.documents.services import attachment_put
from yingheng.notify.services import notify
from yingheng.review.grading import Result, changed, grade_allowed
from yingheng.review.models import Appeal, Case, Reading, Ruling
from yingheng.review.models.campaigns import Purpose
from yingheng.review.own_work import own_work_of
from yingheng.review.results import is_open, is_real
from yingheng.review.services.deciders import LEVELS, deciders, place_refusal
from yingheng.review.services.ruling import ruling_make
from yingheng.review.spec import ReadingSpec
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import REVIEW_APPEAL
from yingheng.tenancy.scope import Scope

SUBJECT = "review_appeal"  # of attached files
DECIDE_DAYS = 10  # local days for a decision
_DECIDED = (Appeal.State.UPHELD, Appeal.State.CHANGED)
File = tuple[str, bytes]


def is_own(user: User, case: Case) -> bool:
    """Whether the person took the images."""
    return case.performer is not None and case.performer.user_id == user.pk


def may_appeal(user: User, case: Case) -> bool:
    """The technologist of the case, and those who object for the department."""
    return is_own(user, case) or Scope.of_user(user, REVIEW_APPEAL).contains(case.hospital.path)


def last_day(case: Case, ruling: Ruling, first: Appeal | None) -> dt.date | None:
    """The last local day to object: counted from the announcement, of the daily review from the ruling, at level 2
    from the decision.  None while there is nothing to count from."""
    days = ReadingSpec.from_dict(case.campaign.reading).appeal_days
    at = case.campaign.published_at if case.campaign.purpose != Purpose.DAILY else ruling.made_at
    if first is not None:
        at = first.decided_at
    return local_day(case.hospital.zone, at) + dt.timedelta(days=days) if at else None


def level_open(case: Case, ruling: Ruling | None, appeals: Sequence[Appeal]) -> int | None:
    """Which level an objection to the case would have today; None when there can be none."""
    if ruling is None or not is_real(case) or not is_open(case.campaign) or case.state != Case.State.SETTLED:
        return None
    newest = max(appeals, key=lambda one: one.level, default=None)
    if newest is not None and (newest.level >= LEVELS or newest.state not in _DECIDED):
        return None
    until = last_day(case, ruling, newest)
    if until is None or local_day(case.hospital.zone) > until:
        return None
    return newest.level + 1 if newest else 1


@transaction.atomic
def appeal_file(*, user: User, case: Case, reason: str, files: Sequence[File] = ()) -> Appeal:
    """Object to what holds about a case; Conflict when it is too late or both levels were used."""
    row = _case(case)
    if not may_appeal(user, row):
        raise NotAllowed("review.not_yours")
    if not reason.strip():
        raise Invalid("review.reason_missing")
    ruling = Ruling.objects.filter(case=row).order_by("-version").first()
    level = level_open(row, ruling, list(Appeal.objects.filter(case=row)))
    if level is None or ruling is None:
        raise Conflict("review.appeal_closed")
    moment = now()
    appeal = Appeal.objects.create(
        case=row,
        hospital_id=row.hospital_id,
        ruling=ruling,
        level=level,
        reason=reason.strip(),
        filed_by_id=user.actor.id,
        filed_by_name=user.actor.name,
        filed_at=moment,
        due_on=local_day(row.hospital.zone, moment) + dt.timedelta(days=DECIDE_DAYS),
    )
    for name, data in files:
        attachment_put(
            actor=user.actor,
            hospital=row.hospital,
            subject_type=SUBJECT,
            subject_id=str(appeal.pk),
            name=name,
            data=data,
        )
    _record(user, "file", appeal, reason=appeal.reason, after={"level": level, "ruling": ruling.version})
    roles, path = deciders(row, level)
    notify(
        key=f"review.appeal:{appeal.pk}",
        kind="review.appeal_filed",
        params={"level": level, "due": appeal.due_on.isoformat()},
        roles=roles,
        scope=path,
        subject=f"review_case:{row.pk}",
        link=reverse("review:appeal", args=[appeal.pk]),
    )
    return appeal


@transaction.atomic
def appeal_withdraw(*, user: User, appeal: Appeal) -> Appeal:
    """Take an objection back; only the person who filed it.  The level is used up."""
    row = _held(appeal)
    if row.filed_by_id != user.actor.id:
        raise NotAllowed("review.not_yours")
    row.state, row.decided_at = Appeal.State.WITHDRAWN, now()
    row.save(update_fields=["state", "decided_at"])
    _record(user, "withdraw", row)
    return row


def decide_refusal(user: User, appeal: Appeal) -> str:
    """Why this person may not decide this objection, as an error code; "" when they may.

    Never a reader of the case, nor anybody who took the images, nor who filed it; the second level never by who
    decided the first.  Of a region's samples nobody of the hospital either.
    """
    elsewhere = place_refusal(user, appeal)
    if elsewhere:
        return elsewhere
    own = str(user.pk) in own_work_of([appeal.case])[str(appeal.case_id)]
    if own or appeal.filed_by_id == user.actor.id:
        return "review.appeal_own"
    if Reading.objects.filter(case_id=appeal.case_id, reader=user).exists():
        return "review.appeal_read"
    earlier = Appeal.objects.filter(case_id=appeal.case_id, level__lt=appeal.level)
    if earlier.filter(decided_by_id=user.actor.id).exists():
        return "review.appeal_decided_before"
    return ""


@transaction.atomic
def appeal_uphold(*, user: User, appeal: Appeal, reason: str) -> Appeal:
    """The ruling stands, for a reason that the person who objected reads."""
    row = _decidable(user, appeal, reason)
    return _decided(user, row, Appeal.State.UPHELD, reason.strip())


@transaction.atomic
def appeal_change(
    *, user: User, appeal: Appeal, reason: str, score: float | None, grade: str, faults: Sequence[str] = ()
) -> Appeal:
    """Another ruling takes the place of the old one, with score and grade as decided; cells and evidence follow.

    Invalid for points outside of 0 to 100, or for a better grade than the points give.
    """
    row = _decidable(user, appeal, reason)
    before = Ruling.objects.filter(case=row.case).order_by("-version").first()
    assert before is not None
    spec = spec_of(row.case.template)
    if (score is None) != (before.score is None) or (score is not None and not 0 <= score <= 100):
        raise Invalid("review.score_bad")
    if not grade_allowed(spec, score, grade):
        raise Invalid("review.grade_bad")
    held = Result(before.score, before.grade, tuple(before.vetoed), tuple(before.faults), before.details)
    result = changed(held, spec, score=score, grade=grade, faults=[f for f in before.faults if f in set(faults)])
    row.new_ruling = ruling_make(
        case=row.case, basis=Ruling.Basis.APPEAL, result=result, reason=reason.strip(), actor=user.actor
    )
    return _decided(user, row, Appeal.State.CHANGED, reason.strip())


def _decidable(user: User, appeal: Appeal, reason: str) -> Appeal:
    row = _held(appeal)
    refusal = decide_refusal(user, row)
    if refusal:
        raise NotAllowed(refusal)
    if not reason.strip():
        raise Invalid("review.reason_missing")
    return row


def _decided(user: User, row: Appeal, state: str, reason: str) -> Appeal:
    row.state, row.decision_reason, row.decided_at = state, reason, now()
    row.decided_by_id, row.decided_by_name = user.actor.id, user.actor.name
    row.save()
    _record(user, "decide", row, reason=reason, after={"level": row.level, "state": state})
    filer = User.objects.filter(pk=row.filed_by_id).first()
    notify(
        key=f"review.appeal_decided:{row.pk}",
        kind=f"review.appeal_{state}",
        recipients=[filer] if filer else [],
        scope=row.hospital.path,
        subject=f"review_case:{row.case_id}",
        link=reverse("review:appeal", args=[row.pk]),
    )
    return row


def _case(case: Case) -> Case:
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("campaign__organisation", "hospital", "performer").get(pk=case.pk)


def _held(appeal: Appeal) -> Appeal:
    rows = Appeal.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related(
        "hospital", "case__campaign__organisation", "case__hospital", "case__template", "case__performer"
    ).get(pk=appeal.pk)
    if row.state != Appeal.State.FILED:
        raise Conflict("review.appeal_state")
    return row


def _record(user: User, verb: str, row: Appeal, *, reason: str = "", after: dict[str, object] | None = None) -> None:
    audit.record(
        actor=user.actor,
        action=f"review.appeal_{verb}",
        subject=f"review_case:{row.case_id}",
        scope=row.hospital.path,
        after=after,
        reason=reason,
    )
