"""Points, baselines of the first thirty, changes of the device, and drift from what was normal."""

import datetime as dt
import math

import pytest
from tests.apps.imagequality import course_world as world

from imagingqc.criteria.model import Confidence, Known, Outcome, Standard, Verdict
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Series
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.courses import boundaries_of_device, references_at
from yingheng.evidence.models import Assessment, Baseline, DevicePart, Finding, QuantityPoint, Trend
from yingheng.evidence.services import (
    Change,
    Run,
    assessment_store,
    device_courses_refresh,
    epoch_add,
    epoch_withdraw,
    subject_of_series,
)
from yingheng.imagequality import courses, handlers
from yingheng.imagequality.courses import (
    courses_rebuild,
    device_follow_more,
    more_to_follow,
    noise_refresh,
    series_judge,
    set_follow,
    watched,
)
from yingheng.imagequality.devices import drift_store
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here
from yingheng.rulebook.selectors import standards_for
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
NOISE = world.NOISE
ALL = Scope.everything()


def reference(device, at=None, quantity=NOISE):
    return references_at(ALL, device_id=device.pk, protocol_key=world.KEY, at=at).get((quantity, "baseline"))


def trend():
    return Trend.objects.get(quantity=NOISE)


def exam_at(number):
    return Exam.objects.get(study_uid=f"1.2.77.{number + 1}").sort_at


def verdict(series_number, criterion="ct.noise"):
    rows = Assessment.objects.filter(exam__study_uid=f"1.2.77.{series_number + 1}", is_current=True)
    return next(v for row in rows for v in row.verdicts if v["criterion"] == criterion)


def test_what_rules_compare_with_a_baseline_is_watched(hospital):
    found = watched(standards_for(hospital, dt.date(2026, 3, 1)))
    assert {NOISE, "mr.snr.air", world.DIAMETER} <= found
    assert "ct.truncated" not in found
    assert "ct.kernel" not in found


def test_a_set_leaves_one_point_for_each_watched_number(hospital):
    series = world.exam_series(hospital, 0)
    row = world.store(
        series, world.measured(9.0), world.measured(11.0), world.measured(12.0), world.measured(300.0, world.DIAMETER)
    )
    set_follow(row.pk)
    set_follow(row.pk)
    found = {p.quantity: p.value for p in QuantityPoint.objects.all()}
    assert found == {NOISE: 11.0, world.DIAMETER: 300.0}  # of several stacks the median
    assert not Trend.objects.filter(quantity=world.DIAMETER).exists()


def test_a_newer_set_replaces_the_point_and_an_older_one_is_ignored(hospital):
    series = world.exam_series(hospital, 0)
    old = world.store(series, world.measured(9.0))
    set_follow(old.pk)
    new = world.store(series, world.measured(9.5), version="2")
    set_follow(new.pk)
    set_follow(old.pk)
    assert [p.value for p in QuantityPoint.objects.all()] == [9.5]
    set_follow(world.store(series, world.measured(30.0, "ct.dose.ssde"), version="3").pk)
    assert [p.quantity for p in QuantityPoint.objects.all()] == ["ct.dose.ssde"]


def test_a_forming_baseline_says_how_many_there_are(hospital):
    device = world.follow(hospital, world.wobble(12))
    assert reference(device).n == 12
    assert (trend().n_usable, trend().baseline) == (12, None)
    series = world.exam_series(hospital, 12)
    world.store(series, world.measured(10.0))
    run_due_here()
    assert series_judge(series.pk)
    found = verdict(12)
    assert (found["outcome"], found["reason_code"]) == ("NOT_ASSESSABLE", "baseline_too_few")
    assert "现有 13" in found["reason"]


def test_the_thirtieth_value_completes_the_baseline_and_the_exams_are_judged_again(hospital):
    device = world.follow(hospital, world.wobble(29))
    assert not Baseline.objects.exists()
    world.follow(hospital, [10.0], first=29)
    row = Baseline.objects.get()
    assert (row.n, row.version, row.cause, row.median) == (30, 1, "first", 10.0)
    assert row.mad == pytest.approx(0.2)
    assert Entry.objects.filter(action="baseline.set").count() == 1
    run_due_here()
    assert verdict(0)["outcome"] == "PASS"
    assert verdict(0)["reference"]["version"] == 1
    world.follow(hospital, [50.0] * 5, first=30)
    assert Baseline.objects.count() == 1  # fixed, not rolling
    assert reference(device) == Known(10.0, row.mad, 30, 1)


def find_wrong(series, quantity, state="open"):
    """A finding about a series, as a failed rule leaves it."""
    subject = subject_of_series(series)
    rule = Standard("hospital-rules-2026", "规则", "rules", "hospital", "hospital", "generated", dt.date(2026, 1, 1))
    failed = Verdict(rule.id, "x", "1", Outcome.FAIL, quantity, 1.0, "1", None, None, Confidence.VERIFIED, "A", "minor")
    run = Run(code_version="1", input_hash="in")
    assessment_store(subject=subject, standard=rule, verdicts=[failed], run=run)
    Finding.objects.filter(subject_id=series.pk).update(state=state)


