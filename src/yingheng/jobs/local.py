"""The engine of the embedded installation: a claim loop and worker processes on this machine."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from time import monotonic

from django.db import OperationalError, connection

from yingheng.jobs.child import Limits
from yingheng.jobs.chores import Chore, ChoreClock
from yingheng.jobs.services import claim, complete, fail, heartbeat, release, something_due, sweep
from yingheng.jobs.slot import Slot

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How the loop breathes, in seconds. Leases are lengthened three times within their length."""

    lease_s: float = 60.0
    poll_s: float = 0.5
    sweep_s: float = 5.0
    grace_s: float = 8.0  # what is under way may finish within this after `stop`
    trouble_s: float = 2.0  # pause after the database did not answer


class LocalEngine:
    """Claims jobs for `concurrency` worker processes. Any number of engines may work on one database."""

    def __init__(
        self,
        *,
        concurrency: int,
        limits: Limits,
        pace: Pace | None = None,
        jobs_per_process: int = 200,
        chores: Sequence[Chore] = (),
    ) -> None:
        if concurrency < 1:
            raise ValueError("an engine needs a worker")
        self.owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._pace = pace or Pace()
        self._slots = [Slot(limits, jobs_per_process) for _number in range(concurrency)]
        self._chores = ChoreClock(chores)
        self._stop = threading.Event()
        self._ran = 0
        self._next_beat = self._next_sweep = 0.0

    def run(self, *, once: bool = False) -> int:
        """See `engine.Engine`. A database that does not answer is waited for, never given up on."""
        try:
            while not self._stop.is_set():
                if not self._round(once=once):
                    break
            self._finish()
        finally:
            for slot in self._slots:
                slot.end()
        return self._ran

    def stop(self) -> None:
        """See `engine.Engine`."""
        self._stop.set()

    def _round(self, *, once: bool) -> bool:
        """One turn of the loop; False when `once` and nothing is left to do."""
        try:
            self._keep_alive()
            self._settle()
            self._chores.tick()
            self._take()
        except OperationalError:
            logger.exception("the database did not answer; trying again")
            connection.close()
            self._stop.wait(self._pace.trouble_s)
            return True
        if all(slot.free for slot in self._slots):
            if once and not something_due():
                return False
            self._stop.wait(self._pace.poll_s)
        else:
            self._watch(self._pace.poll_s)
        return True

    def _take(self) -> None:
        free = [slot for slot in self._slots if slot.free]
        if not free or not something_due():
            return
        for slot, taken in zip(free, claim(self.owner, len(free), self._pace.lease_s), strict=False):
            try:
                slot.start(taken)
            except OSError:  # no process could be started: not the job's fault
                logger.exception("a worker process could not be started")
                slot.kill()
                slot.settled()
                release(taken)
                self._stop.wait(self._pace.trouble_s)

    def _watch(self, seconds: float) -> None:
        news = [item for slot in self._slots for item in slot.waitables()]
        if news:
            wait(news, timeout=seconds)
        for slot in self._slots:
            slot.look()

    def _settle(self) -> None:
        for slot in self._slots:
            if slot.claim is None or slot.outcome is None:
                continue
            if slot.outcome.error:
                logger.warning("job %s %s failed: %s", slot.claim.kind, slot.claim.natural_key, slot.outcome.error)
                fail(slot.claim, slot.outcome.error, retry=slot.outcome.retry)
            else:
                complete(slot.claim)
            slot.settled()
            self._ran += 1

    def _keep_alive(self) -> None:
        instant = monotonic()
        if instant >= self._next_beat:
            self._next_beat = instant + self._pace.lease_s / 3
            busy = [slot for slot in self._slots if slot.claim is not None]
            held = heartbeat([slot.claim for slot in busy if slot.claim], self._pace.lease_s)
            for slot in busy:
                if slot.claim and slot.claim.id not in held:  # taken over after a long pause of this machine
                    slot.kill()
                    slot.settled()
        if instant >= self._next_sweep:
            self._next_sweep = instant + self._pace.sweep_s
            if count := sweep():
                logger.warning("%d jobs of lost workers were taken back", count)

    def _finish(self) -> None:
        """After `stop`: let running jobs end within the grace, give the others back uncounted."""
        end = monotonic() + self._pace.grace_s
        while monotonic() < end and any(not slot.free for slot in self._slots):
            self._watch(self._pace.poll_s)
            self._keep_alive()
            self._settle()
        for slot in self._slots:
            if slot.claim is not None:
                slot.kill()
                release(slot.claim)
                slot.settled()
