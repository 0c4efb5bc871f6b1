"""What the address of a page of statistics asks for, and what of it cannot be had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from yingheng.common.ui.addresses import day
from yingheng.common.ui.parts import Alert
from yingheng.review.models import SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.statistics.rows import month_number, month_of
from yingheng.review.statistics.sums import BY, Asked
from yingheng.review.subjects import is_film

EARLIEST = dt.date(2000, 1, 1)
_MONTHS = 3  # the running one among them, where nothing is asked for


def asked_of(request: HttpRequest) -> Asked:
    """The period of the address, else the last three months with the running one."""
    purpose = request.GET.get("purpose", "")
    subject = request.GET.get("subject", "")
    last = _day(request, "last") or localdate()
    first = _day(request, "first") or month_of(month_number(last) - _MONTHS + 1)
    return Asked(
        request.scope,
        min(first, last),
        last,
        purpose if purpose in Purpose.values else "",
        subject if subject in SubjectKind.values else SubjectKind.EXAM.value,
    )


def _day(request: HttpRequest, name: str) -> dt.date | None:
    """A day of the address within what can be asked for; None for any other."""
    found = day(request.GET.get(name, ""))
    return found if found and EARLIEST <= found <= _latest() else None


def _latest() -> dt.date:
    return dt.date(localdate().year + 1, 12, 31)


def by_of(request: HttpRequest) -> str:
    """What results are told apart by: where nothing is asked films by device, all else by whose it is."""
    by, subject = request.GET.get("by", ""), request.GET.get("subject", "")
    written = subject in SubjectKind.values and not is_film(subject)
    return by if by in BY else "performer" if written else BY[0]


def period_text(first: dt.date, last: dt.date) -> str:
    """A period as it is written."""
    return f"{first.isoformat()} – {last.isoformat()}"


def refused(request: HttpRequest, *, samples: Collection[str] | None = None) -> list[Alert]:
    """One notice for everything in the address that is not followed, and what is shown in its place."""
    told = [*_days_refused(request), *_words_refused(request)]
    sample = request.GET.get("sample", "")
    if samples is not None and sample and sample not in samples:
        told.append(_("the sample is not announced, or not of this kind"))
    if not told:
        return []
    asked = asked_of(request)
    text = _("Not shown as asked: %(what)s. Shown is %(period)s.") % {
        "what": "; ".join(told), "period": period_text(asked.first, asked.last),
    }  # fmt: skip
    return [Alert(text, "human")]


def _days_refused(request: HttpRequest) -> list[str]:
    told = []
    for name in ("first", "last"):
        text = request.GET.get(name, "")
        if text and day(text) is None:
            told.append(_("“%(text)s” is no day") % {"text": text[:40]})
        elif text and _day(request, name) is None:
            told.append(_("%(day)s is out of reach") % {"day": text[:40]})
    first, last = _day(request, "first"), _day(request, "last")
    if first and first > (last or localdate()):
        told.append(_("the period begins after its end"))
    return told


def _words_refused(request: HttpRequest) -> list[str]:
    known = {"purpose": Purpose.values, "subject": SubjectKind.values, "by": BY}
    asked = [(request.GET.get(name, ""), words) for name, words in known.items()]
    return [_("“%(text)s” is not known") % {"text": text[:40]} for text, words in asked if text and text not in words]
