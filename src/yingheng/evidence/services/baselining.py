"""Baselines of a device: made of its first values after a change, fixed until the next, and the drift from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from imagingqc.criteria.judge import BASELINE_N
from imagingqc.stats.baseline import RobustBaseline, robust_baseline, robust_z
from imagingqc.stats.drift import ewma
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.courses import baseline_in_force, boundaries_of_device, points_within, usable
from yingheng.evidence.epochs import Boundary, Window, window_at, windows_of
from yingheng.evidence.models import Baseline, Epoch, QuantityPoint, Trend
from yingheng.evidence.services.measuring import BaselineValues, baseline_set
from yingheng.evidence.services.points import OF_TESTS
from yingheng.jobs import services as jobs
from yingheng.registry.models import Device
from yingheng.tenancy.scope import Scope

FIRST = "first"  # cause of the first baseline; later ones name the kind of change that made them necessary
WATCHED = 200  # newest values that the drift chart looks at: its memory of older ones is below 1e-19
SYSTEM = Actor("system:baselines", "Yingheng")


def courses_refresh(device: Device, protocol_key: str, quantities: Collection[str], at: dt.datetime | None) -> bool:
    """Complete what baselines can be completed and say where each quantity stands; True when a drift came or went.

    `at` is the exam time of what is new: only the time between two changes that holds it is looked at; None means
    all of them.
    """
    boundaries = boundaries_of_device(Scope.everything(), device.pk)
    moved = False
    for quantity in sorted(quantities):
        windows = windows_of(boundaries, protocol_key, quantity)
        current = windows[-1]
        asked = windows if at is None else [window_at(boundaries, protocol_key, quantity, at)]
        for window in asked:
            if window != current:
                _baseline(_Course(device, protocol_key, quantity, window, tuple(boundaries)))
        moved |= _trend(_Course(device, protocol_key, quantity, current, tuple(boundaries)))
    return moved


def device_courses_refresh(device: Device, *, leave_out: Collection[str] = ()) -> bool:
    """`courses_refresh` for everything ever measured with a device, without the quantities left out."""
    keys: dict[str, set[str]] = {}
    points = QuantityPoint.objects.filter(device=device).exclude(quantity__in=leave_out).order_by()
    for protocol_key, quantity in points.values_list("protocol_key", "quantity").distinct():
        keys.setdefault(protocol_key, set()).add(quantity)
    moved = [courses_refresh(device, key, quantities, None) for key, quantities in sorted(keys.items())]
    return any(moved)


@dataclass(frozen=True, slots=True)
class _Course:
    device: Device
    protocol_key: str
    quantity: str
    window: Window
    boundaries: tuple[Boundary, ...]

    @property
    def key(self) -> dict[str, object]:
        return {"device": self.device, "protocol_key": self.protocol_key, "quantity": self.quantity}

    @property
    def points(self):  # noqa: ANN202 - a query of QuantityPoint
        return points_within(QuantityPoint.objects.filter(**self.key), self.window)

    @property
    def cause(self) -> str:
        """What made its baseline necessary."""
        kinds = [
            b.kind
            for b in self.boundaries
            if b.at == self.window.start and b.concerns(self.protocol_key, self.quantity)
        ]
        return kinds[0] if kinds else FIRST


def _baseline(course: _Course) -> tuple[Baseline | None, int]:
    """The baseline in force in a window, completed if it can be, and how many values it has so far."""
    known = baseline_in_force(Baseline.objects.filter(**course.key), course.window)
    if known is not None:
        return known, known.n
    if course.protocol_key.startswith(OF_TESTS):  # people set the baseline of a performance test, with a reason
        return None, usable(course.points).count()
    first = list(usable(course.points).values_list("value", "local_day", "at")[:BASELINE_N])
    if len(first) < BASELINE_N:
        return None, len(first)
    return _complete(course, first), BASELINE_N


@transaction.atomic
def _complete(course: _Course, first: Sequence[tuple[float, dt.date, dt.datetime]]) -> Baseline:
    Device.objects.select_for_update(no_key=True).only("pk").get(pk=course.device.pk)
    known = baseline_in_force(Baseline.objects.filter(**course.key), course.window)
    if known is not None:  # another worker was quicker
        return known
    middle = robust_baseline([value for value, _day, _at in first])
    days = [day for _value, day, _at in first]
    values = BaselineValues(
        middle.n, middle.median, middle.mad, min(days), max(days), course.window.start, max(at for *_, at in first)
    )
    return baseline_set(
        actor=SYSTEM,
        device=course.device,
        protocol_key=course.protocol_key,
        quantity=course.quantity,
        values=values,
        cause=course.cause,
    )


def _trend(course: _Course) -> bool:
    """Say where a quantity stands in the present window; True when a drift began, ended or turned."""
    baseline, n_usable = _baseline(course)
    newest = list(course.points.reverse().values_list("value", "at")[:WATCHED])
    state: dict[str, object] = {"drift": "", "drift_since": None, "z": None, "average": None, "limit": None}
    if newest:
        state |= {"last_value": newest[0][0], "last_at": newest[0][1]}
    else:
        state |= {"last_value": None, "last_at": None}
    if baseline is not None and baseline.mad > 0 and newest:
        state |= _drift(baseline, newest)
    before = Trend.objects.filter(**course.key).values_list("drift", flat=True).first() or ""
    Trend.objects.update_or_create(
        **course.key,
        defaults={
            "hospital_id": course.device.hospital_id,
            "baseline": baseline,
            "n": course.points.count(),
            "n_usable": n_usable,
            "updated_at": now(),
            **state,
        },
    )
    return before != state["drift"]


def _drift(baseline: Baseline, newest: Sequence[tuple[float, dt.datetime]]) -> dict[str, object]:
    """The last value, the average and its side, from the values after those that the baseline was made of."""
    middle = RobustBaseline(baseline.n, baseline.median, baseline.mad)
    out: dict[str, object] = {"z": robust_z(newest[0][0], middle)}
    after = [(v, at) for v, at in reversed(newest) if baseline.last_at is None or at > baseline.last_at]
    if not after:
        return out
    chart = ewma([robust_z(value, middle) or 0.0 for value, _at in after], baseline.n)
    out |= {"average": chart.average[-1], "limit": chart.limit[-1], "drift": chart.direction or ""}
    return out | ({"drift_since": after[chart.since][1]} if chart.since is not None else {})


@dataclass(frozen=True, slots=True)
class Change:
    """What a person states was done to a device: where it `restarts`, it is another from `at` on.

    For everything, or for one quantity under one protocol.
    """

    kind: str
    at: dt.datetime
    reason: str
    protocol_key: str = ""
    quantity: str = ""
    restarts: bool = True


@transaction.atomic
def epoch_add(*, actor: Actor, device: Device, change: Change) -> Epoch:
    """A person states what was done to a device; where it restarts, its baselines begin anew.

    Invalid without reason or in the future.
    """
    if not change.reason.strip():
        raise Invalid("evidence.reason_missing")
    if change.kind not in Epoch.Kind.values:
        raise Invalid("evidence.epoch_kind")
    if change.at > now():
        raise Invalid("evidence.epoch_in_future")
    row = Epoch.objects.create(
        hospital_id=device.hospital_id,
        device=device,
        kind=change.kind,
        at=change.at,
        protocol_key=change.protocol_key,
        quantity=change.quantity,
        restarts=change.restarts,
        reason=change.reason.strip(),
        made_by_id=actor.id,
        made_by_name=actor.name,
        made_at=now(),
    )
    _changed(actor, row, "device.changed", change.reason)
    return row


@transaction.atomic
def epoch_withdraw(*, actor: Actor, epoch: Epoch, reason: str) -> Epoch:
    """Take a statement back that was made in error: what was before holds again.  Conflict when it was taken back."""
    if not reason.strip():
        raise Invalid("evidence.reason_missing")
    row = Epoch.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=epoch.pk)
    if row.withdrawn_at is not None:
        raise Conflict("evidence.epoch_withdrawn")
    row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason = now(), actor.name, reason.strip()
    row.save(update_fields=["withdrawn_at", "withdrawn_by_name", "withdrawn_reason"])
    _changed(actor, row, "device.change_withdrawn", reason)
    return row


def _changed(actor: Actor, row: Epoch, action: str, reason: str) -> None:
    after = {
        "kind": row.kind,
        "at": row.at.isoformat(),
        "protocol": row.protocol_key,
        "quantity": row.quantity,
        "new_baselines": row.restarts,
    }
    audit.record(
        actor=actor,
        action=action,
        subject=f"device:{row.device_id}",
        scope=row.hospital.path,
        after=after,
        reason=reason.strip(),
    )
    if row.restarts:
        device_changed(row.device_id, row.at, row.hospital.path)


def device_changed(device_id: UUID, since: dt.datetime, path: str) -> None:
    """State that a device became another at `since`: what was compared with its baselines is compared anew."""
    jobs.emit(events.DEVICE_CHANGED, f"{device_id}|{since.isoformat()}", scope=path, priority=-1)
