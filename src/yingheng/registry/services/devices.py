"""Devices from headers and their confirmation; persons and rooms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.jobs import services as jobs
from yingheng.registry.identity import DeviceFacts, device_facts
from yingheng.registry.models import Device, Room
from yingheng.tenancy.models import Organisation

_Span = tuple[dt.datetime, dt.datetime]


@transaction.atomic
def device_from_headers(
    hospital: Organisation,
    facts: Mapping[str, Any],
    *,
    modality: str = "",
    ae_title: str = "",
    seen: dt.datetime | None = None,
    seen_until: dt.datetime | None = None,
) -> Device | None:
    """The device that a header names, created as "unconfirmed" when it is new; None when it names none.

    Safe to call any number of times and from several processes.  What a person confirmed is never changed; an
    unconfirmed device has empty fields filled in.  `seen` (default: now), or the time from
    `seen` to `seen_until`, widens first and last seen.
    """
    clean = device_facts(facts, modality=modality, ae_title=ae_title)
    if clean is None:
        return None
    first = seen or now()
    span = (first, max(first, seen_until or first))
    key = {"hospital": hospital, "identity": clean.identity}
    device = Device.objects.filter(**key).first()
    if device is None:
        new = _new_device(hospital, clean, span)
        Device.objects.bulk_create([new], ignore_conflicts=True)
        device = Device.objects.get(**key)
        if device.pk == new.pk:
            jobs.emit(events.DEVICE_SEEN, str(device.pk), scope=hospital.path)
    if _needs_update(device, clean, span):
        device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
        _refresh(device, clean, span)
    return device


def _new_device(hospital: Organisation, clean: DeviceFacts, span: _Span) -> Device:
    return Device(
        hospital=hospital,
        identity=clean.identity,
        maker=clean.maker,
        serial=clean.serial,
        model=clean.model,
        modality=clean.modality,
        station_name=clean.station_name,
        ae_titles=[clean.ae_title] if clean.ae_title else [],
        first_seen=span[0],
        last_seen=span[1],
    )


_FILLED = ("maker", "serial", "model", "modality", "station_name")


def _needs_update(device: Device, clean: DeviceFacts, span: _Span) -> bool:
    if device.first_seen is None or device.last_seen is None:
        return True
    if span[0] < device.first_seen or span[1] > device.last_seen:
        return True
    if clean.ae_title and clean.ae_title not in device.ae_titles:
        return True
    return device.status == Device.Status.UNCONFIRMED and any(
        getattr(clean, name) and not getattr(device, name) for name in _FILLED
    )


def _refresh(device: Device, clean: DeviceFacts, span: _Span) -> None:
    device.first_seen = min(device.first_seen or span[0], span[0])
    device.last_seen = max(device.last_seen or span[1], span[1])
    if clean.ae_title:
        device.ae_titles = sorted({*device.ae_titles, clean.ae_title})
    if device.status == Device.Status.UNCONFIRMED:
        for name in _FILLED:
            setattr(device, name, getattr(device, name) or getattr(clean, name))
    device.save(update_fields=["first_seen", "last_seen", "ae_titles", *_FILLED])


@transaction.atomic
def device_confirm(
    *, actor: Actor, device: Device, name: str, model: str = "", modality: str = "", room: Room | None = None
) -> Device:
    """A person vouches for a device and names it; empty `model` and `modality` keep what the headers said."""
    if not name.strip():
        raise Invalid("registry.device_name_missing")
    if room is not None and room.hospital_id != device.hospital_id:
        raise Invalid("registry.room_of_other_hospital")
    row = _locked(device)
    before = {"status": row.status, "name": row.name, "model": row.model, "modality": row.modality}
    row.status = Device.Status.CONFIRMED
    row.name, row.model, row.modality = name.strip(), model or row.model, modality or row.modality
    row.room = room or row.room
    row.save(update_fields=["status", "name", "model", "modality", "room"])
    after = {"status": row.status, "name": row.name, "model": row.model, "modality": row.modality}
    audit.record(
        actor=actor,
        action="device.confirm",
        subject=f"device:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after=after,
    )
    return row


@transaction.atomic
def room_put(*, actor: Actor, hospital: Organisation, code: str, name: str) -> Room:
    """Create a room or rename it; `code` is its key within the hospital."""
    if not code.strip() or not name.strip():
        raise Invalid("registry.room_incomplete")
    room, _ = Room.objects.update_or_create(hospital=hospital, code=code.strip(), defaults={"name": name.strip()})
    audit.record(
        actor=actor,
        action="room.put",
        subject=f"room:{room.pk}",
        scope=hospital.path,
        after={"code": code, "name": name},
    )
    return room


def _locked(device: Device) -> Device:
    return Device.objects.select_for_update(no_key=True).select_related("hospital").get(pk=device.pk)
