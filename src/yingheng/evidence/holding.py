"""What evidence still needs pixels for: findings that nobody settled, acceptances and questions that wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from yingheng.catalog.holds import register_hold
from yingheng.catalog.models import Exam, Series
from yingheng.common.clock import now
from yingheng.evidence.courses import LIVE_STATES
from yingheng.evidence.lights import acceptances_waiting
from yingheng.evidence.models import Finding
from yingheng.tenancy.scope import Scope

# A question that nobody answers does not fill the disk for ever; a finding or an acceptance is somebody's to settle.
QUESTION_DAYS = 90


def needed(series_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Series of exams with an open finding, an acceptance without a decision, or an open question of 90 days."""
    exam_of = dict(Series.objects.filter(pk__in=series_ids).values_list("pk", "exam_id"))
    exams = set(exam_of.values())
    found = set(Finding.objects.filter(exam__in=exams, state__in=LIVE_STATES).values_list("exam_id", flat=True))
    accepted = acceptances_waiting(Scope.everything(), exams)
    since = now() - dt.timedelta(days=QUESTION_DAYS)
    asked = Exam.objects.filter(pk__in=exams, outcome="NEEDS_HUMAN", last_received_at__gte=since)
    open_ones = set(asked.values_list("pk", flat=True))
    codes = {}
    for series_id, exam_id in exam_of.items():
        if exam_id in found:
            codes[series_id] = "finding"
        elif exam_id in accepted:
            codes[series_id] = "acceptance"
        elif exam_id in open_ones:
            codes[series_id] = "review"
    return codes


def register() -> None:
    """Add it to the registry of holds."""
    words = {
        "finding": _("A finding is not settled"),
        "acceptance": _("An acceptance waits for a decision"),
        "review": _("The exam waits for a person's verdict"),
    }
    register_hold("evidence", needed, words)
