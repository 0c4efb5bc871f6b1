"""Programs for the engine's tests, each run in a process of its own: `python -m tests.apps.jobs.drive work 2`."""
# ruff: noqa: PLC0415, T201 - Django is set up before its models are imported; the answer is what is printed

import json
import os
import sys
from collections.abc import Callable

import django

WHOLE = {"serve"}  # programs that need every app
os.environ["DJANGO_SETTINGS_MODULE"] = (
    "yingheng.config.settings" if WHOLE & set(sys.argv[1:2]) else "tests.apps.jobs.settings"
)
os.environ.setdefault("YINGHENG_JOB_ROUTES", "tests.apps.jobs.handlers.ROUTES")


def emit(text: str) -> None:
    """A list of [kind, natural key, payload]."""
    from django.db import transaction

    from yingheng.jobs.services import emit as state

    with transaction.atomic():
        for kind, key, payload in json.loads(text):
            state(kind, key, payload=payload)


def work(concurrency: str, once: str = "", memory_mb: str = "4096", seconds: str = "60") -> None:
    import signal

    from yingheng.jobs.child import Limits
    from yingheng.jobs.local import LocalEngine, Pace

    engine = LocalEngine(
        concurrency=int(concurrency),
        limits=Limits(seconds=float(seconds), memory_mb=int(memory_mb)),
        pace=Pace(lease_s=3, poll_s=0.05, sweep_s=0.5, grace_s=0.5),
    )
    signal.signal(signal.SIGTERM, lambda *_signal: engine.stop())
    print(engine.run(once=bool(once)))


def rush(owner: str, amount: str) -> None:
    """Claims in a hurry until nothing is left; prints what it got."""
    from yingheng.jobs.services import claim, complete

    got = []
    while taken := claim(owner, int(amount), 60):
        got += [one.natural_key for one in taken]
        for one in taken:
            assert complete(one)
    print(json.dumps(got))


def serve(*_words: str) -> None:
    """The worker as the command line starts it."""
    from yingheng.jobs.worker import run_worker

    print(run_worker(once=True, concurrency=1))


def write_log(amount: str) -> None:
    """Many entries in one chain, each in its transaction."""
    from yingheng.audit.services import record

    for number in range(int(amount)):
        record(actor=None, action="device.edit", subject=f"device:{number}", scope="/h1/", after={"n": number})


def verify_log(*_words: str) -> None:
    from yingheng.audit.models import Entry
    from yingheng.audit.verify import verify_all

    print(json.dumps([Entry.objects.count(), [place.what for place in verify_all()]]))


PROGRAMS: dict[str, Callable[..., None]] = {
    "emit": emit, "work": work, "rush": rush, "serve": serve, "write_log": write_log, "verify_log": verify_log,
}  # fmt: skip

if __name__ == "__main__":
    django.setup()
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