@pytest.mark.parametrize(("quantity", "state"), [(NOISE, "open"), ("ct.slices.missing", "confirmed")])
def test_values_that_fail_or_exams_that_people_reject_do_not_say_what_is_normal(quantity, state, hospital):
    for i in range(10):
        world.follow(hospital, [40.0], first=i)
        find_wrong(Series.objects.get(exam__study_uid=f"1.2.77.{i + 1}"), quantity, state)
    device = world.follow(hospital, world.wobble(30), first=10)
    assert Baseline.objects.get().median == 10.0
    assert trend().n == 40
    assert reference(device).n == 30


def test_what_fails_for_another_reason_counts(hospital):
    world.follow(hospital, world.wobble(29))
    series = world.exam_series(hospital, 29)
    find_wrong(series, "ct.slices.missing")
    set_follow(world.store(series, world.measured(10.0)).pk)
    assert Exam.objects.filter(outcome="FAIL").exists()
    assert Baseline.objects.get().n == 30


def test_new_software_in_the_headers_begins_a_new_baseline(hospital):
    world.follow(hospital, world.wobble(30), SoftwareVersions="VA10")
    device = world.follow(hospital, world.wobble(5, middle=14.0), first=30, SoftwareVersions="VB20")
    change = boundaries_of_device(ALL, device.pk)[0]
    assert (change.kind, change.before, change.after, change.at) == ("SoftwareVersions", "VA10", "VB20", exam_at(30))
    assert reference(device).n == 5  # the new one is forming
    assert reference(device, exam_at(29)).version == 1  # old exams keep theirs
    assert Job.objects.filter(kind=events.DEVICE_CHANGED).exists()
    world.follow(hospital, world.wobble(25, middle=14.0), first=35, SoftwareVersions="VB20")
    newest = Baseline.objects.order_by("version").last()
    assert (newest.version, newest.cause, newest.median, newest.starts_at) == (2, "SoftwareVersions", 14.0, exam_at(30))
    assert (reference(device, exam_at(3)).version, reference(device).version) == (1, 2)


def test_two_detectors_used_in_turns_are_no_replacement(hospital):
    for i in range(6):
        device = world.follow(hospital, [10.0], first=i, DetectorID="AB"[i % 2])
    assert DevicePart.objects.count() == 2
    assert boundaries_of_device(ALL, device.pk) == ()
    assert reference(device).n == 6


def test_exams_that_arrive_late_find_the_change_where_it_was(hospital):
    world.follow(hospital, [10.0] * 3, first=20, SoftwareVersions="VB20")
    device = world.follow(hospital, [9.0] * 3, first=5, SoftwareVersions="VA10")
    assert [b.at for b in boundaries_of_device(ALL, device.pk)] == [exam_at(20)]
    assert reference(device).n == 3


def test_a_person_begins_a_new_baseline_and_takes_it_back(hospital, actor):
    device = world.follow(hospital, world.wobble(36))
    made = epoch_add(actor=actor, device=device, change=Change("tube", exam_at(33), "球管更换"))
    device_courses_refresh(device)
    assert (reference(device).n, reference(device).version) == (3, None)
    assert reference(device, exam_at(20)).version == 1
    assert (trend().n_usable, trend().baseline) == (3, None)
    epoch_withdraw(actor=actor, epoch=made, reason="误录")
    device_courses_refresh(device)
    assert reference(device).version == 1
    assert trend().baseline is not None
    with pytest.raises(Conflict):
        epoch_withdraw(actor=actor, epoch=made, reason="误录")
    said = set(Entry.objects.filter(subject=f"device:{device.pk}").values_list("action", flat=True))
    assert {"device.changed", "device.change_withdrawn"} <= said


def test_a_change_in_the_middle_of_a_baseline_undoes_it(hospital, actor):
    device = world.follow(hospital, world.wobble(30))
    assert reference(device).version == 1
    epoch_add(actor=actor, device=device, change=Change("detector", exam_at(15), "换探测器"))
    assert reference(device, exam_at(3)).n == 15
    assert reference(device).n == 15


def test_a_change_of_one_quantity_leaves_the_others_alone(hospital, actor):
    device = world.follow(hospital, world.wobble(30))
    epoch_add(
        actor=actor, device=device, change=Change("other", exam_at(30 - 1), "重建基线", world.KEY, "ct.dose.ssde")
    )
    assert reference(device).version == 1
    epoch_add(actor=actor, device=device, change=Change("other", exam_at(29), "重建基线", world.KEY, NOISE))
    assert reference(device).n == 1


def test_a_change_needs_a_reason_a_kind_and_a_past(hospital, actor):
    device = world.follow(hospital, [10.0])
    for change, code in (
        (Change("tube", exam_at(0), " "), "evidence.reason_missing"),
        (Change("magic", exam_at(0), "x"), "evidence.epoch_kind"),
        (Change("tube", now() + dt.timedelta(hours=1), "x"), "evidence.epoch_in_future"),
    ):
        with pytest.raises(Invalid) as refused:
            epoch_add(actor=actor, device=device, change=change)
        assert refused.value.code == code


