"""Taking a case out of a sample, and putting the next of its stratum in: never one that somebody chose."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q

from imagingqc.stats.sampling import Unit
from imagingqc.stats.seeded import token
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.fitting import Sheets
from yingheng.review.frame import Subject, campaign_subjects
from yingheng.review.frame_store import unpacked
from yingheng.review.models import Assignment, Campaign, Case, Frame
from yingheng.review.models.campaigns import Purpose
from yingheng.review.readers import conflicts_of
from yingheng.review.services.clearing import exam_clear
from yingheng.review.services.lettering import letters_ask
from yingheng.review.services.picking import (
    GONE,
    OPEN,
    candidates_of,
    given,
    given_hold,
    pick_and_give,
    tell_reader,
)
from yingheng.review.services.positioning import cases_position
from yingheng.review.spec import ReadingSpec
from yingheng.sheets.models import Template

_SWAPPED = (Case.Origin.DRAWN, Case.Origin.SWAPPED)


@transaction.atomic
def case_withdraw(*, actor: Actor, case: Case, reason: str) -> Case:
    """Take a case out of its sample; what people have of it is taken back.  Not one that is settled.

    Images that waited for the daily review may leave.
    """
    row = _locked(case, reason)
    withdrawn(row, reason)
    _record(actor, row, "withdraw", reason)
    if row.exam is not None and row.campaign.purpose == Purpose.DAILY:
        exam_clear(exam=row.exam, by=actor)
    return row


@transaction.atomic
def case_swap(*, actor: Actor, case: Case, reason: str) -> Case:
    """Take a case out and put in the next of the same stratum in the order of the seed; the same readers get it.

    Conflict where the stratum has none left, for a case that somebody has read, and for repeats and known answers.
    """
    row = _locked(case, reason)
    if row.origin not in _SWAPPED or row.assignments.filter(state=Assignment.State.SUBMITTED).exists():
        raise Conflict("review.case_state")
    unit, subject = _next(row)
    slots = list(row.assignments.exclude(state__in=GONE).select_related("reader").order_by("slot"))
    withdrawn(row, reason)
    number = (row.campaign.cases.aggregate(n=Max("number"))["n"] or 0) + 1
    made = Case(
        campaign=row.campaign,
        hospital_id=subject.hospital,
        subject_id=subject.key,
        exam_id=subject.exam,
        device_id=subject.device,
        performer_id=subject.performer,
        item_id=subject.item,
        template=_sheet(row, subject),
        modality=subject.modality,
        body_part=subject.body_part,
        local_day=subject.day,
        number=number,
        origin=Case.Origin.SWAPPED,
        replaces=row,
        reason=row.reason,
        stratum=list(unit.stratum)[: len(row.stratum)],
        p=row.p,
    )
    cases_position([made])
    made.save(force_insert=True)
    Campaign.objects.filter(pk=row.campaign_id).update(n_cases=F("n_cases") + 1)
    _give_on(made, slots)
    letters_ask(row.campaign, number)
    _record(actor, row, "swap", reason, after={"by": str(made.pk), "number": number})
    return made


def withdrawn(case: Case, reason: str) -> None:
    """The case and its repeats are out, and nobody has them any more; in the caller's transaction."""
    several = [case, *case.repeats.exclude(state=Case.State.WITHDRAWN)]
    open_ = [one for one in several if one.state in {Case.State.WAITING, Case.State.ARBITRATION}]
    for one in open_:
        one.state, one.withdrawn_reason = Case.State.WITHDRAWN, reason.strip()
        one.save(update_fields=["state", "withdrawn_reason"])
    mine = Assignment.objects.filter(case__in=[one.pk for one in open_], state__in=OPEN)
    mine.update(state=Assignment.State.WITHDRAWN, reason=reason.strip())
    Campaign.objects.filter(pk=case.campaign_id).update(n_cases=F("n_cases") - len(open_))


def _locked(case: Case, reason: str) -> Case:
    if not reason.strip():
        raise Invalid("review.reason_missing")
    given_hold(Assignment.objects.filter(Q(case=case.pk) | Q(case__repeat_of=case.pk)))
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("campaign__organisation", "campaign__plan__organisation", "template").get(pk=case.pk)
    if row.campaign.state not in {Campaign.State.DRAWN, Campaign.State.READING}:
        raise Conflict("review.campaign_state")
    if row.state not in {Case.State.WAITING, Case.State.ARBITRATION}:
        raise Conflict("review.case_state")
    return row


def _next(case: Case) -> tuple[Unit, Subject]:
    """The first of the same stratum, in the order of the seed, that never was in the sample and can be read today.

    Within the whole stratum; where that is used up, within its outermost level.
    """
    campaign = case.campaign
    used = {str(pk) for pk in campaign.cases.values_list("subject_id", flat=True)}
    frame = Frame.objects.filter(campaign=campaign).first()
    if frame is None or campaign.plan is None:
        raise Conflict("review.no_substitute")
    frame_units = unpacked(frame.units)
    own = next((unit.stratum for unit in frame_units if unit.key == str(case.subject_id)), None)
    there = {one.key: one for one in campaign_subjects(campaign)}
    for depth in (None, 1):
        same = [unit for unit in frame_units if own is not None and unit.stratum[:depth] == own[:depth]]
        for unit in sorted(same, key=lambda one: (token(campaign.seed, "unit", one.key), one.key)):
            if unit.key in there and unit.key not in used:
                return unit, there[unit.key]
    raise Conflict("review.no_substitute")


def _sheet(case: Case, subject: Subject) -> Template:
    """The sheet of the case that goes; where another kind of exam comes for it, that of the plan for that kind."""
    if (subject.modality, subject.body_part) == (case.modality, case.body_part):
        return case.template
    assert case.campaign.plan is not None
    sheets = Sheets(case.campaign.plan, case.campaign.template)
    sheets.prepare([subject])
    return sheets.of(subject)


def _give_on(made: Case, slots: list[Assignment]) -> None:
    """The new case to those who had the old one; where one must not read it, to somebody else."""
    row = Case.objects.select_related("campaign__organisation", "hospital", "performer", "template").get(pk=made.pk)
    reading = ReadingSpec.from_dict(row.campaign.reading)
    readers = candidates_of(row.campaign, reading)
    barred = conflicts_of([row], readers, reading, row.campaign.purpose)[str(row.pk)]
    had = {str(one.reader_id) for one in slots}
    for one in slots:
        pk = str(one.reader_id)
        if pk not in readers or pk in barred:
            pick_and_give(row, one.slot, without=had)
            continue
        fresh = given(row, readers[pk], one.slot)
        if row.campaign.state == Campaign.State.READING:
            tell_reader(fresh)


def _record(actor: Actor, case: Case, verb: str, reason: str, **more: Any) -> None:
    subject, path = f"review_case:{case.pk}", case.campaign.organisation.path
    audit.record(actor=actor, action=f"review_case.{verb}", subject=subject, scope=path, reason=reason.strip(), **more)
