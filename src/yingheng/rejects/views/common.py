"""What the pages of the reject analysis share: the period asked for, names, addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from yingheng.catalog.retake_reasons import CAUSES, reason_label
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.parts import Link
from yingheng.common.ui.tables import Filter, FilterBar, Option
from yingheng.registry.models import Device, Person
from yingheng.registry.selectors import device_list
from yingheng.rejects.facts import month_start
from yingheng.rejects.reasons import NOT_TOLD, UNKNOWN
from yingheng.rejects.sums import Asked, months_back

_MONTHS = 11  # before the running one
_DEVICES = 200


def crumbs(*more: Link) -> list[Link]:
    """The way from the register."""
    return [Link(_("Retakes"), reverse("web:retakes")), Link(_("Reject analysis"), reverse("rejects:analysis")), *more]


def asked_of(request: HttpRequest) -> Asked:
    """The months of the address, else the last twelve with the running one."""
    last = _month(request.GET.get("last", "")) or month_start(localdate())
    first = _month(request.GET.get("first", "")) or months_back(last, _MONTHS)
    return Asked(request.scope, min(first, last), last, identifier(request.GET.get("device", "")))


def _month(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return None


def period_filters(request: HttpRequest, asked: Asked) -> FilterBar:
    """Months and device.  One query."""
    devices = [Option(str(d.pk), d.label) for d in device_list(request.scope)[:_DEVICES]]
    return FilterBar(
        (
            Filter("first", _("From"), "month", f"{asked.first:%Y-%m}"),
            Filter("last", _("To"), "month", f"{asked.last:%Y-%m}"),
            Filter("device", _("Device"), "select", str(asked.device or ""), [Option("", _("All")), *devices]),
        )
    )


def period_query(asked: Asked, **more: str) -> str:
    """The query string of the same period."""
    told = {"first": f"{asked.first:%Y-%m}", "last": f"{asked.last:%Y-%m}", "device": str(asked.device or ""), **more}
    return "?" + urlencode({key: value for key, value in told.items() if value})


def rows_url(asked: Asked, **more: str) -> str:
    """The rejected exposures behind a figure."""
    return reverse("rejects:rows") + period_query(asked, **more)


def reason_text(code: str) -> str:
    """A reason as people read it, also where nobody knows it."""
    if code == UNKNOWN:
        return _("Text not matched yet")
    return _("No reason told") if code in {NOT_TOLD, ""} else reason_label(code)


def cause_text(cause: str) -> str:
    """A cause group as people read it."""
    return str(CAUSES[cause]) if cause else _("not known")


def device_names(ids: Iterable[str]) -> dict[str, str]:
    """One query."""
    return {str(row.pk): row.label for row in Device.objects.filter(pk__in=[i for i in ids if i])}


def person_names(ids: Iterable[str]) -> dict[str, str]:
    """One query."""
    return {str(pk): name for pk, name in Person.objects.filter(pk__in=[i for i in ids if i]).values_list("pk", "name")}
