"""What stays undone beyond its day is told once to those who can do it: objections, causes, cases to read, days.

Days are local days of the hospital.  The key of a message names the matter and its day, so that a matter put off to
another day is told again when that has passed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.urls import reverse

from yingheng.common.clock import local_day, now
from yingheng.notify.services import notify
from yingheng.review.models import Appeal, Assignment, Campaign, Case, Tracing
from yingheng.review.models.campaigns import Purpose
from yingheng.review.services.deciders import deciders
from yingheng.review.services.effects import LEADERS
from yingheng.review.services.made_by import signers_follow
from yingheng.review.services.picking import tell_planners
from yingheng.review.services.redistributing import readers_gone
from yingheng.tenancy.models import User

AT_ONCE = 200
WITHIN = dt.timedelta(days=60)  # what is older was told long ago
_AHEAD = dt.timedelta(days=1)  # somewhere it is tomorrow already


def overdue_tell() -> int:
    """Chore: tell what is overdue since lately; returns how many matters that are.

    Before that, cases of people who can no longer read them go to others.
    """
    return (
        readers_gone() + signers_follow() + appeals_overdue() + tracings_overdue() + readings_overdue() + days_overdue()
    )


def _span() -> tuple[dt.date, dt.date]:
    today = now().date()
    return today - WITHIN, today + _AHEAD


def appeals_overdue() -> int:
    """Objections that nobody has decided in time, to those who decide at their level."""
    rows = Appeal.objects.filter(state=Appeal.State.FILED, due_on__range=_span())
    rows = rows.select_related("hospital", "case__hospital", "case__campaign__organisation")
    told = 0
    for row in rows.order_by("due_on", "pk")[:AT_ONCE]:
        if row.due_on >= local_day(row.hospital.zone):
            continue
        told += 1
        roles, path = deciders(row.case, row.level)
        notify(
            key=f"review.appeal_overdue:{row.pk}:{row.due_on}",
            kind="review.appeal_overdue",
            params={"level": row.level, "due": row.due_on.isoformat()},
            roles=roles,
            scope=path,
            subject=f"review_case:{row.case_id}",
            link=reverse("review:appeal", args=[row.pk]),
        )
    return told


def tracings_overdue() -> int:
    """Actions that were not done in time, to the person responsible and the leaders."""
    waiting = (Tracing.State.OPEN, Tracing.State.ACTING)
    rows = Tracing.objects.filter(state__in=waiting, due_on__range=_span()).select_related("hospital", "responsible")
    told = 0
    for row in rows.order_by("due_on", "pk")[:AT_ONCE]:
        if row.due_on is None or row.due_on >= local_day(row.hospital.zone):
            continue
        told += 1
        notify(
            key=f"review.tracing_overdue:{row.pk}:{row.due_on}",
            kind="review.tracing_overdue",
            params={"due": row.due_on.isoformat()},
            recipients=[row.responsible] if row.responsible else [],
            roles=LEADERS,
            scope=row.hospital.path,
            subject=f"review_case:{row.case_id}",
            link=reverse("review:tracing", args=[row.pk]),
        )
    return told


def readings_overdue() -> int:
    """Cases that were not read in time: one message for each reader and sample, to the reader alone."""
    waiting = (Assignment.State.ASSIGNED, Assignment.State.BEGUN)
    open_cases = (Case.State.WAITING, Case.State.ARBITRATION)
    rows = Assignment.objects.filter(
        state__in=waiting, due_on__range=_span(), campaign__state=Campaign.State.READING, case__state__in=open_cases
    )
    late: Counter[tuple[User, Campaign, dt.date]] = Counter()
    for row in rows.select_related("reader", "campaign__organisation", "hospital").order_by("due_on", "pk")[:2000]:
        if row.due_on < local_day(row.hospital.zone):
            late[row.reader, row.campaign, row.due_on] += 1
    for (reader, campaign, due), n in late.items():
        notify(
            key=f"review.reading_overdue:{campaign.pk}:{reader.pk}:{due}",
            kind="review.reading_overdue",
            params={"n": n, "campaign": campaign.title, "due": due.isoformat()},
            recipients=[reader],
            scope=campaign.organisation.path,
            subject=f"review_campaign:{campaign.pk}",
            link=reverse("web:readings"),
        )
    _tell_planners(late)
    return len(late)


def _tell_planners(late: Counter[tuple[User, Campaign, dt.date]]) -> None:
    """Those who plan hear once of each deadline of a sample that was missed: they can move cases or give more time."""
    by_day: dict[tuple[Campaign, dt.date], list[int]] = {}
    for (_reader, campaign, due), n in late.items():
        by_day.setdefault((campaign, due), []).append(n)
    for (campaign, due), several in by_day.items():
        told = {"n": sum(several), "people": len(several), "due": due.isoformat()}
        tell_planners(campaign, "review.readers_late", f"{campaign.pk}:{due}", **told)


def days_overdue() -> int:
    """Days of the daily review that nobody signed for in time, to the leaders."""
    rows = Campaign.objects.filter(
        purpose=Purpose.DAILY, draw__rolling=True, state=Campaign.State.READING, due_on__range=_span()
    )
    told = 0
    for row in rows.select_related("organisation").order_by("due_on", "pk")[:AT_ONCE]:
        if row.due_on >= local_day(row.organisation.zone):
            continue
        told += 1
        notify(
            key=f"review.day_overdue:{row.pk}",
            kind="review.day_overdue",
            params={"day": row.first_day.isoformat(), "n": row.n_cases - row.n_settled},
            roles=LEADERS,
            scope=row.organisation.path,
            subject=f"review_campaign:{row.pk}",
            link=reverse("review:day", args=[row.pk]),
        )
    return told
