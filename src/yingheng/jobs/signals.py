"""Lines that say "this changed": written in the transaction of the fact, read by the listener of every web process.

A line is a hint to look again, never the fact itself: losing one costs a page the seconds until it looks by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from yingheng.common.clock import now
from yingheng.jobs.models import Signal

EXAM = "exam"  # key: catalog.Exam id, group: registry.Device id
KEPT_S = 900.0
# A transaction gets its line's number when it writes it, but is seen when it commits: a longer one may be seen after
# younger lines.  Readers look this far back for such latecomers.
LATEST_S = 60.0


def signal_send(topic: str, key: object, *, group: object = "", scope: str = "") -> None:
    """Say, in the caller's transaction, that a thing changed."""
    Signal.objects.create(topic=topic, key=str(key), group=str(group or ""), scope=scope)


def signals_send(topic: str, changed: Iterable[tuple[object, object, str]]) -> None:
    """The same for several things at once: (key, group, scope) each."""
    Signal.objects.bulk_create(
        [Signal(topic=topic, key=str(key), group=str(group or ""), scope=scope) for key, group, scope in changed]
    )


def signals_recent() -> list[Signal]:
    """Lines of the last minute, oldest first; the reader leaves out those that it knows."""
    return list(Signal.objects.filter(at__gte=now() - dt.timedelta(seconds=LATEST_S)).order_by("id"))


def signals_since(number: int, topic: str) -> list[Signal] | None:
    """Lines of a topic after that one, None when it is older than what is kept (then anything may have changed)."""
    if not Signal.objects.filter(id__lte=number).exists():
        return None
    return list(Signal.objects.filter(topic=topic, id__gt=number).order_by("id"))


def signals_prune() -> int:
    """Forget old lines; returns how many.  A chore."""
    removed, _ = Signal.objects.filter(at__lt=now() - dt.timedelta(seconds=KEPT_S)).delete()
    return removed
