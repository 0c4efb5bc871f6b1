"""What devices, rooms and persons are called on pages of others: the subjects of plans."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yingheng.registry.models import Device, Person, Room
from yingheng.schedule.kinds import Named, SubjectKind, subject_kind_add
from yingheng.tenancy.models import Organisation


def register() -> None:
    """Let plans be made for devices, rooms and persons."""
    subject_kind_add("device", SubjectKind(_("device"), _devices, _device_choices))
    subject_kind_add("room", SubjectKind(_("room"), _rooms, _room_choices))
    subject_kind_add("person", SubjectKind(_("person"), _persons, _person_choices))


def _devices(ids: Collection[UUID]) -> Mapping[UUID, Named]:
    rows = Device.objects.filter(pk__in=ids)
    return {row.pk: Named(row.label, reverse("web:device", args=[row.pk])) for row in rows}


def _device_choices(hospital: Organisation) -> Sequence[tuple[UUID, str]]:
    return [(row.pk, row.label) for row in Device.objects.filter(hospital=hospital).order_by("name", "maker", "pk")]


def _rooms(ids: Collection[UUID]) -> Mapping[UUID, Named]:
    return {row.pk: Named(row.name) for row in Room.objects.filter(pk__in=ids)}


def _room_choices(hospital: Organisation) -> Sequence[tuple[UUID, str]]:
    return [(row.pk, row.name) for row in Room.objects.filter(hospital=hospital, active=True).order_by("code")]


def _persons(ids: Collection[UUID]) -> Mapping[UUID, Named]:
    return {row.pk: Named(row.name) for row in Person.objects.filter(pk__in=ids)}


def _person_choices(hospital: Organisation) -> Sequence[tuple[UUID, str]]:
    return [(row.pk, row.name) for row in Person.objects.filter(hospital=hospital, active=True).order_by("name", "pk")]
