"""Folders in which devices leave their logs: each content once, nothing half-written, nothing from elsewhere."""

import datetime as dt
import os

import pytest
from tests.apps.rejects.making import ACTOR, DAY, brought, csv_of, zh_rows
from tests.apps.rejects.watching import START, WRITTEN, days, looked, put

from yingheng.common.folders import PlainFile, file_read
from yingheng.notify.models import Message
from yingheng.rejects.handlers import import_log
from yingheng.rejects.models import FolderFile, LogFile, LogFolder, RejectedExposure
from yingheng.rejects.services import looking
from yingheng.rejects.services.folders import refused_again
from yingheng.rejects.services.looking import folder_look
from yingheng.rejects.services.withdrawing import log_withdraw

pytestmark = pytest.mark.django_db


def test_it_takes_a_file_that_was_quiet_for_a_minute_once(row, clock):
    put(row, "a.csv", days())
    first = folder_look(row.pk)
    assert (first.taken, first.waiting) == (0, 1)
    clock.on(59)
    assert folder_look(row.pk).taken == 0
    clock.on(1)
    assert folder_look(row.pk).taken == 1
    assert [folder_look(row.pk).taken for _n in range(3)] == [0, 0, 0]
    log = FolderFile.objects.get(state="taken").log
    assert (log.state, log.made_by_name, log.first_day, log.last_day) == ("importing", row.path, DAY, DAY)
    import_log(str(log.pk), {})
    assert RejectedExposure.objects.filter(file=log).count() == 2


def test_it_leaves_a_file_that_grows(row, clock):
    """Half of it, the whole of it, then a line more on the next day: the second and the third are contents of their
    own, and no exposure counts twice."""
    data = days(40)
    for size in (300, 600, len(data)):
        put(row, "a.csv", data[:size], WRITTEN + size)
        assert folder_look(row.pk).taken == 0
        clock.on(59)
    clock.on(1)
    assert folder_look(row.pk).taken == 1
    put(row, "a.csv", days(50), WRITTEN + 9999)
    assert looked(row, clock).taken == 1
    for log in LogFile.objects.filter(state="importing").order_by("made_at"):
        import_log(str(log.pk), {})
    assert [log.n_new for log in LogFile.objects.order_by("made_at")][1:] == [4, 1]


def test_it_takes_no_content_twice(row, clock):
    """Under another name, with another time, and one that somebody imported by hand."""
    put(row, "a.csv", days())
    put(row, "b.csv", days())
    found = looked(row, clock)
    assert (found.taken, found.same) == (1, 1)
    put(row, "a.csv", days(), WRITTEN + 5)
    brought(row.device, days(30))
    put(row, "c.csv", days(30))
    found = looked(row, clock)
    assert (found.taken, found.same) == (0, 2)
    assert FolderFile.objects.exclude(log=None).count() == 4


def test_two_that_look_at_once_take_a_file_once(row, clock, monkeypatch):
    put(row, "a.csv", days())
    looked(row, clock, times=1)
    clock.on(60)
    real = looking._note

    def meanwhile(*args):
        monkeypatch.setattr(looking, "_note", real)
        assert folder_look(row.pk).taken == 1
        return real(*args)

    monkeypatch.setattr(looking, "_note", meanwhile)
    folder_look(row.pk)
    assert (FolderFile.objects.count(), LogFile.objects.filter(state="importing").count()) == (1, 1)


def test_it_goes_on_after_it_was_killed(row, clock, monkeypatch):
    """Within the transaction: nothing is noted.  After it, before the move: the next look moves."""
    LogFolder.objects.update(after="move")
    put(row, "a.csv", days())
    looked(row, clock, times=1)
    clock.on(60)
    with monkeypatch.context() as broken:
        broken.setattr(FolderFile, "save", _killed)
        with pytest.raises(KeyboardInterrupt):
            folder_look(row.pk)
    assert not LogFile.objects.filter(state="importing").exists()
    with monkeypatch.context() as broken:
        broken.setattr(looking, "file_set_aside", _killed)
        with pytest.raises(KeyboardInterrupt):
            folder_look(row.pk)
    assert os.listdir(row.path) == ["a.csv"]  # noqa: PTH208
    assert folder_look(row.pk).taken == 0
    assert os.listdir(row.path) == ["_taken"]  # noqa: PTH208
    assert LogFile.objects.filter(state="importing").count() == 1


def _killed(*_args, **_more):
    raise KeyboardInterrupt


