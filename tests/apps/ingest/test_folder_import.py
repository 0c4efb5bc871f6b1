"""Folders into the catalog: bytes first, trouble with one file stops nothing, trouble with the store stops all."""

import errno
from pathlib import Path

import pytest

from imagingqc.dicom.synthetic import Study, ct_series
from yingheng.audit.actor import Actor
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.storage import FileStorage, default_storage
from yingheng.ingest.services import folder_import, importing

pytestmark = pytest.mark.django_db
ACTOR = Actor("system:test", "test")


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture
def folder(tmp_path):
    ct_series(tmp_path / "ct", n=6, rows=32, study=Study(key="in"))
    return tmp_path / "ct"


def files(folder):
    return sorted(folder.rglob("*.dcm"))


def test_it_imports_once_and_closes(hospital, folder):
    first = folder_import(hospital=hospital, paths=[folder], actor=ACTOR)
    again = folder_import(hospital=hospital, paths=[folder], actor=ACTOR)
    assert (first.n_created, first.n_duplicates, first.unreadable) == (6, 0, ())
    assert (again.n_created, again.n_duplicates, again.exam_ids) == (0, 6, ())
    assert Exam.objects.get().state == "closed"
    for key in Instance.objects.values_list("storage_key", flat=True):
        default_storage().verify(key)
    entry = Entry.objects.filter(action="ingest.folder_import").order_by("pk").first()
    assert entry.actor_id == ACTOR.id


class Disturbed(FileStorage):
    """A store that does something before it takes the n-th object."""

    def __init__(self, root, nth, disturb):
        super().__init__(root)
        self.left, self.disturb = nth, disturb

    def put(self, source):
        self.left -= 1
        if self.left == 0:
            self.disturb()
        return super().put(source)


def full_disk():
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_store_stops_it_between_batches_and_the_next_run_finishes(hospital, folder, settings, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    store = Disturbed(Path(settings.YINGHENG_HOME), 4, full_disk)
    with pytest.raises(OSError, match="No space left"):
        folder_import(hospital=hospital, paths=[folder], actor=ACTOR, storage=store)
    assert Instance.objects.count() == Series.objects.get().n_instances == Exam.objects.get().n_instances == 2
    assert Exam.objects.get().state == "receiving"
    result = folder_import(hospital=hospital, paths=[folder], actor=ACTOR)
    assert (result.n_created, result.n_duplicates) == (4, 2)
    assert (Exam.objects.get().state, Exam.objects.get().n_instances) == ("closed", 6)


def test_a_file_that_vanishes_meanwhile_is_listed_and_the_rest_goes_in(hospital, folder, settings):
    gone = files(folder)[-1]
    store = Disturbed(Path(settings.YINGHENG_HOME), 1, gone.unlink)
    result = folder_import(hospital=hospital, paths=[folder], actor=ACTOR, storage=store)
    assert result.n_created == 5
    assert [(item.path, item.reason.code) for item in result.unreadable] == [(str(gone), "file_unreadable")]
    assert Exam.objects.get().n_instances == 5


def test_a_file_that_cannot_be_read_to_its_end_is_listed(hospital, folder, monkeypatch):
    bad = files(folder)[2]

    class Sick(importing._Source):
        def __init__(self, path):
            super().__init__(path)
            if path == str(bad):
                self._file.close()
                self._file = self

        def read(self, size):
            if self._file is self:
                raise importing.DataError("file_unreadable")
            return super().read(size)

        def close(self):
            pass

    monkeypatch.setattr(importing, "_Source", Sick)
    result = folder_import(hospital=hospital, paths=[folder], actor=ACTOR)
    assert result.n_created == 5
    assert [item.path for item in result.unreadable] == [str(bad)]


def test_an_exam_left_open_by_a_dead_import_is_closed_by_the_next(hospital, folder, monkeypatch):
    with monkeypatch.context() as died:
        died.setattr(importing, "exam_close", lambda **_row: False)
        folder_import(hospital=hospital, paths=[folder], actor=ACTOR)
    assert Exam.objects.get().state == "receiving"
    folder_import(hospital=hospital, paths=[folder], actor=ACTOR)
    assert Exam.objects.get().state == "closed"


def test_it_tells_how_far_it_is(hospital, folder):
    seen = []
    folder_import(hospital=hospital, paths=[folder], actor=ACTOR, progress=lambda *step: seen.append(step))
    assert seen[-1] == ("objects", 6, 6)
    assert ("headers", 6, 6) in seen
