"""Readings and visual checks of a device's test: entered on one page, judged, submitted, and what follows."""

import datetime as dt

import pytest
from django.urls import reverse
from tests.flows.phantoms import send_water, water_rule

from yingheng.common import clock
from yingheng.common.errors import Conflict, Invalid
from yingheng.documents.models import Signature
from yingheng.evidence.models import Finding, MeasurementSet, QuantityPoint
from yingheng.evidence.selectors import verdicts_effective
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, ItemValue, Restriction
from yingheng.phantomqc.naming import subject_of_test
from yingheng.phantomqc.services import device_test_open, device_test_submit, restrictions_due
from yingheng.registry.models import Device
from yingheng.sheets.models import Response
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 1, 5)
GOOD = {
    "table_set": ["300", "0"], "table_measured": ["300.4", "-0.2"],
    "laser_deviations": ["0.5", "-1.2", "0.3"],
    "slice_thickness_widths": ["23.4", "23.6", "23.5", "23.5"], "slice_thickness_nominal": "10",
    "ctdi_head_phantom": "head", "ctdi_head_centre": ["32"], "ctdi_head_edge": ["34", "34", "34", "34"],
    "ctdi_head_collimation": "10",
    "ctdi_body_phantom": "body", "ctdi_body_centre": ["9"], "ctdi_body_edge": ["18", "18", "18", "18"],
    "ctdi_body_collimation": "10",
    "high_contrast_kernel": "high_contrast", "high_contrast_resolved": "7",
    "low_contrast_detail": "2.5",
    "artefact_seen": "yes",
    "instrument": "电离室 A-1，水模 W-2",
}  # fmt: skip


@pytest.fixture
def opened(hospital, tmp_path, actor):
    """An open CT status test of the day on which water images came."""
    send_water(hospital, tmp_path, "first")
    device = Device.objects.select_related("hospital").get()
    return device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=DAY)


def fill(client, test, answers):
    """Post the sheet of a test as a browser does; the answer."""
    began = client.post(reverse("phantomqc:fill", args=[test.pk]))
    assert began.status_code == 302
    return client.post(began.url, answers)


def test_a_page_shows_every_reading_with_its_limits_before_anything_is_entered(opened, signed_in):
    client = signed_in("engineer")
    text = client.get(client.post(reverse("phantomqc:fill", args=[opened.pk])).url).content.decode()
    for name in ("table_measured", "laser_deviations", "ctdi_head_edge", "artefact_seen", "instrument", "sign.witness"):
        assert name in text
    assert "±2 mm" in text
    assert "WS 519" in text
    draft = Response.objects.get()
    assert (draft.state, draft.subject_type, ItemValue.objects.count()) == ("draft", "device_test", 0)


def test_it_judges_while_typing_and_keeps_the_draft(opened, signed_in):
    client = signed_in("engineer")
    client.post(reverse("phantomqc:fill", args=[opened.pk]))
    row = Response.objects.get()
    typed = {"revision": row.revision, "laser_deviations": ["9", "1"]}
    told = client.post(reverse("web:sheet_save", args=[row.pk]), typed).json()
    slot = next(html for key, html in told["judged"].items() if key.startswith("reading:ct.laser"))
    assert "9" in slot
    assert "fail" in slot
    row.refresh_from_db()
    assert row.typed["laser_deviations"] == ["9", "1"]
    assert not ItemValue.objects.exists()


def test_a_whole_status_test_from_images_and_readings(opened, hospital, tmp_path, signed_in, person):
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "again")
    client = signed_in("engineer")
    with pytest.raises(Invalid) as lacking:
        device_test_submit(actor=person("technologist").actor, test=opened)
    assert "检查床定位误差" in lacking.value.params["items"]
    answer = fill(client, opened, GOOD)
    assert (answer.status_code, answer.url) == (302, reverse("phantomqc:test", args=[opened.pk]))
    found = {row.item: row.outcome for row in ItemValue.objects.filter(device_test=opened)}
    assert found.keys() >= {"water", "table", "laser", "ctdi_head", "ctdi_body", "artefact"}
    assert {found[key] for key in ("table", "laser", "artefact")} == {"PASS"}
    client.post(reverse("phantomqc:submit", args=[opened.pk]), {"note": ""})
    opened.refresh_from_db()
    assert opened.state == "submitted"
    assert not Restriction.objects.filter(device_test=opened).exists()
    with pytest.raises(Conflict):
        device_test_submit(actor=person("head").actor, test=opened)


def test_each_item_is_evidence_about_the_device(opened, signed_in):
    fill(signed_in("engineer"), opened, {"laser_deviations": ["9", "1"], "instrument": "尺"})
    subject = subject_of_test(opened, "laser")
    assert MeasurementSet.objects.get(subject_id=subject.id).values[0]["value"] == pytest.approx(9)
    verdicts = verdicts_effective(Scope.everything(), subject_type="device_test", subject_id=subject.id)
    assert {v.outcome for v in verdicts} == {"FAIL"}
    assert Finding.objects.filter(subject_id=subject.id).exists()
    assert points() == [9.0]
    fill(signed_in("engineer", "second"), opened, {"laser_deviations": ["0.1"], "instrument": "尺"})
    assert ItemValue.objects.filter(item="laser").count() == 2
    verdicts = verdicts_effective(Scope.everything(), subject_type="device_test", subject_id=subject.id)
    assert {v.outcome for v in verdicts} == {"PASS"}
    assert points() == [0.1]


