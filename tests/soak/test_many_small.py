"""Fifty thousand small instances in: neither receiving nor cataloguing slows down while they pile up."""

import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from pydicom import dcmread
from tests.apps.ingest.receiver import wire
from tests.network.conftest import installation, new  # noqa: F401 - found by name
from tests.network.installation import Installation, free_port, wait_until
from tests.network.kills import admit_everybody

from imagingqc.dicom.synthetic import Patient, Study, ct_series

pytestmark = [pytest.mark.soak, pytest.mark.network]
N = int(os.environ.get("YINGHENG_SOAK_INSTANCES", "50000"))
STEPS = 10
PER_SERIES = 200
SENDERS = 4
LATE_S = 300.0  # without any progress
HALF = 0.5  # of the first rate: what a busy machine does by itself is less


class Pattern:
    """One small CT image as bytes, in which UIDs are exchanged for others of the same length."""

    def __init__(self, folder: Path) -> None:
        (path,) = ct_series(folder, n=1, rows=32, patient=Patient(id="MANY"), study=Study(key="many"))
        header = dcmread(path)
        self._data = wire.data_set_of(path)
        self._uids = [str(uid) for uid in (header.SOPInstanceUID, header.SeriesInstanceUID, header.StudyInstanceUID)]

    def make(self, number: int) -> tuple[str, bytes]:
        """(SOP Instance UID, data set) of that object; PER_SERIES to a series, one series to an exam."""
        data, fresh = self._data, ""
        for uid, n in zip(self._uids, (number, number // PER_SERIES, number // PER_SERIES), strict=True):
            new_uid = f"{uid[:5]}9{n:0{len(uid) - 6}d}"
            fresh = fresh or new_uid
            data = data.replace(uid.encode(), new_uid.encode())
        return fresh, data


class Marks:
    """When each tenth of all was done."""

    def __init__(self) -> None:
        self.done, self.times = 0, [time.monotonic()]

    def reach(self, done: int) -> None:
        self.done = done
        while len(self.times) <= STEPS and done >= len(self.times) * N // STEPS:
            self.times.append(time.monotonic())

    def rates(self) -> list[int]:
        """Objects each second, tenth by tenth."""
        return [round(N / STEPS / (b - a)) for a, b in zip(self.times, self.times[1:], strict=False)]


def send_all(pattern: Pattern, port: int, marks: Marks) -> None:
    """Every object once, over several associations at a time; each waits for its answers."""
    exams, lock, failures = count(), threading.Lock(), []

    def send() -> None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer = wire.Peer(connection)
                connection.settimeout(LATE_S)
                peer.associate(contexts=((3, wire.CT, (wire.EXPLICIT,)),))
                for uid, data in mine():
                    peer.send(wire.store(data, instance=uid))
                    assert peer.response().status == 0
                    with lock:
                        marks.reach(marks.done + 1)
                peer.release()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    def mine() -> Iterator[tuple[str, bytes]]:
        for exam in exams:
            if exam * PER_SERIES >= N:
                return
            for number in range(exam * PER_SERIES, min((exam + 1) * PER_SERIES, N)):
                yield pattern.make(number)

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def follow(count_now: Callable[[], int], marks: Marks) -> None:
    """Until everything is catalogued, or nothing moves any more."""
    moved = time.monotonic()
    while marks.done < N:
        now = count_now()
        if now > marks.done:
            moved = time.monotonic()
            marks.reach(now)
        assert time.monotonic() - moved < LATE_S, f"stuck at {now} of {N}"
        time.sleep(0.1)


def steady(rates: list[int]) -> bool:
    """Whether the last tenths were about as fast as the first ones."""
    return statistics.median(rates[-4:]) >= HALF * statistics.median(rates[:4])


def test_fifty_thousand_small_instances_do_not_slow_it_down(installation: Installation, tmp_path, capsys):  # noqa: F811
    admit_everybody(installation)
    pattern, port = Pattern(tmp_path / "pattern"), free_port()
    installation.start("receive", "--home", installation.home, "--port", port)
    wait_until(lambda: is_listening(port))
    received = Marks()
    send_all(pattern, port, received)
    catalogued = Marks()
    installation.start("intake")
    follow(lambda: installation.count("catalog_instance"), catalogued)
    with capsys.disabled():
        sys.stdout.write(f"\nreceived each second, by {N // STEPS}: {received.rates()}\n")
        sys.stdout.write(f"catalogued each second, by {N // STEPS}: {catalogued.rates()}\n")
    assert installation.count("catalog_quarantine") == 0
    assert installation.count("catalog_instance") == N
    assert installation.rows("SELECT sum(n_instances), count(*) FROM catalog_exam") == [(N, -(-N // PER_SERIES))]
    assert steady(received.rates()), received.rates()
    assert steady(catalogued.rates()), catalogued.rates()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
