"""Taking what a reader has not read back, and giving it to others: somebody fell ill, left, or does not get to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from imagingqc.stats.assigning import assign
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.reading import ARBITER
from yingheng.review.readers import conflicts_of, readers_of
from yingheng.review.services.assigning import place_all, tell_all
from yingheng.review.services.picking import OPEN, candidates_of, given_hold, loads_of, pick_and_give, tell_planners
from yingheng.review.services.swapping import withdrawn
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.models import User

GONE_REASON = "账户已停用或不再有评片权限 · the account was closed or may no longer read"
AT_ONCE = 500
_State = Assignment.State


@dataclass(frozen=True, slots=True)
class Moved:
    """`taken` cases were taken back, `given` of them have another reader, `repeats` (worth nothing with another
    reader) were withdrawn; the rest waits for a planner."""

    taken: int
    given: int
    repeats: int

    @property
    def waiting(self) -> int:
        return self.taken - self.given - self.repeats


@transaction.atomic
def reader_relieve(
    *, actor: Actor | None, campaign: Campaign, reader: User, reason: str, overdue_only: bool = False
) -> Moved:
    """Take a reader's open cases of a sample back, all or those that are overdue, and give them on in even loads.

    Relieved of all, the reader is given nothing more of the sample.  What was submitted stays, and so does what was
    typed.  Invalid without a reason; Conflict when nothing is open.
    """
    if not reason.strip():
        raise Invalid("review.reason_missing")
    given_hold(Assignment.objects.filter(campaign=campaign, reader=reader))
    row = _locked(campaign)
    mine = _mine(row, reader, overdue_only=overdue_only)
    if not mine:
        raise Conflict("review.nothing_open")
    Assignment.objects.filter(pk__in=[one.pk for one in mine]).update(state=_State.WITHDRAWN, reason=reason.strip())
    if not overdue_only:
        _rest(row, reader)
    moving, repeats = _without_repeats(mine, reason)
    given = _give_on(row, moving, without=str(reader.pk))
    moved = Moved(len(mine), given, repeats)
    audit.record(
        actor=actor,
        action="review_sample.move",
        subject=f"review_sample:{row.pk}",
        scope=row.organisation.path,
        after={"reader": str(reader.pk), "taken": moved.taken, "given": moved.given, "repeats": moved.repeats},
        reason=reason.strip(),
    )
    if moved.waiting:
        tell_planners(row, "review.short", f"{row.pk}:{mine[0].pk}", n=moved.waiting)
    return moved


def readers_gone() -> int:
    """Chore: cases in the hands of people who may no longer read go to others; returns from how many people.

    The planners are told.
    """
    rows = Assignment.objects.filter(state__in=OPEN, campaign__state=Campaign.State.READING)
    held = set(rows.order_by().values_list("campaign", "reader").distinct()[:AT_ONCE])
    if not held:
        return 0
    campaigns = Campaign.objects.select_related("organisation").in_bulk({campaign for campaign, _reader in held})
    able = readers_of(next(iter(campaigns.values())).organisation, [str(reader) for _campaign, reader in held])
    gone = [(campaign, reader) for campaign, reader in sorted(held) if str(reader) not in able]
    users = User.objects.in_bulk({reader for _campaign, reader in gone})
    for campaign, reader in gone:
        row, user = campaigns[campaign], users[reader]
        moved = reader_relieve(actor=None, campaign=row, reader=user, reason=GONE_REASON)
        told = {"name": user.display_name, "n": moved.taken, "given": moved.given}
        tell_planners(row, "review.reader_gone", f"{row.pk}:{user.pk}:{local_day(row.organisation.zone)}", **told)
    return len(gone)


def _locked(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "template")
    row = rows.get(pk=campaign.pk)
    if row.state not in {Campaign.State.DRAWN, Campaign.State.READING}:
        raise Conflict("review.campaign_state")
    return row


def _rest(row: Campaign, reader: User) -> None:
    reading = ReadingSpec.from_dict(row.reading)
    row.reading = replace(reading, resting=tuple(sorted({*reading.resting, str(reader.pk)}))).as_dict()
    row.save(update_fields=["reading"])


def _mine(row: Campaign, reader: User, *, overdue_only: bool) -> list[Assignment]:
    """The reader's open cases; what is overdue goes by the local day of each hospital."""
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True).filter(campaign=row, reader=reader)
    told = rows.filter(state__in=OPEN).select_related("case__hospital", "case__performer", "case__template", "hospital")
    found = list(told.order_by("pk"))
    return [one for one in found if not overdue_only or one.due_on < local_day(one.hospital.zone)]


def _without_repeats(mine: Sequence[Assignment], reason: str) -> tuple[list[Assignment], int]:
    """What another reader can take over, and how many repeats were withdrawn: a repeat counts with its reader alone.

    What the other reader made of it stays.
    """
    for one in mine:
        if one.case.repeat_of_id is not None:
            withdrawn(one.case, reason)
    moving = [one for one in mine if one.case.repeat_of_id is None]
    return moving, len(mine) - len(moving)


def _give_on(row: Campaign, moving: Sequence[Assignment], *, without: str) -> int:
    """Each case to somebody who may read it and never had it; readings at once, arbitrations one by one."""
    given = 0
    for one in (one for one in moving if one.slot == ARBITER):
        one.case.campaign = row
        given += pick_and_give(one.case, ARBITER, without={without}) is not None
    first = [one for one in moving if one.slot != ARBITER]
    if not first:
        return given
    reading = ReadingSpec.from_dict(row.reading)
    readers = {pk: one for pk, one in candidates_of(row, reading).items() if pk != without}
    cases = [one.case for one in first]
    barred = conflicts_of(cases, readers, reading, row.purpose)
    for case, had in _had(row, cases).items():
        barred[case] |= had
    slots = {str(one.case_id): one for one in first}
    found = assign(list(slots), list(readers), row.seed, slots=1, conflicts=barred, loads=loads_of(readers))
    made = [(slots[pk].case, slots[pk].slot, reader) for pk, (reader,) in found.given.items()]
    rows = place_all(row, made)
    Assignment.objects.bulk_create(rows, batch_size=AT_ONCE)
    if rows and row.state == Campaign.State.READING:
        tell_all(row, readers, rows)
    return given + len(rows)


def _had(row: Campaign, cases: Sequence[Case]) -> dict[str, set[str]]:
    """Case -> who had it before, under whatever number."""
    by_subject: dict[object, set[str]] = defaultdict(set)
    subjects = {case.subject_id for case in cases}
    rows = Assignment.objects.filter(campaign=row, case__subject_id__in=subjects)
    for subject, reader in rows.values_list("case__subject_id", "reader_id"):
        by_subject[subject].add(str(reader))
    return {str(case.pk): by_subject[case.subject_id] for case in cases}
