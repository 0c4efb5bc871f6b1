"""A phantom arrives: recognised, analysed, judged, on its course, and what is due is done."""

import datetime as dt

import pytest
from tests.flows.phantoms import TESTER, send_water, water_rule

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from imagingqc.dicom.synthetic.phantoms.mr_acr import mr_acr
from yingheng.catalog.models import Exam
from yingheng.common.errors import Invalid
from yingheng.evidence.models import Assessment, Baseline, MeasurementSet, QuantityPoint
from yingheng.evidence.selectors import verdicts_effective
from yingheng.ingest.services import folder_import
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, PhantomCase, PhantomRun
from yingheng.phantomqc.naming import subject_id
from yingheng.phantomqc.services import case_baseline_set, case_dismiss, case_route, case_run, device_test_plan
from yingheng.registry.models import Device
from yingheng.schedule.models import Due
from yingheng.schedule.services import PlanFields
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
NUMBER = "ct.phantom.ct_number"


def measured(run, quantity=NUMBER):
    return next(m["value"] for m in run.result["measurements"] if m["quantity"] == quantity)


def route(case, **more):
    values = {
        "test": "ct.water",
        "test_type": "constancy",
        "series": case.series,
        "parameters": {},
        "reason": "再试",
    } | more
    return case_route(actor=TESTER, case=case, **values)


def test_a_phantom_named_by_a_rule_is_analysed_and_judged(hospital, tmp_path):
    water_rule(hospital)
    exam = send_water(hospital, tmp_path, hu=1.5)
    case = PhantomCase.objects.get()
    assert (case.state, case.origin, exam.is_phantom) == ("done", "rule", True)
    run = case.run
    assert run.phantom == "water"
    assert measured(run) == pytest.approx(1.5, abs=0.3)
    pk = subject_id(case.device.pk, "ct.water", "constancy")
    assert {v.assessment.standard for v in verdicts_effective(Scope.everything(), subject_type="device_test",
            subject_id=pk)} == {"ws-519-2019"}  # fmt: skip
    points = QuantityPoint.objects.filter(device=case.device, protocol_key="phantom:ct.water", quantity=NUMBER)
    assert points.get().value == pytest.approx(measured(run))


def test_a_phantom_is_not_judged_as_a_patient(hospital, tmp_path):
    exam = send_water(hospital, tmp_path)
    assert exam.is_phantom
    assert not Assessment.objects.filter(exam=exam).exists()
    assert not MeasurementSet.objects.filter(exam=exam).exists()


def test_what_no_rule_knows_waits_for_a_person(hospital, tmp_path):
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    assert (case.state, case.origin, case.test) == ("unknown", "word", "")
    made = route(case, test_type="status")
    run_due_here()
    made.refresh_from_db()
    assert (made.state, made.run.test_type, made.origin) == ("done", "status", "person")
    assert set(PhantomCase.objects.exclude(pk=made.pk).values_list("state", flat=True)) <= {"dismissed"}


def test_the_same_again_adds_nothing_and_other_parameters_are_another_run(hospital, tmp_path):
    water_rule(hospital)
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    first = case.run
    assert case_run(case_id=case.pk) == first
    route(case, parameters={"slice": "2"})
    run_due_here()
    case.refresh_from_db()
    second = case.run
    assert second != first
    assert second.parameters == {"slice": 2}
    route(case)
    run_due_here()
    case.refresh_from_db()
    assert case.run == first
    assert PhantomRun.objects.count() == 2
    assert QuantityPoint.objects.filter(quantity=NUMBER).count() == 1


def test_wrong_parameters_are_refused_before_anything_is_asked(hospital, tmp_path):
    send_water(hospital, tmp_path)
    case = PhantomCase.objects.get()
    for wrong, code in (({"slice": "two"}, "parameter_bad"), ({"depth": 1}, "parameter_unknown")):
        with pytest.raises(Invalid) as refused:
            route(case, parameters=wrong)
        assert refused.value.code == f"phantomqc.{code}"
    with pytest.raises(Invalid):
        route(case, series=[])
    with pytest.raises(Invalid):
        route(case, test="ct.magic")
    assert not PhantomRun.objects.exists()


