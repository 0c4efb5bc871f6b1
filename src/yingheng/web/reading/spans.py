"""Times of an exam's course as they may be told: how long each step took, and the time of day only where nothing is
hidden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of the course; `after` says how long after the step before that is known, `at` when, if it may be
    told.  `known` is False for one of which nobody has told when it was."""

    name: str
    known: bool
    after: str = ""
    at: str = ""
    backwards: bool = False


def course(moments: Sequence[tuple[str, dt.datetime | None]], *, is_open: bool) -> list[Step]:
    """Steps in their order with the time between each and the last known one before it."""
    found: list[Step] = []
    before: dt.datetime | None = None
    for name, at in moments:
        if at is None:
            found.append(Step(name, known=False))
            continue
        apart = None if before is None else at - before
        after = "" if apart is None else span_text(apart)
        told = localtime(at).strftime("%Y-%m-%d %H:%M") if is_open else ""
        found.append(
            Step(name, known=True, after=after, at=told, backwards=apart is not None and apart.total_seconds() < 0)
        )
        before = at
    return found


def span_text(span: dt.timedelta) -> str:
    """A length of time in at most two units: "2 d 3 h", "1 h 05 min", "40 s"."""
    seconds = round(abs(span.total_seconds()))
    sign = "−" if span.total_seconds() < 0 else ""
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return sign + _("%(d)d d %(h)d h") % {"d": days, "h": hours}
    if hours:
        return sign + _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    if minutes:
        return sign + pgettext("length of time", "%(m)d min") % {"m": minutes}
    return sign + pgettext("length of time", "%(s)d s") % {"s": rest}
