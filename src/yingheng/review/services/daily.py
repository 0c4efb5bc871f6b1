"""The daily film review: films of the day come by themselves, a leader reads them, signs, and lets images go.

A plan of purpose "daily", every day, of a hospital has one campaign a local day that grows as exams are closed.
Whether an exam belongs to its share depends on the seed of the day and the exam alone, so that it can be checked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from imagingqc.stats.sampling import Drawn
from imagingqc.stats.seeded import uniform
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.frame import Subject, plan_subjects
from yingheng.review.models import Assignment, Campaign, Case, Plan, Ruling, SignOff, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.readers import conflicts_of, readers_of
from yingheng.review.services.clearing import exam_clear
from yingheng.review.services.counting import daily_cells
from yingheng.review.services.drawing import campaign_key, campaign_of, case_of, sheet_of
from yingheng.review.services.lettering import letters_ask
from yingheng.review.services.picking import GONE
from yingheng.review.services.positioning import cases_position
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.swapping import case_withdraw
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.rollups.services import cells_change
from yingheng.tenancy.models import User

LATEST_DAYS = 7  # an exam brought in later is not for a daily review any more
State = Case.State
_OPEN = (State.WAITING, State.ARBITRATION)


@transaction.atomic
def exam_take(*, exam_id: UUID | str) -> list[Case]:
    """Put a closed exam before the daily review of its hospital; the cases that it has there.

    Idempotent.  Where no plan asks for it, or chance leaves it out, its images may leave at once.
    """
    exam = Exam.objects.select_related("hospital").filter(pk=exam_id).first()
    if exam is None or exam.is_phantom or exam.state != Exam.State.CLOSED:
        return []
    today = local_day(exam.hospital.zone)
    found: list[Case] = []
    if exam.local_day > today - dt.timedelta(days=LATEST_DAYS):
        # Locked in one order, so that two exams closed at once grow the day one after the other.
        plans = Plan.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
        plans = plans.filter(
            organisation=exam.hospital, purpose=Purpose.DAILY, every=Plan.Every.DAY,
            subject_kind=SubjectKind.EXAM, is_active=True, is_demo=exam.is_demo,
        )  # fmt: skip
        for plan in plans.order_by("pk"):
            case = _take(plan, exam, today)
            if case is not None:
                found.append(case)
    exam_clear(exam=exam)
    return found


def _take(plan: Plan, exam: Exam, today: dt.date) -> Case | None:
    present = Case.objects.filter(campaign__plan=plan, subject_id=exam.pk, repeat_of=None).exclude(
        state=State.WITHDRAWN
    )
    row = present.first()
    if row is not None:
        return row
    subject = next((s for s in plan_subjects(plan, exam.local_day, exam.local_day) if s.key == str(exam.pk)), None)
    if subject is None:
        return None
    campaign = _day(plan, exam.local_day, today)
    share = SamplingSpec.from_dict(plan.sampling).share or 1.0
    if campaign is None or not is_taken(campaign.seed, subject.key, share):
        return None
    return _add(campaign, subject, plan, share)


def is_taken(seed: str, key: str, share: float) -> bool:
    """Whether the share of a day's exams takes this one."""
    return share >= 1 or uniform(seed, "daily", key) < share


def _day(plan: Plan, day: dt.date, today: dt.date) -> Campaign | None:
    """The campaign of that day, or, where it is signed already, of the next day that is not; None beyond tomorrow."""
    while day <= today + dt.timedelta(days=1):
        key = campaign_key(plan, day, day)
        campaign = Campaign.objects.filter(organisation=plan.organisation, key=key).first()
        if campaign is None:
            return _begin(plan, day)
        if campaign.state == Campaign.State.READING:
            return campaign
        day += dt.timedelta(days=1)
    return None


def _begin(plan: Plan, day: dt.date) -> Campaign:
    reading = ReadingSpec.from_dict(plan.reading)
    campaign = campaign_of(
        plan,
        (day, day),
        seed=secrets.token_hex(16),
        frame_digest="",
        n_frame=0,
        draw={"rolling": True},
        state=Campaign.State.READING,
        due_on=day + dt.timedelta(days=reading.days - 1),
    )
    campaign.save(force_insert=True)
    cells_change(added=daily_cells(campaign, None))
    return campaign


def _add(campaign: Campaign, subject: Subject, plan: Plan, share: float) -> Case:
    drawn = Drawn(subject.key, (), "all" if share >= 1 else "random", share)
    case = case_of(campaign, subject, drawn, sheet_of(plan, subject), number=_next_number(campaign))
    cases_position([case])
    case.save(force_insert=True)
    Campaign.objects.filter(pk=campaign.pk).update(n_cases=F("n_cases") + 1, n_frame=F("n_frame") + 1)
    letters_ask(campaign, case.number)  # nothing where the leader sees whose it is, as by default
    return case


def _next_number(campaign: Campaign) -> int:
    return (campaign.cases.aggregate(n=Max("number"))["n"] or 0) + 1


