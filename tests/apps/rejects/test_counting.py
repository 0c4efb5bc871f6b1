"""What a device's month comes to: sources, one fact for one exposure, cells that equal a recount."""

import datetime as dt

import pytest
from tests.apps.rejects.making import (
    DAY,
    brought,
    csv_of,
    device_of,
    exam_of,
    retake_of,
    series_of,
    step_of,
    zh_rows,
)

from yingheng.catalog.models import Retake
from yingheng.jobs.models import Job
from yingheng.notify.models import Message
from yingheng.registry.models import Person
from yingheng.rejects.handlers import count_exam, count_month, months_count_again
from yingheng.rejects.models import CountedDay, RejectedExposure
from yingheng.rejects.month_cells import HOUR, PERFORMER, POSITION, RATE, REASON, REPEAT
from yingheng.rejects.services.counting import RECOUNTS, month_count
from yingheng.rejects.sums import Asked, hours, performers
from yingheng.rollups.models import Cell
from yingheng.rollups.services import CellDelta, cell_add, cell_rebuild, cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
MONTH = DAY.replace(day=1)
ALL = Scope.everything()


def cells(indicator):
    rows = Cell.objects.filter(indicator=indicator, day=MONTH)
    return {
        tuple(v for k, v in sorted(c.dimensions.items()) if k != "device"): (c.numerator, c.denominator)
        for c in rows
        if c.numerator or c.denominator
    }


def same_as_recount():
    for name, recount in RECOUNTS.items():
        assert cell_verify(indicator=name, scope=ALL, recount=recount) == [], name


def counted(device):
    month_count(device=device, month=MONTH)
    same_as_recount()
    return CountedDay.objects.get(device=device, day=DAY)


def test_it_counts_a_log_with_its_own_denominator(hospital):
    device = device_of(hospital)
    brought(device, csv_of(zh_rows(100)))
    day = counted(device)
    assert (day.source, day.rejected, day.acquired) == ("log", 10, 100)
    assert cells(RATE) == {("log",): (10, 100)}
    assert cells(REASON) == {("RT-01",): (10, 0)}
    assert cells(POSITION) == {("CHEST|PA",): (10, 100)}
    assert cells(HOUR) == {(8, 1): (6, 60), (9, 1): (4, 40)}


def test_it_counts_rejected_exposures_of_a_log_against_images_kept(hospital):
    device = device_of(hospital)
    exam_of(device, n=9, accession="A1")
    heads = ("Date Time", "Body Part", "View Position", "Reject Reason", "Accession Number")
    data = csv_of([("2026-10-13 09:01:00", "CHEST", "PA", "Positioning", "A1")], heads)
    brought(device, data)
    day = counted(device)
    assert (day.source, day.rejected, day.acquired) == ("log", 1, 10)
    assert RejectedExposure.objects.get().exam is not None
    assert cells(POSITION) == {("CHEST|PA",): (1, 10)}


def test_it_knows_a_day_of_the_covered_period_without_rejected_exposures(hospital):
    """A log of rejected exposures alone says 0 only for days that it covers."""
    device = device_of(hospital)
    for n in range(3):
        exam_of(device, day=DAY + dt.timedelta(days=n), n=5)
    heads = ("Date Time", "Projection", "Reject Reason")
    brought(device, csv_of([("2026-10-13 09:01", "PA", "Motion")], heads), last=DAY + dt.timedelta(days=1))
    month_count(device=device, month=MONTH)
    told = {row.day.day: (row.source, row.rejected, row.acquired) for row in CountedDay.objects.all()}
    assert told == {13: ("log", 1, 6), 14: ("log", 0, 5), 15: ("none", 0, 0)}
    same_as_recount()


def test_it_counts_mpps_and_says_what_it_does_not_know(hospital):
    device = device_of(hospital)
    step_of(exam_of(device, n=3), 1)
    exam_of(device, n=4, hour=10)
    day = counted(device)
    assert (day.source, day.rejected, day.acquired) == ("mixed", 1, 8)
    assert cells(REASON) == {("-",): (1, 0)}


def test_it_counts_one_exposure_once_that_log_mpps_and_register_tell(hospital):
    device = device_of(hospital)
    exam = exam_of(device, n=4, accession="A0")
    step_of(exam, 1)
    retake_of(exam, "RT-06")
    heads = ("Date Time", "Projection", "Reject Reason", "Accession Number")
    brought(device, csv_of([("2026-10-13 09:01", "PA", "", "A0")], heads))
    day = counted(device)
    assert (day.rejected, day.acquired) == (1, 5)
    assert cells(REASON) == {("RT-06",): (1, 0)}, "the register says why"
    assert sorted(RejectedExposure.objects.values_list("source", "counted")) == [
        ("log", 1), ("mpps", 0), ("register", 0),
    ]  # fmt: skip


def test_it_adds_a_retake_asked_for_by_a_review(hospital):
    device = device_of(hospital)
    exam = exam_of(device, n=4)
    step_of(exam, 1)
    retake_of(exam, "RT-01", Retake.Origin.REVIEW)
    day = counted(device)
    assert (day.source, day.rejected, day.acquired) == ("mpps", 2, 5)


