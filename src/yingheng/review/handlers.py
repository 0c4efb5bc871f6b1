"""Samples that fall due by their plan: asked for by a chore, drawn and given out by a job.  For `pipeline`."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from yingheng.common import events
from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.jobs.services import emit
from yingheng.review.models import Campaign, Plan
from yingheng.review.periods import period_due, period_of, rolls
from yingheng.review.services.assigning import campaign_begin
from yingheng.review.services.drawing import campaign_draw, campaign_key
from yingheng.review.services.picking import tell_planners

logger = logging.getLogger(__name__)


def samples_due() -> int:
    """Chore: ask for the samples of periods that are over, by the calendar of each organisation; returns how many.

    A plan begins with the period in which it was written.
    """
    wanted: dict[str, Plan] = {}
    for plan in Plan.objects.filter(is_active=True).exclude(every=Plan.Every.ONCE).select_related("organisation"):
        zone = plan.organisation.zone
        period = period_due(plan.every, local_day(zone))
        if period is not None and not rolls(plan) and local_day(zone, plan.created_at) <= period[1]:
            wanted[campaign_key(plan, *period)] = plan
    drawn = Campaign.objects.filter(key__in=wanted).exclude(state=Campaign.State.DRAWN, drawn_by_name="")
    for key in set(wanted) - set(drawn.values_list("key", flat=True)):
        plan = wanted[key]
        emit(events.REVIEW_ASKED, f"{plan.pk}:{key.split(':')[1]}", scope=plan.organisation.path)
    return len(wanted)


def draw_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.REVIEW_ASKED`: draw the sample of a period, give it out and have reading begin.

    Nothing to draw is no error: an empty period has no sample.  What a person must see to is told to the planners.
    """
    pk, _colon, day = natural_key.partition(":")
    plan = Plan.objects.select_related("organisation").filter(pk=pk, is_active=True).first()
    if plan is None or rolls(plan):
        return
    first_day, last_day = period_of(plan.every, dt.date.fromisoformat(day))
    try:
        campaign = campaign_draw(actor=None, plan=plan, first_day=first_day, last_day=last_day)
    except (Conflict, Invalid) as exc:
        logger.info("no sample of plan %s for %s: %s", plan.pk, first_day, error_text(exc))
        return
    if campaign.state != Campaign.State.DRAWN:
        return
    try:
        campaign_begin(actor=None, campaign=campaign)
    except Conflict:
        tell_planners(campaign, "review.drawn", str(campaign.pk), n=campaign.n_cases)
