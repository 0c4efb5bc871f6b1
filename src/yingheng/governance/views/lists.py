"""The list of meetings, and whether hospitals of a region meet."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.clock import local_day
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Many, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.governance.models import Meeting
from yingheng.governance.selectors import WHICH, held_by_hospital, meeting_counts, meetings_seen, organisations_of
from yingheng.governance.views.common import eyes, state_tag, tabs
from yingheng.schedule.recurrence import add_months
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MEETING_VIEW
from yingheng.tenancy.selectors import hospital_list

_MONTHS = 6


@page(MEETING_VIEW)
@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """Meetings ahead, those whose minutes are open, those that are done with."""
    show = request.GET.get("show", "ahead")
    show = show if show in WHICH else "ahead"
    rows = meetings_seen(eyes(request)).filter(state__in=WHICH[show])
    rows = rows.order_by("day", "starts", "pk") if show == "ahead" else rows.order_by("-day", "-starts", "-pk")
    shown, pager = offset_page(request, rows)
    return ListPage(
        title=_("Meetings"),
        purpose=_("Quality meetings and study sessions: called with the figures of the platform, minutes signed."),
        tabs=tabs(request, show, meeting_counts(eyes(request))),
        actions=[
            *_new_actions(request),
            Action(_("Cancelled meetings"), "?show=cancelled", "calendar-off", kind="quiet"),
        ],
        table=Table(
            columns=(
                Column("when", _("When"), nowrap=True),
                Column("what", _("Meeting"), wide=True),
                Column("kind", _("Kind"), nowrap=True, phone=False),
                Column("chair", pgettext("meeting", "Chair"), phone=False, roomy=True),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Meetings"),
            pager=pager,
            empty=Empty(
                _("No meeting here"),
                _("A series plans its meetings by itself; a single meeting is planned by hand."),
                "users-group",
            ),
        ),
    ).response(request)


def _row(row: Meeting) -> Row:
    return Row(
        {
            "when": Lines(When(row.day), f"{row.starts:%H:%M}"),
            "what": Lines(row.title, " · ".join(filter(None, (row.organisation.name, row.place)))),
            "kind": str(row.get_kind_display()),
            "chair": str(row.chair),
            "state": state_tag(row),
        },
        url=reverse("governance:meeting", args=[row.pk]),
        id=str(row.pk),
        tone="none" if row.state == Meeting.State.CANCELLED else "",
    )


def _new_actions(request: HttpRequest) -> list[Action]:
    places = organisations_of(eyes(request).plans)
    one = len(places) == 1
    found = []
    for place in places[:5]:
        label = _("Plan a meeting") if one else _("Plan a meeting") + f" · {place.name}"
        found.append(
            Action(
                label,
                reverse("governance:meeting_new", args=[place.pk]),
                "plus",
                kind="primary" if one else "secondary",
            )
        )
    return found


@page(MEETING_VIEW)
@require_safe
def hospitals(request: HttpRequest) -> HttpResponse:
    """By hospital and month: planned, and held with signed minutes.  What was said there is theirs alone."""
    scope = eyes(request).scope
    places = hospital_list(scope)
    today = local_day(places[0].zone if places else settings.TIME_ZONE)
    months = [add_months(today.replace(day=1), -n) for n in reversed(range(_MONTHS))]
    last = add_months(months[-1], 1) - dt.timedelta(days=1)
    sums: dict[tuple[object, dt.date], list[int]] = defaultdict(lambda: [0, 0])
    for one in held_by_hospital(scope, months[0], last):
        hospital, day = one.by
        cell = sums[hospital, day.replace(day=1)]  # type: ignore[attr-defined]
        cell[0] += one.numerator
        cell[1] += one.denominator
    return ListPage(
        title=_("Meetings of hospitals"),
        purpose=_("Whether planned meetings were held, by their signed minutes. What was said there is not shown."),
        crumbs=[Link(_("Meetings"), reverse("governance:meetings"))],
        tabs=tabs(request, "hospitals"),
        table=Table(
            columns=(
                Column("name", pgettext("meeting", "Hospital"), wide=True),
                *(
                    Column(f"{month:%Y-%m}", f"{month:%Y-%m}", nowrap=True, phone=n >= _MONTHS - 2)
                    for n, month in enumerate(months)
                ),
            ),
            rows=[
                Row(
                    {"name": place.name}
                    | {f"{month:%Y-%m}": _cell(sums.get((place.pk, month)), month, today) for month in months},
                    id=str(place.pk),
                )
                for place in places
            ],
            caption=_("Meetings of hospitals"),
            empty=Empty(_("No hospital"), "", "building-hospital"),
        ),
    ).response(request)


def _cell(told: list[int] | None, month: dt.date, today: dt.date) -> object:
    if told is None or not told[1]:
        return Tag(_("none planned"), "none")
    held, planned = told
    if held >= planned:
        return Many([f"{held} / {planned}", Tag(_("held"), "pass", "check")])
    over = add_months(month, 1) <= today
    return Many(
        [
            f"{held} / {planned}",
            Tag(pgettext("meeting", "not held"), "fail", "x")
            if over
            else Tag(pgettext("meeting", "open"), "human", "clock"),
        ]
    )
