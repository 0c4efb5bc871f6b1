"""Devices: who they are by their headers, who may change what."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from yingheng.audit.models import Entry
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.jobs.models import Job
from yingheng.registry.identity import device_facts
from yingheng.registry.models import Device, ExamItem
from yingheng.registry.selectors import (
    device_counts,
    device_get,
    device_list,
    exam_item_list,
    person_list,
    room_list,
)
from yingheng.registry.services import (
    device_confirm,
    device_from_headers,
    device_release,
    device_restrict,
    exam_item_put,
    person_put,
    room_put,
)
from yingheng.tenancy.scope import Scope

HEADER = {"Manufacturer": "Maker  AG", "DeviceSerialNumber": "a12", "StationName": "CT1", "ManufacturerModelName": "M"}
AT = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)


def test_it_knows_a_device_by_maker_and_serial_whatever_the_case():
    ours = device_facts(HEADER).identity
    assert ours == "sn:MAKER AG|A12"
    assert device_facts({**HEADER, "Manufacturer": "maker ag ", "StationName": "CT9"}).identity == ours


@pytest.mark.parametrize("serial", [None, "", "0", "0000", "UNKNOWN", "n/a", "XXXX", "anonymized"])
def test_it_falls_back_to_ae_title_and_station(serial):
    facts = device_facts({**HEADER, "DeviceSerialNumber": serial}, ae_title="ct_ae")
    assert facts.identity == "ae:CT_AE|CT1"


def test_it_names_no_device_without_any_mark():
    assert device_facts({"Manufacturer": "Maker", "ManufacturerModelName": "M"}) is None


@pytest.mark.django_db
def test_it_makes_one_device_however_often_it_is_seen(hospital, other_hospital):
    for hours in (3, 0, 5, 1):
        device_from_headers(hospital, HEADER, modality="CT", seen=AT + dt.timedelta(hours=hours), ae_title=f"AE{hours}")
    device = Device.objects.get()
    assert (device.status, device.use_state, device.maker, device.model) == ("unconfirmed", "in_use", "Maker AG", "M")
    assert (device.first_seen, device.last_seen) == (AT, AT + dt.timedelta(hours=5))
    assert device.ae_titles == ["AE0", "AE1", "AE3", "AE5"]
    assert Job.objects.filter(kind=events.DEVICE_SEEN).count() == 1
    assert device_from_headers(other_hospital, HEADER).pk != device.pk


@pytest.mark.django_db
def test_it_fills_gaps_of_an_unconfirmed_device_and_leaves_a_confirmed_one_alone(hospital, actor):
    device = device_from_headers(hospital, {**HEADER, "ManufacturerModelName": None}, modality="CT")
    assert device_from_headers(hospital, HEADER).model == "M"
    device_confirm(actor=actor, device=device, name="CT 一室", model="Model X")
    again = device_from_headers(hospital, {**HEADER, "ManufacturerModelName": "Other"})
    assert (again.model, again.name, again.status) == ("Model X", "CT 一室", "confirmed")
    assert Entry.objects.get(action="device.confirm").actor_name == actor.name


@pytest.mark.django_db
def test_it_restricts_and_releases_with_a_reason_on_record(hospital, actor):
    device = device_from_headers(hospital, HEADER)
    with pytest.raises(Invalid):
        device_restrict(actor=actor, device=device, reason="  ")
    with pytest.raises(Conflict):
        device_release(actor=actor, device=device, reason="nothing to release")
    restricted = device_restrict(actor=actor, device=device, reason="noise above limit")
    assert (restricted.use_state, restricted.use_reason) == ("restricted", "noise above limit")
    assert restricted.use_since is not None
    assert device_restrict(actor=actor, device=device, reason="tube", stop=True).use_state == "down"
    released = device_release(actor=actor, device=device, reason="retested")
    assert (released.use_state, released.use_reason) == ("in_use", "")
    actions = list(
        Entry.objects.filter(subject=f"device:{device.pk}").order_by("sequence").values_list("action", "reason")
    )
    assert actions[-1] == ("device.release", "retested")
    assert {kind for kind, _ in actions} == {"device.restrict", "device.stop", "device.release"}
    kinds = set(Job.objects.values_list("kind", flat=True))
    assert kinds == {events.DEVICE_SEEN, events.DEVICE_RESTRICTED, events.DEVICE_RELEASED}


@pytest.mark.django_db
def test_the_database_refuses_a_restriction_without_reason(hospital):
    device = device_from_headers(hospital, HEADER)
    for changes in ({"use_state": "restricted"}, {"use_state": "broken"}, {"status": "maybe"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.filter(pk=device.pk).update(**changes)


@pytest.mark.django_db
def test_it_refuses_a_room_of_another_hospital(hospital, other_hospital, actor):
    room = room_put(actor=actor, hospital=other_hospital, code="R1", name="一室")
    device = device_from_headers(hospital, HEADER)
    with pytest.raises(Invalid):
        device_confirm(actor=actor, device=device, name="CT", room=room)


@pytest.mark.django_db
def test_it_shows_nothing_to_another_hospital(hospital, other_hospital, actor):
    device = device_from_headers(hospital, HEADER, modality="CT")
    room_put(actor=actor, hospital=hospital, code="R1", name="一室")
    person_put(actor=actor, hospital=hospital, staff_number="7", name="李四", category="technologist")
    ours, foreign = Scope.of_organisation(hospital), Scope.of_organisation(other_hospital)
    for scope, n in ((ours, 1), (foreign, 0), (Scope(), 0)):
        assert device_list(scope, modality="CT", text="maker").count() == n
        assert person_list(scope).count() == n
        assert room_list(scope).count() == n
        assert device_counts(scope)["all"] == n
    assert device_get(ours, device.pk) == device
    with pytest.raises(NotFound):
        device_get(foreign, device.pk)


@pytest.mark.django_db
def test_it_raises_the_version_of_an_item_only_when_it_changed():
    entry = {
        "code": "CT-CHEST",
        "name_zh": "胸部CT平扫",
        "name_en": "CT chest",
        "modality": "CT",
        "body_part": "CHEST",
        "rules": {"keywords": ["胸"]},
    }
    assert exam_item_put(**entry).version == 1
    assert exam_item_put(**entry).version == 1
    assert exam_item_put(**{**entry, "rules": {"keywords": ["胸", "肺"]}}).version == 2
    assert ExamItem.objects.count() == 1
    assert exam_item_list(modality="CT").count() == 1
    assert exam_item_list(modality="MR").count() == 0
