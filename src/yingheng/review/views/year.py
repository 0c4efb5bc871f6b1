"""A year of film review against its plan, month by month and hospital by hospital, and what was closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.errors import Conflict, error_text
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.charts import Point
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Alert, Link
from yingheng.common.ui.tables import Filter, FilterBar, Option
from yingheng.common.ui.tiles import Rate, Tile
from yingheng.review.models import YearResult
from yingheng.review.services.closing import year_check
from yingheng.review.statistics.sums import Sums, added_up, by_month, days_by
from yingheng.review.statistics.targets import targets
from yingheng.review.statistics.years import Judged, judged, year_asked, year_days, year_judged
from yingheng.review.summing import MINIMUM_N
from yingheng.review.views.statistics_tiles import interval_text
from yingheng.review.views.year_sections import (
    Days,
    closed_section,
    daily_months,
    days_rate,
    hospital_section,
    judged_section,
    month_sections,
)
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW

YEARS = 6  # that can be chosen


@page(REVIEW_VIEW)
@require_safe
def year(request: HttpRequest) -> HttpResponse:
    """One year: judged against the targets, by month, by hospital; the closed result where there is one."""
    chosen = _chosen(request)
    asked = year_asked(request.scope, chosen).prepared()
    months, days = by_month(asked), days_by(asked)
    total = added_up(one for _month, one in months)
    hospitals = {str(row.pk): row for row in _hospitals(request)}
    closed = {str(row.hospital_id): row for row in YearResult.objects.filter(year=chosen, hospital__in=hospitals)}
    judgements = [*year_judged(total), _daily(days)]
    sections = [judged_section(judgements), *month_sections(months, days)]
    if len(hospitals) > 1:
        sections.append(hospital_section(asked, hospitals, days, closed))
    sections.append(closed_section(hospitals, closed))
    return DashboardPage(
        title=_("Film review of the year"),
        purpose=_("The year against its plan. Announced results and those of the daily review count."),
        crumbs=[Link(_("Statistics of film review"), reverse("review:statistics"))],
        actions=[Action(_("Is review done as it should be"), reverse("review:process"), "calendar-check")],
        filters=FilterBar(
            (
                Filter("year", _("Year"), "select", str(chosen), [Option(str(n), str(n)) for n in _years()]),
            )
        ),
        alerts=[*_refused(request, chosen), *_alerts(chosen, months, hospitals, closed)],
        tiles=_tiles(chosen, total, months, days),
        sections=sections,
    ).response(request)  # fmt: skip


def _chosen(request: HttpRequest) -> int:
    """The year of the address, else the running one."""
    text, years = request.GET.get("year", ""), {str(one): one for one in _years()}
    return years.get(text, localdate().year)


def _years() -> list[int]:
    this = localdate().year
    return list(range(this, this - YEARS, -1))


def _refused(request: HttpRequest, chosen: int) -> list[Alert]:
    text = request.GET.get("year", "")
    if not text or text == str(chosen):
        return []
    words = _("“%(text)s” is no year that can be shown; shown is %(year)d.")
    return [Alert(words % {"text": text[:40], "year": chosen}, "human")]


def _hospitals(request: HttpRequest) -> list[Organisation]:
    rows = request.scope.filter(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL), "path")
    return list(rows.order_by("path"))


def _daily(days: Days) -> Judged:
    held = days_rate(days.values())
    return judged("daily", held.percent, held.interval, held.denominator)


def _alerts(
    chosen: int, months: Sequence[tuple[str, Sums]], hospitals: Mapping[str, Any], closed: Mapping[str, Any]
) -> list[Alert]:
    """Why this is not the last word on the year, where it is not."""
    left, told = (year_days(chosen)[1] - localdate()).days, []
    if left >= 0:
        text = _("The year is not complete: %(n)d days are left. Figures are those of the films so far.") % {
            "n": left + 1
        }
        told.append(Alert(text, "human"))
    last = localdate().month if left >= 0 else 12
    known = {int(month[5:]) for month, one in months if one.n or one.graded}
    none = _runs(chosen, [n for n in range(1, last + 1) if n not in known])
    if none and months:
        told.append(Alert(_("No results of: %(months)s") % {"months": ", ".join(none)}, "human"))
    if left < 0 and months and len(closed) < len(hospitals):
        text = _("Not closed yet: results can still be announced or objected to, and figures may change.")
        told.append(Alert(text, "human"))
    return told


def _runs(chosen: int, numbers: Sequence[int]) -> list[str]:
    """Months as text, those that follow each other as one."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return [" – ".join(f"{chosen}-{n:02d}" for n in sorted({run[0], run[-1]})) for run in runs]


def _tiles(chosen: int, total: Sums, months: Sequence[tuple[str, Sums]], days: Days) -> list[Tile]:
    first, last = year_days(chosen)
    period = urlencode({"first": first.isoformat(), "last": last.isoformat()})
    points = [Point(name, None if one.mean is None else round(one.mean, 2), one.n) for name, one in months]
    best = [Point(name, _percent(one.excellent_rate), one.excellent_of) for name, one in months]
    held = [Point(name, _percent(one), one.denominator) for name, one in daily_months(days)]
    mean = None if total.mean is None else f"{total.mean:.1f}"
    return [
        Tile(_("Mean score of the year"), mean, target=targets()["mean"].value, better="high", points=points, n=total.n,
             note=interval_text(total.interval), minimum_n=MINIMUM_N,
             url=f"{reverse('review:statistics')}?{period}"),
        Tile(_("Excellent films (by the line of the sheet)"), rate=total.excellent_rate, points=best,
             url=f"{reverse('review:cases')}?{period}"),
        Tile(_("Waste films"), rate=total.waste_rate, url=f"{reverse('review:cases')}?{period}&grade=waste"),
        Tile(_("Daily review held in time"), rate=days_rate(days.values()), points=held,
             url=f"{reverse('review:process')}?{period}"),
    ]  # fmt: skip


def _percent(one: Rate) -> float | None:
    return None if one.percent is None else round(one.percent, 1)


@page(REVIEW_VIEW)
@require_POST
def check(request: HttpRequest, result_id: UUID) -> HttpResponse:
    """Count a closed year again from its rulings, and say whether it is still that."""
    rows = request.scope.filter(YearResult.objects.select_related("hospital"))
    row = row_or_not_found(rows, result_id, "review.year_unknown")
    try:
        facts = year_check(row)
    except Conflict as exc:
        messages.error(request, error_text(exc))
    else:
        if facts is None:
            messages.success(
                request, _("Every result of %(year)d is what it was when the year was closed.") % {"year": row.year}
            )
        else:
            told = {"n": facts.n, "mean": f"{facts.micro / 1e6 / facts.n:.2f}" if facts.n else "—"}
            messages.warning(
                request,
                _("Results changed since: now %(n)d cases, mean %(mean)s. The closed result stays.") % told,
            )
    return redirect(f"{reverse('review:year')}?year={row.year}")
