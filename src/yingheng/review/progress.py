"""How far a sample has come: by reader, by case, and what is overdue.  Figures of one sample, never of all."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Sum

from yingheng.common.clock import local_day
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.reading import ARBITER
from yingheng.tenancy.models import Organisation, User

State = Assignment.State
OPEN = (State.ASSIGNED, State.BEGUN)
_HELD = (*OPEN, State.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Share:
    """A reader's part of a sample: cases `held`, `read` and `late` among those open, `seconds` spent on those read."""

    reader: User
    held: int
    read: int
    late: int
    handed_back: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Open:
    """What of a sample is still to be done."""

    unread: int
    late: int
    nobody: int
    arbitration: int


def shares_of(campaign: Campaign, today: dt.date) -> list[Share]:
    """Every reader's part, the one with most left first.  Two queries."""
    rows = campaign.assignments.order_by().values("reader_id").annotate(
        held=Count("pk", filter=Q(state__in=_HELD)),
        read=Count("pk", filter=Q(state=State.SUBMITTED)),
        late=Count("pk", filter=Q(state__in=OPEN, due_on__lt=today)),
        back=Count("pk", filter=Q(state=State.DECLINED)),
        seconds=Sum("seconds", filter=Q(state=State.SUBMITTED), default=0),
    )  # fmt: skip
    found = list(rows)
    users = User.objects.in_bulk([row["reader_id"] for row in found])
    shares = [Share(users[r["reader_id"]], r["held"], r["read"], r["late"], r["back"], r["seconds"]) for r in found]
    return sorted(shares, key=lambda one: (one.read - one.held, str(one.reader)))


def share_of(campaign: Campaign, reader_id: UUID) -> Share | None:
    """The part of one reader; None for somebody who never had a case of it."""
    today = local_day(campaign.organisation.zone)
    return next((one for one in shares_of(campaign, today) if one.reader.pk == reader_id), None)


@dataclass(frozen=True, slots=True)
class Part:
    """How far the cases of one hospital have come: `unread` readings, `late` of these by the day of the hospital."""

    hospital: Organisation
    cases: int
    settled: int
    arbitration: int
    unread: int
    late: int


def hospitals_of(campaign: Campaign) -> list[Part]:
    """Every hospital's part by name.  Three queries."""
    cases = campaign.cases.exclude(state=Case.State.WITHDRAWN).order_by().values("hospital").annotate(
        n=Count("pk"),
        settled=Count("pk", filter=Q(state=Case.State.SETTLED)),
        third=Count("pk", filter=Q(state=Case.State.ARBITRATION)),
    )  # fmt: skip
    found = {row["hospital"]: row for row in cases}
    places = Organisation.objects.in_bulk(found)
    days = {pk: local_day(one.zone) for pk, one in places.items()}
    given = campaign.assignments.filter(state__in=OPEN).order_by().values("hospital", "due_on").annotate(n=Count("pk"))
    unread: Counter[UUID] = Counter()
    late: Counter[UUID] = Counter()
    for row in given:
        unread[row["hospital"]] += row["n"]
        late[row["hospital"]] += row["n"] if row["due_on"] < days.get(row["hospital"], row["due_on"]) else 0
    parts = [Part(places[pk], r["n"], r["settled"], r["third"], unread[pk], late[pk]) for pk, r in found.items()]
    return sorted(parts, key=lambda one: (one.hospital.name, one.hospital.path))


def open_of(campaign: Campaign, today: dt.date) -> Open:
    """What is unread, late, without a reader or an arbiter, and in arbitration.  Four queries."""
    given = campaign.assignments.filter(state__in=OPEN).aggregate(
        unread=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today))
    )
    held = Q(assignments__state__in=_HELD)
    waiting = campaign.cases.filter(state=Case.State.WAITING)
    nobody = waiting.annotate(n=Count("assignments", filter=held)).filter(n__lt=campaign.reading.get("readers", 2))
    third = campaign.cases.filter(state=Case.State.ARBITRATION)
    judged = Exists(Assignment.objects.filter(case=OuterRef("pk"), slot=ARBITER, state__in=_HELD))
    told = third.aggregate(n=Count("pk"), alone=Count("pk", filter=~judged))
    return Open(given["unread"], given["late"], nobody.count() + told["alone"], told["n"])


def slots_of(cases: Iterable[Case]) -> dict[UUID, list[Assignment]]:
    """Who has each case or had read it, by slot.  One query."""
    found: dict[UUID, list[Assignment]] = {}
    rows = Assignment.objects.filter(case__in=[case.pk for case in cases], state__in=_HELD)
    for row in rows.select_related("reader").order_by("slot"):
        found.setdefault(row.case_id, []).append(row)
    return found
