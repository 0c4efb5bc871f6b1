"""Performed procedure steps: recorded as told, and exams are closed when what they name has come."""

import datetime as dt

import pytest
from tests.apps.ingest.sending import ct_objects, item, put, step_create, step_set

from yingheng.catalog.models import Exam, ExamOperator, PerformedStep, Quarantine, Series
from yingheng.catalog.selectors import exam_quiet_list, series_quiet_list
from yingheng.catalog.services import exam_operators_gather
from yingheng.common import events
from yingheng.ingest.mpps import step_message
from yingheng.ingest.spool import Kind
from yingheng.jobs.models import Job
from yingheng.registry.models import Person
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
CREATE, SET = Kind.STEP_CREATE, Kind.STEP_SET
EVERYTHING = Scope.everything()


@pytest.fixture
def objects(tmp_path):
    return ct_objects(tmp_path / "made", n=5)


@pytest.fixture
def uids(objects):
    return objects[0].StudyInstanceUID, objects[0].SeriesInstanceUID


def another_series(folder, n):
    """More objects of the same exam in a series of their own."""
    found = ct_objects(folder, n=n)
    for number, dataset in enumerate(found):
        dataset.SeriesInstanceUID = "1.2.6.1"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.6.1.{number}"
    return found


def states():
    return Exam.objects.get().state, set(Series.objects.values_list("state", flat=True))


def jobs(kind):
    return Job.objects.filter(kind=kind).count()


def quiet(*, patient_s=0.0):
    """Exams and series due when nothing came for no time at all."""
    given = {"quiet_seconds": -1, "patient_seconds": patient_s}
    return len(exam_quiet_list(EVERYTHING, **given)), len(series_quiet_list(EVERYTHING, **given))


def test_it_records_what_a_step_tells(hospital, spool, drain, uids):
    study, series = uids
    put(spool, hospital, step_create(study), kind=CREATE)
    assert drain() == {"steps": 1}
    step = PerformedStep.objects.get()
    assert (step.state, step.study_uid, step.modality, step.exam, step.series) == ("in_progress", study, "CT", None, [])
    assert step.started_at == dt.datetime(2026, 1, 5, 1, 29, tzinfo=dt.UTC)  # local time of the hospital
    put(spool, hospital, step_set({series: 5}), kind=SET)
    drain()
    step.refresh_from_db()
    assert (step.state, step.series) == ("completed", [{"series_uid": series, "n_instances": 5, "description": ""}])
    assert step.ended_at == dt.datetime(2026, 1, 5, 1, 39, tzinfo=dt.UTC)
    assert (step.study_uid, step.rejected_exposures) == (study, None)


def test_a_completed_step_closes_the_exam_once_all_it_names_is_there(hospital, spool, drain, objects, uids):
    study, series = uids
    put(spool, hospital, step_create(study), kind=CREATE)
    put(spool, hospital, *objects[:3])
    put(spool, hospital, step_set({series: 5}), kind=SET)
    drain()
    assert states() == ("receiving", {"receiving"})
    exam = Exam.objects.get()
    assert (exam.n_expected, exam.n_missing, exam.steps.count()) == (5, 2, 1)
    put(spool, hospital, *objects[3:])
    drain()
    assert states() == ("closed", {"complete"})
    assert (jobs(events.SERIES_READY), jobs(events.EXAM_CLOSED)) == (1, 1)
    exam.refresh_from_db()
    assert (exam.n_expected, exam.n_missing, Series.objects.get().n_expected) == (5, 0, 5)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_the_order_of_arrival_does_not_matter(hospital, spool, drain, objects, uids, order):
    study, series = uids
    parts = [
        lambda: put(spool, hospital, *objects),
        lambda: put(spool, hospital, step_create(study), kind=CREATE),
        lambda: put(spool, hospital, step_set({series: 5}), kind=SET),
    ]
    for n in order:
        parts[n]()
        drain()
    assert states() == ("closed", {"complete"})
    assert PerformedStep.objects.get().state == "completed"


def test_a_series_is_ready_while_others_are_still_to_come(hospital, spool, drain, objects, uids, tmp_path):
    study, series = uids
    more = another_series(tmp_path / "more", 3)
    put(spool, hospital, step_create(study), kind=CREATE)
    put(spool, hospital, step_set({series: 5, more[0].SeriesInstanceUID: 3}), kind=SET)
    put(spool, hospital, *objects, more[0])
    drain()
    assert states() == ("receiving", {"complete", "receiving"})
    assert Exam.objects.get().n_missing == 2
    put(spool, hospital, *more[1:])
    drain()
    assert states() == ("closed", {"complete"})


def test_a_series_that_no_step_names_is_left_to_time(hospital, spool, drain, objects, uids, tmp_path):
    study, series = uids
    put(spool, hospital, step_create(study), step_set({series: 5}), kind=SET)
    put(spool, hospital, *objects)
    drain()
    put(spool, hospital, *another_series(tmp_path / "late", 2))
    drain()
    assert states() == ("receiving", {"complete", "receiving"})
    assert quiet() == (1, 1)


