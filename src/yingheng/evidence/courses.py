"""Reading the course of a device's quantities: points, baselines in force, and what is still forming."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models import Window as Over
from django.db.models.functions import RowNumber

from imagingqc.criteria.judge import BASELINE_N
from imagingqc.criteria.model import Known, Of
from imagingqc.stats.baseline import robust_baseline
from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.evidence.epochs import Boundary, Window, boundaries_of, notes_of, window_at
from yingheng.evidence.models import Baseline, DevicePart, Epoch, Finding, QuantityPoint, Trend
from yingheng.registry.models import Device
from yingheng.tenancy.scope import Scope

LIVE_STATES = ("open", "confirmed", "in_action", "verified")
_CONFIRMED = ("confirmed", "in_action", "verified")


def boundaries_of_device(scope: Scope, device_id: UUID) -> tuple[Boundary, ...]:
    """Every change that makes another device of a device, in order of time.  Two queries."""
    return changes_of_device(scope, device_id)[0]


def changes_of_device(scope: Scope, device_id: UUID) -> tuple[tuple[Boundary, ...], tuple[Boundary, ...]]:
    """What makes another device of a device, and what was only noted of it, in order of time.  Two queries."""
    epochs = list(scope.filter(Epoch.objects.filter(device_id=device_id, withdrawn_at__isnull=True)))
    parts = scope.filter(DevicePart.objects.filter(device_id=device_id))
    return boundaries_of(epochs, parts), notes_of(epochs)


def epoch_list(scope: Scope, device: Device) -> QuerySet[Epoch]:
    """What people stated about changes of a device, withdrawn statements too, newest first."""
    return scope.filter(Epoch.objects.filter(device=device)).order_by("-at", "-id")


def epoch_get(scope: Scope, device: Device, epoch_id: UUID) -> Epoch:
    """One statement about a device; NotFound when there is none in the scope."""
    row = scope.filter(Epoch.objects.filter(device=device, pk=epoch_id)).first()
    if row is None:
        raise NotFound("evidence.epoch_unknown")
    return row


def baseline_in_force(rows: Iterable[Baseline], window: Window) -> Baseline | None:
    """The newest version of one quantity's baselines made of values of this window alone; None when there is none."""
    fit = [
        row
        for row in rows
        if row.starts_at == window.start and (row.last_at is None or window.end is None or row.last_at < window.end)
    ]
    return max(fit, key=lambda row: row.version, default=None)


def points_within(points: QuerySet[QuantityPoint], window: Window) -> QuerySet[QuantityPoint]:
    """The points of a window, oldest first."""
    if window.start is not None:
        points = points.filter(at__gte=window.start)
    if window.end is not None:
        points = points.filter(at__lt=window.end)
    return points.order_by("at", "id")


def with_aside(points: QuerySet[QuantityPoint]) -> QuerySet[QuantityPoint]:
    """Points with `aside`: no example of what is normal.

    That is where a person confirmed something wrong with the exam, and where this very value fails by another rule.
    What fails for another reason (a missing slice, a matrix) says nothing against the value.
    """
    confirmed = Finding.objects.filter(exam=OuterRef("exam"), state__in=_CONFIRMED)
    same = Finding.objects.filter(
        subject_type="series", subject_id=OuterRef("subject_id"), quantity=OuterRef("quantity"), state__in=LIVE_STATES
    )
    return points.annotate(aside=Exists(confirmed) | Exists(same))


def usable(points: QuerySet[QuantityPoint]) -> QuerySet[QuantityPoint]:
    """Without those that are no example of what is normal."""
    return with_aside(points).filter(aside=False)


def references_at(
    scope: Scope, *, device_id: UUID, protocol_key: str, at: dt.datetime | None = None
) -> dict[tuple[str, Of], Known]:
    """What a device's values under a protocol are compared with at a moment (None: now), as the judge takes it.

    Of a quantity whose baseline is not complete, what there is of it, so that the judge can say how many there are.
    Four queries.
    """
    boundaries = boundaries_of_device(scope, device_id)
    by_quantity: defaultdict[str, list[Baseline]] = defaultdict(list)
    for row in scope.filter(Baseline.objects.filter(device_id=device_id, protocol_key=protocol_key)):
        by_quantity[row.quantity].append(row)
    known: dict[tuple[str, Of], Known] = {}
    for quantity, rows in by_quantity.items():
        row = baseline_in_force(rows, window_at(boundaries, protocol_key, quantity, at))
        if row is not None:
            known[quantity, "baseline"] = Known(row.median, row.mad, row.n, row.version)
    points = scope.filter(QuantityPoint.objects.filter(device_id=device_id, protocol_key=protocol_key))
    forming = points.exclude(quantity__in=[quantity for quantity, _of in known])
    return known | _forming(usable(forming), boundaries, protocol_key, at)


def _forming(
    points: QuerySet[QuantityPoint], boundaries: Sequence[Boundary], key: str, at: dt.datetime | None
) -> dict[tuple[str, Of], Known]:
    """What there is of baselines that are not complete: by construction a few values each."""
    points = points_within(points, window_at(boundaries, key, "", at))
    for quantity in {b.quantity for b in boundaries if b.quantity}:
        own = window_at(boundaries, key, quantity, at)
        if own.start is not None:
            points = points.exclude(quantity=quantity, at__lt=own.start)
        if own.end is not None:
            points = points.exclude(quantity=quantity, at__gte=own.end)
    values: defaultdict[str, list[float]] = defaultdict(list)
    for quantity, value in points.values_list("quantity", "value"):
        values[quantity].append(value)
    out: dict[tuple[str, Of], Known] = {}
    for quantity, found in values.items():
        middle = robust_baseline(found[: BASELINE_N - 1])
        out[quantity, "baseline"] = Known(middle.median, middle.mad, middle.n)
    return out


