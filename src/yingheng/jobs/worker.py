"""Starting a worker: what the command line and the all-in-one server call."""

import signal
import threading
from types import FrameType

from django.conf import settings

from yingheng.jobs.child import Limits
from yingheng.jobs.chores import chores
from yingheng.jobs.local import LocalEngine, Pace
from yingheng.jobs.runner import run_claim
from yingheng.jobs.services import claim, complete, fail


def make_engine(*, concurrency: int = 2) -> LocalEngine:
    """The local engine with the limits and chores of the settings."""
    return LocalEngine(
        concurrency=concurrency,
        limits=Limits(seconds=settings.YINGHENG_JOB_SECONDS, memory_mb=settings.YINGHENG_JOB_MEMORY_MB),
        pace=Pace(lease_s=settings.YINGHENG_JOB_LEASE_SECONDS),
        chores=chores(),
    )


def run_worker(*, once: bool = False, concurrency: int = 2) -> int:
    """Run jobs in worker processes until a signal (SIGTERM, SIGINT), or with `once` until nothing is due.

    Returns how many attempts were run.
    """
    engine = make_engine(concurrency=concurrency)
    if threading.current_thread() is threading.main_thread():
        _stop_on_signals(engine)
    return engine.run(once=once)


def run_due_here(*, limit: int = 1000) -> int:
    """Run what is due in this very process, one after the other, without limits of time or memory.

    For tests and for one-off commands; also runs what those jobs cause. Returns how many attempts were run.
    """
    ran = 0
    while ran < limit and (taken := claim("here", 1, settings.YINGHENG_JOB_SECONDS)):
        outcome = run_claim(taken[0])
        if outcome.error:
            fail(taken[0], outcome.error, retry=outcome.retry)
        else:
            complete(taken[0])
        ran += 1
    return ran


def _stop_on_signals(engine: LocalEngine) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        engine.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
