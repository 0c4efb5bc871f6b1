"""Reports on agreement: made by jobs for months that are over and for announced samples, again when readings came."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.jobs.services import emit
from yingheng.review.models import AgreementReport, Campaign, Reading
from yingheng.review.models.campaigns import Purpose
from yingheng.review.statistics.learned import learned
from yingheng.review.statistics.pairs import Given, pair_figures
from yingheng.review.statistics.people import people_figures
from yingheng.review.statistics.rows import (
    MONTHS,
    given_by_template,
    grades_of,
    month_number,
    month_of,
    read_after,
    sheets_of,
    year_of,
)
from yingheng.sheets.models import Template
from yingheng.tenancy.models import Organisation

Kind = AgreementReport.Kind
# Readers who are tested stand under their qualification; in the daily review one person reads, who is in the month's.
_NO_REPORT = (Purpose.CALIBRATION, Purpose.DAILY)
_VERSION = 3  # of what `content` holds; a new one has every report made again
_WITHIN_DAYS = 400  # campaigns announced longer ago are left as they are


def agreements_due() -> int:
    """Chore: ask for the reports of the month that is over, and of samples announced since; returns how many."""
    asked = 0
    open_ones = Q(state=Campaign.State.PUBLISHED) | (Q(purpose=Purpose.DAILY) & ~Q(state=Campaign.State.CANCELLED))
    read = Campaign.objects.filter(open_ones, n_settled__gt=0).exclude(purpose=Purpose.CALIBRATION)
    owners = Organisation.objects.filter(pk__in=read.order_by().values("organisation"))
    made = set(AgreementReport.objects.filter(kind=Kind.LEARNING).values_list("organisation_id", "month"))
    for organisation in owners.order_by("path"):
        month = month_of(month_number(local_day(organisation.zone)) - 1)
        if (organisation.pk, month) not in made:
            emit(events.AGREEMENT_ASKED, f"{organisation.pk}:{month.isoformat()}", scope=organisation.path)
            asked += 1
    announced = Campaign.objects.filter(
        state=Campaign.State.PUBLISHED,
        published_at__gte=now() - dt.timedelta(days=_WITHIN_DAYS),
        agreement_reports__isnull=True,
    )
    for row in announced.exclude(purpose__in=_NO_REPORT).select_related("organisation")[:200]:
        emit(events.AGREEMENT_ASKED, f"campaign:{row.pk}", scope=row.organisation.path)
        asked += 1
    return asked


def agreement_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.AGREEMENT_ASKED`: "<organisation>:<first day of a month>" or "campaign:<id>"."""
    what, _colon, which = natural_key.partition(":")
    if what == "campaign":
        campaign = Campaign.objects.select_related("organisation", "template").filter(pk=which).first()
        if campaign is not None:
            campaign_agreement(campaign=campaign)
        return
    organisation = Organisation.objects.filter(pk=what).first()
    if organisation is not None:
        month_agreement(organisation=organisation, month=dt.date.fromisoformat(which))


def month_agreement(*, organisation: Organisation, month: dt.date) -> list[AgreementReport]:
    """Reports of a month by score sheet, and how the machine did in the twelve months that end with it.

    A case read on both sides of the end of a month tells how readers agree in the month of its last reading.
    """
    year, sheets = year_of(organisation, month), sheets_of(year_of(organisation, month))
    later, found = read_after(organisation, month), []
    for key, given in sorted(given_by_template(year).items()):
        own = [one for one in given if one.month == month_number(month)]
        if own:
            row = {"kind": Kind.MONTH, "month": month, "template_key": key}
            last = {one.subject for one in own} - later
            whole = [one for one in given if one.subject in last]
            found.append(_keep(organisation, row, sheets[key], (own, whole), given))
    content, n, digest = learned(organisation, month, MONTHS)
    fixed = {"organisation": organisation, "kind": Kind.LEARNING, "month": month, "template_key": "", "campaign": None}
    _put(fixed, {"title": "", "n": n, "digest": f"{_VERSION}:{digest}"[:64], "content": content})
    return found


def campaign_agreement(*, campaign: Campaign) -> list[AgreementReport]:
    """Reports of an announced sample by score sheet; those of the months of its readings are made again.

    A sample that nobody read gets one that says so: nothing is asked for twice.
    """
    if campaign.state != Campaign.State.PUBLISHED or campaign.purpose in _NO_REPORT:
        return []
    rows = Reading.objects.filter(campaign=campaign)
    sheets, last = sheets_of(rows), rows.order_by("-local_day").values_list("local_day", flat=True).first()
    month = month_of(month_number(last or campaign.last_day))
    told = given_by_template(rows) or {campaign.template.key: []}
    found = []
    for key, given in sorted(told.items()):
        row = {"kind": Kind.CAMPAIGN, "month": month, "template_key": key, "campaign": campaign}
        found.append(_keep(campaign.organisation, row, sheets.get(key, campaign.template), (given, given), given))
    this = month_number(local_day(campaign.organisation.zone))
    for number in sorted({one.month for given in told.values() for one in given}):
        if number < this:
            month_agreement(organisation=campaign.organisation, month=month_of(number))
    return found


def _keep(
    organisation: Organisation,
    row: dict[str, Any],
    sheet: Template,
    told: tuple[Sequence[Given], Sequence[Given]],
    year: Sequence[Given],
) -> AgreementReport:
    """Calculate and store, unless what is stored rests on the same readings.

    `told`: the readings of the period, and all readings of the cases whose last reading it holds.
    """
    (own, whole), fixed = told, {"campaign": None} | row | {"organisation": organisation}
    digest = _digest(year, whole)
    kept = AgreementReport.objects.filter(**fixed, digest=digest).first()
    if kept is not None:
        return kept
    grades, words = grades_of(sheet)
    content = {"pairs": pair_figures(whole, grades), "grades": words} | people_figures(own, year, grades, whole)
    content["n_cases"] = len({one.subject for one in own})
    return _put(fixed, {"title": sheet.title, "n": len(own), "digest": digest, "content": content})


@transaction.atomic
def _put(fixed: dict[str, Any], told: dict[str, Any]) -> AgreementReport:
    """One row for each natural key, whoever makes it first."""
    defaults = {**told, "made_at": now()}
    if fixed.get("campaign") is not None:
        moved = {name: value for name, value in fixed.items() if name not in {"campaign", "template_key"}}
        row, _created = AgreementReport.objects.update_or_create(
            campaign=fixed["campaign"], template_key=fixed["template_key"], defaults={**defaults, **moved}
        )
        return row
    row, _created = AgreementReport.objects.update_or_create(**fixed, defaults=defaults)
    return row


def _digest(given: Sequence[Given], whole: Sequence[Given]) -> str:
    told = [_VERSION, [[g.case, g.reader, g.slot, g.score, g.grade, g.seconds, g.month] for g in given],
            [[g.case, g.slot] for g in whole]]  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
