"""Small builders for criteria, standards and measurements."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings

from imagingqc.criteria.model import Confidence, Context, Criterion, Limit, Standard
from imagingqc.errors import Reason
from imagingqc.quantity import Measurement

# Time limits of single examples say nothing on a busy machine.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUANTITY = "ct.slices.thickness"
SERIES = Context("series", {"modality": "CT"})
AT_MOST_FIVE = Limit("<=", 5)


def criterion(limit: Limit | None = AT_MOST_FIVE, **changes: Any) -> Criterion:
    given: dict[str, Any] = {
        "id": "made.up",
        "clause": "1.1",
        "text": "要求",
        "text_en": "requirement",
        "subject": "series",
        "quantity": QUANTITY,
        "unit": "mm",
        "limit": limit,
        "confidence": Confidence.VERIFIED,
        "source": "made up for a test",
    }
    return Criterion(**(given | changes))


def standard(*criteria: Criterion, **changes: Any) -> Standard:
    given: dict[str, Any] = {
        "id": "made-up-1",
        "title": "标准",
        "title_en": "standard",
        "body": "nobody",
        "level": "national",
        "source": "made up for a test",
        "valid_from": None,
        "criteria": criteria,
    }
    return Standard(**(given | changes))


def measured(value: Any, **changes: Any) -> Measurement:
    reason = Reason("missing_tag", {"tag": "SliceThickness"}) if value is None else None
    given: dict[str, Any] = {
        "quantity": QUANTITY,
        "value": value,
        "unit": "mm",
        "method": "test",
        "version": "1",
        "reason": reason,
    }
    return Measurement(**(given | changes))
