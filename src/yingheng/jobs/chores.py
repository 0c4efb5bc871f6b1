"""What a worker does now and then by itself, found by the setting YINGHENG_CHORES: what no single fact causes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from django.conf import settings
from django.db import OperationalError
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """Something short, idempotent and harmless when several workers do it at once; every `every_s` seconds."""

    every_s: float
    do: Callable[[], object]


def chores() -> Sequence[Chore]:
    """The chores of this installation."""
    return import_string(settings.YINGHENG_CHORES)


class ChoreClock:
    """Does each chore when its time has come, first at once."""

    def __init__(self, wanted: Sequence[Chore]) -> None:
        self._due = [(0.0, chore) for chore in wanted]

    def tick(self) -> None:
        """Do what is due.  A chore that fails is tried again at its next time and stops nothing else.

        A database that does not answer is the engine's matter: OperationalError is passed on, after which the chore
        is due still.
        """
        for place, (due, chore) in enumerate(self._due):
            if monotonic() < due:
                continue
            try:
                chore.do()
            except OperationalError:
                raise
            except Exception:
                logger.exception("a chore failed; it will be tried again")
            self._due[place] = (monotonic() + chore.every_s, chore)
