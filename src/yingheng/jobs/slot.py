"""A place for one worker process: started when needed, recycled after some jobs, replaced when it dies."""

import multiprocessing
import os
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic

from yingheng.jobs.child import READY, Limits, child_main
from yingheng.jobs.runner import Outcome
from yingheng.jobs.services import Claim

# Spawned, not forked: a fork would share the parent's database connection and its locks.
_context = multiprocessing.get_context("spawn")
_GOODBYE_S = 5.0
_START_S = 120.0  # a process may take this long to start on a busy machine; that is not the job's time


class Slot:
    """One worker process and the job it has in hand. Each job has a process to itself, so a crash is its own."""

    def __init__(self, limits: Limits, jobs_per_process: int) -> None:
        self._limits = limits
        self._jobs_per_process = jobs_per_process
        self._served = 0
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._ready = False
        self._deadline = 0.0
        self.claim: Claim | None = None
        self.outcome: Outcome | None = None

    @property
    def free(self) -> bool:
        return self.claim is None

    def waitables(self) -> list[Connection | int]:
        """What to wait on for news: the pipe and the end of the process."""
        if self.claim is None or self._process is None or self._pipe is None or self.outcome is not None:
            return []
        return [self._pipe, self._process.sentinel]

    def start(self, claim: Claim) -> None:
        """Hand `claim` to the process, a fresh one where needed."""
        if self._served >= self._jobs_per_process or (self._process is not None and not self._process.is_alive()):
            self.close()
        if self._process is None:
            self._spawn()
        self.claim, self.outcome = claim, None
        self._served += 1
        self._deadline = monotonic() + self._limits.seconds + (0.0 if self._ready else _START_S)
        try:
            self._pipe.send(claim)
        except (BrokenPipeError, OSError):
            self._lost()

    def look(self) -> None:
        """Take the result if there is one; notice a dead process and an overrun time limit."""
        if self.claim is None or self.outcome is not None:
            return
        try:
            if self._pipe.poll():
                self._hear(self._pipe.recv())
                return
        except (EOFError, OSError):
            self._lost()
            return
        if not self._process.is_alive():
            self._lost()
        elif monotonic() > self._deadline:
            self.kill()
            self.outcome = Outcome(f"time_limit: {self._limits.seconds:g} s")

    def _hear(self, news: Outcome | str) -> None:
        if isinstance(news, Outcome):
            self.outcome = news
        elif news == READY:
            self._ready = True
            self._deadline = monotonic() + self._limits.seconds

    def settled(self) -> None:
        """The result is in the database: free for the next job."""
        self.claim = self.outcome = None

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._forget()

    def end(self) -> None:
        """Leave no process behind."""
        if self.free:
            self.close()
        else:
            self.kill()

    def close(self) -> None:
        """Let an idle process end; kill it when it does not."""
        if self._process is None:
            return
        if self._pipe is not None:
            self._pipe.close()
        self._process.join(_GOODBYE_S)
        self.kill()

    def _spawn(self) -> None:
        here, there = _context.Pipe()
        process = _context.Process(target=child_main, args=(there, self._limits, os.getpid()), name="yingheng-job")
        process.start()
        there.close()
        self._process, self._pipe, self._served = process, here, 0

    def _lost(self) -> None:
        self._process.join(1.0)
        code = self._process.exitcode
        self.kill()
        self.outcome = Outcome(f"worker_lost: exit code {code}")

    def _forget(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
        self._ready = False
