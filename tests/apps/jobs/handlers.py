"""Handlers that the engine's tests route to. What they did is a line in the file named by the payload."""

import os
import signal
import time
from pathlib import Path

from yingheng.jobs.runner import GiveUp, report_progress


def note(key, payload, word):
    descriptor = os.open(payload["file"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{word} {key} {os.getpid()}\n".encode())
    os.close(descriptor)


def quick(key, payload):
    note(key, payload, "begin")
    report_progress(1, 1)
    note(key, payload, "end")


def slow(key, payload):
    note(key, payload, "begin")
    time.sleep(payload["seconds"])
    note(key, payload, "end")


def slow_once(key, payload):
    """Hangs the first time it is tried, works the second."""
    first = not Path(payload["file"]).exists()
    note(key, payload, "begin")
    if first:
        time.sleep(600)
    note(key, payload, "end")


def kills_its_process(key, payload):
    note(key, payload, "begin")
    os.kill(os.getpid(), signal.SIGKILL)


def eats_memory(key, payload):
    note(key, payload, "begin")
    bytearray(8 * 1024**3)
    note(key, payload, "end")


def fails(key, payload):
    raise ValueError(f"no such thing: {key}")


def gives_up(key, payload):
    raise GiveUp("the file is not an image")


seen = []


def first(key, payload):
    seen.append(("first", key, payload))


def second(key, payload):
    seen.append(("second", key, payload))


def parked(key, payload):
    seen.append(("parked", key, payload))


ROUTES = {
    "quick": (quick,),
    "slow": (slow,),
    "slow_once": (slow_once,),
    "poison": (kills_its_process,),
    "hungry": (eats_memory,),
    "fails": (first, fails, second),
    "hopeless": (gives_up,),
    "pair": (first, second),
    "nothing": (),
}
ROUTES_WITH_PARKED = {**ROUTES, "job.parked": (parked,)}
