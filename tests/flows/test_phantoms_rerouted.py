"""Images matched to another test or put aside: what they said counts no more, and nothing is released in silence."""

import datetime as dt

import pytest
from tests.flows.phantoms import TESTER, send_water, water_rule

from yingheng.common.errors import Invalid
from yingheng.evidence.models import Assessment, Finding, MeasurementSet, QuantityPoint
from yingheng.evidence.selectors import verdicts_effective
from yingheng.jobs.worker import run_due_here
from yingheng.notify.models import Delivery, Message
from yingheng.notify.services import delivery_acknowledge
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, PhantomCase, PhantomRun, Restriction
from yingheng.phantomqc.naming import subject_id
from yingheng.phantomqc.reporting.test_report import test_report as report_of
from yingheng.phantomqc.selectors import values_current
from yingheng.phantomqc.services import case_dismiss, case_route, device_test_open, device_test_plan, restrictions_due
from yingheng.registry.models import Device
from yingheng.schedule.models import Due
from yingheng.schedule.services import PlanFields
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
FAULTY = 30.0  # HU, five times what a status test allows
LATER = dt.date(2026, 1, 6)


def route(case, **more):
    values = {"test": "ct.water", "test_type": "constancy", "series": case.series, "parameters": {}, "reason": "认错"}
    made = case_route(actor=TESTER, case=case, **(values | more))
    run_due_here()
    made.refresh_from_db()
    return made


def verdicts(device, test_type):
    pk = subject_id(device.pk, "ct.water", test_type)
    return verdicts_effective(Scope.everything(), subject_type="device_test", subject_id=pk)


@pytest.fixture
def failed(hospital, tmp_path, person):
    """A status test of water that failed: announced to an engineer."""
    engineer = person("engineer")
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "bad", hu=FAULTY)
    return engineer


def test_what_was_analysed_needs_a_reason_to_be_analysed_anew(failed):
    case = PhantomCase.objects.get()
    with pytest.raises(Invalid):
        route(case, reason=" ")
    made = route(case, test_type="status", parameters={"slice": 2}, reason="第 2 层有气泡")
    assert made.pk == case.pk
    assert made.run.asked_reason == "第 2 层有气泡"
    assert PhantomRun.objects.get(case=case, parameters={}).asked_reason == ""


def test_the_verdicts_and_findings_of_the_old_test_count_no_more(failed):
    case = PhantomCase.objects.get()
    device = case.device
    assert Finding.objects.filter(state="open").exists()
    made = route(case)
    case.refresh_from_db()
    assert (case.state, case.reason, made.state) == ("dismissed", "rerouted", "done")
    assert verdicts(device, "status") == []
    assert verdicts(device, "constancy") != []
    old = subject_id(device.pk, "ct.water", "status")
    closed = Finding.objects.filter(subject_id=old)
    assert {f.state for f in closed} == {"closed"}
    assert all("superseded" in f.closing_reason or "改归" in f.closing_reason for f in closed)
    assert not MeasurementSet.objects.filter(subject_id=old, is_current=True).exists()
    assert Assessment.objects.filter(subject_id=old).exists()  # history
    assert PhantomRun.objects.filter(case=case).exists()
    assert not QuantityPoint.objects.filter(subject_id=case.pk).exists()


def test_matched_back_it_counts_again(failed):
    case = PhantomCase.objects.get()
    made = route(case)
    again = route(made, test_type="status")
    assert again.pk == case.pk
    assert {v.outcome for v in verdicts(case.device, "status")} >= {"FAIL"}
    assert verdicts(case.device, "constancy") == []
    assert Finding.objects.filter(subject_id=subject_id(case.device.pk, "ct.water", "status"), state="open").exists()


def test_the_exam_before_speaks_again(hospital, tmp_path):
    water_rule(hospital, "status")
    send_water(hospital, tmp_path, "good")
    send_water(hospital, tmp_path, "bad", hu=FAULTY, day="20260106")
    device = Device.objects.get()
    assert "FAIL" in {v.outcome for v in verdicts(device, "status")}
    good, bad = PhantomCase.objects.order_by("exam__local_day")
    case_dismiss(actor=TESTER, case=bad, reason="体模没摆正")
    assert "FAIL" not in {v.outcome for v in verdicts(device, "status")}
    current = Assessment.objects.filter(subject_id=subject_id(device.pk, "ct.water", "status"), is_current=True)
    assert set(current.values_list("input_hash", flat=True)) == {good.run.key}
    assert not Finding.objects.filter(state="open").exists()


def test_a_restriction_stays_and_those_concerned_are_told(failed):
    delivery_acknowledge(user=failed, delivery_id=Delivery.objects.get(message__kind="device_test.failed").pk)
    restrictions_due()
    device = Device.objects.get()
    assert device.use_state == "restricted"
    route(PhantomCase.objects.get())
    device.refresh_from_db()
    assert (device.use_state, Restriction.objects.get().state) == ("restricted", "restricted")
    told = Message.objects.get(kind="device_test.superseded_restricted")
    assert told.params["why"] == "认错"
    assert Delivery.objects.filter(message=told, recipient=failed).exists()


def test_an_announced_restriction_goes_its_way(failed, monkeypatch):
    route(PhantomCase.objects.get())
    assert Restriction.objects.get().state == "announced"
    assert Message.objects.filter(kind="device_test.superseded_restricted").count() == 1
    assert restrictions_due() == 0


def test_what_the_test_had_done_is_due_again(hospital, tmp_path, actor):
    water_rule(hospital)
    send_water(hospital, tmp_path, "before")
    device = Device.objects.get()
    fields = PlanFields("日检", LATER, "day", owner_role="technologist")
    device_test_plan(actor=actor, device=device, template=template_named("ct-water-daily"), fields=fields)
    send_water(hospital, tmp_path, "later", day="20260106")
    case = PhantomCase.objects.get(exam__local_day=LATER)
    assert Due.objects.get(day=LATER).state == "done"
    made = route(case, test_type="status")
    due = Due.objects.get(day=LATER)
    assert (due.state, due.satisfied_by_id, due.done_on) == ("open", None, None)
    assert Message.objects.filter(kind="device_test.superseded").count() == 1
    route(made)
    assert Due.objects.get(day=LATER).state == "done"


def test_an_open_test_forgets_the_images_and_a_submitted_one_says_so(
    hospital, tmp_path, signed_in, actor, django_assert_max_num_queries
):
    water_rule(hospital)
    send_water(hospital, tmp_path, "one")
    submitted = DeviceTest.objects.get(state="submitted")
    device = Device.objects.select_related("hospital").get()
    day = submitted.local_day
    open_test = device_test_open(actor=actor, device=device, template=template_named("ct-constancy"), day=day)
    case = PhantomCase.objects.get()
    route(case, parameters={"slice": 3})
    assert set(values_current(open_test)) == {"water"}
    case.refresh_from_db()
    case_dismiss(actor=TESTER, case=case, reason="试扫")
    assert values_current(open_test) == {}
    client = signed_in("engineer")
    with django_assert_max_num_queries(15):
        page = client.get(f"/device-tests/{submitted.pk}/").content.decode()
    assert "不再计入" in page
    report = report_of(hospital, str(submitted.pk), "zh")
    assert "不再计入" in report.conclusion
