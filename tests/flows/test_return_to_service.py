"""A failed status test is announced, then restricts the device; a passed one gives it back."""

import datetime as dt

import pytest
from tests.flows.phantoms import send_water, water_rule

from yingheng.common import clock
from yingheng.evidence.models import Finding
from yingheng.evidence.services import finding_decide
from yingheng.jobs.worker import run_due_here
from yingheng.notify.models import Delivery
from yingheng.notify.services import delivery_acknowledge
from yingheng.phantomqc.models import DeviceTest, Restriction
from yingheng.phantomqc.services import gate_set, restrictions_due
from yingheng.registry.models import Device, UseChange

pytestmark = pytest.mark.django_db
FAULTY = 30.0  # HU, five times what a status test allows


@pytest.fixture
def failed(hospital, tmp_path, person):
    """A water status test that failed, announced to an engineer."""
    engineer = person("engineer")
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "bad", hu=FAULTY)
    return engineer


def device():
    return Device.objects.get()


def later(monkeypatch, hours):
    at = clock.now() + dt.timedelta(hours=hours)
    monkeypatch.setattr(clock.timezone, "now", lambda: at)


def test_it_announces_first_and_restricts_when_an_engineer_took_note(failed):
    test = DeviceTest.objects.get()
    assert (test.outcome, test.test_type, device().use_state) == ("FAIL", "status", "in_use")
    told = Delivery.objects.get(recipient=failed, message__kind="device_test.failed")
    assert restrictions_due() == 0
    delivery_acknowledge(user=failed, delivery_id=told.pk)
    assert restrictions_due() == 1
    assert restrictions_due() == 0
    assert (device().use_state, device().use_evidence_type) == ("restricted", "device_test")
    assert device().use_evidence_id == test.pk
    assert Restriction.objects.get().why == "acknowledged"


def test_it_restricts_when_the_time_is_over(failed, hospital, actor, monkeypatch):
    later(monkeypatch, 3.9)
    assert restrictions_due() == 0
    later(monkeypatch, 0.2)
    assert restrictions_due() == 1
    assert (device().use_state, Restriction.objects.get().why) == ("restricted", "time")


def test_a_hospital_sets_the_time(hospital, tmp_path, person, actor):
    person("engineer")
    gate_set(actor=actor, hospital=hospital, hours=0)
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "bad", hu=FAULTY)
    assert restrictions_due() == 1


def test_receiving_goes_on_and_a_passed_test_gives_the_device_back(failed, hospital, tmp_path, monkeypatch):
    later(monkeypatch, 5)
    restrictions_due()
    assert device().use_state == "restricted"
    send_water(hospital, tmp_path, "good", day="20260106")
    assert DeviceTest.objects.get(local_day=dt.date(2026, 1, 6)).outcome in {"PASS", "NEEDS_HUMAN"}
    assert device().use_state == "in_use"
    assert list(UseChange.objects.order_by("made_at").values_list("event", flat=True)) == ["restrict", "release"]


def test_a_pass_in_time_calls_it_off(failed, hospital, tmp_path, monkeypatch):
    send_water(hospital, tmp_path, "good", day="20260106")
    later(monkeypatch, 5)
    assert restrictions_due() == 0
    assert (device().use_state, Restriction.objects.get().why) == ("in_use", "passed")


def test_it_does_not_restrict_on_what_a_person_overruled(failed, actor, monkeypatch):
    for finding in Finding.objects.filter(subject_type="device_test"):
        finding_decide(actor=actor, finding=finding, verb="overrule", reason="体模气泡")
    later(monkeypatch, 5)
    assert restrictions_due() == 1
    assert (device().use_state, Restriction.objects.get().why) == ("in_use", "overruled")


def test_a_failed_constancy_test_restricts_nothing(hospital, tmp_path, person):
    person("engineer")
    water_rule(hospital)
    send_water(hospital, tmp_path, "bad", hu=FAULTY)
    assert not Restriction.objects.exists()


def test_an_unconfirmed_limit_never_restricts(hospital, tmp_path, person, monkeypatch):
    from yingheng.phantomqc.services import gate  # noqa: PLC0415 - its helper is looked at

    person("engineer")
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "good")
    test = DeviceTest.objects.get()
    for verdict in test.items[0]["verdicts"]:
        verdict["outcome"], verdict["reason_code"] = "NEEDS_HUMAN", "limit_unconfirmed"
    assert gate.failed_of(test) == []
    gate.gate_follow(test)
    assert not Restriction.objects.exists()


def test_those_who_work_with_it_hear_of_it(failed, person, monkeypatch):
    technologist = person("technologist")
    later(monkeypatch, 5)
    restrictions_due()
    run_due_here()
    assert Delivery.objects.filter(recipient=technologist, message__kind="device.restricted").count() == 1
