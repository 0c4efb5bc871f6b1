"""Saying that rules changed."""

from __future__ import annotations

import datetime as dt

from yingheng.common import events
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation


def rules_changed(hospital: Organisation, first_day: dt.date) -> None:
    """State, in the caller's transaction, that exams from that local day on are judged by other rules now."""
    jobs.emit(events.RULES_CHANGED, f"{hospital.pk}:{first_day.isoformat()}", scope=hospital.path)
