"""The time: an instant in UTC, a day by the wall clock of the hospital."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """This instant, aware, in UTC."""
    return timezone.now()


def local_day(zone: str, at: datetime | None = None) -> date:
    """The calendar day in `zone` (IANA name) at the instant `at` (now when not given; must be aware)."""
    instant = now() if at is None else at
    if instant.tzinfo is None:
        raise ValueError("a time without a zone has no local day")
    return instant.astimezone(ZoneInfo(zone)).date()
