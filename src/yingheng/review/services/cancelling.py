"""Giving a sample up: with a reason, for good, and without drawing the same days anew."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.models import Assignment, Campaign
from yingheng.review.services.clearing import exam_clear
from yingheng.review.services.counting import daily_cells
from yingheng.review.services.picking import OPEN, given_hold
from yingheng.rollups.services import cells_change


@transaction.atomic
def campaign_cancel(*, actor: Actor, campaign: Campaign, reason: str) -> Campaign:
    """Cancel a sample before its results are announced; open readings are taken back, what was read stays.

    The same plan and days are not drawn again: else somebody could draw until the sample pleases.  Conflict for a day
    of the daily review with results: these are open, and are signed for.
    """
    if not reason.strip():
        raise Invalid("review.reason_missing")
    given_hold(Assignment.objects.filter(campaign=campaign))
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    row = rows.get(pk=campaign.pk)
    rolling = bool(row.draw.get("rolling"))
    if row.state not in {Campaign.State.DRAWN, Campaign.State.READING} or (rolling and row.n_settled):
        raise Conflict("review.campaign_state")
    row.state, row.cancelled_reason = Campaign.State.CANCELLED, reason.strip()
    row.save(update_fields=["state", "cancelled_reason"])
    row.assignments.filter(state__in=OPEN).update(state=Assignment.State.WITHDRAWN, reason=reason.strip())
    if rolling:
        cells_change(removed=daily_cells(row, None))
        for exam in Exam.objects.filter(review_cases__campaign=row).select_related("hospital").distinct():
            exam_clear(exam=exam, by=actor)
    audit.record(
        actor=actor,
        action="review_sample.cancel",
        subject=f"review_sample:{row.pk}",
        scope=row.organisation.path,
        reason=reason.strip(),
    )
    return row
