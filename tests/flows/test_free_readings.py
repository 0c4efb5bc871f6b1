"""Readings outside of tests stand on the trends of their device: from instruments and from sheets about the device."""

import datetime as dt

import pytest
from django.urls import reverse
from tests.apps.imagequality.course_world import exam_series

from imagingqc.criteria.judge import BASELINE_N
from yingheng.common.clock import local_day
from yingheng.evidence.models import Baseline, QuantityPoint, Trend
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.naming import protocol_under
from yingheng.phantomqc.services import Sent, course_baseline_set, device_test_open, instrument_reading_take
from yingheng.registry.models import Device
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.services import response_begin, response_correct, response_submit, template_made
from yingheng.tenancy.scope import Scope
from yingheng.web.courses import protocol_text, trend_url
from yingheng.web.sheet_subjects import device_basis, find_device

pytestmark = pytest.mark.django_db
LASER, ERROR = "phantom:ct.laser", "ct.phantom.laser.error"
FIRST = dt.date(2026, 1, 5)
SHEET = """
version = 1
key = "weekly"
kind = "readings"
title = "每周读数"
title_en = "Weekly readings"
subject = "device"
[[group]]
title = "激光"
title_en = "Laser"
reading = "ct.laser"
prefix = "laser_"
[[group]]
title = "机房"
title_en = "Room"
[[group.item]]
key = "temperature"
type = "number"
label = "机房温度"
label_en = "Room temperature"
unit = "Cel"
plausible = [0, 50]
quantity = "room.temperature"
"""


@pytest.fixture
def device(hospital):
    series = exam_series(hospital, 0)
    return Device.objects.select_related("hospital").get(pk=series.device_id)


def take(actor, device, value, number, *, reading="ct.laser", **values):
    day = FIRST + dt.timedelta(days=number)
    given = values or {"deviations": [value]}
    sent = Sent("T-1", f"{reading} {number}", reading, given, certificate="校 2026-1", test_type="status", day=day)
    return instrument_reading_take(actor=actor, device=device, sent=sent)[0]


def page(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_free_readings_have_a_course_with_limits_baseline_and_rules(device, actor, signed_in):
    for i, value in enumerate([0.5, 0.8, 0.6, 0.7, 0.5, 0.6]):
        take(actor, device, value, i)
    points = list(QuantityPoint.objects.filter(device=device, protocol_key=LASER).order_by("at"))
    assert [p.value for p in points] == [0.5, 0.8, 0.6, 0.7, 0.5, 0.6]
    assert [p.local_day for p in points] == [FIRST + dt.timedelta(days=i) for i in range(6)]
    assert Trend.objects.get(protocol_key=LASER).last_value == 0.6
    course_baseline_set(
        actor=actor, device=device, protocol_key=LASER, quantity=ERROR, points=[p.pk for p in points], reason="稳定"
    )
    failed = take(actor, device, -9.0, 7)
    text = page(signed_in("head", "me"), trend_url(device, LASER, ERROR))
    assert text.count('class="exam-dot failed"') == 1
    assert '<g class="limit used">' in text
    assert "WS 519-2019" in text
    assert 'class="band"' in text
    assert "1_3s" in text
    assert "性能检测" in text
    assert reverse("phantomqc:value", args=[failed.pk]) in text
    assert Baseline.objects.get().n == 6


def test_a_drift_of_free_readings_is_forecast(device, actor, signed_in):
    for i in range(12):
        take(actor, device, 0.15 * i + (0.02 if i % 2 else -0.02), 3 * i)
    assert 'class="ahead"' in page(signed_in("head", "me"), trend_url(device, LASER, ERROR))


def test_one_inside_of_a_test_and_one_outside_share_their_course(device, actor):
    take(actor, device, 0.5, 0)
    device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=FIRST + dt.timedelta(days=1))
    assert take(actor, device, 0.7, 1).device_test_id
    assert QuantityPoint.objects.filter(device=device, protocol_key=LASER).count() == 2


