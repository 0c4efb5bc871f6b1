"""Messages that were turned away at the door: counted in memory by those who listen, written by who has a database."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.db.models import F

from yingheng.common.clock import now
from yingheng.ingest.hl7.answering import Refusal
from yingheng.ingest.models import RefusedMessage

MOST_KEPT = 1000  # rows; whoever floods us pushes out the oldest, not the disk
KEPT_DAYS = 90
_MOST_WAITING = 500
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    last: Refusal
    n: int
    first_at: dt.datetime
    last_at: dt.datetime


class Refusals:
    """Takes refusals in any thread; `write` is called now and then by one that may use the database."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, str, str], _Waiting] = {}
        self._lock = threading.Lock()

    def take(self, refusal: Refusal) -> None:
        """Count one.  More kinds than can wait are left to the process's log."""
        key = refusal.address[:64], refusal.application[:180], refusal.facility[:180], refusal.code
        with self._lock:
            known = self._waiting.get(key)
            if known is None:
                if len(self._waiting) < _MOST_WAITING:
                    self._waiting[key] = _Waiting(refusal, 1, now(), now())
                return
            known.last, known.n, known.last_at = refusal, known.n + 1, now()

    def write(self) -> int:
        """Write down what waits; returns how many rows that is.  While the database does not answer it waits on."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        if not taken:
            return 0
        try:
            refusals_record(taken)
        except DatabaseError:
            logger.exception("MLLP: %d kinds of refusals could not be written yet", len(taken))
            connection.close()
            with self._lock:
                self._waiting = taken | self._waiting
            return 0
        return len(taken)


@transaction.atomic
def refusals_record(taken: dict[tuple[str, str, str, str], _Waiting]) -> None:
    """One row for each caller and reason, counted on; the oldest rows go where there are too many."""
    for (address, application, facility, code), one in taken.items():
        told = {
            "hospital_id": one.last.hospital_id,
            "values": dict(one.last.values),
            "kind": one.last.kind[:32],
            "control_id": one.last.control_id[:199],
            "size": one.last.size,
            "last_at": one.last_at,
        }
        key = {"address": address, "application": application, "facility": facility, "code": code}
        _row, created = RefusedMessage.objects.get_or_create(
            **key, defaults=told | {"n": one.n, "first_at": one.first_at}
        )
        if not created:
            RefusedMessage.objects.filter(**key).update(**told, n=F("n") + one.n)
    old = RefusedMessage.objects.order_by("-last_at").values_list("pk", flat=True)[MOST_KEPT:]
    RefusedMessage.objects.filter(pk__in=list(old)).delete()


def refusals_forget() -> int:
    """Remove rows of callers that were last turned away KEPT_DAYS ago; returns how many."""
    before = now() - dt.timedelta(days=KEPT_DAYS)
    return RefusedMessage.objects.filter(last_at__lt=before).delete()[0]
