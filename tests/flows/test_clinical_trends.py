"""Noise of low-dose CT and contrast peak time of exams on one page, with what was done to the scanner."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from tests.apps.imagequality import course_world as world

from imagingqc.clinical.ct.bolus import METHOD, PEAK
from imagingqc.clinical.reader import CachedReader
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.ct_bolus import BolusScan, ct_bolus
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Exam
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.evidence.models import Epoch, QuantityPoint, Trend
from yingheng.evidence.services import Change, courses_refresh, epoch_add
from yingheng.imagequality.courses import set_follow
from yingheng.registry.services import device_release, device_restrict

pytestmark = pytest.mark.django_db
LOW = "CT · CHEST · LDCT screening · B30f · 1 · 120"
TEST_BOLUS = "CT · CHEST · CTA test bolus · B30f · 10 · 120"


def seconds(value):
    return Measurement(PEAK, value, "s", "ct.bolus", "1")


def peaks(hospital, values, *, first):
    for i, value in enumerate(values):
        row = world.store(world.exam_series(hospital, first + i), seconds(value), key=TEST_BOLUS)
        set_follow(row.pk)


def page(client, device, more=""):
    answer = client.get(reverse("web:clinical_trends", args=[device.pk]) + more)
    assert answer.status_code == 200
    return answer.content.decode()


def charts(text):
    return text.count('class="control-chart"')


@pytest.fixture
def device(hospital):
    device = world.follow(hospital, world.wobble(34), key=LOW)
    world.follow(hospital, world.wobble(3), key=world.KEY, first=50)
    peaks(hospital, [12.0 + 0.4 * (i % 5 - 2) for i in range(33)], first=100)
    return device


def test_low_dose_noise_and_peak_time_stand_on_one_page(device, signed_in):
    client = signed_in("head", "me")
    text = page(client, device)
    assert charts(text) == 2
    assert text.count('class="band"') == 2  # both have a baseline of their own
    assert "LDCT screening" in text
    assert "CTA test bolus" in text
    assert "对比剂达峰时间" in text
    assert "Lung · B30f" not in text
    every = page(client, device, "?protocols=all")
    assert charts(every) == 3
    assert "Lung · B30f" in every
    assert (
        reverse("web:clinical_trends", args=[device.pk])
        in client.get(reverse("web:device", args=[device.pk])).content.decode()
    )


def test_what_was_done_to_the_scanner_stands_in_every_chart(device, signed_in, actor):
    at = Exam.objects.order_by("sort_at")[32].sort_at
    for kind in ("repair", "tube", "software", "move"):
        epoch_add(actor=actor, device=device, change=Change(kind, at, f"登记{kind}", restarts=False))
    device_restrict(actor=actor, device=device, reason="伪影")
    device.refresh_from_db()
    device_release(actor=actor, device=device, reason="复测合格")
    text = page(signed_in("head", "me"), device)
    assert len(re.findall(r'<g class="change">', text)) == 2 * 6
    for word in ("登记repair", "登记tube", "登记software", "登记move", "伪影", "复测合格"):
        assert text.count(f"{word}</title>") == 2


def test_chest_protocols_of_little_dose_count_as_low_dose(hospital, signed_in):
    key = "CT · CHEST · Routine · B30f · 5 · 120"
    device = world.follow(hospital, world.wobble(3), key=key)
    client = signed_in("head", "me")
    assert charts(page(client, device)) == 0
    for point in QuantityPoint.objects.filter(device=device):
        QuantityPoint.objects.create(
            hospital=hospital, device=device, protocol_key=key, quantity="ct.dose.ssde", subject_id=point.subject_id,
            exam_id=point.exam_id, local_day=point.local_day, at=point.at, value=2.5,
        )  # fmt: skip
    assert charts(page(client, device)) == 1


def test_many_protocols_cost_no_more(hospital, device, signed_in, django_assert_max_num_queries):
    for i in range(6):
        world.follow(hospital, world.wobble(2), key=LOW.replace("120", str(80 + i)), first=200 + 10 * i)
    client = signed_in("head", "me")
    with django_assert_max_num_queries(15):
        assert charts(page(client, device)) == 7


def test_a_measured_test_bolus_is_a_point(hospital, tmp_path):
    """The very numbers of the method, stored as an evaluation stores them."""
    ct_bolus(tmp_path, BolusScan(rows=128))
    series = scan([tmp_path], 1).exams[0].series[0]
    values = METHOD.run(series, split_stacks(series), CachedReader())
    row = world.store(world.exam_series(hospital, 0), *values, key=TEST_BOLUS)
    set_follow(row.pk)
    point = QuantityPoint.objects.get(quantity=PEAK)
    assert point.value == pytest.approx(12.0, abs=0.5)
    assert {t.quantity for t in Trend.objects.all()} == {PEAK, "ct.bolus.injection_to_peak", "ct.bolus.threshold_time"}


# --- what people state --------------------------------------------------------------------------


def form(**more):
    return {"kind": "repair", "day": "2026-03-01", "time": "12:00", "reason": "更换高压电缆", **more}


def test_a_repair_is_marked_and_leaves_baselines_alone(device, signed_in):
    client = signed_in("engineer", "he")
    url = reverse("web:device_change", args=[device.pk])
    shown = client.get(url).content.decode()
    assert "维修" in shown
    before = Trend.objects.get(protocol_key=LOW).baseline_id
    assert client.post(url, form(reach="none")).status_code == 302
    row = Epoch.objects.get()
    assert (row.kind, row.restarts) == ("repair", False)
    courses_refresh(device, LOW, [world.NOISE], None)
    assert Trend.objects.get(protocol_key=LOW).baseline_id == before
    text = page(client, device)
    assert text.count("维修 · 更换高压电缆</title>") == 2
    assert "更换高压电缆" in client.get(reverse("web:device", args=[device.pk])).content.decode()
    undo = reverse("web:device_change_withdraw", args=[device.pk, row.pk])
    assert client.post(undo, {"reason": "误录"}).status_code == 302
    assert "更换高压电缆" not in page(client, device)


def test_a_repair_that_changes_the_pictures_begins_baselines_anew(device, signed_in):
    client = signed_in("engineer", "he")
    assert client.post(reverse("web:device_change", args=[device.pk]), form(reach="all")).status_code == 302
    assert Epoch.objects.get().restarts
    courses_refresh(device, LOW, [world.NOISE], None)
    assert Trend.objects.get(protocol_key=LOW).baseline_id is None


def test_only_those_who_keep_devices_may_state_it(device, signed_in):
    assert signed_in("technologist", "she").post(
        reverse("web:device_change", args=[device.pk]), form()
    ).status_code in {403, 404}
    assert not Epoch.objects.exists()


def test_a_change_in_the_future_is_refused(device, actor):

    with pytest.raises(Invalid):
        epoch_add(actor=actor, device=device, change=Change("repair", now() + dt.timedelta(days=2), "x"))
