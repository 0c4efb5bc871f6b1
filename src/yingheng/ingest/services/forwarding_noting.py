"""What a destination answered, object by object, written down in batches.

One transaction for each object would cost more than sending it.  An answer is kept in memory for LONGEST_S seconds or
until MOST of them wait; a process that is killed meanwhile has not noted them, and these objects are sent again, which
PS3.4 B.2 allows and every store takes as a duplicate.  Nothing is noted before the destination has answered.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

from yingheng.common.clock import now
from yingheng.ingest.forwarding.scu import Answer
from yingheng.ingest.models import Delivery, SentObject

MOST = 100  # answers that a killed process may not have noted
LONGEST_S = 2.0


class Noting:
    """A context manager: whatever ends it, but for a killed process, all answers are written down."""

    def __init__(self, delivery: Delivery, *, clock: Callable[[], float] = monotonic) -> None:
        self._delivery, self._clock = delivery, clock
        self._waiting: dict[str, SentObject] = {}
        self._since = 0.0
        self.n_bytes = 0  # taken by the destination

    def note(self, sop_uid: str, answer: Answer) -> None:
        """Keep one answer; it is in the database when the batch is full or old, or at the end."""
        if not self._waiting:
            self._since = self._clock()
        self._waiting[sop_uid] = SentObject(
            delivery=self._delivery,
            sop_uid=sop_uid,
            outcome=answer.outcome,
            status=answer.status,
            trouble=answer.code,
            at=now(),
        )
        self.n_bytes += answer.n_bytes
        if len(self._waiting) >= MOST or self._clock() - self._since >= LONGEST_S:
            self.write()

    def write(self) -> None:
        """Write down what waits."""
        rows, self._waiting = list(self._waiting.values()), {}
        if rows:
            SentObject.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["delivery", "sop_uid"],
                update_fields=["outcome", "status", "trouble", "at"],
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.write()
