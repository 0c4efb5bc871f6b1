"""The open readings of an organisation, as statistics need them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db.models import Q, QuerySet

from yingheng.review.models import Campaign, Reading
from yingheng.review.models.campaigns import Purpose
from yingheng.review.periods import ONE
from yingheng.review.statistics.pairs import Given
from yingheng.sheets.models import Template
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.models import Organisation

MOST = 400_000  # readings that are held against each other; the newest ones
MONTHS = 12
#: Sealed results tell nobody anything, and a calibration set is answered against what is known already.
OPEN_READINGS = (
    Q(campaign__state=Campaign.State.PUBLISHED)
    | (Q(campaign__purpose=Purpose.DAILY) & ~Q(campaign__state=Campaign.State.CANCELLED))
) & ~Q(campaign__purpose=Purpose.CALIBRATION)


def month_number(day: dt.date) -> int:
    """Months counted from the year 0."""
    return day.year * 12 + day.month - 1


def month_of(number: int) -> dt.date:
    """The first day of a counted month."""
    return dt.date(number // 12, number % 12 + 1, 1)


def open_readings(organisation: Organisation) -> QuerySet[Reading]:
    """Readings that the organisation asked for and whose results are open."""
    return Reading.objects.filter(OPEN_READINGS, campaign__organisation=organisation)


def year_of(organisation: Organisation, month: dt.date) -> QuerySet[Reading]:
    """The open readings of the twelve months that end with `month`."""
    first, after = month_of(month_number(month) - MONTHS + 1), month_of(month_number(month) + 1)
    return open_readings(organisation).filter(local_day__range=(first, after - ONE))


def read_after(organisation: Organisation, month: dt.date) -> set[str]:
    """Cases, whichever time they were shown, with open readings of after `month`.  One query."""
    rows = open_readings(organisation).filter(local_day__gte=month_of(month_number(month) + 1)).order_by()
    told = rows.values_list("case_id", "case__repeat_of_id").iterator(5000)
    return {str(original or case) for case, original in told}


def given_by_template(rows: QuerySet[Reading]) -> dict[str, list[Given]]:
    """Key of the score sheet -> readings, in a steady order.  One query."""
    found: dict[str, list[Given]] = defaultdict(list)
    told = rows.order_by("-local_day", "-pk").values_list(
        "template__key", "case_id", "case__repeat_of_id", "reader_id", "slot", "score", "grade", "seconds", "local_day"
    )[:MOST]
    for key, case, original, reader, slot, score, grade, seconds, day in told.iterator(5000):
        one = Given(str(case), str(original or ""), str(reader), slot, score, grade, seconds, month_number(day))
        found[key].append(one)
    return {key: sorted(several, key=lambda g: (g.case, g.slot)) for key, several in found.items()}


def sheets_of(rows: QuerySet[Reading]) -> dict[str, Template]:
    """Key -> the newest edition of each score sheet that was used.  One query."""
    used = Template.objects.filter(pk__in=rows.order_by().values("template").distinct())
    return {row.key: row for row in used.order_by("version")}


def grades_of(template: Template) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Keys of the grades in order, and what they are called in both languages."""
    steps = spec_of(template).grades
    return [step.key for step in steps], {step.key: {"zh": step.label.zh, "en": step.label.en} for step in steps}
