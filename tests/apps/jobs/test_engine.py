"""The local engine with real processes and a real database: killed, overrun, crowded."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import psutil
import psycopg
import pytest

pytestmark = pytest.mark.network
ROOT = Path(__file__).resolve().parents[3]


class Place:
    """A database of its own and the programs that use it."""

    def __init__(self, folder, url):
        self.folder = folder
        self.file = folder / "did.txt"
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self.env = os.environ | {"DATABASE_URL": url, "YINGHENG_HOME": str(folder), "PYTHONPATH": path}
        self.started = []

    def start(self, *words):
        command = [sys.executable, "-m", "tests.apps.jobs.drive", *map(str, words)]
        process = subprocess.Popen(
            command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def run(self, *words):
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return out.strip()

    def emit(self, *jobs):
        self.run("emit", json.dumps([[kind, key, {"file": str(self.file), **more}] for kind, key, more in jobs]))

    def rows(self):
        return {key: (state, attempts, error) for _k, key, state, attempts, error, _p in json.loads(self.run("rows"))}

    def did(self):
        return [line.split() for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def wait_for(self, word, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(line[0] == word for line in self.did()):
                return
            time.sleep(0.05)
        pytest.fail(f"no {word!r} within {seconds} s")


def new_database(folder):
    """A fresh database: beside the one of DATABASE_URL on PostgreSQL, else a SQLite file."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        return f"sqlite://{folder / 'jobs.sqlite3'}"
    name = f"engine_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path, new_database(tmp_path))
    found.run("migrate")
    yield found
    for process in found.started:
        with process:  # closes its pipes and waits for it
            process.kill()


def test_it_does_everything_once_and_stops(place):
    place.emit(*[("quick", f"s{number}", {}) for number in range(20)])
    assert place.run("work", 2, "once") == "20"
    assert Counter(word for word, *_rest in place.did()) == {"begin": 20, "end": 20}
    assert {row[0] for row in place.rows().values()} == {"done"}


def test_it_loses_nothing_when_the_whole_worker_is_killed(place):
    place.emit(("slow_once", "s1", {}), ("quick", "s2", {}))
    worker = place.start("work", 1)
    place.wait_for("begin")
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert place.rows()["s1"][0] == "running"
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []  # the orphaned process noticed and left
    helper = place.start("work", 1)
    end = time.monotonic() + 60
    while time.monotonic() < end and {row[0] for row in place.rows().values()} != {"done"}:
        time.sleep(0.3)
        place.run("hurry")
    helper.send_signal(signal.SIGTERM)
    assert helper.wait(20) == 0
    assert {key: row[:2] for key, row in place.rows().items()} == {"s1": ("done", 2), "s2": ("done", 1)}
    assert Counter((word, key) for word, key, _pid in place.did()) == {
        ("begin", "s1"): 2, ("end", "s1"): 1, ("begin", "s2"): 1, ("end", "s2"): 1,
    }  # fmt: skip


def test_it_lets_a_crash_hit_that_job_alone(place):
    place.emit(("poison", "bad", {}), *[("slow", f"s{number}", {"seconds": 0.1}) for number in range(6)])
    place.run("work", 2, "once")
    rows = place.rows()
    assert rows.pop("bad") == ("queued", 1, "worker_lost: exit code -9")
    assert {row[:2] for row in rows.values()} == {("done", 1)}


def test_it_parks_a_job_that_kills_its_worker_every_time(place):
    place.emit(("poison", "bad", {}))
    for _attempt in range(5):
        place.run("hurry")
        place.run("work", 1, "once")
    assert place.rows()["bad"] == ("parked", 5, "worker_lost: exit code -9")
    assert len(place.did()) == 5
    place.run("hurry")
    assert place.run("work", 1, "once") == "0"


def test_it_ends_a_job_that_overruns_the_time_limit(place):
    place.emit(("slow", "long", {"seconds": 60}), ("quick", "s1", {}))
    begun = time.monotonic()
    place.run("work", 1, "once", 4096, 1)
    assert time.monotonic() - begun < 30
    assert place.rows() == {"long": ("queued", 1, "time_limit: 1 s"), "s1": ("done", 1, "")}


def test_it_ends_a_job_that_eats_memory(place):
    place.emit(("hungry", "big", {}), ("quick", "s1", {}))
    place.run("work", 1, "once", 2048)
    rows = place.rows()
    assert rows["big"][2].startswith("memory_limit")
    assert rows["s1"][0] == "done"
    assert ("end", "big") not in {tuple(line[:2]) for line in place.did()}


def test_it_gives_back_what_does_not_end_within_the_grace(place):
    place.emit(("slow", "long", {"seconds": 60}))
    worker = place.start("work", 1)
    place.wait_for("begin")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert place.rows() == {"long": ("queued", 0, "")}


def test_it_never_gives_a_job_to_two_claimers(place):
    keys = [f"s{number}" for number in range(300)]
    place.emit(*[("quick", key, {}) for key in keys])
    racers = [place.start("rush", f"racer{number}", 3) for number in range(4)]
    got = []
    for racer in racers:
        out, err = racer.communicate(timeout=120)
        assert racer.returncode == 0, err
        got += json.loads(out)
    assert Counter(got) == dict.fromkeys(keys, 1)
    assert {row[:2] for row in place.rows().values()} == {("done", 1)}


def test_two_workers_side_by_side_run_each_job_once(place):
    place.emit(*[("slow", f"s{number}", {"seconds": 0.02}) for number in range(40)])
    workers = [place.start("work", 2, "once") for _number in range(2)]
    ran = [int(worker.communicate(timeout=120)[0]) for worker in workers]
    assert sum(ran) == 40
    assert set(Counter(key for word, key, _pid in place.did() if word == "end").values()) == {1}
