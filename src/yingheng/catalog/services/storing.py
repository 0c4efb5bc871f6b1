"""Looking at the store now and then: how full the disk is, and what lies in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from yingheng.catalog.models import Instance, StorageDay, StorageUse
from yingheng.common.clock import local_day, now


def storage_look() -> StorageDay:
    """Write down today's disk, and count the objects by hospital, modality and month.  A chore."""
    disk = shutil.disk_usage(Path(settings.YINGHENG_HOME))
    seen = {"looked_at": now(), "total_bytes": disk.total, "free_bytes": disk.free}
    day, _ = StorageDay.objects.update_or_create(day=local_day(settings.TIME_ZONE), defaults=seen)
    storage_count()
    return day


def storage_count() -> int:
    """Count the objects in the store anew; returns how many rows of hospital, modality and month there are."""
    rows = (
        Instance.objects.filter(series__pixels_gone_at__isnull=True)
        .order_by()
        .values("hospital_id", "series__modality", month=TruncMonth("series__exam__local_day"))
        .annotate(n_series=Count("series", distinct=True), n_instances=Count("pk"), n_bytes=Sum("size"))
    )
    counted_at = now()
    found = [
        StorageUse(
            hospital_id=row["hospital_id"],
            modality=row["series__modality"],
            month=row["month"],
            n_series=row["n_series"],
            n_instances=row["n_instances"],
            n_bytes=row["n_bytes"],
            counted_at=counted_at,
        )
        for row in rows
    ]
    with transaction.atomic():
        StorageUse.objects.all().delete()
        StorageUse.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)
