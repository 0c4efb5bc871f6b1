"""What film review still needs pixels for: cases to be read, and results that can be objected to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.catalog.holds import register_hold
from yingheng.catalog.models import Series
from yingheng.common.clock import local_day, now
from yingheng.review.models import Appeal, Campaign, Case
from yingheng.review.spec import ReadingSpec

_LONGEST = dt.timedelta(days=91)  # that a sample can be objected to
_OVERDUE = dt.timedelta(days=90)  # a case that nobody reads for so long holds nothing any more
_OPEN = Q(campaign__state__in=(Campaign.State.DRAWN, Campaign.State.READING)) & Q(
    state__in=(Case.State.WAITING, Case.State.ARBITRATION)
)


def needed(series_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Series of exams with a case that is to be read, was objected to, or can still be objected to."""
    exam_of = dict(Series.objects.filter(pk__in=series_ids).values_list("pk", "exam_id"))
    wanted = exams_in_review(set(exam_of.values()))
    return {series: "review" for series, exam in exam_of.items() if exam in wanted}


def exams_in_review(exams: Collection[UUID]) -> set[UUID]:
    """Those of the exams whose images film review still looks at.  Two queries."""
    rows = Case.objects.filter(exam__in=exams).order_by()
    live = _OPEN & Q(campaign__due_on__gte=now().date() - _OVERDUE)
    found = set(rows.filter(live | Q(appeals__state=Appeal.State.FILED)).values_list("exam_id", flat=True))
    fresh = rows.filter(campaign__published_at__gte=now() - _LONGEST, state=Case.State.SETTLED)
    for case in fresh.select_related("campaign", "hospital").defer("campaign__draw", "campaign__sampling"):
        days = ReadingSpec.from_dict(case.campaign.reading).appeal_days
        zone = case.hospital.zone
        if local_day(zone, case.campaign.published_at) + dt.timedelta(days=days) >= local_day(zone):
            found.add(case.exam_id)
    return found


def register() -> None:
    """Add it to the registry of holds."""
    register_hold("review", needed, {"review": _("Film review is not over for it")})
