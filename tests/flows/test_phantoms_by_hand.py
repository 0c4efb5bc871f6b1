"""A slice and a region chosen by hand on the image: kept with the run, told on page, in JSON and on paper."""

import re

import pytest
from tests.flows.phantoms import send_water, water_rule

from yingheng.catalog.models import Instance
from yingheng.jobs.worker import run_due_here
from yingheng.phantomqc.models import DeviceTest, PhantomCase, PhantomRun
from yingheng.phantomqc.reporting.test_report import test_report as report_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(hospital, tmp_path):
    water_rule(hospital)
    send_water(hospital, tmp_path)
    return PhantomCase.objects.get()


def address(case):
    return f"/device-tests/phantoms/{case.pk}/"


def values(case, **more):
    return {"test": "ct.water", "test_type": "constancy", "series": case.series, "reason": "中间层有气泡"} | more


def test_the_page_offers_slices_and_a_circle_on_the_image(case, signed_in, django_assert_max_num_queries):
    client = signed_in("technologist")
    with django_assert_max_num_queries(15):
        page = client.get(f"{address(case)}test/").content.decode()
    assert re.findall(r'data-pick="(\w+)" data-kind="(\w+)"', page) == [("p_image", "image"), ("p_outline", "circle")]
    uids = list(Instance.objects.values_list("sop_uid", flat=True))
    assert all(uid in page for uid in uids)
    assert 'name="reason"' in page
    assert f"{address(case)}test/" in client.get(address(case)).content.decode()


def test_a_step_to_another_test_keeps_what_was_chosen(case, signed_in):
    client = signed_in("technologist")
    page = client.get(f"{address(case)}test/?p_outline=96,96,75&reason=试试").content.decode()
    assert 'value="96,96,75"' in page
    assert "试试" in page
    other = client.get(f"{address(case)}test/?test=ct.acr").content.decode()
    assert 'data-pick="p_module_3"' in other
    assert 'data-pick="p_outline"' not in other


def test_somebody_who_may_not_see_exams_is_shown_no_images(case, signed_in):
    page = signed_in("engineer").get(f"{address(case)}test/").content.decode()
    assert "data-pick" not in page
    assert 'name="p_image"' in page


def test_what_was_chosen_is_kept_and_told(case, signed_in, hospital):
    first = Instance.objects.order_by("position_mm").first()
    client = signed_in("technologist")
    answer = client.post(f"{address(case)}test/", values(case, p_image=first.sop_uid, p_outline="96, 96, 77"))
    assert answer.url == address(case)
    run_due_here()
    case.refresh_from_db()
    run = case.run
    assert run.refused == ""
    assert run.parameters == {"image": first.sop_uid, "outline": [96.0, 96.0, 77.0]}
    assert {one["key"]: one["value"] for one in run.result["by_hand"]} == run.parameters
    assert run.asked_reason == "中间层有气泡"
    shapes = {m["evidence"]["instance"] for m in run.result["measurements"] if m["evidence"]}
    assert shapes == {first.sop_uid}
    page = client.get(address(case)).content.decode()
    assert "手工" in page
    assert f"图像 {first.number}" in page
    assert "中间层有气泡" in page
    again = client.get(f"{address(case)}test/").content.decode()
    assert 'value="96, 96, 77"' in again
    test = DeviceTest.objects.order_by("-number").first()
    told = str(report_of(hospital, str(test.pk), "zh"))
    assert f"图像 {first.number}" in told
    assert "中间层有气泡" in told


def test_a_choice_that_the_pixels_do_not_bear_out_is_refused(case, signed_in):
    client = signed_in("technologist")
    client.post(f"{address(case)}test/", values(case, p_outline="60, 60, 30"))
    run_due_here()
    case.refresh_from_db()
    assert case.run.refused
    assert case.run.result["by_hand"][0]["key"] == "outline"
    page = client.get(address(case)).content.decode()
    assert "data-stage" in page  # what was refused can be looked at, and chosen anew
    assert "手工" in page
    wrong = client.post(f"{address(case)}test/", values(case, p_outline="a, b"))
    assert wrong.status_code == 400
    assert 'value="a, b"' in wrong.content.decode()


def test_the_same_choice_again_is_the_same_run(case, signed_in):
    client = signed_in("technologist")
    for _again in range(2):
        client.post(f"{address(case)}test/", values(case, p_slice="2"))
        run_due_here()
    assert PhantomRun.objects.filter(case=case).count() == 2
    assert PhantomRun.objects.get(parameters={"slice": 2}).result["by_hand"] == [{"key": "slice", "value": 2}]
