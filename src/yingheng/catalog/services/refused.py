"""Files that never became objects: recorded, so that a person sees them and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from yingheng.catalog.models import Quarantine
from yingheng.common import events
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation


@transaction.atomic
def unreadable_record(
    *,
    hospital: Organisation | None,
    why: Quarantine.Reason,
    sha256: str,
    size: int,
    received_at: dt.datetime,
    details: Mapping[str, Any],
) -> Quarantine:
    """One row per hospital and content, however often it comes; one that was tried again in vain waits again.

    `details` as `Quarantine` describes them: reason, values, file.  A file that a person discarded stays discarded.
    """
    known = {"hospital": hospital, "sop_uid": "", "sha256": sha256}
    row = Quarantine.objects.filter(**known).first()
    if row is None:
        fresh = Quarantine(**known, size=size, reason=why, details=dict(details), received_at=received_at)
        Quarantine.objects.bulk_create([fresh], ignore_conflicts=True)
        row = Quarantine.objects.filter(**known).order_by("received_at").first() or fresh
    elif row.state != Quarantine.State.DISCARDED:
        row.reason, row.details, row.state = why, dict(details), Quarantine.State.WAITING
        row.save(update_fields=["reason", "details", "state"])
    if row.state == Quarantine.State.WAITING:
        jobs.emit(events.INSTANCE_QUARANTINED, str(row.pk), scope=row.path)
    return row
