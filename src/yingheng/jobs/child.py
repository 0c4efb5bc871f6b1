"""A worker process: runs one job after the other as its parent hands them over, within a memory limit."""

import logging
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

try:
    import resource
except ImportError:  # not on Windows: there the memory limit is the operator's to set
    resource = None  # type: ignore[assignment]

READY = "ready"  # sent once: from here on the time limit runs
_PARENT_CHECK_S = 2.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one job may use. `memory_mb` bounds the address space of its process; 0 means no bound."""

    seconds: float
    memory_mb: int


def child_main(pipe: Connection, limits: Limits, parent: int) -> None:
    """Serve `pipe` until it closes or None arrives; ends by itself when `parent` is gone, even in mid-job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl C reaches the whole group; the parent decides
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    if resource is not None and limits.memory_mb:
        bound = limits.memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    import django  # noqa: PLC0415 - a spawned process sets Django up itself, before any model is imported

    django.setup()
    from django.db import connections  # noqa: PLC0415

    from yingheng.jobs.runner import run_claim  # noqa: PLC0415

    try:
        pipe.send(READY)
        while (claim := pipe.recv()) is not None:
            outcome = run_claim(claim)
            for connection in connections.all(initialized_only=True):
                connection.close_if_unusable_or_obsolete()
            pipe.send(outcome)
    except (EOFError, BrokenPipeError):
        logger.info("parent closed the pipe")
    finally:
        connections.close_all()


def _leave_with(parent: int) -> None:
    # A killed parent cannot close anything; its lease runs out and another worker does the job.
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)
