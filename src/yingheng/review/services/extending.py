"""Giving readers more time: to a later day, with a reason, and a record that stays."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.notify.services import notify
from yingheng.review.models import Assignment, Campaign, Extension
from yingheng.review.services.picking import OPEN, given_hold, worklist_address
from yingheng.tenancy.models import User


@transaction.atomic
def deadline_extend(
    *, actor: Actor, campaign: Campaign, due_on: dt.date, reason: str, reader: User | None = None
) -> Extension:
    """Move the deadline of a sample that is being read, or that of one reader's open cases, to a later day.

    Invalid without a reason, for a day that is over, or one that is not later than before; Conflict when the sample is
    not being read, or the reader has nothing open.
    """
    if not reason.strip():
        raise Invalid("review.reason_missing")
    given_hold(Assignment.objects.filter(campaign=campaign, **({"reader": reader} if reader else {})))
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    row = rows.get(pk=campaign.pk)
    if row.state != Campaign.State.READING:
        raise Conflict("review.campaign_state")
    open_ = Assignment.objects.filter(campaign=row, state__in=OPEN)
    open_ = open_.filter(reader=reader) if reader else open_
    before = _before(row, reader)
    if due_on < local_day(row.organisation.zone) or due_on <= before:
        raise Invalid("review.due_not_later")
    told = list(open_.filter(due_on__lt=due_on).order_by().values_list("reader", flat=True))
    open_.filter(due_on__lt=due_on).update(due_on=due_on)
    if reader is None:
        row.due_on = due_on
        row.save(update_fields=["due_on"])
    made = Extension.objects.create(
        campaign=row, reader=reader, before=before, due_on=due_on, n_moved=len(told), reason=reason.strip(),
        actor_id=actor.id, actor_name=actor.name, made_at=now(),
    )  # fmt: skip
    after = {"before": before.isoformat(), "due_on": due_on.isoformat(), "reader": str(reader.pk) if reader else ""}
    audit.record(
        actor=actor, action="review_sample.extend", subject=f"review_sample:{row.pk}", scope=row.organisation.path,
        after=after, reason=made.reason,
    )  # fmt: skip
    _tell(row, made, set(told))
    return made


def _before(row: Campaign, reader: User | None) -> dt.date:
    """The deadline as it was: that of the sample, or the earliest of the reader's open cases."""
    if reader is None:
        return row.due_on
    first = Assignment.objects.filter(campaign=row, state__in=OPEN, reader=reader).order_by("due_on").first()
    if first is None:
        raise Conflict("review.nothing_open")
    return first.due_on


def _tell(row: Campaign, made: Extension, readers: set[object]) -> None:
    notify(
        key=f"review.extended:{made.pk}",
        kind="review.extended",
        params={"campaign": row.title, "due": made.due_on.isoformat()},
        recipients=User.objects.filter(pk__in=readers),
        scope=row.organisation.path,
        subject=f"review_sample:{row.pk}",
        link=worklist_address(),
    )
