"""The association log."""

import json
from uuid import UUID

from tests.apps.ingest.receiver.wire import HOSPITAL, OTHER

from yingheng.ingest.receiver import log as module
from yingheng.ingest.receiver.log import AssociationLog, Entry, association_log_tail


def entry(n=1, hospital: UUID | None = HOSPITAL, reason="") -> Entry:
    return Entry("closed", "CT1", "YINGHENG", "10.0.0.1", reason, n, 100 * n, 1.23456, hospital)


def test_it_writes_one_line_for_each(tmp_path):
    log = AssociationLog(tmp_path)
    log.write(entry())
    log.close()
    (path,) = (tmp_path / "log").iterdir()
    row = json.loads(path.read_text())
    assert row.pop("at").endswith("+00:00")
    assert row == {"event": "closed", "calling": "CT1", "called": "YINGHENG", "address": "10.0.0.1", "reason": "",
                   "n_objects": 1, "n_bytes": 100, "seconds": 1.235, "hospital": str(HOSPITAL)}  # fmt: skip


def test_it_reads_the_newest_first_and_only_what_belongs_to_the_hospitals(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 100)  # so that lines lie across blocks
    log = AssociationLog(tmp_path)
    for n in range(20):
        log.write(entry(n, (HOSPITAL, OTHER, None)[n % 3]))
    log.close()
    mine = association_log_tail(tmp_path, {HOSPITAL}, 3)
    assert [row["n_objects"] for row in mine] == [18, 15, 12]
    with_nobodys = association_log_tail(tmp_path, {HOSPITAL}, 4, unassigned=True)
    assert [row["n_objects"] for row in with_nobodys] == [18, 17, 15, 14]
    assert len(association_log_tail(tmp_path, None, 100)) == 20
    assert association_log_tail(tmp_path, set(), 100) == []
    assert association_log_tail(tmp_path / "nothing", None, 100) == []


def test_it_goes_on_after_lines_that_a_full_disk_cut_off(tmp_path):
    log = AssociationLog(tmp_path)
    log.write(entry(1))
    log.close()
    (path,) = (tmp_path / "log").iterdir()
    path.write_bytes(path.read_bytes() + b'{"at": "20\n')
    log.write(entry(2))
    log.close()
    assert [row["n_objects"] for row in association_log_tail(tmp_path, None, 9)] == [2, 1]


def test_it_reads_days_backwards_and_forgets_the_old(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    for day, n in (("20200101", 1), ("29990101", 3)):
        row = json.dumps({"hospital": None, "n_objects": n})
        (folder / f"associations-{day}.jsonl").write_text(row + "\n")
    (folder / "worker.log").write_text("kept")
    log = AssociationLog(tmp_path)
    log.write(entry(2))
    log.close()
    assert [row["n_objects"] for row in association_log_tail(tmp_path, None, 9)] == [3, 2]
    assert (folder / "worker.log").exists()


def test_it_never_fails_who_writes(tmp_path, monkeypatch, caplog):
    def full(*_args):
        raise OSError(28, "full")

    log = AssociationLog(tmp_path)
    monkeypatch.setattr("os.write", full)
    log.write(entry())
    monkeypatch.undo()
    log.close()
    assert "could not be written" in caplog.text