def test_a_patient_taken_for_a_phantom_is_refused_by_its_pixels(hospital, tmp_path):
    study = Study(key="p", description="QA 胸部")
    ct_series(tmp_path, n=4, rows=64, patient=Patient(), study=study)
    folder_import(hospital=hospital, paths=[tmp_path], actor=TESTER)
    run_due_here()
    case = PhantomCase.objects.get()
    made = route(case)
    run_due_here()
    made.refresh_from_db()
    assert made.run.refused
    assert made.run.outcome == ""
    assert not QuantityPoint.objects.filter(protocol_key="phantom:ct.water").exists()
    case_dismiss(actor=TESTER, case=made, reason="患者检查", patient=True)
    run_due_here()
    assert not Exam.objects.get().is_phantom
    assert Assessment.objects.filter(subject_type="series").exists()


def test_an_exam_that_arrives_again_keeps_what_a_person_said(hospital, tmp_path):
    exam = send_water(hospital, tmp_path)
    made = route(PhantomCase.objects.get())
    run_due_here()
    Job.objects.filter(kind="exam.closed").update(state="queued")
    run_due_here()
    made.refresh_from_db()
    assert made.state == "done"
    assert PhantomCase.objects.filter(exam=exam).exclude(state="dismissed").count() == 1


def test_a_planned_test_is_done_by_its_images(hospital, tmp_path, person, actor):
    water_rule(hospital)
    send_water(hospital, tmp_path, "before")
    device = Device.objects.get()
    template = template_named("ct-water-daily")
    fields = PlanFields("日检", dt.date(2026, 1, 6), "day", owner_role="technologist")
    device_test_plan(actor=actor, device=device, template=template, fields=fields)
    send_water(hospital, tmp_path, "later", day="20260106")
    test = DeviceTest.objects.get(local_day=dt.date(2026, 1, 6))
    assert (test.state, test.template) == ("submitted", "ct-water-daily")
    due = Due.objects.get(satisfied_by_id=test.pk)
    assert (due.day, due.state) == (dt.date(2026, 1, 6), "done")


def test_a_baseline_is_set_by_a_person_and_later_runs_are_compared_with_it(hospital, tmp_path, actor):
    water_rule(hospital)
    send_water(hospital, tmp_path, "first")
    case = PhantomCase.objects.get()
    assert verdict(case.run)["reason_code"] == "no_baseline"
    with pytest.raises(Invalid):
        case_baseline_set(actor=actor, case=case, reason=" ")
    case_baseline_set(actor=actor, case=case, reason="验收")
    assert Baseline.objects.filter(quantity=NUMBER).get().median == pytest.approx(measured(case.run))
    send_water(hospital, tmp_path, "second", hu=20.0, day="20260107")
    later = PhantomCase.objects.exclude(pk=case.pk).get()
    assert verdict(later.run)["outcome"] == "FAIL"
    assert verdict(later.run)["reference"]["value"] == pytest.approx(measured(case.run))


def verdict(run):
    return next(v for v in run.result["verdicts"] if v["quantity"] == NUMBER)


def test_the_phantom_brings_the_tolerances_written_for_it(hospital, tmp_path):
    """ACR's own limits judge an ACR phantom, though the hospital judges no exams by them."""
    mr_acr(tmp_path)
    folder_import(hospital=hospital, paths=(tmp_path,), actor=TESTER)
    run_due_here()
    made = route(PhantomCase.objects.get(), test="mr.acr", test_type="status")
    run_due_here()
    made.refresh_from_db()
    said = {(v["standard"], v["outcome"]) for v in made.run.result["verdicts"]}
    assert ("acr-mr-2022", "PASS") in said
    assert {standard for standard, _outcome in said} <= {"acr-mr-2022", "ws-t-263-2006"}


def test_a_weekly_acr_phantom_is_judged_and_does_what_was_planned(hospital, tmp_path, actor):
    mr_acr(tmp_path)
    folder_import(hospital=hospital, paths=(tmp_path,), actor=TESTER)
    run_due_here()
    case = PhantomCase.objects.get()
    fields = PlanFields("周检", case.exam.local_day, "week", owner_role="technologist")
    device_test_plan(actor=actor, device=case.device, template=template_named("mr-acr-weekly"), fields=fields)
    made = route(case, test="mr.acr")
    run_due_here()
    made.refresh_from_db()
    weekly = [v for v in made.run.result["verdicts"] if v["standard"] == "acr-mr-weekly"]
    assert {v["quantity"] for v in weekly} >= {"mr.phantom.geometry.error", "mr.phantom.resolution.acr"}
    assert {v["outcome"] for v in weekly} == {"PASS"}
    assert made.run.outcome == "PASS"
    test = DeviceTest.objects.get(template="mr-acr-weekly")
    assert (test.state, test.outcome) == ("submitted", "PASS")
