"""Who was at the meetings of a year."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.clock import local_day
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Empty, Link, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Rate
from yingheng.governance.models import Kind
from yingheng.governance.selectors import Came, organisations_of, who_came
from yingheng.governance.views.common import eyes, tabs
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import MEETING_VIEW

_YEARS = 5  # that can be chosen


@page(MEETING_VIEW)
@require_safe
def attendance(request: HttpRequest) -> HttpResponse:
    """By person: to how many held meetings of the year they were asked, and at how many they were.

    Who calls or records meetings of the place sees everybody, others see themselves.
    """
    who = eyes(request)
    places = organisations_of(who.own)
    place = _place(request, places)
    today = local_day(place.zone if place else settings.TIME_ZONE)
    year, kind = _year(request, today), request.GET.get("kind", "")
    kind = kind if kind in Kind.values else ""
    everybody = place is not None and place.path in who.plans | who.records
    found = who_came(place, year, kind=kind, of=None if everybody else request.user) if place else []
    title = pgettext("meetings", "Attendance over the year")
    return ListPage(
        title=title,
        purpose=_("Held meetings alone. Who was excused was not there; the share is of all that they were asked to.")
        if everybody
        else _("Held meetings alone. You see yourself; those who call or record meetings see everybody."),
        crumbs=[Link(_("Meetings"), reverse("governance:meetings"))],
        tabs=tabs(request, "attendance"),
        filters=_filters(places, place, year, kind, today),
        table=Table(
            columns=_columns(),
            rows=[_row(one) for one in found],
            caption=title,
            empty=Empty(_("No held meeting in this year"), _("A meeting counts once it was held."), "users"),
        ),
    ).response(request)


def _place(request: HttpRequest, places: list[Organisation]) -> Organisation | None:
    asked = request.GET.get("place", "")
    return next((one for one in places if str(one.pk) == asked), places[0] if places else None)


def _year(request: HttpRequest, today: dt.date) -> int:
    asked = request.GET.get("year", "")
    years = range(today.year - _YEARS + 1, today.year + 1)
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) in years else today.year


def _filters(
    places: list[Organisation], place: Organisation | None, year: int, kind: str, today: dt.date
) -> FilterBar:  # fmt: skip
    years = [Option(str(today.year - n), str(today.year - n)) for n in range(_YEARS)]
    kinds = [Option(value, str(label)) for value, label in Kind.choices]
    found = [
        Filter("year", _("Year"), "select", str(year), years),
        Filter("kind", _("Kind"), "select", kind, kinds),
    ]
    if place is not None and len(places) > 1:
        known = [Option(str(one.pk), one.name) for one in places[:200]]
        found.append(Filter("place", _("Organisation"), "select", str(place.pk), known))
    return FilterBar(found)


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", _("Name"), wide=True),
        Column("asked", pgettext("attendance", "Asked"), align="right", nowrap=True, phone=False),
        Column("present", pgettext("attendance", "Present"), align="right", nowrap=True),
        Column("excused", pgettext("attendance", "Excused"), align="right", nowrap=True, phone=False),
        Column("absent", pgettext("attendance", "Absent or not noted"), align="right", nowrap=True, phone=False),
        Column("share", pgettext("attendance", "Share present"), align="right", nowrap=True),
        Column("last", pgettext("attendance", "Last there"), nowrap=True, phone=False),
    )


def _row(one: Came) -> Row:
    return Row(
        {
            "name": one.name,
            "asked": one.asked,
            "present": one.present,
            "excused": one.excused,
            "absent": one.absent,
            "share": Rate(one.present, one.asked, minimum_n=1),
            "last": When(one.last) if one.last else None,
        },
        id=one.pk,
    )
