"""Objects of a series whose pixels were removed, sent again: the pixels come back, the facts do not double."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Value
from django.db.models.functions import Greatest

from yingheng.catalog.arrivals import Arrival
from yingheng.catalog.expired import is_in, names_of
from yingheng.catalog.models import ExpiredSeries, Series
from yingheng.tenancy.models import Organisation


def returned(hospital: Organisation, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], dict[str, Series]]:
    """Arrivals that were there before their series lost its pixels, and those series by UID.  One query."""
    uids = {a.series_uid for a in arrivals}
    rows = ExpiredSeries.objects.filter(series__hospital=hospital, series__series_uid__in=uids)
    names, series = {}, {}
    for row in rows.select_related("series"):
        uid = row.series.series_uid
        names[uid], series[uid] = names_of(bytes(row.index)), row.series
    back = [a for a in arrivals if a.series_uid in names and is_in(names[a.series_uid], a.sop_uid)]
    return back, series


def pixels_back(arrivals: Sequence[Arrival], series: dict[str, Series]) -> None:
    """These series got objects: they have pixels again, and the time of these begins anew."""
    for uid, row in sorted(series.items()):
        times = [a.item.received_at for a in arrivals if a.series_uid == uid]
        if times:
            newest = Greatest("last_received_at", Value(max(times)))
            Series.objects.filter(pk=row.pk).update(pixels_gone_at=None, last_received_at=newest)
