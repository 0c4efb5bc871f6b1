"""Whether film review is done as its own rules say: duties of a period, by hospital, and where to act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.charts import Point
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Empty, KeyValues, Link, Section
from yingheng.common.ui.tables import Column, Filter, FilterBar, Row, Table
from yingheng.common.ui.tiles import Rate, Tile
from yingheng.review.statistics.process import (
    ANNOUNCING_DAYS,
    APPEALS,
    DAILY,
    DUTIES,
    SAMPLES,
    TRACINGS,
    Process,
    process_of,
)
from yingheng.review.statistics.targets import targets
from yingheng.review.summing import rate
from yingheng.review.views.statistics_address import asked_of, refused
from yingheng.review.views.statistics_groups import share
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW

_WORDS: Mapping[str, Promise] = {
    DAILY: gettext_lazy("Daily review held in time"),
    SAMPLES: gettext_lazy("Samples announced in time"),
    APPEALS: gettext_lazy("Appeals decided in time"),
    TRACINGS: gettext_lazy("Causes acted on"),
}
_LISTS = {DAILY: "review:daily", SAMPLES: "review:campaigns", APPEALS: "review:appeals", TRACINGS: "review:tracings"}


@page(REVIEW_VIEW)
@require_safe
def process(request: HttpRequest) -> HttpResponse:
    """What was due in the period and what of it was done in time, for every duty and hospital."""
    asked = asked_of(request).prepared()
    found = process_of(asked, localdate())
    return DashboardPage(
        title=_("Is review done as it should be"),
        purpose=_("The rules of film review held against what was done. What is not due yet does not count."),
        crumbs=[Link(_("Statistics of film review"), reverse("review:statistics"))],
        actions=[Action(_("Film review of the year"), reverse("review:year"), "chart-bar")],
        filters=FilterBar(
            (
                Filter("first", _("From"), "date", asked.first.isoformat()),
                Filter("last", _("To"), "date", asked.last.isoformat()),
            )
        ),
        alerts=refused(request),
        tiles=[_tile(found, duty) for duty in DUTIES],
        sections=[_hospital_section(found), _month_section(found), _rule_section()],
    ).response(request)


def _rate(pair: tuple[int, int]) -> Rate:
    return rate(*pair, target=targets()["daily"].value)


def _tile(found: Process, duty: str) -> Tile:
    points = [Point(month, round(100 * k / n, 1) if n else None, n) for month, (k, n) in found.months.items()]
    own = points if duty == DAILY else []
    return Tile(str(_WORDS[duty]), rate=_rate(found.total(duty)), points=own, url=reverse(_LISTS[duty]))


def _hospital_section(found: Process) -> Section:
    ids = {pk for counts in found.duties.values() for pk in counts}
    rows = Organisation.objects.filter(pk__in=ids).order_by("path")
    title = _("By hospital")
    table = Table(
        columns=(
            Column("hospital", pgettext("column", "Hospital"), wide=True),
            *(Column(duty, str(_WORDS[duty]), align="right", nowrap=True) for duty in DUTIES),
        ),
        rows=[_row(found, row) for row in rows],
        caption=title,
        empty=Empty(_("Nothing was due in this period"), icon="calendar-off"),
    )
    return Section(title, table, flush=True)


def _row(found: Process, organisation: Organisation) -> Row:
    pk = str(organisation.pk)
    told: dict[str, Any] = {"hospital": organisation.name}
    for duty in DUTIES:
        pair = found.duties[duty].get(pk)
        told[duty] = share(_rate(pair)) if pair else None
    return Row(told, id=pk)


def _month_section(found: Process) -> Section:
    title = _("Daily review month by month")
    table = Table(
        columns=(
            Column("month", pgettext("column", "Month"), wide=True),
            Column("days", _("Days with films"), align="right", nowrap=True),
            Column("missed", _("Not in time"), align="right", nowrap=True),
            Column("held", _("Daily review held in time"), align="right", nowrap=True),
        ),
        rows=[
            Row({"month": month, "days": n, "missed": n - k, "held": share(_rate((k, n)))}, id=month)
            for month, (k, n) in found.months.items()
        ],
        caption=title,
        empty=Empty(_("No daily review in this period"), icon="calendar-off"),
    )
    actions = [Action(_("Days to review"), reverse("review:daily"), "calendar-check")]
    return Section(title, table, flush=True, actions=actions)


def _rule_section() -> Section:
    return Section(
        _("What counts"),
        KeyValues(
            [
                (str(_WORDS[DAILY]), _("Every day with films is signed for by the day that its plan gives.")),
                (str(_WORDS[SAMPLES]), _("Results are announced within %(n)d days after the last day of reading.")
                 % {"n": ANNOUNCING_DAYS}),
                (str(_WORDS[APPEALS]), _("Decided by the day that was told to whoever objected.")),
                (str(_WORDS[TRACINGS]), _("Done by the day that was agreed, with what shows it.")),
            ]
        ),
    )  # fmt: skip