@transaction.atomic
def day_begin(*, user: User, campaign: Campaign, over: bool = False) -> int:
    """Give a leader what nobody reads yet of a day, and with `over` what others were given and did not begin.

    Own films stay for somebody else.  Returns how many were given; NotAllowed is left to the page's permission.
    """
    row = _locked(campaign)
    reading = ReadingSpec.from_dict(row.reading)
    readers = {pk: one for pk, one in readers_of(row.organisation, reading.pool).items() if pk == str(user.pk)}
    if not readers:
        raise Conflict("review.conflict_of_interest")
    waiting = Case.objects.filter(campaign=row, state=State.WAITING).select_related("performer", "template", "hospital")
    open_ = list(waiting.order_by("number"))
    held = {a.case_id: a for a in Assignment.objects.filter(case__in=open_, slot=1).exclude(state__in=GONE)}
    if over:
        held = _taken_over(user, held)
    free = [case for case in open_ if case.pk not in held]
    barred = conflicts_of(free, readers, reading, row.purpose)
    given = [case for case in free if str(user.pk) not in barred[str(case.pk)]]
    place = Assignment.objects.filter(campaign=row, reader=user).aggregate(n=Max("place"))["n"] or 0
    Assignment.objects.bulk_create(
        Assignment(
            case=case, campaign=row, hospital_id=case.hospital_id, slot=1, reader=user, place=place + n,
            due_on=row.due_on, assigned_at=now(),
        )
        for n, case in enumerate(given, start=1)
    )  # fmt: skip
    if given:
        _record(user.actor, row, "take", after={"cases": len(given), "over": over})
    return len(given)


def _taken_over(user: User, held: dict[UUID, Assignment]) -> dict[UUID, Assignment]:
    """Take back what others did not begin; what stays with whoever has it."""
    idle = [a for a in held.values() if a.state == Assignment.State.ASSIGNED and a.reader_id != user.pk]
    reason = f"由 {user.actor.name} 接手 · taken over"
    Assignment.objects.filter(pk__in=[a.pk for a in idle], state=Assignment.State.ASSIGNED).update(
        state=Assignment.State.WITHDRAWN, reason=reason
    )
    gone = {a.case_id for a in idle}
    return {case: a for case, a in held.items() if case not in gone}


@transaction.atomic
def case_excuse(*, user: User, case: Case, reason: str) -> Case:
    """Leave a film of the day unread, for a reason; its images may leave."""
    return case_withdraw(actor=user.actor, case=case, reason=reason)


@transaction.atomic
def ruling_clear(*, ruling_id: UUID | str) -> bool:
    """Let the images of a film go that the daily review has settled; waste stays.  False where it does not."""
    rows = Ruling.objects.select_related("case__campaign", "case__exam__hospital")
    ruling = rows.filter(pk=ruling_id).first()
    if ruling is None or ruling.case.campaign.purpose != Purpose.DAILY or ruling.case.exam is None:
        return False
    return exam_clear(exam=ruling.case.exam, by=_reader_of(ruling))


def _reader_of(ruling: Ruling) -> Actor | None:
    """Who let it go: in the review of one's own department it is no secret who leads it."""
    if ruling.actor_id:
        return Actor(ruling.actor_id, ruling.actor_name)
    first = ruling.case.readings.select_related("reader").order_by("-submitted_at").first()
    return first.reader.actor if first else None


@transaction.atomic
def day_sign(*, user: User, campaign: Campaign, participants: Sequence[str], note: str = "") -> SignOff:
    """Sign for a day once every film of it is settled or excused; who signs was authenticated before.

    Conflict `review.day_open` while something is unread, `review.day_signed` when it was signed.
    """
    row = _locked(campaign)
    names = list(dict.fromkeys(name.strip() for name in participants if name.strip()))
    if not names:
        raise Invalid("review.participants")
    if SignOff.objects.filter(campaign=row).exists():
        raise Conflict("review.day_signed")
    cases = list(Case.objects.filter(campaign=row).order_by("number"))
    unread = sum(case.state in _OPEN for case in cases)
    if unread or not cases:
        raise Conflict("review.day_open", n=unread)
    rulings = Ruling.objects.filter(case__in=cases).order_by("version")
    newest = {one.case_id: one for one in rulings}
    waste = sum(bool((one.details.get("flags") or {}).get("waste")) for one in newest.values())
    results = [[c.number, str(newest[c.pk].pk) if c.pk in newest else c.withdrawn_reason] for c in cases]
    told = {"campaign": str(row.pk), "participants": names, "note": note.strip(), "results": results}
    moment = now()
    signed = SignOff.objects.create(
        hospital=row.organisation,
        campaign=row,
        local_day=row.first_day,
        participants=names,
        note=note.strip(),
        n_cases=len(cases),
        n_waste=waste,
        n_withdrawn=sum(case.state == State.WITHDRAWN for case in cases),
        is_late=local_day(row.organisation.zone, moment) > row.due_on,
        sha256=hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest(),
        signed_by_id=user.actor.id,
        signed_by_name=user.actor.name,
        signed_at=moment,
    )
    cells_change(removed=daily_cells(row, None), added=daily_cells(row, signed))
    _record(user.actor, row, "sign", after={"cases": signed.n_cases, "waste": waste, "sha256": signed.sha256})
    campaign_publish(actor=user.actor, campaign=row)
    return signed


def _locked(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    row = rows.get(pk=campaign.pk)
    if row.purpose != Purpose.DAILY or row.state == Campaign.State.CANCELLED:
        raise Conflict("review.campaign_state")
    return row


def _record(actor: Actor, campaign: Campaign, verb: str, **more: Any) -> None:
    subject, path = f"review_sample:{campaign.pk}", campaign.organisation.path
    audit.record(actor=actor, action=f"review_day.{verb}", subject=subject, scope=path, **more)
