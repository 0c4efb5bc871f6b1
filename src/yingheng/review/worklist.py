"""What one reader has to read: the worklist, what was submitted, and how far each sample has come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from django.db.models import Case as Choose
from django.db.models import Count, DateField, F, Min, Q, QuerySet, When

from yingheng.common.rows import row_or_not_found
from yingheng.review.models import Assignment, Campaign, Reading
from yingheng.review.models.reading import ARBITER
from yingheng.review.selectors import assignments_of
from yingheng.tenancy.models import User

State = Assignment.State
#: All that the room asks of an assignment, in one query.
_WHOLE = ("case__template__hospital", "case__hospital", "case__exam__order", "case__exam__patient__secret",
          "case__exam__item", "case__exam__performer", "case__device", "case__item", "campaign__organisation",
          "hospital")  # fmt: skip
OPEN = (State.ASSIGNED, State.BEGUN)
_TIMED = 200  # of a reader's last cases, for the median


@dataclass(frozen=True)
class Batch:
    """How far a reader has come with their cases of one sample; `to_arbitrate` of what is left has been read twice."""

    campaign: Campaign
    total: int
    done: int
    due_on: dt.date | None
    to_arbitrate: int = 0


def open_of(reader: User) -> QuerySet[Assignment]:
    """What can still be read, in the order of the worklist: those begun first within a sample and day."""
    closed = (Campaign.State.PUBLISHED, Campaign.State.CANCELLED)
    rows = assignments_of(reader).filter(state__in=OPEN).exclude(campaign__state__in=closed)
    return rows.exclude(case__state__in=("withdrawn", "settled"))


def assignment_in_room(reader: User, assignment_id: UUID | str) -> Assignment:
    """One of the reader's cases that can still be read; NotFound for any other, also one that was submitted."""
    rows = open_of(reader).select_related(*_WHOLE)
    return row_or_not_found(rows, assignment_id, "review.assignment_unknown")


def overdue_of(reader: User, today: dt.date) -> QuerySet[Assignment]:
    """What should have been read before today."""
    return open_of(reader).filter(due_on__lt=today)


def submitted_of(reader: User) -> QuerySet[Assignment]:
    """What the reader submitted, newest first, with what they found."""
    rows = assignments_of(reader).filter(state=State.SUBMITTED).select_related("reading")
    return rows.order_by("-submitted_at", "-pk")


def next_of(reader: User, after: Assignment | None = None, *, past: UUID | str | None = None) -> Assignment | None:
    """The case to read next: the following one of the same sample, else the first of the worklist; None at the end.

    `past` is one that will have been read by then.  One query.
    """
    rows = open_of(reader).exclude(pk=past) if past else open_of(reader)
    if after is None:
        return rows.first()
    same = Q(campaign=after.campaign_id)
    ranked = rows.exclude(pk=after.pk).annotate(
        turn=Choose(When(same & Q(place__gt=after.place), then=0), When(same, then=1), default=2),
        day=Choose(When(same, then=None), default=F("due_on"), output_field=DateField()),
    )
    return ranked.order_by("turn", "day", "campaign", "place").first()


def batches_of(reader: User) -> list[Batch]:
    """The samples in which the reader still has something to read, soonest due first.  Two queries."""
    third = Count("pk", filter=Q(slot=ARBITER))
    rows = open_of(reader).order_by().values("campaign").annotate(due=Min("due_on"), third=third)
    due = {row["campaign"]: (row["due"], row["third"]) for row in rows}
    told = (
        Campaign.objects.filter(pk__in=due)
        .annotate(
            mine=Count("assignments", filter=_mine(reader) & ~Q(assignments__state__in=_GONE)),
            read=Count("assignments", filter=_mine(reader) & Q(assignments__state=State.SUBMITTED)),
        )
        .select_related("organisation")
    )
    found = [Batch(row, row.mine, row.read, *due[row.pk]) for row in told]
    return sorted(found, key=lambda batch: (batch.due_on or dt.date.max, batch.campaign.title))


_GONE = (State.DECLINED, State.WITHDRAWN)


def _mine(reader: User) -> Q:
    return Q(assignments__reader=reader)


def progress_in(reader: User, campaign_id: UUID) -> tuple[int, int]:
    """(submitted, all) of the reader's cases of one sample.  One query."""
    rows = Assignment.objects.filter(reader=reader, campaign=campaign_id).exclude(state__in=_GONE)
    told = rows.aggregate(done=Count("pk", filter=Q(state=State.SUBMITTED)), total=Count("pk"))
    return told["done"], told["total"]


def pace_of(reader: User) -> tuple[float | None, int]:
    """Median seconds a case over the reader's last cases with a time, and how many these are; None without any."""
    timed = Reading.objects.filter(reader=reader, seconds__gt=0).order_by("-submitted_at")
    seconds = list(timed.values_list("seconds", flat=True)[:_TIMED])
    return (median(seconds) if seconds else None), len(seconds)


def counts_of(reader: User, today: dt.date) -> dict[str, int]:
    """How many can be read, and how many of these are overdue.  One query."""
    told = open_of(reader).order_by().aggregate(open=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=today)))
    return {"open": told["open"], "overdue": told["overdue"]}


def assignment_any(reader: User, assignment_id: UUID | str) -> Assignment | None:
    """One of the reader's assignments in whatever state, also one taken back."""
    rows = Assignment.objects.filter(reader=reader, pk=assignment_id)
    return rows.select_related(*_WHOLE).first()