def trend_list(scope: Scope, device: Device) -> QuerySet[Trend]:
    """Where every watched quantity of a device stands: drifting ones first, then by protocol."""
    rows = Trend.objects.filter(device=device).select_related("baseline")
    return scope.filter(rows).order_by(F("drift_since").desc(nulls_last=True), "protocol_key", "quantity")


def trend_of(scope: Scope, *, device: Device, protocol_key: str, quantity: str) -> Trend | None:
    """Where one quantity of a device under a protocol stands; None when it was never measured."""
    rows = Trend.objects.filter(device=device, protocol_key=protocol_key, quantity=quantity)
    return scope.filter(rows.select_related("baseline")).first()


def drifting(scope: Scope, device_id: UUID) -> QuerySet[Trend]:
    """The quantities of a device that have left their baseline."""
    rows = Trend.objects.filter(~Q(drift=""), device_id=device_id)
    return scope.filter(rows).order_by("protocol_key", "quantity")


@dataclass(frozen=True, slots=True)
class Course:
    """The newest points of a quantity under a protocol (each with `aside`), oldest first.

    With them every baseline and every change there was, and in `notes` what was done without a new baseline.
    """

    protocol_key: str
    quantity: str
    points: tuple[QuantityPoint, ...]
    total: int
    baselines: tuple[Baseline, ...]
    boundaries: tuple[Boundary, ...]
    notes: tuple[Boundary, ...] = ()

    def in_force(self, at: dt.datetime) -> Baseline | None:
        """The baseline that a moment is compared with."""
        return baseline_in_force(self.baselines, window_at(self.boundaries, self.protocol_key, self.quantity, at))


def course_of(scope: Scope, *, device: Device, protocol_key: str, quantity: str, limit: int = 400) -> Course:
    """The course of one quantity; `limit` bounds the points, newest kept.  Five queries."""
    key = {"device": device, "protocol_key": protocol_key, "quantity": quantity}
    points = scope.filter(QuantityPoint.objects.filter(**key))
    newest = list(with_aside(points).select_related("exam").order_by("-at", "-id")[:limit])
    boundaries, notes = (
        tuple(b for b in found if b.concerns(protocol_key, quantity)) for found in changes_of_device(scope, device.pk)
    )
    baselines = scope.filter(Baseline.objects.filter(**key)).order_by("version")
    total = points.count() if len(newest) == limit else len(newest)
    return Course(protocol_key, quantity, tuple(reversed(newest)), total, tuple(baselines), boundaries, notes)


def courses_of(scope: Scope, *, trends: Sequence[Trend], limit: int = 200) -> list[Course]:
    """The courses of several quantities of one device, in their order; `limit` bounds the points of each.

    Five queries however many there are.
    """
    if not trends:
        return []
    device_id = trends[0].device_id
    keys = [(trend.protocol_key, trend.quantity) for trend in trends]
    wanted = Q(pk__in=[])
    for protocol_key, quantity in keys:
        wanted |= Q(protocol_key=protocol_key, quantity=quantity)
    mine = scope.filter(QuantityPoint.objects.filter(wanted, device_id=device_id))
    course = {"partition_by": [F("protocol_key"), F("quantity")], "order_by": [F("at").desc(), F("id").desc()]}
    rank = Over(RowNumber(), **course)
    newest = mine.annotate(rank=rank).filter(rank__lte=limit).values("pk")
    points: defaultdict[tuple[str, str], list[QuantityPoint]] = defaultdict(list)
    rows = with_aside(QuantityPoint.objects.filter(pk__in=newest)).select_related("exam").order_by("at", "id")
    for point in rows:
        points[point.protocol_key, point.quantity].append(point)
    counted = mine.order_by().values_list("protocol_key", "quantity").annotate(n=Count("pk"))
    totals = {(protocol_key, quantity): n for protocol_key, quantity, n in counted}
    baselines: defaultdict[tuple[str, str], list[Baseline]] = defaultdict(list)
    for row in scope.filter(Baseline.objects.filter(wanted, device_id=device_id)).order_by("version"):
        baselines[row.protocol_key, row.quantity].append(row)
    changes = changes_of_device(scope, device_id)
    return [
        Course(
            *key,
            tuple(points[key]),
            totals.get(key, 0),
            tuple(baselines[key]),
            *(tuple(b for b in found if b.concerns(*key)) for found in changes),
        )
        for key in keys
    ]


def outlying(scope: Scope, device: Device, quantity: str, *, beyond: float, limit: int = 20) -> list[QuantityPoint]:
    """The newest points of a quantity in units of spread (a residual) that lie further out than `beyond`."""
    rows = QuantityPoint.objects.filter(device=device, quantity=quantity)
    far = rows.filter(Q(value__gte=beyond) | Q(value__lte=-beyond)).select_related("exam")
    return list(scope.filter(far).order_by("-at", "-id")[:limit])


def devices_followed_since(seconds: float) -> list[Device]:
    """Devices with a new point within the last `seconds`, with their hospital."""
    since = now() - dt.timedelta(seconds=seconds)
    fresh = Trend.objects.filter(updated_at__gte=since).values("device_id")
    return list(Device.objects.select_related("hospital").filter(pk__in=fresh).order_by("pk"))
