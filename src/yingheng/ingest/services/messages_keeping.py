"""How long the bytes of messages are kept: they name patients; what they said is in the catalog for good."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.common.clock import now
from yingheng.ingest.models import Awaited, IntakePolicy, Message
from yingheng.ingest.models.policy import MESSAGE_DAYS
from yingheng.ingest.services.messages_refused import refusals_forget
from yingheng.tenancy.models import Organisation

_AT_ONCE = 500


def messages_expire() -> int:
    """Remove the bytes of messages that passed their hospital's time, some hundreds at a time; returns how many.

    The row stays, with what it did and when.  A message that still waited or had failed cannot be applied any more.
    """
    days_of = dict(IntakePolicy.objects.values_list("hospital_id", "message_days"))
    removed = 0
    for hospital in Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL):
        removed += _expire(hospital, days_of.get(hospital.pk, MESSAGE_DAYS))
    refusals_forget()
    return removed


@transaction.atomic
def _expire(hospital: Organisation, days: int) -> int:
    before = now() - dt.timedelta(days=days)
    rows = Message.objects.filter(hospital=hospital, received_at__lt=before, raw_removed_at__isnull=True)
    ids = list(rows.order_by("received_at").values_list("pk", flat=True)[:_AT_ONCE])
    if not ids:
        return 0
    n = Message.objects.filter(pk__in=ids).update(raw_cipher=b"", raw_removed_at=now())
    Awaited.objects.filter(message__in=ids).update(is_open=False)
    audit.record(
        actor=None,
        action="message.expire",
        subject=f"intake_policy:{hospital.pk}",
        scope=hospital.path,
        after={"messages": n, "days": days},
    )
    return n
