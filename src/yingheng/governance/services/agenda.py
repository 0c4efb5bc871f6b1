"""What a meeting is about: topics, the figures put before it, and what earlier meetings left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from yingheng.audit import services as audit
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.figures import figure_sources, in_both, snapshot
from yingheng.governance.access import require_planner
from yingheng.governance.models import Action, AgendaItem, Meeting
from yingheng.governance.states import AHEAD, LIVE
from yingheng.tenancy.models import User

CARRIED = "governance.carried"
CARRIED_TITLE = _("Action items of earlier meetings")
MOST = 40


@dataclass(frozen=True, slots=True)
class Topic:
    """What a person says of a topic."""

    title: str
    presenter: str = ""
    minutes: int | None = None
    fact: str = ""


@transaction.atomic
def topic_put(*, user: User, meeting: Meeting, topic: Topic, item: AgendaItem | None = None) -> AgendaItem:
    """Add a topic at the end, or change one.  The figures of a meeting that was called are taken at once."""
    row = _ahead(user, meeting)
    if not topic.title.strip():
        raise Invalid("governance.title_missing")
    if topic.fact and topic.fact not in figure_sources():
        raise Invalid("governance.fact_unknown")
    if item is None and row.items.count() >= MOST:
        raise Invalid("governance.agenda_full", most=MOST)
    found = item or AgendaItem(meeting=row, position=(row.items.aggregate(n=Max("position"))["n"] or 0) + 1)
    if found.meeting_id != row.pk or found.fact == CARRIED:
        raise Conflict("governance.agenda_fixed")
    found.title, found.presenter, found.minutes = topic.title.strip(), topic.presenter.strip(), topic.minutes
    if found.fact != topic.fact:
        found.fact, found.told = topic.fact, None
    found.save()
    if row.state == Meeting.State.CALLED:
        agenda_figures(row, missing=True)
    _record(user, row, {"title": found.title, "fact": found.fact})
    return found


@transaction.atomic
def topic_remove(*, user: User, item: AgendaItem) -> None:
    """Take a topic off the agenda."""
    row = _ahead(user, item.meeting)
    _record(user, row, {"removed": item.title})
    AgendaItem.objects.filter(pk=item.pk, meeting=row).delete()


@transaction.atomic
def topic_up(*, user: User, item: AgendaItem) -> None:
    """Put a topic before the one that comes before it."""
    row = _ahead(user, item.meeting)
    before = row.items.filter(position__lt=item.position).exclude(fact=CARRIED).order_by("-position").first()
    if before is None or item.fact == CARRIED:
        return
    places = before.position, item.position
    AgendaItem.objects.filter(pk=before.pk).update(position=places[1] + 1000)  # free its place first
    AgendaItem.objects.filter(pk=item.pk).update(position=places[0])
    AgendaItem.objects.filter(pk=before.pk).update(position=places[1])


@transaction.atomic
def figures_renew(*, user: User, meeting: Meeting) -> None:
    """Take the figures anew, as they are now; until the meeting is held."""
    row = _ahead(user, meeting)
    if row.state != Meeting.State.CALLED:
        raise Conflict("governance.meeting_state")
    agenda_carry(row)
    agenda_figures(row)
    _record(user, row, {"figures": now()})


def agenda_figures(meeting: Meeting, *, missing: bool = False) -> None:
    """Keep what each source of figures says now; with `missing` only where nothing is kept yet."""
    moment = now()
    for item in meeting.items.exclude(fact__in=["", CARRIED]):
        if missing and item.told is not None:
            continue
        item.told = snapshot(item.fact, meeting.organisation, meeting.first_day, meeting.last_day, at=moment)
        item.save(update_fields=["told"])


def agenda_carry(meeting: Meeting) -> None:
    """Put what earlier meetings left to do before all else; nothing where nothing is left."""
    rows = actions_before(meeting)
    if not rows:
        AgendaItem.objects.filter(meeting=meeting, fact=CARRIED).delete()
        return
    today = local_day(meeting.organisation.zone)
    told: dict[str, Any] = {
        "source": CARRIED,
        "title": in_both(CARRIED_TITLE),
        "at": now().isoformat(),
        "actions": [
            {
                "id": str(row.pk), "text": row.text, "who": str(row.responsible), "due": row.due_on.isoformat(),
                "state": row.state, "overdue": row.is_overdue(today), "from": row.meeting.title,
                "day": row.meeting.day.isoformat(),
            }
            for row in rows
        ],
    }  # fmt: skip
    AgendaItem.objects.update_or_create(
        meeting=meeting, position=0, defaults={"title": str(told["title"]["zh"]), "fact": CARRIED, "told": told}
    )


def actions_before(meeting: Meeting) -> list[Action]:
    """What is not settled of earlier meetings of the series, or of the organisation where there is no series."""
    rows = Action.objects.filter(organisation=meeting.organisation, state__in=LIVE).exclude(meeting=meeting)
    rows = rows.filter(meeting__series=meeting.series) if meeting.series_id else rows
    return list(rows.select_related("meeting", "responsible").order_by("due_on", "pk")[:200])


def _ahead(user: User, meeting: Meeting) -> Meeting:
    row = Meeting.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=meeting.pk)
    require_planner(user, row.organisation)
    if row.state not in AHEAD:
        raise Conflict("governance.meeting_state")
    return row


def _record(user: User, row: Meeting, after: dict[str, Any]) -> None:
    audit.record(
        actor=user.actor, action="meeting.agenda", subject=f"meeting:{row.pk}", scope=row.organisation.path, after=after
    )