def test_it_never_overwrites_what_was_moved_before(row, clock):
    LogFolder.objects.update(after="move")
    for n in (20, 30):
        put(row, "log.csv", days(n))
        looked(row, clock)
    put(row, "x.csv", b"nothing to be read")
    looked(row, clock)
    assert sorted(os.listdir(row.path)) == ["_taken", "x.csv"]  # noqa: PTH208
    moved = sorted(os.listdir(os.path.join(row.path, "_taken")))  # noqa: PTH118, PTH208
    assert len(moved) == 2
    assert moved[1] == "log.csv"
    assert moved[0].startswith("log-")


@pytest.mark.parametrize(
    ("data", "at", "why"),
    [
        (b"", WRITTEN, "file_empty"),
        (b"\x00\x01\x02\x03" * 9, WRITTEN, "file_encoding"),
        (b"PK\x03\x04 no workbook", WRITTEN, "file_workbook"),
        (csv_of([("2026-10-13", "x")], ("Date Time", "Reject Reason")), WRITTEN, "columns_moved"),
        (csv_of([]), WRITTEN, "file_no_rows"),
        (csv_of([*zh_rows(3), *[("?", *["x"] * 7)] * 2]), WRITTEN, "file_rows_refused"),
        (csv_of(zh_rows(20)), WRITTEN - 2 * 86400 - 3600, "file_no_whole_day"),
    ],
)
def test_it_refuses_what_a_person_would_not_have_let_in(row, clock, person, data, at, why):
    person("engineer")
    put(row, "bad.csv", data, at)
    assert looked(row, clock).refused == 1
    note = FolderFile.objects.get()
    assert (note.why, note.log) == (f"rejects.{why}", None)
    assert LogFile.objects.count() == 1, "the one by hand"
    assert folder_look(row.pk).refused == 0, "once"
    message = Message.objects.get(kind="rejects.folder_refused")
    assert message.deliveries.count() == 1
    assert message.link == f"/retakes/rejects/folders/{row.pk}/"


def test_it_tells_of_refused_files_once_a_day(row, clock, person):
    person("engineer")
    for n in range(3):
        put(row, f"{n}.csv", b"x" * (n + 1))
        looked(row, clock)
    assert Message.objects.filter(kind="rejects.folder_refused").count() == 1


def test_it_refuses_a_file_that_is_too_large_without_reading_it(row, clock, monkeypatch):
    monkeypatch.setattr(looking, "LARGEST", 100)
    monkeypatch.setattr(looking, "file_read", _killed)
    put(row, "a.csv", days())
    assert looked(row, clock).refused == 1
    assert FolderFile.objects.get().why == "rejects.file_large"


