"""Reject analysis: the rate with its denominator, and what the rejected exposures come from."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui.charts import Point
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Alert, Link
from yingheng.common.ui.tiles import Tile
from yingheng.rejects.models import CountedDay
from yingheng.rejects.reasons import UNKNOWN, reason_cause
from yingheng.rejects.sums import (
    Asked,
    Rates,
    above,
    by_cause,
    coverage,
    hours,
    performers,
    positions,
    rate_of,
    rates,
    reasons,
    repeats,
)
from yingheng.rejects.targets import lines
from yingheng.rejects.views.common import asked_of, cause_text, period_filters, period_query, rows_url
from yingheng.rejects.views.sections import (
    cause_section,
    device_section,
    hour_sections,
    month_section,
    performer_section,
    position_section,
    reason_section,
    repeat_section,
    rule_section,
    source_section,
)
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, EXPORT, MAPPING_EDIT, REVIEW_VIEW


@page(EXAM_VIEW)
@require_safe
def analysis(request: HttpRequest) -> HttpResponse:
    """How many of all exposures were rejected, why, where, by whom and when."""
    asked = asked_of(request)
    told, why, where = rates(asked), reasons(asked), coverage(asked)
    waiting = why.get(UNKNOWN, 0) if scope_of(request, MAPPING_EDIT) else 0
    sections = [
        month_section(asked, told),
        cause_section(why),
        reason_section(asked, why),
        device_section(asked, told),
        *_people(request, asked),
        position_section(positions(asked)),
        *hour_sections(*hours(asked)),
        source_section(asked, where),
        repeat_section(repeats(asked)),
        rule_section(),
    ]
    return DashboardPage(
        title=_("Reject analysis"),
        purpose=_("Rejected exposures of all exposures made: by logs of devices, by MPPS, else by the register."),
        crumbs=[Link(_("Retakes"), reverse("web:retakes"))],
        actions=_actions(request, asked),
        alerts=_alerts(waiting),
        filters=period_filters(request, asked),
        tiles=_tiles(asked, told, why, where),
        sections=[section for section in sections if section is not None],
    ).response(request)


def _people(request: HttpRequest, asked: Asked) -> list:  # type: ignore[type-arg]
    """Results by person, for those who may see them, where they may."""
    scope = scope_of(request, REVIEW_VIEW)
    if not scope:
        return []
    return [performer_section(asked, performers(Asked(scope, asked.first, asked.last, asked.device)))]


def _actions(request: HttpRequest, asked: Asked) -> list[Action]:
    query = period_query(asked)
    found = [Action(_("Rejected exposures"), reverse("rejects:rows") + query, "list")]
    if scope_of(request, MAPPING_EDIT):
        found.append(Action(_("Logs of devices"), reverse("rejects:logs"), "upload"))
        found.append(Action(_("Texts of reasons"), reverse("rejects:texts"), "tag"))
    if scope_of(request, EXPORT):
        for ending, name in (("csv", "CSV"), ("xlsx", "Excel"), ("pdf", "PDF")):
            found.append(Action(name, reverse("rejects:export", args=[ending]) + query, "download", kind="quiet"))
    return found


def _alerts(waiting: int) -> list[Alert]:
    if not waiting:
        return []
    text = _("%(n)d rejected exposures have a text that nobody matched to a reason yet. They count, without a cause.")
    return [Alert(text % {"n": waiting}, "human", action=Action(_("Match texts"), reverse("rejects:texts")))]


def _tiles(asked: Asked, told: Rates, why: dict[str, int], where: dict[str, int]) -> list[Tile]:
    pair = told.total
    months = [
        Point(f"{month:%Y-%m}", 100 * one[0] / one[1] if one[1] else None, one[1], above(one, "investigate"))
        for month, one in told.by_month().items()
    ]
    known = sum(n for source, n in where.items() if source != CountedDay.Source.NONE)
    days = sum(where.values())
    causes = by_cause(why, {code: reason_cause(code) for code in why})
    largest = next(iter(causes), None)
    share = f"{100 * causes[largest] / sum(why.values()):.0f} %" if largest is not None and sum(why.values()) else ""
    url = reverse("rejects:days") + period_query(asked)
    rate = rate_of(pair, target=True)
    first = (
        Tile(_("Reject rate"), rate=rate, points=months, url=rows_url(asked, counted="1"), note=_over(pair))
        if rate
        else Tile(_("Reject rate"), None, note=_("not known: no source in this period"), url=url)
    )
    return [
        first,
        Tile(_("Rejected exposures"), pair[0], n=pair[1], url=rows_url(asked, counted="1")),
        Tile(_("Days of devices with a source"), known, n=days, url=url, tone="human" if known < days else "",
             note=_("of the days with exposures; the others are not known, not 0 %")),
        Tile(_("Most frequent cause"), cause_text(largest) if largest is not None else None, note=share),
        Tile(_("Texts not matched"), why.get(UNKNOWN, 0), url=rows_url(asked, reason=UNKNOWN),
             tone="human" if why.get(UNKNOWN) else ""),
    ]  # fmt: skip


def _over(pair: tuple[int, int]) -> str:
    limit = lines()["investigate"].value
    if above(pair, "investigate"):
        return _("Surely above %(limit)g %%: look for causes.") % {"limit": limit}
    return ""
