"""Reading devices, persons, rooms and exam items within a scope."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from yingheng.common.errors import NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.registry.models import Device, ExamItem, ItemMapping, Person, Room, UseChange
from yingheng.tenancy.scope import Scope


def device_list(
    scope: Scope, *, modality: str = "", status: str = "", use_state: str = "", text: str = ""
) -> QuerySet[Device]:
    """Devices with room and hospital, by modality and name; `text` searches name, maker, model, serial, station."""
    rows = scope.filter(Device.objects.select_related("room", "hospital"))
    for name, value in (("modality", modality), ("status", status), ("use_state", use_state)):
        if value:
            rows = rows.filter(**{name: value})
    if text:
        fields = ("name", "maker", "model", "serial", "station_name")
        match = Q()
        for name in fields:
            match |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(match)
    return rows.order_by("modality", "name", "identity")


def device_get(scope: Scope, device_id: UUID | str) -> Device:
    """One device; NotFound when there is none in the scope."""
    row = scope.filter(Device.objects.select_related("room", "hospital")).filter(pk=device_id).first()
    if row is None:
        raise NotFound("registry.device_unknown")
    return row


def device_find(scope: Scope, name: str) -> Device | None:
    """The device with that id or serial number; None when there is none in the scope, or several have the number."""
    rows = scope.filter(Device.objects.select_related("room", "hospital"))
    try:
        return rows.filter(pk=UUID(name)).first()
    except ValueError:
        several = list(rows.filter(serial=name)[:2])
        return several[0] if len(several) == 1 else None


def device_counts(scope: Scope) -> dict[str, int]:
    """Number of devices: all, unconfirmed, restricted, down.  One query."""
    return scope.filter(Device.objects.all()).aggregate(
        all=Count("pk"),
        unconfirmed=Count("pk", filter=Q(status=Device.Status.UNCONFIRMED)),
        restricted=Count("pk", filter=Q(use_state=Device.UseState.RESTRICTED)),
        down=Count("pk", filter=Q(use_state=Device.UseState.DOWN)),
    )


def use_change_list(scope: Scope, device: Device) -> QuerySet[UseChange]:
    """What was decided about the use of a device, newest first."""
    return scope.filter(UseChange.objects.filter(device=device)).order_by("-made_at", "-id")


def person_list(scope: Scope, *, category: str = "") -> QuerySet[Person]:
    """Active persons by name."""
    rows = scope.filter(Person.objects.filter(active=True))
    return (rows.filter(category=category) if category else rows).order_by("name", "staff_number")


def person_search(
    scope: Scope, *, text: str = "", category: str = "", account: str = "", active: str = ""
) -> QuerySet[Person]:
    """Persons with hospital and account by name; `text` searches name and staff number.

    `account` is some or none; `active` is no for those who left, all for everybody, else those who are there.
    """
    rows = scope.filter(Person.objects.select_related("hospital", "user"))
    if active != "all":
        rows = rows.filter(active=active != "no")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(staff_number__icontains=text))
    rows = rows.filter(category=category) if category else rows
    rows = rows.filter(user__isnull=account == "none") if account in {"none", "some"} else rows
    return rows.order_by("name", "staff_number", "pk")


def person_get(scope: Scope, person_id: UUID | str) -> Person:
    """One person; NotFound when there is none in the scope."""
    rows = scope.filter(Person.objects.select_related("hospital", "user"))
    return row_or_not_found(rows, person_id, "registry.person_unknown")


def room_list(scope: Scope) -> QuerySet[Room]:
    """Active rooms by code."""
    return scope.filter(Room.objects.filter(active=True)).order_by("code")


def exam_item_list(*, modality: str = "") -> QuerySet[ExamItem]:
    """The dictionary of exam items; shared by all hospitals, so it takes no scope."""
    rows = ExamItem.objects.filter(active=True)
    return (rows.filter(modality=modality) if modality else rows).order_by("modality", "code")


def item_mapping_current(hospital_id: UUID, key: str) -> ItemMapping | None:
    """What holds for a key of a hospital: an item or "not an exam"; None when nobody decided, or took it back.

    For the platform's own work: the caller names the hospital of the exam.
    """
    rows = ItemMapping.objects.filter(hospital_id=hospital_id, key=key, is_current=True)
    return rows.exclude(verb=ItemMapping.Verb.OPEN).select_related("item").first()


def item_mapping_list(scope: Scope, *, modality: str = "") -> QuerySet[ItemMapping]:
    """Decisions that hold, with item and hospital, by key."""
    rows = scope.filter(ItemMapping.objects.filter(is_current=True).select_related("item", "hospital"))
    rows = rows.exclude(verb=ItemMapping.Verb.OPEN)
    return (rows.filter(key__startswith=f"{modality}{ItemMapping.BETWEEN}") if modality else rows).order_by("key")


def item_mapping_history(scope: Scope, *, hospital_id: UUID, key: str) -> QuerySet[ItemMapping]:
    """Everything that was decided about a key, newest first."""
    rows = scope.filter(ItemMapping.objects.filter(hospital_id=hospital_id, key=key).select_related("item"))
    return rows.order_by("-version")


def item_rejections(scope: Scope, keys: Iterable[str]) -> dict[tuple[UUID, str], set[str]]:
    """Items that were turned down, by hospital and key.  One query."""
    rows = scope.filter(ItemMapping.objects.filter(key__in=list(keys), verb=ItemMapping.Verb.REJECTED))
    found: dict[tuple[UUID, str], set[str]] = {}
    for hospital_id, key, code in rows.values_list("hospital_id", "key", "item__code"):
        found.setdefault((hospital_id, key), set()).add(code)
    return found
