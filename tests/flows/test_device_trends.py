"""The quality trends of a device as people see and steer them."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from tests.apps.imagequality import course_world as world

from yingheng.catalog.models import Exam
from yingheng.common.ids import uuid7
from yingheng.evidence.models import Baseline, Epoch, QuantityPoint, Trend
from yingheng.evidence.services import Change, epoch_add
from yingheng.jobs.worker import run_due_here
from yingheng.web.courses import trend_url

pytestmark = pytest.mark.django_db
NOISE = world.NOISE


def text(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def device_page(client, device):
    return text(client, reverse("web:device", args=[device.pk]))


def trend_page(client, device, more=""):
    return text(client, trend_url(device, world.KEY, NOISE) + more)


@pytest.mark.parametrize("n", [1, 5, 40, 410])
def test_the_page_of_a_figure_shows_its_exams(n, hospital, signed_in):
    values = world.wobble(min(n, 41))
    device = world.follow(hospital, values)
    if n > 41:  # the rest in bulk: it is the page that is tried
        multiply(device, n - 41)
    page = trend_page(signed_in("head", "me"), device)
    dots = re.findall(r'class="exam-dot', page)
    assert len(dots) == min(n, 400)
    assert page.count('class="band"') == (1 if n >= 30 else 0)
    assert ("12/30" in page, f"{n}/30" in page) == (False, n < 30)


def multiply(device, n):
    last = QuantityPoint.objects.order_by("-at").first()
    QuantityPoint.objects.bulk_create(
        QuantityPoint(
            hospital_id=last.hospital_id, device=device, protocol_key=world.KEY, quantity=NOISE, subject_id=uuid7(),
            exam_id=last.exam_id, local_day=last.local_day, at=last.at + dt.timedelta(minutes=i + 1), value=10.1,
        )
        for i in range(n)
    )  # fmt: skip


def test_a_device_without_measurements_says_when_trends_begin(hospital, signed_in):
    series = world.exam_series(hospital, 0)
    assert "30" in device_page(signed_in("head", "me"), series.device)
    client = signed_in("qc_officer", "you")
    assert client.get(trend_url(series.device, world.KEY, NOISE)).status_code == 404


def test_the_device_page_lists_figures_and_leads_to_them(hospital, signed_in):
    device = world.follow(hospital, world.wobble(12))
    page = device_page(signed_in("head", "me"), device)
    assert "12/30" in page
    assert trend_url(device, world.KEY, NOISE).replace("&", "&amp;") in page


def test_points_lead_to_exams_for_those_who_may_see_them(hospital, signed_in):
    device = world.follow(hospital, world.wobble(3))
    exam = reverse("web:exam", args=[Exam.objects.first().pk])
    assert exam in trend_page(signed_in("head", "me"), device)
    client = signed_in("engineer", "he")
    assert exam not in trend_page(client, device)


def test_a_drift_is_shown_in_words(hospital, signed_in):
    device = world.follow(hospital, world.wobble(40) + world.wobble(12, middle=10.6))
    run_due_here()
    client = signed_in("head", "me")
    page = device_page(client, device)
    assert Trend.objects.get().get_drift_display() in page
    assert "偏离本机基线的质量指标数" in page
    assert 'class="average"' in trend_page(client, device)


def test_a_person_starts_a_new_baseline_for_one_figure_and_takes_it_back(hospital, signed_in):
    device = world.follow(hospital, world.wobble(31))
    client = signed_in("head", "me")
    query = trend_url(device, world.KEY, NOISE).partition("?")[2]
    url = f"{reverse('web:device_change', args=[device.pk])}?{query}"
    form = {"kind": "calibration", "day": "2026-03-02", "time": "08:00", "reach": "this", "reason": "重新校准"}
    assert client.post(url, {**form, "reason": ""}).status_code == 400
    assert client.post(url, form).status_code == 302
    row = Epoch.objects.get()
    assert (row.quantity, row.protocol_key, row.kind) == (NOISE, world.KEY, "calibration")
    assert row.at.isoformat() == "2026-03-02T00:00:00+00:00"  # eight in the morning in China
    run_due_here()
    assert Trend.objects.get().baseline is None
    assert "重新校准" in trend_page(client, device)
    undo = reverse("web:device_change_withdraw", args=[device.pk, row.pk])
    assert client.post(undo, {"reason": "误录"}).status_code == 302
    run_due_here()
    assert Trend.objects.get().baseline == Baseline.objects.get()
    assert "误录" in device_page(client, device)


def test_changes_stand_as_lines_in_the_chart(hospital, signed_in, actor):
    device = world.follow(hospital, world.wobble(35))
    at = Exam.objects.order_by("sort_at")[32].sort_at
    epoch_add(actor=actor, device=device, change=Change("tube", at, "球管更换"))
    page = trend_page(signed_in("head", "me"), device)
    assert len(re.findall(r'<g class="change">', page)) == 1
    assert "球管更换" in page


def test_values_are_paged(hospital, signed_in):
    device = world.follow(hospital, world.wobble(40))
    client = signed_in("head", "me")
    assert "page=25" in trend_page(client, device)
    assert trend_page(client, device, "&page=25").count("<tr") < trend_page(client, device).count("<tr")
