"""What keeps the pixels of a series beyond their time: a registry that apps add to when they start.

A hold is a callable that takes ids of series and returns for those that it needs a reason code.  Retention removes no
pixels that any hold wants; a hold that fails holds everything, for removed pixels do not come back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.db import OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Hold = Callable[[Sequence[UUID]], Mapping[UUID, str]]
logger = logging.getLogger(__name__)
_holds: dict[str, Hold] = {}
_words: dict[str, str | Promise] = {"hold_failed": _("It could not be found out whether it is still needed")}


def register_hold(name: str, hold: Hold, words: Mapping[str, str | Promise]) -> None:
    """Add a hold; `words` says what each of its reason codes means.  The same name again replaces nothing."""
    if name in _holds:
        return
    _holds[name] = hold
    _words.update(words)


def holds(series_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Reason codes by series, for those that something still needs."""
    found: dict[UUID, list[str]] = {}
    if not series_ids:
        return found
    for name, hold in _holds.items():
        try:
            wanted = hold(series_ids)
        except OperationalError:
            raise
        except Exception:
            logger.exception("hold %s could not be asked: nothing is removed", name)
            wanted = dict.fromkeys(series_ids, "hold_failed")
        for series_id, code in wanted.items():
            found.setdefault(series_id, []).append(code)
    return found


def hold_words(code: str) -> str:
    """A reason code in the reader's language; an unknown one stands for itself."""
    return str(_words.get(code, code))
