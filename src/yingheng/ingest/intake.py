"""The intake process: what is on disk goes into the catalog, and whatever else has to listen or look now and then.

Each line of LOOPS is a thread of its own with its own connection to the database, so that none waits for another.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

from yingheng.ingest.pulse import BEAT_S, Pulse
from yingheng.ingest.services.commitment import commitments_take
from yingheng.ingest.services.commitment_reports import reports_take
from yingheng.ingest.services.draining import Take, objects_take, spool_drain
from yingheng.ingest.services.messages import messages_take
from yingheng.ingest.services.messages_sources import mllp_listen
from yingheng.ingest.services.steps import steps_take
from yingheng.ingest.services.watching import LOOK_S, folders_watch
from yingheng.ingest.spool import Kind, Spool

_TROUBLE_S = 2.0  # pause after database or disk did not answer
_IDLE_S = 0.2
_LEAVE_S = 8.0
_SWEEP_S = 3600.0
_LEFTOVER_S = 86400.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loop:
    """Something of intake that goes on as long as the process.

    `do(stop)` does what is there to do and returns whether there may be more; if so it is called again at once, else
    after `every_s` seconds.  What listens may stay inside `do` until `stop` is set.  Only loops `with_once` run under
    `--once`, until they find nothing more.
    """

    name: str
    do: Callable[[threading.Event], bool]
    every_s: float
    with_once: bool = False


# Who takes what out of the spool.
TAKERS: Mapping[Kind, Take] = {
    Kind.OBJECT: objects_take,
    Kind.STEP_CREATE: steps_take,
    Kind.STEP_SET: steps_take,
    Kind.COMMITMENT: commitments_take,
    Kind.COMMITMENT_REPORT: reports_take,
    Kind.MESSAGE: messages_take,
}


@cache
def _spool(home: Path) -> Spool:
    return Spool(home)


def drain(stop: threading.Event) -> bool:
    """Empty the spool."""
    tally = spool_drain(_spool(Path(settings.YINGHENG_HOME)), takers=TAKERS, stop=stop)
    if tally:
        logger.info("spool: %s", ", ".join(f"{n} {what}" for what, n in sorted(tally.items()) if n))
    return tally.total() > 0


def sweep(_stop: threading.Event) -> bool:
    """Remove what killed receivers left half-written a day ago: it was never acknowledged."""
    _spool(Path(settings.YINGHENG_HOME)).sweep(older_than_s=_LEFTOVER_S)
    return False


def beat(_stop: threading.Event) -> bool:
    """Say that this process lives."""
    Pulse(Path(settings.YINGHENG_HOME), "intake").beat()
    return False


LOOPS: Sequence[Loop] = (
    Loop("pulse", beat, BEAT_S),
    Loop("spool", drain, _IDLE_S, with_once=True),
    Loop("mllp", mllp_listen, 60.0),
    Loop("folders", folders_watch, LOOK_S),
    Loop("leftovers", sweep, _SWEEP_S),
)


def run_intake(*, once: bool = False, loops: Sequence[Loop] | None = None) -> None:
    """Run all loops until a signal (SIGTERM, SIGINT), or with `once` until nothing waits."""
    stop = threading.Event()
    _stop_on_signals(stop)
    wanted = [loop for loop in (LOOPS if loops is None else loops) if loop.with_once or not once]
    threads = [
        threading.Thread(target=_run, args=(loop, stop, once), name=f"intake-{loop.name}", daemon=True)
        for loop in wanted
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and not stop.wait(_IDLE_S):
        pass
    for thread in threads:
        thread.join(_LEAVE_S)
    Pulse(Path(settings.YINGHENG_HOME), "intake").end()


def _run(loop: Loop, stop: threading.Event, once: bool) -> None:  # noqa: FBT001 - a thread's arguments
    try:
        while not stop.is_set():
            pause = _one_round(loop, stop)
            if once and pause == loop.every_s:
                return
            if pause:
                stop.wait(pause)
    finally:
        connections.close_all()


def _one_round(loop: Loop, stop: threading.Event) -> float:
    """Seconds to wait before the next call."""
    try:
        return 0.0 if loop.do(stop) else loop.every_s
    except (OperationalError, InterfaceError):
        logger.exception("intake (%s): the database did not answer; trying again", loop.name)
        connections.close_all()
    except OSError:
        logger.exception("intake (%s): the disk or network refused; trying again", loop.name)
    except Exception:
        logger.exception("intake (%s) failed; trying again", loop.name)
    return _TROUBLE_S


def _stop_on_signals(stop: threading.Event) -> None:
    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