def test_values_of_another_condition_have_another_course(device, actor, signed_in):
    for number, nominal in enumerate((5.0, 5.0, 1.0)):
        widths = [nominal / 0.42] * 4
        take(actor, device, 0, number, reading="ct.slice_thickness", widths=widths, nominal=nominal)
    five, one = (protocol_under("ct.slice_thickness", {"nominal": n}) for n in (5.0, 1.0))
    assert five == "phantom:ct.slice_thickness | nominal=5"
    assert QuantityPoint.objects.filter(protocol_key=five).count() == 2
    assert QuantityPoint.objects.filter(protocol_key=one).count() == 1
    assert protocol_text(five).endswith("标称层厚 5 mm")
    assert "标称层厚 5 mm" in page(signed_in("head", "me"), trend_url(device, five, "ct.phantom.slice_thickness"))


def test_the_page_of_a_free_reading_says_what_was_sent_and_by_what(device, actor, signed_in):
    row = take(actor, device, -9.0, 0)
    client = signed_in("engineer", "he")
    went = client.get(reverse("phantomqc:value", args=[row.pk]))
    assert went.url == reverse("phantomqc:reading", args=[row.pk])
    text = page(client, went.url)
    for word in ("T-1", "校 2026-1", "ct.laser 0", "-9", "定位光"):
        assert word in text
    assert trend_url(device, LASER, ERROR).replace("&", "&amp;") in text
    test = device_test_open(actor=actor, device=device, template=template_named("ct-status"), day=FIRST)
    inside = take(actor, device, 0, 0, reading="ct.table", set=[100.0, 0.0], measured=[100.2, 0.1])
    assert inside.device_test_id == test.pk


def subject_of(device):
    return find_device(Scope.everything(), str(device.pk))


def submit(actor, device, response, typed):
    basis = device_basis(subject_of(device), spec_of(response.template), local_day(device.hospital.zone))
    return response_submit(actor=actor, response=response, typed=typed, basis=basis)


def test_a_sheet_about_a_device_puts_its_numbers_on_the_course(device, actor, signed_in):
    template = template_made(text=SHEET)
    begun = response_begin(actor=actor, template=template, subject=subject_of(device))
    typed = {"laser_deviations": ["0.4", "-1.1"], "temperature": "22.5"}
    row = submit(actor, device, begun, typed)
    points = {(p.protocol_key, p.quantity): p.value for p in QuantityPoint.objects.filter(subject_id=row.pk)}
    assert points == {(LASER, ERROR): -1.1, ("phantom:sheet.weekly", "room.temperature"): 22.5}
    client = signed_in("head", "me")
    text = page(client, trend_url(device, LASER, ERROR))
    assert "WS 519-2019" in text
    assert "weekly" in page(client, trend_url(device, "phantom:sheet.weekly", "room.temperature"))
    assert client.get(reverse("phantomqc:value", args=[row.pk])).url == reverse("web:sheet", args=[row.pk])


def test_a_corrected_sheet_takes_the_place_of_its_number(device, actor):
    template = template_made(text=SHEET)
    begun = response_begin(actor=actor, template=template, subject=subject_of(device))
    first = submit(actor, device, begun, {"laser_deviations": ["4.0"], "temperature": "22.5"})
    again = response_correct(actor=actor, response=Response.objects.get(pk=first.pk), reason="录错")
    second = submit(actor, device, again, {"laser_deviations": ["0.4"], "temperature": "22.5"})
    (point,) = QuantityPoint.objects.filter(protocol_key=LASER)
    assert (point.value, point.subject_id, point.local_day) == (0.4, second.pk, first.local_day)
    assert Trend.objects.get(protocol_key=LASER).n == 1


def test_no_baseline_forms_by_itself(device, actor):
    for i in range(BASELINE_N + 2):
        take(actor, device, 0.5 + 0.1 * (i % 3), i)
    assert not Baseline.objects.exists()


def test_a_trend_of_free_readings_costs_no_more_with_many(device, actor, signed_in, django_assert_max_num_queries):
    for i in range(15):
        take(actor, device, 0.5 + 0.1 * (i % 3), i)
    client = signed_in("head", "me")
    with django_assert_max_num_queries(15):
        page(client, trend_url(device, LASER, ERROR))
