"""Out of the spool into the catalog: once each, whatever happens in between."""

import fcntl
import shutil
import threading
import uuid

import pytest
from django.db import OperationalError
from tests.apps.ingest.sending import ct_objects, encoded, put

from yingheng.catalog.models import Exam, Instance, Quarantine, Series
from yingheng.catalog.storage import FileStorage, default_storage
from yingheng.common import events
from yingheng.ingest.services import draining
from yingheng.ingest.spool import Kind
from yingheng.jobs.models import Job
from yingheng.registry.models import Device

pytestmark = pytest.mark.django_db


@pytest.fixture
def objects(tmp_path):
    return ct_objects(tmp_path / "made", n=5)


def stored(home):
    return sorted(p for p in (home / "objects").rglob("*") if p.is_file())


def check_all_there(home):
    for row in Instance.objects.all():
        default_storage().verify(row.storage_key)
        assert (home / row.storage_key).stat().st_size == row.size


def test_it_catalogues_what_was_received_and_empties_the_spool(hospital, home, spool, drain, objects):
    first, *_rest = put(spool, hospital, *objects)
    assert drain() == {"created": 5}
    assert spool.count() == 0
    assert len(stored(home)) == 5
    check_all_there(home)
    exam = Exam.objects.get()
    assert (exam.hospital, exam.n_instances, exam.state) == (hospital, 5, "receiving")
    assert exam.received_at == draining.received_at(first)
    assert Device.objects.get().ae_titles == ["CT1"]
    assert drain() == {}


def test_the_same_object_again_is_one_object(hospital, home, spool, drain, objects):
    put(spool, hospital, *objects)
    drain()
    put(spool, hospital, *objects)
    put(spool, hospital, *objects, calling="PACS")  # other file meta, same object
    assert drain() == {"duplicates": 10}
    assert (Instance.objects.count(), Quarantine.objects.count(), len(stored(home))) == (5, 0, 5)


def test_two_wrappings_in_one_batch_are_one_object(hospital, home, spool, drain, objects):
    put(spool, hospital, objects[0])
    put(spool, hospital, objects[0], calling="PACS")
    assert drain() == {"created": 1, "duplicates": 1}
    assert len(stored(home)) == 1
    check_all_there(home)


def test_other_content_under_a_known_uid_is_kept_apart(hospital, home, spool, drain, objects):
    put(spool, hospital, *objects)
    drain()
    objects[0].SeriesDescription = "changed at the console"
    put(spool, hospital, objects[0])
    assert drain() == {"quarantined": 1}
    row = Quarantine.objects.get()
    assert (row.reason, row.details["reason"]) == ("content_differs", "object_other_value")
    assert row.details["values"] == {"tag": "SeriesDescription"}
    assert row.details["calling"] == "CT1"
    assert default_storage().exists(row.storage_key)
    assert Job.objects.filter(kind=events.INSTANCE_QUARANTINED).count() == 1


@pytest.mark.parametrize("step", ["adopt", "catalogue", "settle", "unlink"])
def test_dying_between_any_two_steps_loses_and_doubles_nothing(
    hospital, home, spool, drain, objects, monkeypatch, step
):
    put(spool, hospital, *objects)

    class PowerCut(BaseException):
        pass

    def cut(*_args, **_more):
        raise PowerCut

    with monkeypatch.context() as patch:
        if step == "adopt":
            patch.setattr(draining, "instances_catalogue", cut)
        elif step == "catalogue":
            patch.setattr(draining, "exams_settle", cut)
        elif step == "settle":
            patch.setattr("pathlib.Path.unlink", cut)
        else:
            patch.setattr(draining, "spare_bytes_remove", cut)
        with pytest.raises(PowerCut):
            drain()
    drain()
    assert (Instance.objects.count(), Series.objects.get().n_instances, Exam.objects.get().n_instances) == (5, 5, 5)
    assert (spool.count(), len(stored(home)), Quarantine.objects.count()) == (0, 5, 0)
    check_all_there(home)


def test_bytes_missing_in_the_store_come_back_with_the_next_copy(hospital, home, spool, drain, objects):
    put(spool, hospital, *objects)
    drain()
    stored(home)[0].unlink()
    put(spool, hospital, *objects)
    assert drain() == {"duplicates": 5}
    check_all_there(home)


