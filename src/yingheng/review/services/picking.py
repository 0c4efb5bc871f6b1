"""Whom a single case can be given to, and telling them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Count, Exists, Max, OuterRef, QuerySet
from django.urls import NoReverseMatch, reverse

from imagingqc.stats.seeded import token
from yingheng.common.clock import local_day, now
from yingheng.notify.services import notify
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.reading import ARBITER
from yingheng.review.readers import Reader, conflicts_of, readers_of
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN
from yingheng.tenancy.roles import roles_with

State = Assignment.State
OPEN = (State.ASSIGNED, State.BEGUN)
GONE = (State.DECLINED, State.WITHDRAWN)
SHORTEST_DAYS = 3  # that somebody has who gets a case late


def candidates_of(campaign: Campaign, reading: ReadingSpec, *, slot: int = 1) -> dict[str, Reader]:
    """Who reads in a campaign, or arbitrates; all who may read in the organisation where the plan names nobody.

    Nobody who was relieved of the sample.
    """
    named = (reading.arbiters or reading.pool) if slot == ARBITER else reading.pool
    found = readers_of(campaign.organisation, named)
    return {pk: one for pk, one in found.items() if pk not in reading.resting}


def free_readers(case: Case, *, slot: int) -> dict[str, Reader]:
    """Who can be given a case: nobody in conflict, nobody who had it before, not even under another number."""
    reading = ReadingSpec.from_dict(case.campaign.reading)
    readers = candidates_of(case.campaign, reading, slot=slot)
    barred = conflicts_of([case], readers, reading, case.campaign.purpose)[str(case.pk)]
    had = Assignment.objects.filter(case__campaign=case.campaign_id, case__subject_id=case.subject_id)
    barred |= {str(pk) for pk in had.values_list("reader_id", flat=True)}
    return {pk: reader for pk, reader in readers.items() if pk not in barred}


def apart(case: Case, readers: Mapping[str, Reader]) -> Mapping[str, Reader]:
    """Those of a third hospital: of neither of the two who have read the case, where nobody reads for their own.

    All of them where there are none such, or where the rule does not hold.
    """
    if not ReadingSpec.from_dict(case.campaign.reading).other_hospitals_only:
        return readers
    had = Assignment.objects.filter(case=case).exclude(state__in=GONE).exclude(slot=ARBITER)
    ids = [str(pk) for pk in had.values_list("reader_id", flat=True)]
    first = readers_of(case.campaign.organisation, ids) if ids else {}
    taken = {path for one in first.values() for path in one.hospitals}
    return {pk: one for pk, one in readers.items() if not one.hospitals & taken} or readers


def least_loaded(case: Case, readers: Mapping[str, Reader], slot: int) -> Reader | None:
    """The reader with the fewest open cases; among equals the seed of the campaign decides."""
    loads = loads_of(readers)
    seed, purpose = case.campaign.seed, f"slot {slot} of {case.number}"
    order = sorted(readers, key=lambda pk: (loads.get(pk, 0), token(seed, purpose, pk)))
    return readers[order[0]] if order else None


def given_hold(rows: QuerySet[Assignment]) -> None:
    """Hold what of `rows` is given out until the transaction ends.

    To be called before cases and their sample are locked: a submission takes them in this order too, and of two that
    go different ways each would wait for the other.
    """
    held = rows.filter(state__in=OPEN).select_for_update(of=("self",), no_key=True)
    list(held.only("pk").order_by("pk"))


def loads_of(readers: Iterable[str]) -> dict[str, int]:
    """How many cases each has still to read, in all campaigns."""
    rows = Assignment.objects.filter(reader_id__in=list(readers), state__in=OPEN).order_by()
    return {str(pk): n for pk, n in rows.values_list("reader_id").annotate(n=Count("pk"))}


def due_of(campaign: Campaign, hospital: Organisation) -> dt.date:
    """By when a case is to be read that is given today; a day of the hospital's calendar."""
    days = ReadingSpec.from_dict(campaign.reading).days
    soonest = local_day(hospital.zone) + dt.timedelta(days=min(days, SHORTEST_DAYS))
    return max(campaign.due_on, soonest)


def given(case: Case, reader: Reader, slot: int) -> Assignment:
    """The case in the reader's hands, last in their order."""
    mine = Assignment.objects.filter(reader=reader.user, campaign=case.campaign)
    place = (mine.aggregate(n=Max("place"))["n"] or 0) + 1
    return Assignment.objects.create(
        case=case,
        campaign=case.campaign,
        hospital_id=case.hospital_id,
        slot=slot,
        reader=reader.user,
        place=place,
        due_on=due_of(case.campaign, case.hospital),
        assigned_at=now(),
    )


def tell_reader(assignment: Assignment) -> None:
    """One case came late to somebody."""
    kind = "review.arbitrate" if assignment.slot == ARBITER else "review.assigned"
    tell_assigned(assignment.campaign, assignment.reader, 1, assignment.due_on, key=str(assignment.pk), kind=kind)


def tell_assigned(
    campaign: Campaign, reader: object, n: int, due: dt.date, *, key: str, kind: str = "review.assigned"
) -> None:
    """Tell a reader what is theirs to read."""
    notify(
        key=f"{kind}:{key}",
        kind=kind,
        params={"n": n, "campaign": campaign.title, "due": due.isoformat()},
        recipients=[reader],
        scope=campaign.organisation.path,
        subject=f"review_sample:{campaign.pk}",
        link=worklist_address(),
    )


def worklist_address() -> str:
    """Address of the reading room; "" where the installation has none: it belongs to another part."""
    try:
        return reverse("web:readings")
    except NoReverseMatch:
        return ""


def tell_planners(campaign: Campaign, kind: str, key: str, **params: object) -> None:
    """Tell those who plan reviews in the organisation."""
    notify(
        key=f"{kind}:{key}",
        kind=kind,
        params={"campaign": campaign.title, **params},
        roles=sorted(roles_with(REVIEW_PLAN)),
        scope=campaign.organisation.path,
        subject=f"review_sample:{campaign.pk}",
        link=reverse("review:campaign", args=[campaign.pk]),
    )


def arbiters_fill(campaign: Campaign) -> list[Assignment]:
    """An arbiter for each case in arbitration that has none, as far as there is anybody."""
    held = Assignment.objects.filter(case=OuterRef("pk"), slot=ARBITER).exclude(state__in=GONE)
    rows = campaign.cases.filter(~Exists(held), state=Case.State.ARBITRATION).order_by("number")
    found = []
    for case in rows.select_related("hospital", "performer", "template"):
        case.campaign = campaign
        made = pick_and_give(case, ARBITER)
        found += [made] if made is not None else []
    return found


def pick_and_give(case: Case, slot: int, *, without: Collection[str] = ()) -> Assignment | None:
    """Give a case to the least loaded who may read it; None with a word to the planners where nobody can."""
    free = {pk: reader for pk, reader in free_readers(case, slot=slot).items() if pk not in without}
    reader = least_loaded(case, apart(case, free) if slot == ARBITER else free, slot)
    if reader is None:
        tell_planners(case.campaign, "review.nobody", f"{case.pk}:{slot}", case=case.number)
        return None
    made = given(case, reader, slot)
    if case.campaign.state == Campaign.State.READING:
        tell_reader(made)
    return made