def test_it_follows_no_link_and_looks_at_nothing_else(row, clock, root, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(days())
    here = root / "dr1"
    (here / "link.csv").symlink_to(secret)
    (here / "sub.csv").mkdir()
    (here / "sub.csv" / "a.csv").write_bytes(days())
    os.mkfifo(here / "pipe.csv")
    for name in (".hidden.csv", "~$open.xlsx", "thumbs.db", "a.csv.part"):
        (here / name).write_bytes(days())
    found = looked(row, clock, times=3)
    assert (found.taken, found.refused, found.waiting, found.trouble) == (0, 0, 0, "")


def test_it_opens_no_link_that_took_the_place_of_a_file(row, tmp_path):
    path = put(row, "a.csv", b"12345")
    told = os.stat(path)  # noqa: PTH116
    file = PlainFile("a.csv", told.st_size, told.st_mtime_ns)
    other = tmp_path / "secret"
    other.write_bytes(b"54321")
    os.utime(other, ns=(told.st_mtime_ns, told.st_mtime_ns))
    os.remove(path)  # noqa: PTH107
    os.symlink(other, path)  # noqa: PTH211
    with pytest.raises(OSError):  # noqa: PT011 - the number differs between systems
        file_read(looking.Path(row.path), file)


def test_it_looks_nowhere_else_when_a_link_takes_the_place_of_the_folder(row, clock, root, tmp_path):
    for place in (tmp_path / "outside", root / "dr2"):
        place.mkdir()
        (place / "a.csv").write_bytes(days())
        here = root / "dr1"
        here.rename(root / f"old-{place.name}")
        here.symlink_to(place)
        found = looked(row, clock, times=3)
        assert (found.taken, found.trouble) == (0, "rejects.folder_root")
        here.unlink()
        (root / f"old-{place.name}").rename(here)
    assert looked(row, clock).trouble == ""


def test_it_waits_for_a_share_that_vanished(row, clock, root, person):
    person("engineer")
    put(row, "a.csv", days())
    looked(row, clock, times=1)
    (root / "dr1").rename(root / "gone")
    assert [looked(row, clock).trouble for _n in range(2)] == ["rejects.folder_gone"] * 2
    assert Message.objects.filter(kind="rejects.folder_trouble").count() == 1
    (root / "gone").rename(root / "dr1")
    found = looked(row, clock)
    assert (found.taken, found.trouble) == (1, "")
    row.refresh_from_db()
    assert row.trouble == ""


def test_a_file_that_cannot_be_read_stops_no_other(row, clock, monkeypatch):
    real = looking.file_read

    def sometimes(folder, file):
        if file.name == "a.csv":
            raise PermissionError
        return real(folder, file)

    monkeypatch.setattr(looking, "file_read", sometimes)
    put(row, "a.csv", days())
    put(row, "b.csv", days(30))
    found = looked(row, clock)
    assert (found.taken, found.waiting, found.trouble) == (1, 1, "rejects.folder_file_unreadable")
    monkeypatch.setattr(looking, "file_read", real)
    assert folder_look(row.pk).taken == 1


def test_it_takes_many_files_in_turn(row, clock, monkeypatch):
    monkeypatch.setattr(looking, "AT_ONCE", 3)
    monkeypatch.setattr(looking, "MOST_SEEN", 5)
    for n in range(7):
        put(row, f"{n}.csv", csv_of(zh_rows(10, day=DAY - dt.timedelta(days=n))))
    looked(row, clock, times=1)
    taken = []
    for _n in range(9):
        clock.on(60)
        taken.append(folder_look(row.pk).taken)
    assert (sum(taken), max(taken)) == (7, 3)
    row.refresh_from_db()
    assert (row.seen, row.n_waiting) == ({}, 0)


def test_it_costs_little_when_thousands_of_files_are_there(row, clock, root, django_assert_max_num_queries):
    here = root / "dr1"
    for n in range(2_000):
        (here / f"{n}.csv").touch()
    notes = []
    for n in range(2_000):
        told = (here / f"{n}.csv").stat()
        file = PlainFile(f"{n}.csv", told.st_size, told.st_mtime_ns)
        notes.append(FolderFile(folder=row, name=file.name, name_key=file.key, size=file.size, at=START,
                                mtime_ns=file.mtime_ns, state="refused", why="rejects.file_empty"))  # fmt: skip
    FolderFile.objects.bulk_create(notes, batch_size=1000)
    put(row, "new.csv", days())
    with django_assert_max_num_queries(6):
        assert folder_look(row.pk).waiting == 1
    clock.on(60)
    assert folder_look(row.pk).taken == 1


def test_an_import_taken_back_stays_so_until_a_person_asks(row, clock):
    put(row, "a.csv", days())
    looked(row, clock)
    log = FolderFile.objects.get().log
    import_log(str(log.pk), {})
    log_withdraw(actor=ACTOR, row=log, reason="列错了")
    put(row, "a.csv", days(), WRITTEN + 7)
    assert looked(row, clock).same == 1
    assert refused_again(actor=ACTOR, row=row) == 2
    assert looked(row, clock).taken == 1
    assert LogFile.objects.filter(state="importing").count() == 1


def test_it_finds_its_headings_again_below_another_preamble(row, clock):
    put(row, "a.csv", csv_of(zh_rows(20), preamble=("导出 2026-10-16", "设备,DR1")))
    assert looked(row, clock).taken == 1


@pytest.mark.parametrize(
    ("whole", "expected"),
    [("before", (DAY, DAY + dt.timedelta(days=2))), ("every", (DAY, DAY + dt.timedelta(days=3))),
     ("inner", (DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)))],
)  # fmt: skip
def test_it_covers_the_days_that_the_folder_says(row, clock, whole, expected):
    """Written on the 16th in the hospital's zone, though the 15th in UTC."""
    LogFolder.objects.update(whole=whole)
    put(row, "a.csv", csv_of([one for n in range(4) for one in zh_rows(5, day=DAY + dt.timedelta(days=n))]))
    looked(row, clock)
    log = FolderFile.objects.get(state="taken").log
    assert (log.first_day, log.last_day) == expected
