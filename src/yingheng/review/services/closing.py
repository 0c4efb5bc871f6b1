"""Closing a year of film review: its result is kept for good once nothing about it can change by itself any more."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict
from yingheng.jobs.services import emit
from yingheng.review.models import Appeal, Campaign, Case, YearResult
from yingheng.review.models.campaigns import Purpose, SubjectKind
from yingheng.review.readers import upward
from yingheng.review.services.appealing import DECIDE_DAYS
from yingheng.review.spec import ReadingSpec
from yingheng.review.statistics.sums import added_up, by_month, grades_and_days
from yingheng.review.statistics.years import (
    Facts,
    facts_of,
    judged,
    sums_equal,
    year_asked,
    year_days,
    year_judged,
)
from yingheng.rollups.models import Cell
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

EARLIEST_DAYS = 31  # after the last day of the year
LATEST_DAYS = 120  # then it is closed with whatever is open, and says so
_OPEN_CAMPAIGNS = (Campaign.State.DRAWN, Campaign.State.READING)


def years_due() -> int:
    """Chore: ask for closing the last year of every hospital that is ready for it; returns how many."""
    asked = 0
    for hospital in Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL).order_by("path"):
        today = local_day(hospital.zone)
        year = today.year - 1
        if YearResult.objects.filter(hospital=hospital, year=year).exists() or not may_close(hospital, year, today):
            continue
        emit(events.YEAR_ENDED, f"{hospital.pk}:{year}", scope=hospital.path)
        asked += 1
    return asked


def may_close(hospital: Organisation, year: int, today: dt.date) -> bool:
    """Whether a year has results, and nothing of it is being read, can be objected to or waits for a decision."""
    past = (today - year_days(year)[1]).days
    cells = Cell.objects.filter(hospital=hospital, indicator__startswith="review.", day__range=year_days(year))
    if past < EARLIEST_DAYS or not cells.exists():
        return False
    return past >= LATEST_DAYS or not any(open_matters(hospital, year, today).values())


def open_matters(hospital: Organisation, year: int, today: dt.date) -> dict[str, int]:
    """How many samples with films of the year are being read, may still be objected to, and how many objections wait.

    Three queries.
    """
    days = year_days(year)
    cases = Case.objects.filter(hospital=hospital, local_day__range=days)
    of_year = Campaign.objects.exclude(purpose=Purpose.CALIBRATION).filter(
        subject_kind=SubjectKind.EXAM, last_day__gte=days[0], first_day__lte=days[1],
        organisation__path__in=upward(hospital.path),
    )  # fmt: skip
    unread = of_year.filter(state__in=_OPEN_CAMPAIGNS, pk__in=cases.order_by().values("campaign"))
    since = dt.datetime.combine(today - dt.timedelta(days=120), dt.time(), tzinfo=dt.UTC)
    fresh = of_year.filter(state=Campaign.State.PUBLISHED, published_at__gte=since).only("published_at", "reading")
    still = sum(local_day(hospital.zone, row.published_at) + _appeal_days(row) >= today for row in fresh)
    waiting = Appeal.objects.filter(hospital=hospital, state=Appeal.State.FILED, case__local_day__range=days)
    return {"samples": unread.count(), "appealable": still, "appeals": waiting.count()}


def _appeal_days(row: Campaign) -> dt.timedelta:
    """The days for objecting, and for the decision on what was objected to on the last of them."""
    return dt.timedelta(days=ReadingSpec.from_dict(row.reading).appeal_days + DECIDE_DAYS)


def close_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.YEAR_ENDED`: "<hospital>:<year>"."""
    pk, _colon, year = natural_key.partition(":")
    hospital = Organisation.objects.filter(pk=pk).first()
    if hospital is not None and may_close(hospital, int(year), local_day(hospital.zone)):
        year_close(hospital=hospital, year=int(year))


@transaction.atomic
def year_close(*, hospital: Organisation, year: int) -> YearResult:
    """Keep the result of a year, once.  Conflict `review.year_unequal` when what pages show is not what was ruled."""
    Organisation.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    kept = YearResult.objects.filter(hospital=hospital, year=year).first()
    if kept is not None:
        return kept
    facts, asked = facts_of(hospital, year), year_asked(Scope.of_organisation(hospital), year).prepared()
    months = by_month(asked)
    total = added_up(one for _month, one in months)
    if not sums_equal(facts, total):
        raise Conflict("review.year_unequal", year=year)
    grades, days = grades_and_days(asked)
    held = judged("daily", days.percent, days.interval, days.denominator)
    told = [*year_judged(total), held]
    content = {
        "year": year,
        "figures": [
            {"key": one.key, "value": one.value, "interval": one.interval, "n": one.n, "standing": one.standing,
             "target": one.target.value, "better": one.target.better, "source": one.target.zh}
            for one in told
        ],
        "months": [[month, one.n, one.mean, one.excellent, one.excellent_of] for month, one in months],
        "sums": {"n": facts.n, "micro": facts.micro, "excellent": facts.excellent,
                 "excellent_of": facts.excellent_of, "waste": facts.waste, "graded": facts.graded},
        "grades": dict(grades),
        "days": [days.numerator, days.denominator],
        "open": open_matters(hospital, year, local_day(hospital.zone)),
    }  # fmt: skip
    row = YearResult.objects.create(
        hospital=hospital, year=year, content=content, facts_sha256=facts.sha256,
        sha256=content_digest(content, facts.sha256), closed_at=now(),
    )  # fmt: skip
    audit.record(
        actor=None,
        action="review_year.close",
        subject=f"review_year:{row.pk}",
        scope=hospital.path,
        after={"year": year, "n": facts.n, "sha256": row.sha256},
    )
    return row


def content_digest(content: dict[str, Any], facts_sha256: str) -> str:
    """SHA-256 of the canonical JSON of a result with the digest of its facts."""
    told = json.dumps([content, facts_sha256], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def year_check(row: YearResult) -> Facts | None:
    """Count a closed year again: None where every ruling is what it was, else what the rulings come to now.

    Conflict `review.year_altered` when the record itself is not what was written.
    """
    if content_digest(row.content, row.facts_sha256) != row.sha256:
        raise Conflict("review.year_altered", year=row.year)
    facts = facts_of(row.hospital, row.year)
    return None if facts.sha256 == row.facts_sha256 else facts