def test_an_exam_in_progress_waits_longer(hospital, spool, drain, objects, uids):
    put(spool, hospital, step_create(uids[0]), kind=CREATE)
    put(spool, hospital, *objects)
    drain()
    assert quiet(patient_s=3600) == (0, 1)  # its series is done, the exam is not
    assert quiet() == (1, 1)


def test_missing_objects_are_waited_for_and_then_recorded(hospital, spool, drain, objects, uids):
    put(spool, hospital, step_create(uids[0]), step_set({uids[1]: 9}), kind=SET)
    put(spool, hospital, *objects)
    drain()
    assert quiet(patient_s=3600) == (0, 0)
    assert quiet() == (1, 1)
    exam = Exam.objects.get()
    assert (exam.n_expected, exam.n_missing) == (9, 4)


def test_a_discontinued_step_says_why(hospital, spool, drain, objects, uids):
    why = item(CodeValue="110501", CodingSchemeDesignator="DCM")  # without its meaning, which the dictionary has
    broken = step_set(
        {uids[1]: 5}, status="DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[why]
    )
    put(spool, hospital, step_create(uids[0]), broken, kind=SET)
    put(spool, hospital, *objects)
    drain()
    step = PerformedStep.objects.get()
    assert (step.state, step.discontinuation_reason) == ("discontinued", "Equipment failure")
    assert states() == ("closed", {"complete"})


@pytest.mark.parametrize(("modality", "rejected"), [("DX", 2), ("CT", None)])
def test_exposures_without_an_image_were_rejected(hospital, spool, drain, uids, modality, rejected):
    done = step_set({uids[1]: 3}, TotalNumberOfExposures=5)
    put(spool, hospital, step_create(uids[0], modality=modality), done, kind=SET)
    drain()
    assert PerformedStep.objects.get().rejected_exposures == rejected


def test_telling_it_twice_changes_nothing(hospital, spool, drain, objects, uids):
    for _twice in range(2):
        put(spool, hospital, step_create(uids[0]), step_set({uids[1]: 5}), kind=SET)
        put(spool, hospital, *objects)
        drain()
    assert states() == ("closed", {"complete"})
    assert (PerformedStep.objects.count(), Exam.objects.get().n_instances) == (1, 5)
    assert PerformedStep.objects.get().state == "completed"


def test_messages_that_say_nothing_usable_are_set_aside(hospital, spool, drain, uids):
    put(spool, hospital, step_set({}, status="FINISHED"), kind=SET)
    spool.put(hospital.pk, CREATE, b"no DICOM")
    put(spool, hospital, step_create(uids[0]), kind=CREATE)
    assert drain() == {"steps": 1, "unreadable": 2}
    assert {row.details["reason"] for row in Quarantine.objects.all()} == {"step_state", "not_dicom"}


def test_a_header_may_tell_how_many_there_are(hospital, spool, drain, objects):
    for dataset in objects:
        dataset.NumberOfSeriesRelatedInstances = 5
    put(spool, hospital, *objects[:4])
    drain()
    assert states() == ("receiving", {"receiving"})
    put(spool, hospital, objects[4])
    drain()
    assert states() == ("receiving", {"complete"})


def test_an_unclear_end_is_no_end(hospital, spool, uids):
    (one,) = put(spool, hospital, step_set({}, status="IN PROGRESS", TotalNumberOfExposures=3), kind=SET)
    told = step_message(one.path)
    assert (told.state, told.series, told.rejected_exposures("DX")) == ("in_progress", None, None)


def test_the_operators_of_a_step_are_those_of_its_exam(hospital, spool, drain, objects, uids):
    study, series = uids
    people = {n: Person.objects.create(hospital=hospital, staff_number=n, name=f"技师{n}") for n in ("甲", "乙")}
    told = step_set({series: 5})
    told.SpecificCharacterSet = "ISO_IR 192"
    told.PerformedSeriesSequence[0].OperatorsName = ["技师^甲", "^"]
    put(spool, hospital, step_create(study), kind=CREATE)
    put(spool, hospital, told, kind=SET)
    drain()
    assert not ExamOperator.objects.exists()
    put(spool, hospital, *objects)
    drain()
    exam_operators_gather(exam=Exam.objects.select_related("order", "hospital").get())
    assert Exam.objects.get().performer == people["甲"]
    later = step_set({series: 5})
    later.SpecificCharacterSet = "ISO_IR 192"
    later.PerformedSeriesSequence[0].OperatorsName = "技师乙"
    put(spool, hospital, later, kind=SET)
    drain()
    assert (Exam.objects.get().performer, Exam.objects.get().performer_source) == (None, "several")
    assert set(ExamOperator.objects.values_list("source", flat=True)) == {"mpps"}
    assert jobs(events.PERFORMER_SET) == 1
