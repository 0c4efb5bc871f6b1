"""The figures at the top of the statistics of film review and of audits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.ui.charts import Point
from yingheng.common.ui.tiles import Tile
from yingheng.common.ui.words import language
from yingheng.review.models import SubjectKind
from yingheng.review.services.counting import CONFORM
from yingheng.review.statistics.sums import FILM_GRADES, Asked, Sums, grades_and_days
from yingheng.review.statistics.targets import targets
from yingheng.review.subjects import excellent_text, is_film, mean_target, mean_text
from yingheng.review.summing import MINIMUM_N, rate
from yingheng.rollups.selectors import cell_sums


def tiles_of(asked: Asked, total: Sums, months: list[tuple[str, Sums]]) -> list[Tile]:
    """Of films points, excellent, grade A, waste and the daily review; of audits what applies to them."""
    if not is_film(asked.subject):
        return _audit_tiles(asked, total, months)
    grades, held = grades_and_days(asked)
    aim = targets()
    mean = None if total.mean is None else f"{total.mean:.1f}"
    points = [Point(name, None if one.mean is None else round(one.mean, 2), one.n) for name, one in months]
    best = rate(grades["a"], sum(grades.values()))
    return [
        Tile(_("Mean score"), mean, points=points, n=total.n, target=aim["mean"].value,
             better="high", minimum_n=MINIMUM_N, note=interval_text(total.interval), url=cases_url(asked)),
        Tile(_("Excellent (by the line of the sheet)"), rate=total.excellent_rate,
             points=_shares(months, lambda one: one.excellent_rate)),
        Tile(_("Grade A films"), rate=best, url=cases_url(asked, grade="a"), note=_grade_text(grades)),
        Tile(_("Waste films"), rate=total.waste_rate, url=cases_url(asked, grade="waste"),
             points=_shares(months, lambda one: one.waste_rate)),
        Tile(_("Daily review held in time"), rate=held, url=reverse("review:campaigns")),
    ]  # fmt: skip


def _audit_tiles(asked: Asked, total: Sums, months: list[tuple[str, Sums]]) -> list[Tile]:
    """Of records, reports and the SOP: points and, of reports, how many conform."""
    points = [Point(name, None if one.mean is None else round(one.mean, 2), one.n) for name, one in months]
    tiles = [
        Tile(mean_text(asked.subject), None if total.mean is None else f"{total.mean:.1f}", points=points, n=total.n,
             target=mean_target(asked.subject), better="high", minimum_n=MINIMUM_N,
             note=interval_text(total.interval), url=cases_url(asked)),
        Tile(excellent_text(asked.subject), rate=rate(total.excellent, total.excellent_of),  # no plan asks for a share
             points=_shares(months, lambda one: one.excellent_rate)),
    ]  # fmt: skip
    if asked.subject == SubjectKind.REPORT:
        told = cell_sums(asked.scope, indicator=CONFORM, first=asked.first, last=asked.last)
        k, n = sum(one.numerator for one in told), sum(one.denominator for one in told)
        note = _("National indicator 3: conforming reports / reports drawn and settled, not all reports")
        tiles.append(Tile(_("Report conformity"), rate=rate(k, n), note=note))
    return tiles


def _shares(months: list[tuple[str, Sums]], of: Any) -> list[Point]:
    told = [(name, of(one)) for name, one in months]
    return [Point(name, None if r.percent is None else round(r.percent, 1), r.denominator) for name, r in told]


def _grade_text(grades: Mapping[str, int]) -> str:
    names = ("甲", "乙", "丙", "废") if language() == "zh" else ("A", "B", "C", "waste")
    told = zip(names, FILM_GRADES, strict=True)
    return " · ".join(f"{name} {grades[key]}" for name, key in told) if any(grades.values()) else ""


def interval_text(interval: tuple[float, float] | None) -> str:
    """A 95 % interval in words; "" without one."""
    if interval is None:
        return ""
    return _("95 %% interval %(low).1f–%(high).1f") % {"low": interval[0], "high": interval[1]}


def period_query(asked: Asked) -> dict[str, str]:
    """Period, purpose and subject as an address carries them."""
    told = {"first": asked.first.isoformat(), "last": asked.last.isoformat(), "purpose": asked.purpose,
            "subject": "" if is_film(asked.subject) else asked.subject}  # fmt: skip
    return {key: value for key, value in told.items() if value}


def cases_url(asked: Asked, **more: str) -> str:
    """The list of the cases behind a figure."""
    wanted = {key: value for key, value in more.items() if value}
    return f"{reverse('review:cases')}?{urlencode({**period_query(asked), **wanted})}"
