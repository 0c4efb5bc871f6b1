"""Watched folders: what is taken, what is refused and why, and what pages may not read."""

import os
import threading

import pytest
from django.urls import reverse
from pydicom import dcmread

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.catalog.models import Instance
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.models import WatchedFile, WatchedFolder
from yingheng.ingest.services import watching
from yingheng.ingest.services.watching import Watcher, WatchFields, refused_again, watched_folder_put
from yingheng.ingest.spool import SpoolFile

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self):
        self.at = 1000.0

    def monotonic(self):
        return self.at


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(watching, "time", made)
    return made


@pytest.fixture
def inbox(settings, tmp_path, home):
    settings.YINGHENG_WATCH_ROOTS = [str(tmp_path / "in")]
    folder = tmp_path / "in" / "ct"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def watched(inbox, hospital, actor):
    return watched_folder_put(actor=actor, hospital=hospital, fields=WatchFields(str(inbox)))


def fill(folder, n=3, key="watch"):
    ct_series(folder, n=n, rows=16, patient=Patient(id="W1"), study=Study(key=key))
    return sorted(folder.rglob("*.dcm"))


def quiet(watcher, clock, seconds=11.0):
    """Two looks with a pause between; what they took."""
    first = watcher.look()
    clock.at += seconds
    return first + watcher.look()


def files(state):
    return WatchedFile.objects.filter(state=state).count()


def test_it_takes_files_that_are_quiet_and_leaves_them_there(inbox, watched, clock, drain):
    paths = fill(inbox)
    watcher = Watcher()
    assert watcher.look() == 0
    clock.at += 9
    assert watcher.look() == 0  # not long enough
    clock.at += 2
    assert watcher.look() == 3
    assert quiet(watcher, clock) == 0
    assert drain()["created"] == 3
    assert all(path.is_file() for path in paths)
    assert set(Instance.objects.values_list("sop_uid", flat=True)) == {dcmread(p).SOPInstanceUID for p in paths}


def test_a_restart_takes_nothing_again(inbox, watched, clock, spool):
    fill(inbox)
    assert quiet(Watcher(), clock) == 3
    assert quiet(Watcher(), clock) == 0
    assert spool.count() == 3
    assert WatchedFile.objects.count() == 3


def test_a_file_that_still_grows_is_left_alone(inbox, watched, clock, spool):
    (path,) = fill(inbox, n=1)
    whole = path.read_bytes()
    watcher = Watcher()
    path.write_bytes(whole[:300])
    for n in range(3):
        os.utime(path, ns=(n, n + 1))
        watcher.look()
        clock.at += 11
    path.write_bytes(whole)
    assert quiet(watcher, clock) == 1
    (one,) = spool.waiting(9)
    assert one.path.read_bytes() == whole


def test_a_file_that_changes_while_it_is_copied_is_taken_later(inbox, watched, clock, spool, monkeypatch):
    (path,) = fill(inbox, n=1)
    real = watching._pour

    def changing(source, target):
        real(source, target)
        os.utime(path, ns=(5, 5))

    watcher = Watcher()
    monkeypatch.setattr(watching, "_pour", changing)
    assert quiet(watcher, clock) == 0
    assert spool.count() == 0
    monkeypatch.setattr(watching, "_pour", real)
    assert quiet(watcher, clock) == 1
    assert spool.count() == 1


def test_it_says_why_it_refused_a_file_and_looks_again_when_asked(inbox, watched, clock, actor, spool):
    (inbox / "readme.txt").write_text("no image")
    (inbox / "empty.dcm").touch()
    watcher = Watcher()
    assert quiet(watcher, clock) == 2
    assert set(WatchedFile.objects.values_list("state", flat=True)) == {"refused"}
    assert all(row.reason for row in WatchedFile.objects.all())
    assert quiet(watcher, clock) == 0
    assert refused_again(actor=actor, row=watched) == 2
    assert quiet(watcher, clock) == 2
    assert spool.count() == 0


def test_it_moves_what_it_took(inbox, watched, clock, spool):
    WatchedFolder.objects.update(after="move")
    paths = fill(inbox / "deep")
    (inbox / "notes.txt").write_text("x")
    watcher = Watcher()
    assert quiet(watcher, clock) == 4
    assert not any(path.exists() for path in paths)
    assert len(list((inbox / "_taken").rglob("*.dcm"))) == 3
    assert (inbox / "notes.txt").exists()
    assert quiet(watcher, clock) == 0
    assert spool.count() == 3


def test_changed_content_at_the_same_path_is_another_file(inbox, watched, clock, spool):
    (path,) = fill(inbox, n=1)
    watcher = Watcher()
    quiet(watcher, clock)
    (other,) = fill(inbox / "x", n=1, key="other")
    other.replace(path)
    assert quiet(watcher, clock) == 1
    assert spool.count() == 2


