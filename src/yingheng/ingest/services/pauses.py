"""How long to wait before a partner that did not answer is called again."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from yingheng.common.clock import now
from yingheng.ingest.models import RemoteAE, Webhook

FIRST_S = 30.0
LONGEST_S = 900.0
TELL_AFTER = 3  # failures in a row


def pause(n_failures: int, *, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> dt.timedelta:
    """Twice as long after every failure in a row, up to a quarter of an hour: for days if need be, never flooding."""
    return dt.timedelta(seconds=min(first_s * 2 ** min(n_failures - 1, 20), longest_s))


def partner_failed(row: RemoteAE | Webhook, code: str, detail: str) -> dt.datetime:
    """Note that a partner could not be used; returns when it may be called again."""
    instant = now()
    row.n_failures += 1
    row.next_try_at = instant + pause(row.n_failures)
    type(row).objects.filter(pk=row.pk).update(
        n_failures=F("n_failures") + 1,
        failing_since=Coalesce("failing_since", Value(instant)),
        next_try_at=row.next_try_at,
        trouble=code,
        trouble_detail=detail[:200],
    )
    return row.next_try_at


def partner_answered(row: RemoteAE | Webhook) -> None:
    """Note that a partner took what we sent."""
    type(row).objects.filter(pk=row.pk).update(
        reached_at=now(), n_failures=0, failing_since=None, next_try_at=None, trouble="", trouble_detail=""
    )
    row.n_failures, row.next_try_at = 0, None