def points():
    """The course of the laser error."""
    return list(QuantityPoint.objects.filter(protocol_key="phantom:ct.laser").values_list("value", flat=True))


def test_a_reading_has_its_course_and_leads_back_to_its_test(opened, signed_in):
    client = signed_in("engineer")
    fill(client, opened, {"laser_deviations": ["0.5"], "instrument": "尺"})
    query = {"protocol": "phantom:ct.laser", "quantity": "ct.phantom.laser.error"}
    text = client.get(reverse("web:trend", args=[opened.device_id]), query).content.decode()
    back = reverse("phantomqc:value", args=[ItemValue.objects.get().pk])
    assert back in text
    assert client.get(back).url == reverse("phantomqc:test", args=[opened.pk])


def test_going_on_adds_only_what_is_new(opened, signed_in):
    client = signed_in("engineer")
    fill(client, opened, {"laser_deviations": ["0.5"], "instrument": "尺"})
    fill(client, opened, {"laser_deviations": ["0.5"], "low_contrast_detail": "3", "instrument": "尺"})
    assert ItemValue.objects.filter(item="laser").count() == 1
    assert ItemValue.objects.filter(item="low_contrast").count() == 1
    assert Response.objects.get(is_current=True).version == 2


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"instrument": "尺"}, "没有填写任何检测项目"),
        ({"table_set": ["300"], "instrument": "尺"}, "此项未填写"),
        ({"laser_deviations": ["0.5"]}, "此项未填写"),
        ({"laser_deviations": ["900"], "instrument": "尺"}, "超出合理范围"),
        ({"artefact_seen": "no", "instrument": "尺"}, "请写明哪里不正常"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(opened, signed_in, answers, words):
    client = signed_in("engineer")
    answer = fill(client, opened, answers)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not ItemValue.objects.exists()


def test_the_wrong_dose_phantom_is_refused(opened, signed_in):
    body = {key: value for key, value in GOOD.items() if key.startswith("ctdi_body") or key == "instrument"}
    answer = fill(signed_in("engineer"), opened, body | {"ctdi_body_phantom": "head"})
    assert answer.status_code == 400
    assert not ItemValue.objects.exists()


def test_a_witness_signs_with_a_password_of_their_own(opened, signed_in, person):
    witness = person("head", "witness")
    witness.set_password("witness-password-1")
    witness.save()
    client = signed_in("engineer")
    signed = {"sign.witness.user": "witness", "sign.witness.password": "witness-password-1"}
    answers = {"laser_deviations": ["0.5"], "instrument": "尺"}
    assert fill(client, opened, answers | signed | {"sign.witness.password": "wrong"}).status_code == 400
    assert fill(client, opened, answers | signed).status_code == 302
    assert (Signature.objects.get().person_name, Signature.objects.get().role) == (witness.actor.name, "witness")


def status_test(device, day, actor, client, laser):
    """A water-less status test of a day, by the readings alone."""
    test = device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=day)
    fill(client, test, GOOD | laser)
    return test


def test_a_failing_reading_restricts_after_the_announcement_and_a_passing_test_releases(
    opened, hospital, tmp_path, signed_in, person, actor, monkeypatch
):
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "again")
    client = signed_in("engineer")
    fill(client, opened, GOOD | {"laser_deviations": ["9", "0"]})
    done = device_test_submit(actor=actor, test=opened)
    assert (done.outcome, Device.objects.get().use_state) == ("FAIL", "in_use")
    at = clock.now() + dt.timedelta(hours=5)
    monkeypatch.setattr(clock.timezone, "now", lambda: at)
    assert restrictions_due() == 1
    assert Device.objects.get().use_state == "restricted"
    device = Device.objects.select_related("hospital").get()
    later = device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=dt.date(2026, 1, 6))
    send_water(hospital, tmp_path, "repaired", day="20260106")
    fill(signed_in("engineer", "second"), later, GOOD)
    device_test_submit(actor=actor, test=later)
    assert Device.objects.get().use_state == "in_use"


def test_what_a_person_sees_wrong_fails_the_test(opened, hospital, tmp_path, signed_in, actor):
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "again")
    fill(signed_in("engineer"), opened, GOOD | {"artefact_seen": "no", "artefact_seen.reason": "中心环状伪影"})
    done = device_test_submit(actor=actor, test=opened)
    assert done.outcome == "FAIL"
    assert Restriction.objects.get().failed == [["visual", "CT.artefact"]]


def test_a_submitted_test_takes_no_more_readings(opened, signed_in, actor):
    client = signed_in("engineer")
    client.post(reverse("phantomqc:fill", args=[opened.pk]))
    row = Response.objects.get()
    DeviceTest.objects.filter(pk=opened.pk).update(
        state="submitted", outcome="PASS", submitted_at=clock.now(), submitted_by_name="x"
    )
    answer = client.post(reverse("web:sheet_fill", args=[row.pk]), {"laser_deviations": ["0.5"], "instrument": "尺"})
    assert answer.status_code == 400
    assert client.post(reverse("phantomqc:fill", args=[opened.pk])).url == reverse("phantomqc:test", args=[opened.pk])
    assert not ItemValue.objects.exists()
