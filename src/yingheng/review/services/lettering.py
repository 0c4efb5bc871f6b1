"""Burned-in letters are looked for before anybody reads: by jobs, so that no reader waits for it.

A job looks at a few cases and then asks for those after them.  What was found in an object is kept at once
(`review.letters`), where the reading room looks: a job that was stopped goes on from there, and asking again is cheap.
"""

from __future__ import annotations

import logging
from typing import Any

from imagingqc.errors import DataError
from yingheng.catalog.selectors import instances_of_series, series_of_exam
from yingheng.common import events
from yingheng.common.errors import NotFound
from yingheng.jobs.services import emit
from yingheng.review.letters import covers_of, is_lettered, reads_text, shown_blind
from yingheng.review.models import Campaign, Case
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.scope import Scope

AT_ONCE = 10  # cases of one job
_PRIORITY = -1  # after what a scanner waits for, before what nobody waits for
_OPEN = (Case.State.WAITING, Case.State.ARBITRATION)
logger = logging.getLogger(__name__)


def letters_ask(campaign: Campaign, first: int = 1) -> None:
    """Have letters looked for in the images of a sample from case number `first` on; in the caller's transaction.

    Nothing for a sample that is not being read, or from whose readers nothing is hidden.
    """
    if campaign.state != Campaign.State.READING or ReadingSpec.from_dict(campaign.reading).blind == "open":
        return
    emit(events.LETTERS_ASKED, f"{campaign.pk}:{first}", scope=campaign.organisation.path, priority=_PRIORITY)


def letters_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.LETTERS_ASKED`: "<campaign>:<number of a case>".  Nothing where no program reads text: the
    cases are unchecked then (`letters.is_unchecked`)."""
    if not reads_text():
        return
    pk, _colon, first = natural_key.partition(":")
    campaign = Campaign.objects.select_related("organisation").filter(pk=pk, state=Campaign.State.READING).first()
    if campaign is None:
        return
    rows = campaign.cases.filter(state__in=_OPEN, exam__isnull=False, number__gte=int(first))
    cases = list(rows.select_related("exam", "hospital").order_by("number")[: AT_ONCE + 1])
    for case in cases[:AT_ONCE]:
        _look(case)
    if len(cases) > AT_ONCE:
        letters_ask(campaign, cases[AT_ONCE].number)


def _look(case: Case) -> None:
    """Every object of the case's exam that readers are shown and that may carry text."""
    scope = Scope.of_organisation(case.hospital)
    for series in shown_blind([one for one in series_of_exam(scope, case.exam) if one.geometry.get("rows")]):
        if series.pixels_gone_at is not None or not is_lettered(series):
            continue
        for row in instances_of_series(scope, series):
            try:
                covers_of(row, series)
            except (DataError, NotFound) as exc:  # the room says so as well
                logger.warning("letters of %s could not be looked for: %s", row.pk, exc)
