"""The same quantity of several devices beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from yingheng.evidence.epochs import boundaries_of, window_at
from yingheng.evidence.models import DevicePart, Epoch, QuantityPoint, Trend
from yingheng.tenancy.scope import Scope

NEWEST = 120  # points of each course that are looked at


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a quantity of one device stands, with its newest points since the last change, oldest first."""

    trend: Trend
    points: tuple[QuantityPoint, ...]


def comparable(scope: Scope, *, text: str = "") -> QuerySet[Trend, dict[str, object]]:
    """What is followed of devices: `quantity`, `protocol_key`, `n_devices`, most devices first.

    `text` searches the protocol.
    """
    rows = scope.filter(Trend.objects.filter(last_value__isnull=False))
    rows = rows.filter(protocol_key__icontains=text) if text else rows
    counted = rows.order_by().values("quantity", "protocol_key").annotate(n_devices=Count("device_id"))
    return counted.order_by("-n_devices", "protocol_key", "quantity")


def beside(scope: Scope, *, quantity: str, protocol_key: str = "", text: str = "", limit: int = 40) -> list[Beside]:
    """The devices with this quantity, drifting ones first; without `protocol_key` under any protocol.  Four queries."""
    rows = Trend.objects.filter(quantity=quantity, last_value__isnull=False).select_related(
        "device__hospital", "baseline"
    )
    rows = rows.filter(protocol_key=protocol_key) if protocol_key else rows
    rows = rows.filter(protocol_key__icontains=text) if text else rows
    order = (F("drift_since").desc(nulls_last=True), "device__name", "device_id", "protocol_key")
    trends = list(scope.filter(rows).order_by(*order)[:limit])
    if not trends:
        return []
    points = _newest(scope, trends, quantity)
    return [Beside(trend, tuple(points[trend.device_id, trend.protocol_key])) for trend in trends]


def _newest(scope: Scope, trends: Sequence[Trend], quantity: str) -> dict[tuple[UUID, str], list[QuantityPoint]]:
    """The newest points of each course since the last change of its device, oldest first."""
    devices = {trend.device_id for trend in trends}
    course = {"partition_by": [F("device_id"), F("protocol_key")], "order_by": F("at").desc()}
    rows = QuantityPoint.objects.filter(
        device_id__in=devices, quantity=quantity, protocol_key__in={trend.protocol_key for trend in trends}
    )
    ranked = scope.filter(rows).annotate(rank=Window(RowNumber(), **course)).filter(rank__lte=NEWEST)
    epochs: defaultdict[UUID, list[Epoch]] = defaultdict(list)
    for epoch in scope.filter(Epoch.objects.filter(device_id__in=devices, withdrawn_at__isnull=True)):
        epochs[epoch.device_id].append(epoch)
    parts: defaultdict[UUID, list[DevicePart]] = defaultdict(list)
    for part in scope.filter(DevicePart.objects.filter(device_id__in=devices)):
        parts[part.device_id].append(part)
    cuts = {pk: boundaries_of(epochs[pk], parts[pk]) for pk in devices}
    found: defaultdict[tuple[UUID, str], list[QuantityPoint]] = defaultdict(list)
    for point in sorted(ranked, key=lambda p: (p.at, p.pk)):
        if window_at(cuts[point.device_id], point.protocol_key, quantity, None).holds(point.at):
            found[point.device_id, point.protocol_key].append(point)
    return found
