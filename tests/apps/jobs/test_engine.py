"""The local engine with real processes and a real database: killed, overrun, crowded."""

import json
import signal
import time
from collections import Counter

import psutil
import pytest

pytestmark = pytest.mark.network


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
        place.hurry()
    helper.send_signal(signal.SIGTERM)
    assert helper.wait(60) == 0
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
        place.hurry()
        place.run("work", 1, "once")
    assert place.rows()["bad"] == ("parked", 5, "worker_lost: exit code -9")
    assert len(place.did()) == 5
    place.hurry()
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


def test_the_worker_of_the_command_line_drains_the_queue(place):
    place.emit(("quick", "s1", {}), ("fails", "s2", {}))
    assert place.run("serve") == "2"
    rows = place.rows()
    assert rows["s1"] == ("done", 1, "")
    assert rows["s2"][:2] == ("queued", 1)
