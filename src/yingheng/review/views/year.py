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
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.errors import Conflict, error_text
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.charts import Point
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Rate, Tile
from yingheng.common.ui.words import language
from yingheng.review.models import YearResult
from yingheng.review.services.closing import year_check
from yingheng.review.statistics.sums import Asked, Sums, added_up, by_hospital, by_month, days_by
from yingheng.review.statistics.targets import targets
from yingheng.review.statistics.years import Judged, Standing, judged, year_asked, year_days, year_judged
from yingheng.review.summing import MINIMUM_N, rate
from yingheng.review.views.statistics_tiles import interval_text
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW

YEARS = 6  # that can be chosen
Days = Mapping[tuple[str, str], tuple[int, int]]
_NAMES: Mapping[str, Promise] = {
    "mean": gettext_lazy("Mean score"),
    "excellent": gettext_lazy("Excellent films"),
    "waste": gettext_lazy("Waste films"),
    "daily": gettext_lazy("Daily review held in time"),
}
STANDINGS: Mapping[Standing, tuple[Promise, str, str]] = {
    Standing.MET: (gettext_lazy("met"), "pass", "check"),
    Standing.LIKELY: (gettext_lazy("met, within chance"), "pass", "check"),
    Standing.UNLIKELY: (gettext_lazy("missed, within chance"), "human", "alert-triangle"),
    Standing.MISSED: (gettext_lazy("target missed"), "fail", "alert-triangle"),
    Standing.FEW: (gettext_lazy("too few cases to say"), "none", "info-circle"),
}


@page(REVIEW_VIEW)
@require_safe
def year(request: HttpRequest) -> HttpResponse:
    """One year: judged against the targets, by month, by hospital; the closed result where there is one."""
    chosen, today = _chosen(request), localdate()
    asked = year_asked(request.scope, chosen).prepared()
    months, days = by_month(asked), days_by(asked)
    total = added_up(one for _month, one in months)
    hospitals = {str(row.pk): row for row in _hospitals(request)}
    closed = {str(row.hospital_id): row for row in YearResult.objects.filter(year=chosen, hospital__in=hospitals)}
    judgements = [*year_judged(total), _daily(days)]
    sections = [_judged_section(judgements), _month_section(months, days)]
    if len(hospitals) > 1:
        sections.append(_hospital_section(asked, hospitals, days, closed))
    sections.append(_closed_section(hospitals, closed))
    return DashboardPage(
        title=_("Film review of the year"),
        purpose=_("The year against its plan. Announced results and those of the daily review count."),
        crumbs=[Link(_("Statistics of film review"), reverse("review:statistics"))],
        actions=[Action(_("Is review done as it should be"), reverse("review:process"), "calendar-check")],
        filters=FilterBar(
            (
                Filter("year", _("Year"), "select", str(chosen), [
                    Option(str(n), str(n)) for n in range(today.year, today.year - YEARS, -1)
                ]),
            )
        ),
        alerts=_alerts(chosen, months, hospitals, closed),
        tiles=_tiles(chosen, total, months, days),
        sections=sections,
    ).response(request)  # fmt: skip


def _chosen(request: HttpRequest) -> int:
    text, this = request.GET.get("year", ""), localdate().year
    return int(text) if text.isdecimal() and this - YEARS < int(text) <= this else this


def _hospitals(request: HttpRequest) -> list[Organisation]:
    rows = request.scope.filter(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL), "path")
    return list(rows.order_by("path"))


def _daily(days: Days) -> Judged:
    held = days_rate(days.values())
    return judged("daily", held.percent, held.interval, held.denominator)


