"""Groups of results as tables, and months as a picture: n, mean and shares with their intervals, few cases in grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.parts import Empty, Lines, Many, Section, Tag
from yingheng.common.ui.period_chart import Period, PeriodChart
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Rate
from yingheng.review.statistics.sums import Asked, Sums
from yingheng.review.statistics.targets import targets
from yingheng.review.subjects import excellent_text, is_film, mean_target, mean_text
from yingheng.review.summing import MINIMUM_N
from yingheng.review.views.statistics_tiles import cases_url, period_query

SHOWN = 60  # groups on the page; the export has all
CROSSED = ("performer", "device", "position")  # groups that have a page of their own
Group = tuple[str, str, Sums]  # key, name, numbers


def group_section(
    asked: Asked, by: str, title: str, groups: Sequence[Group], *, within: Mapping[str, str] | None = None
) -> Section:
    """By device, person, position …; `within` is the group that all of these are part of."""
    table = Table(
        columns=columns(title, asked.subject),
        rows=[
            group_row(key, name, one, group_url(asked, by, key, within or {}), asked.subject)
            for key, name, one in groups[:SHOWN]
        ],
        caption=title,
        empty=Empty(
            _("No result in this period"),
            _("Results count once they are announced; those of the daily review at once."),
            "chart-bar",
        ),
    )
    more = _("The %(n)d largest.") % {"n": SHOWN} if len(groups) > SHOWN else ""
    few = _("Below each figure n and its 95 %% interval; fewer than %(n)d cases are grey: too few to compare.")
    hint = " ".join(filter(None, (more, few % {"n": MINIMUM_N})))
    return Section(_("By %(what)s") % {"what": title.lower()}, table, flush=True, hint=hint if groups else "")


def group_url(asked: Asked, by: str, key: str, within: Mapping[str, str]) -> str:
    """Where a group leads: a person, device or position to a page of its own, any other to its cases."""
    if within or by not in CROSSED or not key:
        return cases_url(asked, **{**within, by: key or "-"})
    return f"{reverse('review:statistics_within')}?{urlencode({by: key, **period_query(asked)})}"


def columns(title: str, subject: str) -> tuple[Column, ...]:
    """Of a table of groups; of audits there is no waste."""
    return (
        Column("name", title, wide=True),
        Column("n", _("Cases"), align="right", nowrap=True),
        Column("mean", mean_text(subject), align="right", nowrap=True),
        Column("excellent", excellent_text(subject), align="right", nowrap=True),
        *([Column("waste", _("Waste"), align="right", nowrap=True)] if is_film(subject) else []),
    )


def group_row(key: str, name: str, one: Sums, url: str, subject: str) -> Row:
    """One group; grey with too few cases."""
    small = (one.n or one.graded) < MINIMUM_N
    few = [Tag(_("fewer than %(n)s") % {"n": MINIMUM_N}, "none")] if small else []
    return Row({"name": Many([name, *few]), **figures(one, subject)}, url=url, id=key, tone="few" if small else "")


def figures(one: Sums, subject: str) -> dict[str, Any]:
    """What a group comes to, as the cells of its row."""
    found: dict[str, Any] = {
        "n": one.n or one.graded,
        "mean": Lines("—" if one.mean is None else f"{one.mean:.1f}", interval_short(one.interval)),
        "excellent": share(one.excellent_rate),
    }
    return found | ({"waste": share(one.waste_rate)} if is_film(subject) else {})


def share(one: Rate | None) -> Lines | None:
    """A share with n and interval below it; None where nothing could be counted."""
    if one is None or not one.denominator:
        return None
    below = f"n = {one.denominator}"
    return Lines(f"{one.text} %", f"{below} · {interval_short(one.interval)}" if one.interval else below)


def interval_short(interval: tuple[float, float] | None) -> str:
    """A 95 % interval as numbers alone; "" without one."""
    return f"{interval[0]:.1f}–{interval[1]:.1f}" if interval else ""


def month_sections(asked: Asked, months: Sequence[tuple[str, Sums]]) -> list[Section]:
    """Month by month: the means as a picture where there are several, and the numbers."""
    title = _("Month by month")
    rows = [month_row(name, one, asked.subject) for name, one in months]
    table = Table(columns=columns(pgettext("column", "Month"), asked.subject), rows=rows, caption=title,
                  empty=Empty(_("No result in this period"), icon="chart-bar"))  # fmt: skip
    return [*chart_sections(asked.subject, months), Section(title, table, flush=True)]


def month_row(name: str, one: Sums, subject: str, **more: Any) -> Row:
    """One month; grey with too few cases."""
    few = "few" if (one.n or one.graded) < MINIMUM_N else ""
    return Row({"name": name, **figures(one, subject), **more}, id=name, tone=few)


def chart_sections(subject: str, months: Sequence[tuple[str, Sums]]) -> list[Section]:
    """The means of months with their intervals against the target; nothing to draw of a single one."""
    line = targets()["mean"].value if is_film(subject) else mean_target(subject)
    periods = [Period(name, one.mean, one.n, one.interval) for name, one in months]
    chart = PeriodChart(mean_text(subject), periods, target=line, minimum_n=MINIMUM_N)
    title = _("%(figure)s month by month") % {"figure": mean_text(subject)}
    return [Section(title, chart)] if chart.shown else []
