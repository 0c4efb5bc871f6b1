"""The course of performance tests: limits, forecast, control rules, baselines that people set, devices compared."""

import re

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from tests.apps.imagequality import course_world
from tests.flows.water_course import KEY, WATER, water_tests

from yingheng.audit.models import Entry
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.common.ids import uuid7
from yingheng.evidence.models import Baseline, QuantityPoint, Trend
from yingheng.evidence.services import courses_refresh
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import ItemValue, PhantomRun
from yingheng.phantomqc.services import course_baseline_set, device_test_open
from yingheng.registry.services import device_release, device_restrict
from yingheng.web.courses import trend_url

pytestmark = pytest.mark.django_db
TABLE = "ct.phantom.table.error"
STEADY = [1.0, 1.3, 0.8, 1.1, 0.9, 1.2]
RISING = [1.0 + 0.3 * i + (0.1 if i % 2 else -0.1) for i in range(12)]  # 0.1 HU a day: at 6 HU some 17 days later


def page(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def trend_page(client, device):
    return page(client, trend_url(device, KEY, WATER))


def chosen(device):
    return list(QuantityPoint.objects.filter(device=device, quantity=WATER).values_list("pk", flat=True))


def set_baseline(actor, device, points=None, reason="验收后稳定"):
    return course_baseline_set(
        actor=actor, device=device, protocol_key=KEY, quantity=WATER,
        points=chosen(device) if points is None else points, reason=reason,
    )  # fmt: skip


def test_a_drift_towards_a_limit_is_said_with_days_and_interval(hospital, signed_in, monkeypatch):
    device = water_tests(monkeypatch, hospital, RISING)
    text = trend_page(signed_in("head", "me"), device)
    found = re.search(r"按此趋势约 (\d+) 天后（(\d+)～(\d+) 天）超出 \+6 HU", text)
    assert found is not None
    days, low, high = map(int, found.groups())
    assert low <= days <= high
    assert abs(days - 17) <= 2
    assert 'class="ahead"' in text
    assert "WS 519-2019" in text


def test_without_a_drift_the_reason_is_said(hospital, signed_in, monkeypatch):
    device = water_tests(monkeypatch, hospital, STEADY * 2)
    text = trend_page(signed_in("head", "me"), device)
    assert "变化趋势不显著，不作预测" in text
    assert 'class="ahead"' not in text


def test_limits_of_all_occasions_stand_with_clause_and_confidence(hospital, signed_in, monkeypatch):
    device = water_tests(monkeypatch, hospital, STEADY)
    text = trend_page(signed_in("head", "me"), device)
    assert len(re.findall(r'<g class="limit used">', text)) == 2
    assert len(re.findall(r'<g class="limit">', text)) == 2
    assert "CT 值（水）（状态检测）" in text
    assert "CT 值（水）（验收检测）" in text
    assert "二手来源" in text


def test_a_failed_test_is_marked_and_leads_to_its_run(hospital, signed_in, monkeypatch):
    device = water_tests(monkeypatch, hospital, [*STEADY, 7.0])
    text = trend_page(signed_in("engineer", "he"), device)
    assert text.count('class="exam-dot failed"') == 1
    point = QuantityPoint.objects.get(device=device, value=7.0)
    assert reverse("phantomqc:case", args=[point.subject_id]) in text


def test_control_rules_are_marked_and_said(hospital, signed_in, monkeypatch, actor):
    device = water_tests(monkeypatch, hospital, STEADY)
    set_baseline(actor, device)
    water_tests(monkeypatch, hospital, [3.0, 3.1], first=len(STEADY))
    text = trend_page(signed_in("head", "me"), device)
    assert text.count('class="rule-ring"') == 2
    assert "1_3s：" in text
    assert "2_2s：" in text
    assert 'class="near"' in text
    assert 'class="average"' in text


def test_a_restriction_and_its_end_stand_in_the_chart(hospital, signed_in, monkeypatch, actor):
    device = water_tests(monkeypatch, hospital, STEADY)
    device_restrict(actor=actor, device=device, reason="更换球管", stop=True)
    device.refresh_from_db()
    device_release(actor=actor, device=device, reason="维修完成")
    text = trend_page(signed_in("head", "me"), device)
    assert len(re.findall(r'<g class="change">', text)) == 2
    assert "维修完成" in text


def test_a_baseline_of_tests_never_forms_by_itself(hospital, monkeypatch):
    device = water_tests(monkeypatch, hospital, STEADY * 6)
    assert not Baseline.objects.exists()
    row = Trend.objects.get(device=device, quantity=WATER)
    assert (row.baseline, row.n, row.drift) == (None, 36, "")


def test_a_person_sets_it_from_chosen_tests_and_again_later(hospital, signed_in, monkeypatch, actor):
    device = water_tests(monkeypatch, hospital, STEADY)
    client = signed_in("head", "me")
    url = f"{reverse('web:trend_baseline', args=[device.pk])}?{trend_url(device, KEY, WATER).partition('?')[2]}"
    points = [str(pk) for pk in chosen(device)]
    assert page(client, url).count('name="points"') == 6
    assert client.post(url, {"points": points[:4], "reason": "太少"}).status_code == 400
    assert client.post(url, {"points": points, "reason": ""}).status_code == 400
    assert client.post(url, {"points": points, "reason": "验收后稳定"}).status_code == 302
    row = Baseline.objects.get()
    assert (row.version, row.n, row.cause) == (1, 6, "验收后稳定")
    assert row.median == pytest.approx(1.05)
    assert row.mad * 1.4826 == pytest.approx((0.3 + 0.5 + 0.3 + 0.2 + 0.3) / 5 / 1.128)
    assert Entry.objects.filter(action="baseline.set", reason="验收后稳定").exists()
    set_baseline(actor, device, reason="复核")
    assert [b.version for b in Baseline.objects.order_by("version")] == [1, 2]
    assert "复核" in trend_page(client, device)
    with pytest.raises(DatabaseError), transaction.atomic():
        Baseline.objects.filter(version=1).update(median=0.0)


def test_values_before_a_change_and_those_of_exams_make_no_baseline(hospital, monkeypatch, actor):
    device = water_tests(monkeypatch, hospital, STEADY)
    other = course_world.follow(hospital, course_world.wobble(6))
    with pytest.raises(Invalid):
        set_baseline(actor, device, [*chosen(device), *chosen(other), device.pk])
    with pytest.raises(Invalid):
        set_baseline(actor, device, reason=" ")
    with pytest.raises(Invalid):
        course_baseline_set(
            actor=actor, device=other, protocol_key=course_world.KEY, quantity=course_world.NOISE, points=[], reason="x"
        )


def test_a_constancy_test_is_judged_against_the_baseline_set(hospital, monkeypatch, actor):
    device = water_tests(monkeypatch, hospital, STEADY, test_type="constancy")
    water = {v["outcome"]: v for v in PhantomRun.objects.order_by("made_at").last().result["verdicts"]}
    assert water["NOT_ASSESSABLE"]["reason_code"] == "no_baseline"
    row = set_baseline(actor, device)
    water_tests(monkeypatch, hospital, [1.4, 5.6], first=len(STEADY), test_type="constancy")
    ok, bad = (run.result["verdicts"][0] for run in PhantomRun.objects.order_by("local_day")[6:])
    assert (ok["outcome"], bad["outcome"]) == ("PASS", "FAIL")
    assert ok["reference"]["value"] == pytest.approx(row.median)
    assert ok["reference"]["version"] == 1


def test_devices_stand_beside_each_other(hospital, signed_in, monkeypatch, django_assert_max_num_queries):
    other = {"DeviceSerialNumber": "other"}
    first = water_tests(monkeypatch, hospital, RISING)
    second = water_tests(monkeypatch, hospital, STEADY, **other)
    assert first.pk != second.pk
    client = signed_in("head", "me")
    query = trend_url(first, KEY, WATER).partition("?")[2]
    assert query.replace("&", "&amp;") in page(client, reverse("web:trends_beside"))
    with django_assert_max_num_queries(15):
        text = page(client, f"{reverse('web:trends_beside')}?{query}")
    assert "按此趋势约" in text
    assert "±6 HU" in text
    for device in (first, second):
        assert trend_url(device, KEY, WATER).replace("&", "&amp;") in text


def test_a_run_leads_to_the_course_of_what_it_measured(hospital, signed_in, monkeypatch):
    device = water_tests(monkeypatch, hospital, STEADY)
    case = PhantomRun.objects.first().case_id
    text = page(signed_in("head", "me"), reverse("phantomqc:case", args=[case]))
    assert text.count(trend_url(device, KEY, WATER).replace("&", "&amp;")) >= 2  # a verdict and a row of limits


def test_a_reading_without_images_stands_there_with_its_verdict(hospital, signed_in, monkeypatch):
    device = water_tests(monkeypatch, hospital, STEADY[:1])
    test = device_test_open(actor=None, device=device, template=template_named("ct-status"))
    verdict = {
        "standard": "ws-519-2019", "criterion": "x", "clause": "诊断床定位精度", "outcome": "FAIL", "quantity": TABLE,
        "value": 3.0, "unit": "mm", "limit": {"op": "abs<=", "value": 2}, "confidence": "secondary", "reference": None,
    }  # fmt: skip
    value = ItemValue.objects.create(
        hospital=hospital, device_test=test, item="table", source_type="response", source_id=uuid7(), values=[],
        verdicts=[verdict], outcome="FAIL", made_at=now(),
    )  # fmt: skip
    key = {"device": device, "protocol_key": "phantom:ct.table", "quantity": TABLE}
    QuantityPoint.objects.create(
        hospital=hospital, subject_id=value.pk, local_day=test.local_day, at=now(), value=3.0, **key
    )
    courses_refresh(device, "phantom:ct.table", [TABLE], None)
    text = page(signed_in("head", "me"), trend_url(device, "phantom:ct.table", TABLE))
    assert text.count('class="exam-dot failed"') == 1
    assert "诊断床定位精度" in text
    assert reverse("phantomqc:value", args=[value.pk]) in text


def test_exams_of_one_kind_are_compared_too(hospital, signed_in):
    course_world.follow(hospital, course_world.wobble(35))
    client = signed_in("head", "me")
    base = f"{reverse('web:trends_beside')}?quantity={course_world.NOISE}"
    assert "Lung" in page(client, base)
    assert "Lung" in page(client, f"{base}&text=chest")
    assert "Lung · B30f" not in page(client, f"{base}&text=nothing")


def test_a_page_of_tests_costs_no_more_with_many(hospital, signed_in, monkeypatch, django_assert_max_num_queries):
    device = water_tests(monkeypatch, hospital, STEADY * 5)
    client = signed_in("head", "me")
    for url in (trend_url(device, KEY, WATER), reverse("web:device", args=[device.pk])):
        with django_assert_max_num_queries(15):
            page(client, url)
