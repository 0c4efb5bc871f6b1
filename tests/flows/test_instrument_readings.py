"""Readings that instruments send: into the open test, or as free readings of the device; once, and named when wrong."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from tests.flows.phantoms import send_water

from yingheng.evidence.models import MeasurementSet, QuantityPoint
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import InstrumentReading, ItemValue
from yingheng.phantomqc.naming import subject_id
from yingheng.phantomqc.services import device_test_open
from yingheng.registry.models import Device
from yingheng.tenancy.tokens import token_make

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 1, 5)
LASER = {"instrument": "T-1", "id": "r1", "reading": "ct.laser", "values": {"deviations": [0.5, -1.2]},
         "day": "2026-01-05"}  # fmt: skip


@pytest.fixture
def device(hospital, tmp_path):
    send_water(hospital, tmp_path, "first")
    return Device.objects.select_related("hospital").get()


@pytest.fixture
def send(device, person):
    """Post a message as a program with the one permission it needs; the answer."""
    user = person("engineer")
    secret = token_make(actor=user, user=user, name="x", days=1, permissions=["device.test"]).secret

    def post(**message):
        told = LASER | {"device": str(device.pk)} | message
        return Client().post(
            reverse("push:readings"),
            {key: value for key, value in told.items() if value is not None},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    return post


def test_it_goes_into_the_open_test_once(device, send, actor):
    test = device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=DAY)
    first = send()
    told = first.json()
    assert (first.status_code, told["status"], told["test"], told["item"]) == (201, "taken", str(test.pk), "laser")
    assert told["measurements"][0]["value"] == pytest.approx(-1.2)
    assert {v["outcome"] for v in told["verdicts"]} == {"PASS"}
    again = send()
    assert (again.status_code, again.json()["status"], again.json()["id"]) == (200, "known", told["id"])
    value = ItemValue.objects.get()
    assert (value.item, value.source_type, value.outcome) == ("laser", "instrument", "PASS")
    assert QuantityPoint.objects.get(protocol_key="phantom:ct.laser").subject_id == value.pk
    assert send(values={"deviations": [0.4]}).status_code == 409
    assert InstrumentReading.objects.count() == 1


def test_the_dose_phantom_says_which_item(device, send, actor):
    device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=DAY)
    values = {"phantom": "body", "centre": [9.0], "edge": [18.0, 18.0, 18.0, 18.0], "collimation": 10}
    assert send(reading="ct.ctdi", values=values).json()["item"] == "ctdi_body"


def test_without_a_test_it_is_a_free_reading_of_the_device(device, send):
    answer = send(device=device.serial, test_type="status")
    assert (answer.status_code, answer.json()["test"], answer.json()["test_type"]) == (201, None, "status")
    assert answer.json()["verdicts"]
    pk = subject_id(device.pk, "ct.laser", "status")
    assert MeasurementSet.objects.get(subject_id=pk, is_current=True).values[0]["value"] == pytest.approx(-1.2)
    assert not ItemValue.objects.exists()


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"instrument": ""}, "instrument"),
        ({"id": None}, "id"),
        ({"device": "nothing"}, "device"),
        ({"reading": "ct.magic"}, "reading"),
        ({"reading": "mr.boil_off", "values": {"level": 60}}, "reading"),
        ({"values": [1]}, "values"),
        ({"values": {}}, "values.deviations"),
        ({"values": {"deviations": [900]}}, "values.deviations"),
        ({"values": {"deviations": ["a"]}}, "values.deviations"),
        ({"values": {"deviations": [1], "colour": "red"}}, "values.colour"),
        ({"reading": "ct.high_contrast", "values": {"kernel": ["x"], "resolved": 5}}, "values.kernel"),
        ({"test_type": "sometimes"}, "test_type"),
        ({"day": "5 January"}, "day"),
        ({"day": "2999-01-01"}, "day"),
        ({"item": "nothing"}, "item"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(send, message, field):
    answer = send(**message)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["text"]
    assert not InstrumentReading.objects.exists()


def test_another_hospital_s_device_does_not_exist(send, other_hospital):
    other = Device.objects.create(
        hospital=other_hospital, identity="sn:X|1", modality="CT", maker="X", serial="other-1"
    )
    for name in (str(other.pk), "other-1"):
        assert send(device=name).json()["error"]["field"] == "device"


def test_what_was_sent_never_changes(send):
    send()
    for change in (
        lambda: InstrumentReading.objects.update(item="x"),
        lambda: InstrumentReading.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
