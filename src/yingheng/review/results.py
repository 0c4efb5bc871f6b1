"""Whose results are open, and whose count: plain questions about cases."""

from __future__ import annotations

from django.db.models import Q

from yingheng.review.models import Campaign, Case
from yingheng.review.models.campaigns import Purpose

#: Cases that test readers are settled and tell nothing of a hospital or a technologist.
TESTING = (Case.Origin.REPEAT, Case.Origin.KNOWN)
OPEN_CASES = Q(campaign__state=Campaign.State.PUBLISHED) | (
    Q(campaign__purpose=Purpose.DAILY) & ~Q(campaign__state=Campaign.State.CANCELLED)
)
REAL_CASES = ~Q(origin__in=TESTING) & ~Q(campaign__purpose=Purpose.CALIBRATION)


def is_open(campaign: Campaign) -> bool:
    """Whether results may be seen and count: at once for the daily review, else once they are announced."""
    if campaign.state == Campaign.State.CANCELLED:
        return False
    return campaign.state == Campaign.State.PUBLISHED or campaign.purpose == Purpose.DAILY


def is_real(case: Case) -> bool:
    """Whether a case tells of a hospital: no repeat, no known answer, no calibration."""
    return case.origin not in TESTING and case.campaign.purpose != Purpose.CALIBRATION
