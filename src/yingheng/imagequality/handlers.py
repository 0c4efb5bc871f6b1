"""What follows for the device when its exams were measured: handlers for `pipeline.routes`, and its chore."""

from __future__ import annotations

import datetime as dt
from typing import Any

from imagingqc.clinical.registry import DEVICE_METHODS
from yingheng.common import events
from yingheng.evidence.courses import devices_followed_since
from yingheng.imagequality.courses import (
    baseline_follow,
    device_change_follow,
    device_follow_more,
    more_to_follow,
    noise_refresh,
    series_judge,
    set_follow,
)
from yingheng.imagequality.devices import accumulations_due, device_accumulate, device_judge, drift_store
from yingheng.imagequality.services import LATER
from yingheng.jobs import services as jobs
from yingheng.registry.models import Device

REVIEW_S = 6 * 3600.0


def follow_set(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.MEASUREMENT_STORED`."""
    set_follow(natural_key)


def judge_by_new_baseline(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.BASELINE_CHANGED`."""
    baseline_follow(natural_key)


def follow_device_change(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.DEVICE_CHANGED`."""
    device, _, since = natural_key.partition("|")
    device_change_follow(device, dt.datetime.fromisoformat(since))


def judge_series(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_JUDGE`."""
    series_judge(natural_key)


def follow_trend(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.DEVICE_TREND`: noise that size and dose do not explain, and what drifts."""
    device = Device.objects.select_related("hospital").filter(pk=natural_key).first()
    if device is not None:
        noise_refresh(device)
        drift_store(device)


def devices_by_changed_rules(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler
    """Route for `events.RULES_CHANGED`: whole devices are judged by the rules of today, and followed as they ask."""
    hospital = natural_key.partition(":")[0]
    for device in Device.objects.select_related("hospital").filter(hospital_id=hospital).order_by("pk"):
        device_judge(device)
        if more_to_follow(device):
            jobs.emit(events.DEVICE_FOLLOW, str(device.pk), scope=device.hospital.path, priority=LATER)


def follow_more(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.DEVICE_FOLLOW`."""
    device = Device.objects.select_related("hospital").filter(pk=natural_key).first()
    if device is not None:
        device_follow_more(device)


def accumulate_device(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.DEVICE_ACCUMULATE`."""
    pk, _, name = natural_key.partition("|")
    device = Device.objects.select_related("hospital").filter(pk=pk).first()
    method = next((m for m in DEVICE_METHODS if m.name == name), None)
    if device is not None and method is not None:
        device_accumulate(device, method)


def devices_review() -> int:
    """Ask for what is looked at a few times a day: trends of devices with new exams, methods with enough of them."""
    devices = devices_followed_since(REVIEW_S)
    for device in devices:
        jobs.emit(events.DEVICE_TREND, str(device.pk), scope=device.hospital.path, priority=LATER)
    due = accumulations_due()
    for device, method in due:
        key = f"{device.pk}|{method.name}"
        jobs.emit(events.DEVICE_ACCUMULATE, key, scope=device.hospital.path, priority=LATER)
    return len(devices) + len(due)