def test_killed_after_the_copy_it_takes_the_file_again_and_nothing_is_doubled(
    inbox, watched, clock, drain, monkeypatch
):
    fill(inbox, n=1)

    class Killed(BaseException):
        pass

    def dies(*_args):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(watching, "_note", dies)
        with pytest.raises(Killed):
            quiet(Watcher(), clock)
    assert quiet(Watcher(), clock) == 1
    tally = drain()
    assert (tally["created"], tally["duplicates"]) == (1, 1)
    assert Instance.objects.count() == 1


def test_a_full_disk_refuses_nothing(inbox, watched, clock, spool, monkeypatch):
    fill(inbox, n=1)

    def full(*_args):
        raise OSError(28, "No space left on device")

    watcher = Watcher()
    with monkeypatch.context() as broken:
        broken.setattr(SpoolFile, "commit", full)
        assert quiet(watcher, clock) == 0
    watched.refresh_from_db()
    assert watched.trouble == "ingest.watch_disk"
    assert WatchedFile.objects.count() == 0
    assert quiet(watcher, clock) == 1
    watched.refresh_from_db()
    assert (spool.count(), watched.trouble) == (1, "")


def test_it_follows_no_links(inbox, watched, clock, tmp_path, spool):
    (secret,) = fill(tmp_path / "elsewhere", n=1)
    (inbox / "link.dcm").symlink_to(secret)
    (inbox / "folder").symlink_to(secret.parent)
    assert quiet(Watcher(), clock) == 0
    assert spool.count() == 0


def test_a_folder_that_became_a_link_out_of_the_roots_is_not_read(inbox, watched, clock, tmp_path, spool):
    elsewhere = tmp_path / "elsewhere"
    fill(elsewhere, n=1)
    inbox.rmdir()
    inbox.symlink_to(elsewhere)
    assert quiet(Watcher(), clock) == 0
    watched.refresh_from_db()
    assert watched.trouble == "ingest.watch_root"
    assert spool.count() == 0


def test_a_folder_that_is_gone_is_told_and_taken_up_again(inbox, watched, clock):
    inbox.rmdir()
    watcher = Watcher()
    watcher.look()
    watched.refresh_from_db()
    assert watched.trouble == "ingest.watch_folder"
    fill(inbox)
    assert quiet(watcher, clock) == 3


@pytest.mark.parametrize("where", ["/etc", "..", "/", "relative", "home"])
def test_it_watches_nothing_outside_of_the_roots(inbox, hospital, actor, where, settings):
    path = {"..": f"{inbox}/../..", "home": str(settings.YINGHENG_HOME)}.get(where, where)
    with pytest.raises(Invalid) as refused:
        watched_folder_put(actor=actor, hospital=hospital, fields=WatchFields(path))
    assert refused.value.code == "ingest.watch_root"


def test_it_never_watches_its_own_data(inbox, hospital, actor, settings, tmp_path):
    settings.YINGHENG_WATCH_ROOTS = [str(tmp_path)]
    for path in (settings.YINGHENG_HOME, tmp_path):
        with pytest.raises(Invalid):
            watched_folder_put(actor=actor, hospital=hospital, fields=WatchFields(str(path)))


def test_without_roots_nothing_is_watched(inbox, hospital, actor, settings):
    settings.YINGHENG_WATCH_ROOTS = []
    with pytest.raises(Invalid):
        watched_folder_put(actor=actor, hospital=hospital, fields=WatchFields(str(inbox)))


def test_a_folder_belongs_to_one_hospital(inbox, watched, other_hospital, actor):
    (inbox / "below").mkdir()
    for path in (inbox, inbox / "below", inbox.parent):
        with pytest.raises(Conflict):
            watched_folder_put(actor=actor, hospital=other_hospital, fields=WatchFields(str(path)))


def test_it_stops_when_told(inbox, watched, clock):
    fill(inbox)
    stop = threading.Event()
    watcher = Watcher()
    watcher.look()
    clock.at += 11
    stop.set()
    assert watcher.look(stop) == 0


def test_an_administrator_watches_a_folder_and_reads_what_was_refused(inbox, hospital, signed_in, clock):
    client = signed_in("system_admin", "root", hospital)
    given = {"path": str(inbox), "after": "keep", "stable_s": 5}
    assert client.post(reverse("ingest:watched_new"), given | {"path": "/etc"}).status_code == 400
    assert client.post(reverse("ingest:watched_new"), given).status_code == 302
    (inbox / "notes.txt").write_text("x")
    quiet(Watcher(), clock)
    row = WatchedFolder.objects.get()
    page = client.get(reverse("ingest:watched_folder", args=[row.pk])).content.decode()
    assert "notes.txt" in page
    assert "不是 DICOM 文件" in page
    assert client.post(reverse("ingest:watched_again", args=[row.pk])).status_code == 302
    assert files("refused") == 0