def days_rate(told: Any) -> Rate:
    """Days held in time of days with films, against the target."""
    pairs = list(told)
    return rate(sum(k for k, _n in pairs), sum(n for _k, n in pairs), target=targets()["daily"].value)


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
    known = {month for month, one in months if one.n}
    none = [f"{chosen}-{n:02d}" for n in range(1, last + 1) if f"{chosen}-{n:02d}" not in known]
    if none and months:
        told.append(Alert(_("No results of: %(months)s") % {"months": ", ".join(none)}, "human"))
    if left < 0 and months and len(closed) < len(hospitals):
        text = _("Not closed yet: results can still be announced or objected to, and figures may change.")
        told.append(Alert(text, "human"))
    return told


def _tiles(chosen: int, total: Sums, months: Sequence[tuple[str, Sums]], days: Days) -> list[Tile]:
    first, last = year_days(chosen)
    period = urlencode({"first": first.isoformat(), "last": last.isoformat()})
    points = [Point(name, None if one.mean is None else round(one.mean, 2), one.n) for name, one in months]
    best = [Point(name, _percent(one.excellent_rate), one.excellent_of) for name, one in months]
    held = [Point(name, _percent(one), one.denominator) for name, one in _daily_months(days)]
    mean = None if total.mean is None else round(total.mean, 1)
    return [
        Tile(_("Mean score of the year"), mean, target=targets()["mean"].value, points=points, n=total.n,
             note=interval_text(total.interval), tone="few" if total.n < MINIMUM_N else "",
             url=f"{reverse('review:statistics')}?{period}"),
        Tile(_("Excellent films (by the line of the sheet)"), rate=total.excellent_rate, points=best,
             url=f"{reverse('review:cases')}?{period}"),
        Tile(_("Waste films"), rate=total.waste_rate, url=f"{reverse('review:cases')}?{period}&grade=waste"),
        Tile(_("Daily review held in time"), rate=days_rate(days.values()), points=held,
             url=f"{reverse('review:process')}?{period}"),
    ]  # fmt: skip


def _percent(one: Rate) -> float | None:
    return None if one.percent is None else round(one.percent, 1)


def _daily_months(days: Days) -> list[tuple[str, Rate]]:
    months = sorted({month for month, _hospital in days})
    return [(month, days_rate(pair for (one, _h), pair in days.items() if one == month)) for month in months]


def standing_tag(standing: Standing) -> Tag:
    """How a figure stands to its target, in words."""
    text, tone, icon = STANDINGS[standing]
    return Tag(str(text), tone, icon)  # type: ignore[arg-type]


def _judged_section(told: Sequence[Judged]) -> Section:
    table = Table(
        columns=(
            Column("what", _("Figure"), wide=True),
            Column("target", _("Target"), align="right", nowrap=True),
            Column("value", _("Year"), align="right", nowrap=True),
            Column("n", _("Cases"), align="right", phone=False),
            Column("standing", _("Verdict"), nowrap=True),
        ),
        rows=[_judged_row(one) for one in told],
        caption=_("Against the plan of the year"),
    )
    hint = _("“Within chance”: the 95 % interval of the figure holds the target.")
    return Section(_("Against the plan of the year"), table, flush=True, hint=hint)


def _judged_row(one: Judged) -> Row:
    unit = " %" if one.target.unit == "%" else ""
    sign = "≥" if one.target.better == "high" else "≤"
    between = f"{one.interval[0]:.1f}–{one.interval[1]:.1f}" if one.interval else ""
    source = one.target.zh if language() == "zh" else one.target.en
    return Row(
        {
            "what": Lines(str(_NAMES[one.key]), source),
            "target": f"{sign} {one.target.value:g}{unit}",
            "value": Lines("—" if one.value is None else f"{one.value:.1f}{unit}", between),
            "n": one.n,
            "standing": standing_tag(one.standing),
        },
        id=one.key,
    )


def _month_section(months: Sequence[tuple[str, Sums]], days: Days) -> Section:
    held = dict(_daily_months(days))
    rows = [Row({"month": month, **figures(one), "daily": _known(held.get(month))}, id=month) for month, one in months]
    empty = Empty(_("No result in this year"), _("Results count once they are announced."), "chart-bar")
    table = Table(columns=columns("month", _("Month")), rows=rows, caption=_("Month by month"), empty=empty)
    return Section(_("Month by month"), table, flush=True)


