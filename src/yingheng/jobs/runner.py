"""Running one job: its handlers in order, each owning its transaction.

The engine opens no transaction around a handler: decoding and measuring take seconds, and on SQLite an open
transaction would keep every other writer waiting. A handler is a service: it computes, then writes in one
transaction. If the second handler fails the first stays done, and all run again: handlers are idempotent.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from yingheng.jobs.routes import routes
from yingheng.jobs.services import Claim, progress

_current: ContextVar[Claim | None] = ContextVar("yingheng_job", default=None)
_reported: ContextVar[float] = ContextVar("yingheng_job_reported", default=0.0)
_REPORT_EVERY_S = 1.0


class GiveUp(Exception):  # noqa: N818 - it reads as what the handler says
    """Raised by a handler when trying again cannot help: the job is parked at once with these words."""


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. `error` is empty when it went well; `retry` False parks the job."""

    error: str = ""
    retry: bool = True


def run_claim(claim: Claim) -> Outcome:
    """Run every handler of the claim's kind; never raises. A kind without a route is parked, not forgotten."""
    token = _current.set(claim)
    try:
        handlers = routes().get(claim.kind)
        if handlers is None:
            return Outcome(f"no_route: {claim.kind}", retry=False)
        for handler in handlers:
            handler(claim.natural_key, claim.payload)
    except GiveUp as exc:
        return Outcome(f"gave_up: {exc}", retry=False)
    except MemoryError:
        return Outcome("memory_limit: the handler ran out of memory")
    except Exception as exc:  # noqa: BLE001 - whatever a handler raises belongs to this job alone
        return Outcome(_words(exc))
    finally:
        _current.reset(token)
        _reported.set(0.0)
    return Outcome()


def report_progress(done: int, total: int) -> None:
    """Called by a handler: how far it is. Written once a second and at the end; outside a job it does nothing."""
    claim = _current.get()
    instant = monotonic()
    if claim is None or (done < total and instant - _reported.get() < _REPORT_EVERY_S):
        return
    _reported.set(instant)
    progress(claim, done, total)


def _words(exc: Exception) -> str:
    """Type, message and the innermost line: what an administrator needs, without the values of variables."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return f"{type(exc).__name__}: {exc}{place}"
