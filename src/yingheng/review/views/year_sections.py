"""The sections of the page of a year: judged, month by month, hospital by hospital, and what was closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from yingheng.common.ui.parts import Action, Empty, Lines, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Rate
from yingheng.common.ui.words import language
from yingheng.review.models import SubjectKind, YearResult
from yingheng.review.statistics.sums import Asked, Sums, by_hospital
from yingheng.review.statistics.targets import targets
from yingheng.review.statistics.years import Judged, Standing
from yingheng.review.summing import MINIMUM_N, rate
from yingheng.review.views.statistics_groups import (
    chart_sections,
    columns,
    figures,
    interval_short,
    month_row,
    share,
)
from yingheng.tenancy.models import Organisation

Days = Mapping[tuple[str, str], tuple[int, int]]
FILMS = SubjectKind.EXAM.value
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


def days_rate(told: Iterable[tuple[int, int]]) -> Rate:
    """Days held in time of days with films, against the target."""
    pairs = list(told)
    return rate(sum(k for k, _n in pairs), sum(n for _k, n in pairs), target=targets()["daily"].value)


def daily_months(days: Days) -> list[tuple[str, Rate]]:
    """Days held in time by month, in order."""
    months = sorted({month for month, _hospital in days})
    return [(month, days_rate(pair for (one, _h), pair in days.items() if one == month)) for month in months]


def standing_tag(standing: Standing) -> Tag:
    """How a figure stands to its target, in words."""
    text, tone, icon = STANDINGS[standing]
    return Tag(str(text), tone, icon)  # type: ignore[arg-type]


def judged_section(told: Sequence[Judged]) -> Section:
    """Every figure of the year against its target."""
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
    source = one.target.zh if language() == "zh" else one.target.en
    return Row(
        {
            "what": Lines(str(_NAMES[one.key]), source),
            "target": f"{sign} {one.target.value:g}{unit}",
            "value": Lines("—" if one.value is None else f"{one.value:.1f}{unit}", interval_short(one.interval)),
            "n": one.n,
            "standing": standing_tag(one.standing),
        },
        id=one.key,
    )


def month_sections(months: Sequence[tuple[str, Sums]], days: Days) -> list[Section]:
    """The means of the months as a picture, and their numbers with the days that were reviewed in time."""
    held = dict(daily_months(days))
    rows = [month_row(month, one, FILMS, daily=share(held.get(month))) for month, one in months]
    empty = Empty(_("No result in this year"), _("Results count once they are announced."), "chart-bar")
    title = _("Month by month")
    table = Table(columns=_columns(pgettext("column", "Month")), rows=rows, caption=title, empty=empty)
    return [*chart_sections(FILMS, months), Section(title, table, flush=True)]


def _columns(title: str) -> tuple[Column, ...]:
    daily = Column("daily", _("Daily review"), align="right", nowrap=True)
    return (*columns(title, FILMS), daily)


def hospital_section(
    asked: Asked, hospitals: Mapping[str, Organisation], days: Days, closed: Mapping[str, YearResult]
) -> Section:
    """Hospital by hospital, the largest first; grey with too few cases."""
    sums = by_hospital(asked)
    rows = []
    for pk, hospital in hospitals.items():
        one, held = sums.get(pk, Sums()), days_rate(pair for (_m, own), pair in days.items() if own == pk)
        mark = Tag(_("closed"), "accent", "check") if pk in closed else None
        told = {"name": Lines(hospital.name, mark or ""), **figures(one, FILMS), "daily": share(held)}
        n = one.n or one.graded
        rows.append((n, Row(told, id=pk, tone="few" if n < MINIMUM_N else "")))
    rows.sort(key=lambda pair: -pair[0])
    title = _("By hospital")
    table = Table(columns=_columns(pgettext("column", "Hospital")), rows=[row for _n, row in rows], caption=title)
    return Section(title, table, flush=True)


def closed_section(hospitals: Mapping[str, Organisation], closed: Mapping[str, YearResult]) -> Section:
    """What was closed, with the digest of its rulings."""
    title = _("Closed results")
    table = Table(
        columns=(
            Column("hospital", pgettext("column", "Hospital"), wide=True),
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
