"""Giving cases to readers: nobody in a conflict of interest, even loads, an order of each reader's own."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from imagingqc.errors import Reason
from imagingqc.stats.assigning import assign
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.reading import ARBITER
from yingheng.review.ordering import ordered
from yingheng.review.readers import Reader, conflicts_of
from yingheng.review.services.lettering import letters_ask
from yingheng.review.services.picking import (
    GONE,
    OPEN,
    arbiters_fill,
    candidates_of,
    due_of,
    free_readers,
    given,
    given_hold,
    loads_of,
    pick_and_give,
    tell_assigned,
    tell_planners,
    tell_reader,
)
from yingheng.review.services.swapping import withdrawn
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.models import User

AT_ONCE = 500
State = Assignment.State


@dataclass(frozen=True, slots=True)
class Given:
    """What came of giving a campaign out: `n` new assignments, `loads` of them by reader, why `refused` cases were
    given to nobody, and who of the plan is `left_out` because they may not read today.
    """

    n: int
    loads: Mapping[str, int]
    refused: Mapping[str, Reason]
    left_out: tuple[str, ...]


@transaction.atomic
def campaign_assign(*, actor: Actor | None, campaign: Campaign) -> Given:
    """Give every case that nobody has to readers; what somebody has stays theirs.  Repeats go to the same readers.
    Before a campaign begins nobody is told; afterwards those who got something are.
    """
    row = _locked(campaign)
    reading = ReadingSpec.from_dict(row.reading)
    readers = candidates_of(row, reading)
    taken = _taken(row)
    waiting = _waiting(row)
    open_ = [case for case in waiting if not taken.get(case.pk)]
    first = [case for case in open_ if case.repeat_of_id is None]
    found = assign(
        [str(case.pk) for case in first],
        list(readers),
        row.seed,
        slots=reading.readers,
        conflicts=conflicts_of(first, readers, reading, row.purpose),
        loads=loads_of(readers),
    )
    by_id = {str(case.pk): case for case in open_}
    made = [(by_id[pk], slot, reader) for pk, several in found.given.items() for slot, reader in enumerate(several, 1)]
    made += _repeated(open_, made, taken)
    rows = place_all(row, made)
    Assignment.objects.bulk_create(rows, batch_size=AT_ONCE)
    if rows and row.state == Campaign.State.READING:
        tell_all(row, readers, rows)
    rows += [*_filled(row, waiting, taken, reading.readers), *arbiters_fill(row)]
    loads, refused = _counted(rows), dict(found.refused)
    if rows:
        _record(actor, row, "assign", after={"assignments": len(rows), "readers": len(loads), "refused": len(refused)})
    return Given(len(rows), loads, refused, tuple(sorted(set(reading.pool) - set(readers))))


@transaction.atomic
def campaign_begin(*, actor: Actor | None, campaign: Campaign) -> Given:
    """Give out what nobody has and have reading begin; the readers are told, and the planners of cases without any.

    Conflict when nobody can read a single case.
    """
    row = _locked(campaign)
    if row.state != Campaign.State.DRAWN:
        raise Conflict("review.campaign_state")
    days = ReadingSpec.from_dict(row.reading).days
    row.due_on = max(row.due_on, local_day(row.organisation.zone) + dt.timedelta(days=days))
    row.state = Campaign.State.READING
    row.save(update_fields=["due_on", "state"])
    before = list(row.assignments.filter(state__in=OPEN).select_related("reader"))
    found = campaign_assign(actor=actor, campaign=row)
    if not before and not found.n:
        raise Conflict("review.nobody_reads")
    if before:
        row.assignments.filter(pk__in=[one.pk for one in before]).update(due_on=row.due_on)
        tell_all(row, {str(one.reader_id): Reader(str(one.reader_id), one.reader, ()) for one in before}, before)
    if found.refused:
        tell_planners(row, "review.short", str(row.pk), n=len(found.refused))
    letters_ask(row)
    _record(actor, row, "begin", after={"due_on": row.due_on.isoformat()})
    return found


@transaction.atomic
def arbiter_give(*, case: Case) -> Assignment | None:
    """Somebody who has not read the case and may, with the fewest open cases, is to arbitrate it.

    The arbiter that there is, when there is one; None, with a word to the planners, when nobody can.
    """
    row = _locked_case(case)
    present = row.assignments.filter(slot=ARBITER).exclude(state__in=GONE).first()
    return present or pick_and_give(row, ARBITER)


@transaction.atomic
def assignment_give(*, actor: Actor, case: Case, reader: User, slot: int, reason: str = "") -> Assignment:
    """A planner gives a case to a certain reader, instead of whoever has it; then a reason is required.

    Conflict for a reader who must not read it, or when it was read already.
    """
    given_hold(Assignment.objects.filter(case=case.pk))
    row = _locked_case(case)
    slots = (ARBITER,) if row.state == Case.State.ARBITRATION else (1, 2)
    if row.state not in {Case.State.WAITING, Case.State.ARBITRATION} or slot not in slots:
        raise Conflict("review.case_state")
    present = row.assignments.filter(slot=slot).exclude(state__in=GONE).select_related("reader").first()
    if present is not None:
        _take_back(present, reason)
    free = free_readers(row, slot=slot)
    chosen = free.get(str(reader.pk))
    if chosen is None:
        raise Conflict("review.conflict_of_interest")
    made = given(row, chosen, slot)
    told = {"slot": slot, "reader": str(reader.pk), "instead": str(present.reader_id) if present else ""}
    _record_case(actor, row, "give", after=told, reason=reason.strip())
    if row.campaign.state == Campaign.State.READING:
        tell_reader(made)
    return made


@transaction.atomic
def assignment_decline(*, reader: User, assignment: Assignment, reason: str) -> Assignment | None:
    """A reader hands a case back with a reason; it goes to somebody else, or stays open with a word to the planners.

    A hidden repeat is worth nothing with another reader: it is withdrawn.
    """
    if not reason.strip():
        raise Invalid("review.reason_missing")
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("case__campaign__organisation", "campaign").get(pk=assignment.pk)
    if row.reader_id != reader.pk or row.state not in OPEN:
        raise Conflict("review.assignment_unknown")
    row.state, row.reason = State.DECLINED, reason.strip()
    row.save(update_fields=["state", "reason"])
    case = _locked_case(row.case)
    _record_case(reader.actor, case, "decline", after={"slot": row.slot}, reason=reason.strip())
    for repeat in case.repeats.exclude(state=Case.State.WITHDRAWN) if row.slot != ARBITER else ():
        withdrawn(repeat, reason)  # not one that everybody has read
    if case.repeat_of_id is not None:
        withdrawn(case, reason)  # what the other reader made of it stays
        return None
    return pick_and_give(case, row.slot)


def _take_back(present: Assignment, reason: str) -> None:
    if present.state == State.SUBMITTED:
        raise Conflict("review.read_already")
    if not reason.strip():
        raise Invalid("review.reason_missing")
    present.state, present.reason = State.WITHDRAWN, reason.strip()
    present.save(update_fields=["state", "reason"])


def _locked(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "template")
    row = rows.get(pk=campaign.pk)
    if row.state not in {Campaign.State.DRAWN, Campaign.State.READING}:
        raise Conflict("review.campaign_state")
    return row


def _locked_case(case: Case) -> Case:
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("campaign__organisation", "hospital", "performer", "template").get(pk=case.pk)
    if row.campaign.state not in {Campaign.State.DRAWN, Campaign.State.READING}:
        raise Conflict("review.campaign_state")
    return row


def _waiting(campaign: Campaign) -> list[Case]:
    rows = campaign.cases.filter(state=Case.State.WAITING).select_related("hospital", "performer", "template")
    return list(rows.order_by("number"))


def _taken(campaign: Campaign) -> dict[object, dict[int, str]]:
    """Case id -> slot -> reader, of what was given and not handed or taken back."""
    found: dict[object, dict[int, str]] = defaultdict(dict)
    rows = campaign.assignments.exclude(state__in=GONE).values_list("case_id", "slot", "reader_id")
    for case, slot, reader in rows:
        found[case][slot] = str(reader)
    return found


_Made = tuple[Case, int, str]


def _repeated(open_: Sequence[Case], made: Sequence[_Made], taken: Mapping[object, Mapping[int, str]]) -> list[_Made]:
    """Repeats with the readers of what they repeat."""
    readers: dict[object, dict[int, str]] = defaultdict(dict)
    for case, slot, reader in made:
        readers[case.pk][slot] = reader
    return [
        (case, slot, reader)
        for case in open_
        if case.repeat_of_id is not None
        for slot, reader in (readers.get(case.repeat_of_id) or taken.get(case.repeat_of_id) or {}).items()
        if slot != ARBITER
    ]


def _filled(
    campaign: Campaign, waiting: Sequence[Case], taken: Mapping[object, Mapping[int, str]], n: int
) -> list[Assignment]:
    """The second reader of cases that one has handed back, as far as there is anybody."""
    found = []
    for case in waiting:
        held = taken.get(case.pk)
        if not held or case.repeat_of_id is not None:
            continue
        case.campaign = campaign
        made = [pick_and_give(case, slot) for slot in range(1, n + 1) if slot not in held]
        found += [one for one in made if one is not None]
    return found


def place_all(campaign: Campaign, made: Sequence[_Made]) -> list[Assignment]:
    """Rows to be made, each reader's in an order of their own after what they have."""
    last = dict(campaign.assignments.order_by().values_list("reader_id").annotate(n=Max("place")))
    last_of = {str(pk): n for pk, n in last.items()}
    mine: dict[str, list[tuple[Case, int]]] = defaultdict(list)
    for case, slot, reader in made:
        mine[reader].append((case, slot))
    moment, rows = now(), []
    for reader, several in sorted(mine.items()):
        slots = {case.pk: slot for case, slot in several}
        order = ordered([case for case, _slot in several], reader, campaign.seed)
        for place, case in enumerate(order, start=last_of.get(reader, 0) + 1):
            rows.append(
                Assignment(
                    case=case, campaign=campaign, hospital_id=case.hospital_id, slot=slots[case.pk], reader_id=reader,
                    place=place, due_on=due_of(campaign, case.hospital), assigned_at=moment,
                )
            )  # fmt: skip
    return rows


def _counted(rows: Sequence[Assignment]) -> dict[str, int]:
    loads: dict[str, int] = defaultdict(int)
    for one in rows:
        loads[str(one.reader_id)] += 1
    return dict(loads)


def tell_all(campaign: Campaign, readers: Mapping[str, Reader], rows: Sequence[Assignment]) -> None:
    due = {str(one.reader_id): one.due_on for one in rows}
    for pk, n in sorted(_counted(rows).items()):
        key = f"{campaign.pk}:{pk}:{rows[0].pk}"
        tell_assigned(campaign, readers[pk].user, n, due[pk], key=key)


def _record(actor: Actor | None, campaign: Campaign, verb: str, **more: Any) -> None:
    subject, path = f"review_sample:{campaign.pk}", campaign.organisation.path
    audit.record(actor=actor, action=f"review_sample.{verb}", subject=subject, scope=path, **more)


def _record_case(actor: Actor | None, case: Case, verb: str, **more: Any) -> None:
    subject, path = f"review_case:{case.pk}", case.campaign.organisation.path
    audit.record(actor=actor, action=f"review_case.{verb}", subject=subject, scope=path, **more)