def columns(key: str, title: str) -> tuple[Column, ...]:
    """Columns of a table of groups, its first named as told."""
    return (
        Column(key, title, wide=True),
        Column("n", _("Cases"), align="right", nowrap=True),
        Column("mean", _("Mean score"), align="right", nowrap=True),
        Column("excellent", _("Excellent"), phone=False),
        Column("waste", _("Waste"), phone=False),
        Column("daily", _("Daily review"), phone=False),
    )


def figures(one: Sums) -> dict[str, Any]:
    """What a group comes to, as the cells of its row."""
    between = f"{one.interval[0]:.1f}–{one.interval[1]:.1f}" if one.interval else ""
    return {
        "n": one.n or one.graded,
        "mean": Lines("—" if one.mean is None else f"{one.mean:.1f}", between),
        "excellent": _known(one.excellent_rate),
        "waste": _known(one.waste_rate),
    }


def _known(one: Rate | None) -> Rate | None:
    return one if one is not None and one.denominator else None


def _hospital_section(
    asked: Asked, hospitals: Mapping[str, Organisation], days: Days, closed: Mapping[str, YearResult]
) -> Section:
    sums = by_hospital(asked)
    rows = []
    for pk, hospital in hospitals.items():
        one, held = sums.get(pk, Sums()), days_rate(pair for (_m, own), pair in days.items() if own == pk)
        mark = Tag(_("closed"), "accent", "check") if pk in closed else None
        told = {"hospital": Lines(hospital.name, mark or ""), **figures(one), "daily": _known(held)}
        rows.append((one.n, Row(told, id=pk, tone="few" if one.n < MINIMUM_N else "")))
    rows.sort(key=lambda pair: -pair[0])
    table = Table(columns=columns("hospital", _("Hospital")), rows=[row for _n, row in rows], caption=_("By hospital"))
    return Section(_("By hospital"), table, flush=True)


def _closed_section(hospitals: Mapping[str, Organisation], closed: Mapping[str, YearResult]) -> Section:
    title = _("Closed results")
    table = Table(
        columns=(
            Column("hospital", _("Hospital"), wide=True),
            Column("mean", _("Mean score"), align="right", nowrap=True),
            Column("excellent", _("Excellent"), align="right", nowrap=True),
            Column("at", _("Closed on"), nowrap=True),
            Column("sum", "SHA-256", phone=False),
            Column("act", ""),
        ),
        rows=[_closed_row(hospitals[pk], row) for pk, row in closed.items()],
        caption=title,
        empty=Empty(
            _("The year is not closed"),
            _("It is closed by itself, 31 days after its end or once nothing can be objected to any more."),
            "calendar-off",
        ),
    )
    return Section(title, table, flush=True)


def _closed_row(hospital: Organisation, row: YearResult) -> Row:
    told = {one["key"]: one for one in row.content["figures"]}
    tags = {key: standing_tag(Standing(told[key]["standing"])) for key in ("mean", "excellent")}
    check = Action(
        _("Count again"), reverse("review:year_check", args=[row.pk]), "refresh", method="post", kind="quiet"
    )
    return Row(
        {
            "hospital": Lines(hospital.name, f"n = {row.content['sums']['n']}"),
            "mean": Lines(_figure(told["mean"], ""), tags["mean"]),
            "excellent": Lines(_figure(told["excellent"], " %"), tags["excellent"]),
            "at": When(row.closed_at),
            "sum": row.sha256[:12],
            "act": check,
        },
        id=str(row.pk),
    )


def _figure(told: Mapping[str, Any], unit: str) -> str:
    return "—" if told["value"] is None else f"{told['value']:.1f}{unit}"


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