def test_it_sets_aside_what_cannot_be_read_with_a_reason(hospital, home, spool, drain, objects):
    whole = encoded(objects[0])
    spool.put(hospital.pk, Kind.OBJECT, b"no DICOM at all")
    spool.put(hospital.pk, Kind.OBJECT, whole[:-100])
    put(spool, hospital, *objects[1:])
    assert drain() == {"created": 4, "unreadable": 2}
    assert spool.count() == 0
    rows = {row.details["reason"]: row for row in Quarantine.objects.filter(reason="unreadable")}
    assert set(rows) == {"not_dicom", "truncated"}
    short = rows["truncated"]
    assert (short.hospital, short.sop_uid, short.details["calling"]) == (hospital, "", "CT1")
    assert (home / short.details["file"]).read_bytes() == whole[:-100]
    spool.put(hospital.pk, Kind.OBJECT, whole[:-100])
    drain()
    assert Quarantine.objects.count() == 2


def test_a_hospital_that_is_gone_loses_nothing(region, spool, home, drain, objects):
    gone = uuid.uuid4()
    spool.put(gone, Kind.OBJECT, encoded(objects[0]))
    spool.put(region.pk, Kind.OBJECT, encoded(objects[1]))  # a region is no hospital
    assert drain() == {"no_hospital": 2}
    rows = Quarantine.objects.filter(hospital=None, reason="no_hospital")
    assert {row.details["hospital"] for row in rows} == {gone.hex, region.pk.hex}
    assert all((home / row.details["file"]).is_file() for row in rows)


def test_one_bad_file_of_a_batch_stops_no_other(hospital, spool, drain, objects, monkeypatch):
    put(spool, hospital, *objects)
    catalogue, bad = draining.instances_catalogue, objects[2].SOPInstanceUID

    def picky(*, hospital, items, storage):
        if any(i.instance.sop_uid == bad for i in items):
            raise ArithmeticError("nobody thought of this")
        return catalogue(hospital=hospital, items=items, storage=storage)

    monkeypatch.setattr(draining, "instances_catalogue", picky)
    assert drain() == {"created": 4, "unreadable": 1}
    row = Quarantine.objects.get()
    assert row.details["reason"] == "intake_failed"
    assert row.details["values"] == {"kind": "ArithmeticError"}


@pytest.mark.parametrize("trouble", [OperationalError("locked"), OSError(28, "No space left on device")])
def test_trouble_with_database_or_disk_leaves_everything_where_it_is(
    hospital, spool, drain, objects, monkeypatch, trouble
):
    put(spool, hospital, *objects)

    def refuse(*_args, **_more):
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(draining, "instances_catalogue", refuse)
        with pytest.raises(type(trouble)):
            drain()
    assert (spool.count(), Instance.objects.count(), Quarantine.objects.count()) == (5, 0, 0)
    assert drain() == {"created": 5}


def test_a_hospital_that_another_process_drains_is_left_to_it(hospital, spool, drain, objects):
    put(spool, hospital, *objects)
    with (spool.root / hospital.pk.hex / ".draining").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert drain() == {}
    assert drain() == {"created": 5}


def test_it_stops_between_batches(hospital, spool, drain, objects, monkeypatch):
    monkeypatch.setattr(draining, "BATCH", 2)
    put(spool, hospital, *objects)
    stop = threading.Event()
    stop.set()
    assert drain(stop=stop) == {}
    assert spool.count() == 5


def test_a_store_on_another_file_system_gets_a_copy(tmp_path, monkeypatch):
    def refuse(*_args):
        raise OSError(18, "Invalid cross-device link")

    source = tmp_path / "spooled"
    source.write_bytes(b"bytes")
    monkeypatch.setattr("os.link", refuse)
    store = FileStorage(tmp_path / "store")
    (one,) = store.adopt([source])
    store.verify(one.key)
    assert source.read_bytes() == b"bytes"
    assert not list((tmp_path / "store" / "objects" / "tmp").iterdir())


def test_adopting_again_changes_nothing_and_mends_what_is_short(tmp_path):
    source = tmp_path / "spooled"
    source.write_bytes(b"some bytes")
    store = FileStorage(tmp_path)
    (one,) = store.adopt([source])
    assert store.adopt([source]) == [one]
    (tmp_path / one.key).unlink()
    (tmp_path / one.key).write_bytes(b"some")
    store.adopt([source])
    store.verify(one.key)
    assert source.read_bytes() == b"some bytes"
    shutil.rmtree(tmp_path / "objects")
    store.adopt([source])
    store.verify(one.key)
