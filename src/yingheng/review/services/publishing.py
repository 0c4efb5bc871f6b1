"""Announcing the results of a campaign: from then on they are open, count, and can be objected to."""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.urls import reverse

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs import services as jobs
from yingheng.notify.services import notify
from yingheng.review.models import Assignment, Campaign, Case, Ruling, SignOff
from yingheng.review.models.campaigns import Purpose
from yingheng.review.results import REAL_CASES
from yingheng.review.services.effects import LEADERS, effects_apply
from yingheng.tenancy.models import Organisation, User

_UNREAD = (Case.State.WAITING, Case.State.ARBITRATION)
_GIVEN = (Assignment.State.ASSIGNED, Assignment.State.BEGUN)


@transaction.atomic
def campaign_publish(*, actor: Actor, campaign: Campaign, reason: str = "") -> Campaign:
    """Announce the results, once.  Cases that are not settled are withdrawn, for a `reason` (Invalid without one).

    A day of the daily review is announced by its signature alone.

    What follows from each result (cells, evidence, tracing, retakes) is done by a worker, case by case.
    """
    # In the order of a submission: what is given out, then cases, then the campaign.
    given = Assignment.objects.select_for_update(no_key=True).filter(campaign=campaign, state__in=_GIVEN)
    open_ids = list(given.order_by("pk").values_list("pk", flat=True))
    unread = Case.objects.select_for_update(no_key=True).filter(campaign=campaign, state__in=_UNREAD)
    waiting = list(unread.order_by("pk").values_list("pk", flat=True))
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    row = rows.get(pk=campaign.pk)
    if row.state != Campaign.State.READING or _unsigned(row):
        raise Conflict("review.campaign_state")
    if waiting and not row.n_settled:
        raise Conflict("review.nothing_settled")  # it cannot be taken back, and there is nothing to announce
    if waiting and not reason.strip():
        raise Invalid("review.unsettled", n=len(waiting))
    if waiting:
        why = f"结果公布时未评完 · not settled when results were announced: {reason.strip()}"
        Case.objects.filter(pk__in=waiting).update(state=Case.State.WITHDRAWN, withdrawn_reason=why)
    if open_ids:
        gone = reason.strip() or "结果已公布 · results were announced"
        Assignment.objects.filter(pk__in=open_ids).update(state=Assignment.State.WITHDRAWN, reason=gone)
    row.state, row.published_at, row.published_by_name = Campaign.State.PUBLISHED, now(), actor.name
    row.save(update_fields=["state", "published_at", "published_by_name"])
    audit.record(
        actor=actor,
        action="review.publish",
        subject=f"review_sample:{row.pk}",
        scope=row.organisation.path,
        after={"settled": row.n_settled, "withdrawn": len(waiting)},
        reason=reason.strip(),
    )
    if row.purpose != Purpose.CALIBRATION:
        _tell(row)
        _follow(row)
    return row


def _unsigned(row: Campaign) -> bool:
    """Whether it is a day of the daily review that nobody has signed for: that alone ends it."""
    return bool(row.draw.get("rolling")) and not SignOff.objects.filter(campaign=row).exists()


def apply_ruled(natural_key: str, payload: dict[str, object]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.CASE_RULED`: what follows from a result that is open; nothing while it is sealed."""
    ruling = Ruling.objects.select_related("case").filter(pk=natural_key).first()
    if ruling is not None:
        effects_apply(case=ruling.case)


def _follow(row: Campaign) -> None:
    """One job for every result: a campaign of thousands holds nobody up."""
    rulings = Ruling.objects.filter(case__in=Case.objects.filter(REAL_CASES, campaign=row)).order_by("version")
    newest = dict(rulings.values_list("case_id", "pk"))  # of each case the last one stays
    for pk in newest.values():
        jobs.emit(events.CASE_RULED, str(pk), scope=row.organisation.path)


def _tell(row: Campaign) -> None:
    """Every technologist hears of their own films, every hospital of its results; nobody of who read them."""
    settled = Case.objects.filter(REAL_CASES, campaign=row, state=Case.State.SETTLED)
    own = Counter(settled.filter(performer__user__isnull=False).values_list("performer__user", flat=True))
    for user in User.objects.filter(pk__in=own, is_active=True).order_by("pk"):
        notify(
            key=f"review.own:{row.pk}:{user.pk}",
            kind="review.results_own",
            params={"n": own[user.pk], "campaign": row.title},
            recipients=[user],
            scope=row.organisation.path,
            subject=f"review_campaign:{row.pk}",
            link=reverse("review:mine"),
        )
    cases = Counter(settled.values_list("hospital", flat=True))
    for hospital in Organisation.objects.filter(pk__in=cases).order_by("path"):
        notify(
            key=f"review.results:{row.pk}:{hospital.pk}",
            kind="review.results",
            params={"n": cases[hospital.pk], "campaign": row.title},
            roles=LEADERS,
            scope=hospital.path,
            subject=f"review_campaign:{row.pk}",
            link=reverse("review:results", args=[row.pk]),
        )
