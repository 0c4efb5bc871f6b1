"""The intake process: its loops go on whatever happens to one of them, and leave when asked."""

import datetime as dt
import threading

import pytest
from django.db import OperationalError
from tests.apps.ingest.sending import ct_objects, put, step_create, step_set

from yingheng.catalog.models import Exam
from yingheng.catalog.services import exam_arrival_note, exam_close
from yingheng.common.ui.parts import When
from yingheng.ingest import intake
from yingheng.ingest.filemeta import FileMeta, file_meta
from yingheng.ingest.intake import LOOPS, Loop, run_intake
from yingheng.ingest.panels import exam_arrival
from yingheng.ingest.spool import Kind

pytestmark = pytest.mark.django_db


class Script:
    """Answers of a loop, one after the other; sets `done` with the last."""

    def __init__(self, *answers):
        self.answers, self.stops, self.done = list(answers), [], threading.Event()

    def __call__(self, stop):
        self.stops.append(stop)
        answer = self.answers.pop(0) if self.answers else False
        if not self.answers:
            self.done.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_once_goes_on_until_nothing_is_left():
    first, listener = Script(True, True, False), Script(False)
    run_intake(once=True, loops=[Loop("a", first, 60.0, with_once=True), Loop("b", listener, 60.0)])
    assert len(first.stops) == 3
    assert listener.stops == []


@pytest.mark.parametrize("trouble", [OperationalError("locked"), OSError(28, "full"), ArithmeticError("new")])
def test_trouble_is_tried_again(monkeypatch, trouble):
    monkeypatch.setattr(intake, "_TROUBLE_S", 0.01)
    script = Script(trouble, trouble, False)
    run_intake(once=True, loops=[Loop("a", script, 60.0, with_once=True)])
    assert len(script.stops) == 3


def test_one_loop_waits_for_no_other_and_all_leave_when_asked():
    quick = Script(*[True] * 5, False)

    def listen(stop):
        assert quick.done.wait(30)
        stop.set()  # as a signal would
        return False

    run_intake(loops=[Loop("listener", listen, 60.0), Loop("quick", quick, 60.0)])
    assert len(quick.stops) == 6


def test_the_loops_of_the_table_have_names_of_their_own():
    names = [loop.name for loop in LOOPS]
    assert len(set(names)) == len(names)
    assert {loop.name for loop in LOOPS if loop.with_once} >= {"spool"}
    assert set(intake.TAKERS) == set(Kind)


def test_it_reads_the_titles_of_a_spooled_file(hospital, spool, tmp_path):
    (one,) = put(spool, hospital, ct_objects(tmp_path / "made", n=1)[0], calling="CT7", called="HALL A")
    meta = file_meta(one.path)
    assert (meta.calling, meta.called) == ("CT7", "HALL A")
    assert meta.transfer_syntax == "1.2.840.10008.1.2.1"
    for data in (b"", b"no DICOM", one.path.read_bytes()[:140], b"\0" * 128 + b"DICM" + b"\x02\x00\x01\x00OB\0\0\xff"):
        short = tmp_path / "short"
        short.write_bytes(data)
        assert file_meta(short) == FileMeta()


def test_late_objects_open_a_closed_exam_again(hospital, spool, drain, tmp_path):
    objects = ct_objects(tmp_path / "made", n=6)
    put(spool, hospital, *reversed(objects[:4]))  # out of order, hours before the rest
    drain()
    exam_close(exam=Exam.objects.get())
    put(spool, hospital, *objects[4:])
    drain()
    exam = Exam.objects.get()
    assert (exam.state, exam.closed_at, exam.n_instances) == ("receiving", None, 6)
    assert exam.series.get().state == "receiving"


@pytest.mark.parametrize(
    "case",
    [
        ({}, dt.date(2026, 1, 5), False),
        ({"AcquisitionDate": "20991231"}, dt.date(2026, 1, 5), True),
        ({"AcquisitionDate": "19700101"}, dt.date(2026, 1, 5), True),
        ({"AcquisitionDate": "20150105"}, dt.date(2026, 1, 5), True),  # years from the date of its own exam
        ({"AcquisitionDate": "20260106"}, dt.date(2026, 1, 6), False),  # over midnight
    ],
)
def test_an_impossible_clock_makes_no_absurd_exam(hospital, spool, drain, tmp_path, case):
    change, started, doubtful = case
    (one,) = ct_objects(tmp_path / "made", n=1)
    one.AcquisitionTime = "093000"
    for keyword, value in change.items():
        setattr(one, keyword, value)
    put(spool, hospital, one)
    drain()
    exam = Exam.objects.get()
    assert (exam.local_day, exam.is_clock_doubtful) == (started, doubtful)


def test_dates_from_the_future_leave_the_time_of_arrival(hospital, spool, drain, tmp_path):
    (one,) = ct_objects(tmp_path / "made", n=1)
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(one, keyword, "20991231")
    put(spool, hospital, one)
    drain()
    exam = Exam.objects.get()
    assert (exam.started_at, exam.sort_at, exam.is_clock_doubtful) == (None, exam.received_at, True)


def test_the_page_of_the_exam_says_what_is_missing(hospital, spool, drain, tmp_path):
    objects = ct_objects(tmp_path / "made", n=3)
    put(spool, hospital, *objects)
    drain()
    exam = Exam.objects.get()
    assert exam_arrival(None, exam) is None
    series = objects[0].SeriesInstanceUID
    put(spool, hospital, step_create(exam.study_uid), step_set({series: 5}), kind=Kind.STEP_SET)
    drain()
    told = [{"sender": "CT1", "n_listed": 5, "n_found": 3}]
    exam_arrival_note(exam_id=exam.pk, name="commitments", told=told)
    exam.refresh_from_db()
    rows = dict(exam_arrival(None, exam).body.rows)
    assert len(rows) == 3
    parts = [part for many in rows.values() for part in many.items if not isinstance(part, When)]
    texts = [str(getattr(part, "text", part)) for part in parts]
    assert sum("5" in text and "3" in text for text in texts) == 2
    assert sum("2" in text and "5" not in text for text in texts) == 2
