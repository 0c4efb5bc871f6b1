"""The use of a device: decided with a reason, kept for good, shown on its pages."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ids import uuid7
from yingheng.jobs.models import Job
from yingheng.registry.banner import use_alerts, use_tags
from yingheng.registry.handlers import tell_use
from yingheng.registry.models import Device, UseChange
from yingheng.registry.services import (
    Ground,
    device_from_headers,
    device_permit,
    device_permit_end,
    device_release,
    device_restrict,
)

pytestmark = pytest.mark.django_db
HEADER = {"Manufacturer": "Maker", "DeviceSerialNumber": "A12", "StationName": "CT1"}


@pytest.fixture
def device(hospital):
    return device_from_headers(hospital, HEADER, modality="CT")


def in_hours(n):
    return now() + dt.timedelta(hours=n)


def test_every_decision_leaves_a_row_with_what_it_rests_on(device, actor):
    ground = Ground("device_test", uuid7())
    row = device_restrict(actor=actor, device=device, reason="噪声超限", ground=ground)
    assert (row.use_evidence_type, row.use_evidence_id, row.use_finding) == ("device_test", ground.id, None)
    device_release(actor=actor, device=device, reason="复测合格", ground=ground)
    found = list(UseChange.objects.order_by("made_at").values_list("event", "reason", "evidence_id", "actor_name"))
    assert found == [
        ("restrict", "噪声超限", ground.id, actor.name),
        ("release", "复测合格", ground.id, actor.name),
    ]
    device.refresh_from_db()
    assert (device.use_state, device.use_evidence_type, device.use_evidence_id) == ("in_use", "", None)


def test_the_history_cannot_be_changed(device, actor):
    device_restrict(actor=actor, device=device, reason="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        UseChange.objects.update(reason="y")
    with pytest.raises(DatabaseError), transaction.atomic():
        UseChange.objects.all().delete()


def test_a_temporary_use_is_signed_ends_and_leaves_the_restriction(device, actor):
    with pytest.raises(Conflict):
        device_permit(actor=actor, device=device, reason="急诊", until=in_hours(1))
    device_restrict(actor=actor, device=device, reason="噪声")
    for wrong in (in_hours(-1), in_hours(24 * 40)):
        with pytest.raises(Invalid):
            device_permit(actor=actor, device=device, reason="急诊", until=wrong)
    with pytest.raises(Invalid):
        device_permit(actor=actor, device=device, reason=" ", until=in_hours(1))
    row = device_permit(actor=actor, device=device, reason="急诊", until=in_hours(2))
    assert row.use_state == "restricted"
    assert (row.is_permitted(now()), row.is_permitted(in_hours(3))) == (True, False)
    row = device_permit_end(actor=actor, device=device, reason="急诊结束")
    assert not row.is_permitted(now())
    with pytest.raises(Conflict):
        device_permit_end(actor=actor, device=device, reason="再次")
    assert list(UseChange.objects.order_by("made_at").values_list("event", flat=True)) == [
        "restrict", "permit", "revoke",
    ]  # fmt: skip


def test_a_new_restriction_ends_a_temporary_use(device, actor):
    device_restrict(actor=actor, device=device, reason="噪声")
    device_permit(actor=actor, device=device, reason="急诊", until=in_hours(2))
    row = device_restrict(actor=actor, device=device, reason="球管", stop=True)
    assert (row.use_state, row.permit_until) == ("down", None)


def test_every_decision_is_a_fact_that_people_hear_of(device, actor, person):
    user = person("technologist")
    device_restrict(actor=actor, device=device, reason="噪声")
    tell_use(str(device.pk), {})
    device_permit(actor=actor, device=device, reason="急诊", until=in_hours(2))
    tell_use(str(device.pk), {})
    tell_use(str(device.pk), {})
    device_release(actor=actor, device=device, reason="复测合格")
    tell_use(str(device.pk), {})
    kinds = list(user.deliveries.order_by("pk").values_list("message__kind", flat=True))
    assert kinds == ["device.restricted", "device.permitted", "device.released"]
    kinds = {events.DEVICE_RESTRICTED, events.DEVICE_PERMITTED, events.DEVICE_RELEASED}
    assert kinds <= set(Job.objects.values_list("kind", flat=True))


def test_pages_of_a_device_say_so_and_say_nothing_where_it_is_in_use(device, actor, signed_in):
    assert (use_alerts(device), use_tags(device), use_tags(None)) == ([], [], [])
    device_restrict(actor=actor, device=device, reason="噪声超限")
    device.refresh_from_db()
    assert len(use_alerts(device)) == 1
    client = signed_in("technologist")
    for url in (
        reverse("web:device", args=[device.pk]),
        reverse("registry:use", args=[device.pk]),
        reverse("web:room", args=[device.pk]),
    ):
        assert "噪声超限" in client.get(url).content.decode(), url
    assert "lock" in client.get(reverse("web:devices")).content.decode()


def test_it_is_decided_on_its_page_by_those_who_may(device, signed_in):
    engineer = signed_in("engineer")

    def post(name, **values):
        return engineer.post(reverse(f"registry:{name}", args=[device.pk]), values).status_code

    assert signed_in("technologist").post(reverse("registry:restrict", args=[device.pk])).status_code == 403
    assert post("restrict", reason="") == 400
    assert post("release", reason="x") == 400
    assert post("restrict", reason="漏油") == 302
    tomorrow = in_hours(24).date().isoformat()
    assert post("permit", reason="急诊", day=tomorrow, time="12:00") == 302
    assert Device.objects.get().is_permitted(now())
    assert post("permit_end", reason="结束") == 302
    assert post("release", reason="已修复") == 302
    assert Device.objects.get().use_state == "in_use"
    text = engineer.get(reverse("registry:use", args=[device.pk])).content.decode()
    assert all(word in text for word in ("漏油", "急诊", "已修复"))