def test_it_takes_the_register_where_it_is_kept(hospital):
    device, other = device_of(hospital), device_of(hospital, "DR2")
    retake_of(exam_of(device, n=20), "RT-04")
    exam_of(device, day=DAY + dt.timedelta(days=1), n=10)
    exam_of(other, n=50)
    assert (counted(device).source, counted(other).source) == ("register", "none")
    assert cells(RATE) == {("register",): (1, 30)}
    later = CountedDay.objects.get(device=device, day=DAY + dt.timedelta(days=1))
    assert (later.source, later.rejected, later.acquired) == ("register", 0, 10)


def test_it_leaves_out_reasons_that_do_not_count(hospital):
    device = device_of(hospital)
    exam = exam_of(device, n=20)
    retake_of(exam, "RT-32")
    retake_of(exam, "RT-30")
    assert counted(device).rejected == 0
    assert cells(REASON) == {}


def test_it_counts_images_once_however_they_are_processed(hospital):
    device = device_of(hospital)
    exam = exam_of(device, n=2, accession="A1")
    series_of(exam, "5.5.1", 2, intent="FOR PROCESSING")
    series_of(exam, "5.5.2", 1, intent="", kind=("DERIVED", "PRIMARY"))
    series_of(exam, "5.5.3", 1, kind=("DERIVED", "SECONDARY"))
    series_of(exam, "5.5.4", 3, sop_class="1.2.840.10008.5.1.4.1.1.7")
    step_of(exam, 0)
    assert counted(device).acquired == 2


def test_it_counts_exams_where_images_are_no_single_exposures(hospital):
    device = device_of(hospital, "CT1", "CT")
    exams = [exam_of(device, modality="CT", n=300) for _n in range(4)]
    retake_of(exams[0], "RT-06")
    month_count(device=device, month=MONTH)
    assert cells(REPEAT) == {("CT",): (1, 4)}
    assert cells(RATE) == {}
    same_as_recount()


def test_it_counts_by_whoever_made_them(hospital):
    person = Person.objects.create(hospital=hospital, staff_number="7", name="张三")
    device = device_of(hospital)
    brought(device, csv_of([*zh_rows(40), *[(*r[:6], "没人", "B") for r in zh_rows(10, day=DAY)]]))
    counted(device)
    told = cells(PERFORMER)
    assert told[(str(person.pk),)] == (4, 40)
    assert told[("",)] == (1, 10)
    assert "张三" not in str(list(RejectedExposure.objects.values()))


def test_it_changes_nothing_when_it_counts_again(hospital):
    device = device_of(hospital)
    exam_of(device)
    brought(device, csv_of(zh_rows(60)))
    month_count(device=device, month=MONTH)
    before = sorted(Cell.objects.values_list("pk", "numerator", "denominator"))
    month_count(device=device, month=MONTH)
    assert sorted(Cell.objects.values_list("pk", "numerator", "denominator")) == before


def test_it_takes_back_what_is_no_more(hospital):
    device = device_of(hospital)
    retake = retake_of(exam_of(device, n=20))
    counted(device)
    Retake.objects.filter(pk=retake.pk).update(state=Retake.State.REJECTED)
    assert counted(device).rejected == 0
    assert cells(RATE) == {("register",): (0, 20)}, "somebody settled an entry: the register is kept"
    for name in (RATE, REASON):
        cell_rebuild(indicator=name, scope=ALL, recount=RECOUNTS[name])
    same_as_recount()


def test_it_tells_of_a_month_surely_above_the_line_once(hospital, person):
    person("qc_officer")
    device, other = device_of(hospital), device_of(hospital, "DR2")
    brought(device, csv_of(zh_rows(500, every=5)))
    brought(other, csv_of(zh_rows(8, every=4)))
    for one in (device, device, other):
        month_count(device=one, month=MONTH)
    told = Message.objects.filter(kind="rejects.above")
    assert [row.params["rate"] for row in told] == ["20.0"]
    assert told.get().deliveries.count() == 1


def test_it_counts_a_month_when_an_exam_closes(hospital):
    device = device_of(hospital)
    exam = exam_of(device)
    count_exam(str(exam.pk), {})
    count_exam(str(exam_of(device).pk), {})
    job = Job.objects.get(kind="exposures.changed")
    assert job.natural_key == f"{device.pk}:2026-10"
    count_month(job.natural_key, {})
    assert CountedDay.objects.get().kept == 4


def test_it_asks_for_recent_months_by_itself(hospital, monkeypatch):
    exam_of(device_of(hospital))
    monkeypatch.setattr("yingheng.rejects.handlers.now", lambda: dt.datetime(2026, 11, 3, tzinfo=dt.UTC))
    assert months_count_again() == 1


def test_exposures_without_a_time_are_in_the_weekdays_alone(hospital):
    for hour, k, n in ((8, 1, 10), (None, 2, 5)):
        told = {"device": "d", "weekday": 1, "hour": hour}
        cell_add(indicator=HOUR, delta=CellDelta(hospital.pk, MONTH, told, k, n))
    for performer, n in (("p", 3), (None, 4)):
        cell_add(
            indicator=PERFORMER, delta=CellDelta(hospital.pk, MONTH, {"device": "d", "performer": performer}, 1, n)
        )
    asked = Asked(ALL, MONTH, MONTH)
    assert hours(asked) == ({8: (1, 10)}, {1: (3, 15)})
    assert performers(asked) == [("", (1, 4)), ("p", (1, 3))]
