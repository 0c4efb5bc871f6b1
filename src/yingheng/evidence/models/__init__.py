"""What was measured, what was judged, what is wrong, what people decided about it, and how it went over time."""

from yingheng.evidence.models.judging import (
    OUTCOMES,
    SUBJECTS,
    Acceptance,
    Assessment,
    Decision,
    Finding,
    MeasurementSet,
)
from yingheng.evidence.models.trends import Baseline, DevicePart, Epoch, QuantityPoint, Trend

__all__ = [
    "OUTCOMES",
    "SUBJECTS",
    "Acceptance",
    "Assessment",
    "Baseline",
    "Decision",
    "DevicePart",
    "Epoch",
    "Finding",
    "MeasurementSet",
    "QuantityPoint",
    "Trend",
]
