"""Time closes what nobody closed, and half-written files of the dead are swept."""

import datetime as dt
import os
import time

import pytest
from django.db import OperationalError

from imagingqc.dicom.synthetic import Study, ct_series
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.storage import default_storage
from yingheng.ingest.services import importing
from yingheng.jobs.chores import Chore, ChoreClock
from yingheng.jobs.models import Job
from yingheng.pipeline import chores

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    settings.YINGHENG_QUIET_SECONDS = 120


@pytest.fixture
def left_open(hospital, tmp_path, monkeypatch):
    """An exam whose import died before it closed it."""
    ct_series(tmp_path / "ct", n=3, rows=32, study=Study(key="open"))
    monkeypatch.setattr(importing, "exam_close", lambda **_row: False)
    importing.folder_import(hospital=hospital, paths=[tmp_path / "ct"], actor=Actor("system:test", "test"))
    return Exam.objects.get()


def age(seconds):
    for model in (Exam, Series):
        for row in model.objects.all():
            row.last_received_at -= dt.timedelta(seconds=seconds)
            row.save()


def asked():
    evaluations = Job.objects.filter(kind__in=("series.ready", "exam.closed"))
    return sorted(evaluations.values_list("kind", flat=True))


def test_it_leaves_alone_what_may_still_arrive(left_open):
    age(100)
    assert chores.quiet_close() == 0
    assert Exam.objects.get().state == "receiving"
    assert asked() == []


def test_it_closes_what_has_been_quiet_and_asks_for_its_evaluation(left_open):
    age(121)
    assert chores.quiet_close() == 2
    assert (Exam.objects.get().state, Series.objects.get().state) == ("closed", "complete")
    assert asked() == ["exam.closed", "series.ready"]
    assert chores.quiet_close() == 0


def test_an_exam_that_misses_objects_is_waited_for_longer(left_open):
    Exam.objects.update(n_expected=5, n_missing=2)
    Series.objects.update(n_expected=5)
    age(121)
    assert chores.quiet_close() == 0
    age(chores.PATIENCE * 120)
    assert chores.quiet_close() == 2
    assert (Exam.objects.get().state, Exam.objects.get().n_missing) == ("closed", 2)


def test_one_that_cannot_be_closed_does_not_stand_in_the_way(left_open, monkeypatch):
    age(121)

    def broken(**_row):
        raise ValueError("no")

    monkeypatch.setattr(chores, "series_close", broken)
    assert chores.quiet_close() == 1
    assert Exam.objects.get().state == "closed"


def test_it_sweeps_old_half_written_files_alone(tmp_path):
    store = default_storage()
    stored = store.put(b"bytes")
    folder = store.root / "objects" / "tmp"
    old, fresh = folder / "1-dead", folder / "2-alive"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * chores.DAY_S,) * 2)
    assert chores.leftovers_remove() == 1
    assert (old.exists(), fresh.exists(), store.exists(stored.key)) == (False, True, True)


def test_a_chore_is_done_at_once_and_then_at_its_time():
    done = []
    clock = ChoreClock([Chore(3600, lambda: done.append("rare")), Chore(0, lambda: done.append("often"))])
    clock.tick()
    clock.tick()
    assert done == ["rare", "often", "often"]


def test_a_failing_chore_stops_nothing_but_a_silent_database_is_passed_on():
    done = []

    def fails():
        raise ValueError("no")

    ChoreClock([Chore(1, fails), Chore(1, lambda: done.append(1))]).tick()
    assert done == [1]

    def silent():
        raise OperationalError("locked")

    clock = ChoreClock([Chore(3600, silent)])
    for _time in range(2):
        with pytest.raises(OperationalError):
            clock.tick()


def test_an_exam_that_nobody_looked_at_gets_its_item(left_open):
    """Whatever kept it from being evaluated: it is found, and waits among the texts to map."""
    assert (left_open.item_state, left_open.item) == ("", None)
    assert chores.items_identify() == 1
    left_open.refresh_from_db()
    assert (left_open.item_state, left_open.item_reason, left_open.item_key) == (
        "unmapped",
        "item_body_part_only",
        "CT|[CHEST]",
    )
    assert chores.items_identify() == 0