def test_a_change_has_its_exams_judged_again(hospital, actor):
    device = world.follow(hospital, world.wobble(36))
    run_due_here()
    assert verdict(35)["outcome"] == "PASS"
    epoch_add(actor=actor, device=device, change=Change("tube", exam_at(33), "球管更换"))
    run_due_here()
    assert verdict(35)["reason_code"] == "baseline_too_few"
    assert verdict(20)["outcome"] == "PASS"


def test_a_drift_is_seen_and_shown_on_the_device_and_ends(hospital):
    device = world.follow(hospital, world.wobble(40))
    assert trend().drift == ""
    run_due_here()
    world.follow(hospital, world.wobble(12, middle=10.6), first=40)
    assert (trend().drift, trend().drift_since is not None) == ("above", True)
    assert trend().average > trend().limit
    run_due_here()
    row = Assessment.objects.get(subject_type="device", family="image-quality-1", is_current=True)
    found = next(v for v in row.verdicts if v["criterion"] == "device.drift")
    assert (row.subject_id, found["outcome"], found["value"]) == (device.pk, "NEEDS_HUMAN", 1)
    world.follow(hospital, world.wobble(40), first=52)
    assert trend().drift == ""
    run_due_here()
    row = Assessment.objects.get(subject_type="device", family="image-quality-1", is_current=True)
    assert row.outcome == "PASS"


def test_without_a_complete_baseline_nothing_is_said_of_drift(hospital):
    device = world.follow(hospital, world.wobble(12))
    assert drift_store(device) is False
    assert not Assessment.objects.filter(subject_type="device").exists()


def test_equal_values_give_a_baseline_but_no_drift(hospital):
    world.follow(hospital, [10.0] * 31 + [11.0] * 5)
    assert trend().baseline.mad == 0
    assert (trend().z, trend().drift) == (None, "")


def test_the_read_models_equal_a_recount(hospital):
    device = world.follow(hospital, world.wobble(33), SoftwareVersions="VA10")
    world.follow(hospital, world.wobble(4, middle=12.0), first=33, SoftwareVersions="VB20")

    def state():
        parts = sorted(DevicePart.objects.values_list("keyword", "value", "first_at", "last_at"))
        trends = sorted(Trend.objects.values_list("quantity", "n", "n_usable", "last_value", "z", "drift"), key=str)
        return world.points(), parts, trends, Baseline.objects.count()

    before = state()
    QuantityPoint.objects.filter(device=device).first().delete()
    DevicePart.objects.filter(value="VA10").update(last_at=now())
    assert courses_rebuild(hospital) == 37
    assert state() == before


def test_noise_that_size_and_dose_do_not_explain(hospital):
    for i in range(60):
        size, dose = 220 + 3 * (i % 40), 4 + i % 7
        noise = math.exp(1.2 + 0.055 * size / 10 - 0.5 * math.log(dose) + 0.01 * (i % 5 - 2))
        series = world.exam_series(hospital, i, CTDIvol=dose)
        value = noise * (1.5 if i == 57 else 1.0)
        set_follow(world.store(series, world.measured(value), world.measured(size, world.DIAMETER)).pk)
    device = series.device
    assert noise_refresh(device) == 60
    assert noise_refresh(device) == 60
    far = QuantityPoint.objects.filter(quantity="ct.noise.residual", value__gte=3.5)
    assert [p.exam.study_uid for p in far] == ["1.2.77.58"]


def test_noise_is_not_fitted_to_few_exams_or_without_dose(hospital):
    for i in range(51):
        series = world.exam_series(hospital, i, CTDIvol=None if i else 5)
        set_follow(world.store(series, world.measured(10.0 + i % 3), world.measured(250 + i, world.DIAMETER)).pk)
    assert noise_refresh(series.device) == 0
    assert not QuantityPoint.objects.filter(derived=True).exists()


def test_rules_that_ask_for_more_find_the_history(hospital, monkeypatch):
    for i in range(31):
        series = world.exam_series(hospital, i)
        set_follow(world.store(series, world.measured(10.0 + i % 3), world.measured(float(i), "ct.fov")).pk)
    device = series.device
    assert not QuantityPoint.objects.filter(quantity="ct.fov").exists()
    assert "ct.fov" not in more_to_follow(device)
    monkeypatch.setattr(courses, "ALWAYS", (*courses.ALWAYS, "ct.fov"))
    assert "ct.fov" in more_to_follow(device)
    monkeypatch.setattr(courses, "AT_ONCE", 10)
    handlers.devices_by_changed_rules(f"{hospital.pk}:2026-03-01", {})
    run_due_here()
    assert QuantityPoint.objects.filter(quantity="ct.fov").count() == 31
    assert Trend.objects.get(quantity="ct.fov").baseline.median == 14.5
    assert "ct.fov" not in more_to_follow(device)
    assert device_follow_more(device) == 0
