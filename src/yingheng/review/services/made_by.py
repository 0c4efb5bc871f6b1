"""Cases follow who made their exams: their technologist, their cells, and nobody keeps reading their own work."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from yingheng.audit import services as audit
from yingheng.review.models import Assignment, Campaign, Case, Ruling, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.own_work import own_work_of
from yingheng.review.readers import readers_of, signers_among
from yingheng.review.services.counting import ruling_cells
from yingheng.review.services.picking import GONE, OPEN, pick_and_give, tell_planners
from yingheng.review.services.swapping import withdrawn
from yingheng.rollups.services import cells_change

AT_ONCE = 500
OWN_WORK = "本人参与拍摄 · made by the reader"
SIGNED = "本人签发过报告 · the reader signed a report of it"
State = Assignment.State
_LIVE = (Case.State.WAITING, Case.State.ARBITRATION)
_OTHER = (
    Q(performer__isnull=True, exam__performer__isnull=False)
    | Q(performer__isnull=False, exam__performer__isnull=True)
    | (Q(performer__isnull=False, exam__performer__isnull=False) & ~Q(performer=F("exam__performer")))
)


def cases_follow(rows: QuerySet[Case]) -> int:
    """Let the cases of `rows` follow who made their exams; returns how many had to.

    Each case for itself, in its own transaction: begun anew after an interruption it comes to the same.
    """
    followed, after = 0, None
    wanted = rows.exclude(state=Case.State.WITHDRAWN).filter(exam__isnull=False).order_by("pk")
    wanted = wanted.exclude(campaign__subject_kind=SubjectKind.REPORT)  # a report is the work of who signs it
    while True:
        page = wanted.filter(pk__gt=after) if after is not None else wanted
        several = list(page.select_related("performer")[:AT_ONCE])
        if not several:
            return followed
        for pk in _concerned(several):
            case_follow(case_id=pk)
            followed += 1
        after = several[-1].pk


def _concerned(several: Sequence[Case]) -> list[UUID]:
    """Those told of somebody else than their exam is, and those that a maker of the exam has or had to read."""
    ids = [case.pk for case in several]
    found = set(Case.objects.filter(_OTHER, pk__in=ids).values_list("pk", flat=True))
    own = own_work_of(several)
    given = Assignment.objects.filter(case__in=ids).exclude(state__in=GONE)
    found |= {case for case, reader in given.values_list("case_id", "reader_id") if str(reader) in own[str(case)]}
    return [pk for pk in ids if pk in found]


@transaction.atomic
def case_follow(*, case_id: UUID) -> None:
    """Bring one case in line with its exam: technologist, counted cells, and who may read it."""
    given = Assignment.objects.select_for_update(of=("self",), no_key=True).filter(case=case_id)
    held = list(given.exclude(state__in=GONE).order_by("pk"))
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    related = ("campaign__organisation", "hospital", "performer", "template", "item", "exam__performer")
    case = rows.select_related(*related).get(pk=case_id)
    if case.performer_id != case.exam.performer_id:
        _move(case)
    own = own_work_of([case])[str(case.pk)]
    for one in held:
        if str(one.reader_id) in own:
            _take_away(case, one)


def _move(case: Case) -> None:
    """Another technologist; what was counted of the case is counted for them."""
    ruling = Ruling.objects.filter(case=case, version=case.counted).first() if case.counted else None
    before = ruling_cells(case, ruling)
    case.performer = case.exam.performer
    case.save(update_fields=["performer"])
    cells_change(removed=before, added=ruling_cells(case, ruling))


def signers_follow() -> int:
    """Chore: who signed a report of an exam since they were given its case has it no longer; returns how many.

    The daily review is left alone: there a leader reads what the department signs.
    """
    fresh = Q(case__exam__reports__received_at__gte=F("assigned_at"))
    held = Assignment.objects.filter(fresh, state__in=OPEN, campaign__state=Campaign.State.READING)
    held = held.filter(case__state__in=_LIVE).exclude(campaign__purpose=Purpose.DAILY)
    several = sorted(set(held.values_list("case", "pk")))[:AT_ONCE]
    return sum(_signer_leaves(case, pk) for case, pk in several)


@transaction.atomic
def _signer_leaves(case_id: UUID, assignment_id: UUID) -> bool:
    one = Assignment.objects.select_for_update(of=("self",), no_key=True).get(pk=assignment_id)
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    case = rows.select_related("campaign__organisation", "hospital", "performer", "template").get(pk=case_id)
    people = readers_of(case.hospital, [str(one.reader_id)])
    if one.state not in OPEN or not signers_among([case], people).get(str(case.pk)):
        return False
    _take_away(case, one, SIGNED)
    return True


def _take_away(case: Case, one: Assignment, why: str = OWN_WORK) -> None:
    """What is still to be read goes to somebody else; what was read stays on record, and the planners hear of it."""
    if one.state not in OPEN or case.state not in _LIVE:
        if one.state == State.SUBMITTED and case.campaign.purpose != Purpose.CALIBRATION:
            tell_planners(case.campaign, "review.own_read", str(one.pk), case=case.number)
        return
    one.state, one.reason = State.WITHDRAWN, why
    one.save(update_fields=["state", "reason"])
    told = {"slot": one.slot, "reader": str(one.reader_id)}
    audit.record(
        actor=None,
        action="review_case.own_work",
        subject=f"review_case:{case.pk}",
        scope=case.campaign.organisation.path,
        after=told,
        reason=why,
    )
    if case.campaign.purpose == Purpose.CALIBRATION or case.repeat_of_id is not None:
        # worth nothing with another reader
        if not case.assignments.filter(state=State.SUBMITTED).exists():
            withdrawn(case, why)
    elif case.campaign.purpose != Purpose.DAILY:  # whoever leads the daily review takes what nobody reads
        pick_and_give(case, one.slot)
