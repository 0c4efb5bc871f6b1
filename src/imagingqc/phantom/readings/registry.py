"""All forms of readings, by key."""

from __future__ import annotations

from collections.abc import Mapping

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings.ct import CT
from imagingqc.phantom.readings.detector import DETECTOR
from imagingqc.phantom.readings.fluoro import FLUORO
from imagingqc.phantom.readings.mammo import MAMMO
from imagingqc.phantom.readings.model import Reading
from imagingqc.phantom.readings.mr import MR
from imagingqc.phantom.readings.xray import XRAY
from imagingqc.quantity import Measurement, Value

READINGS: Mapping[str, Reading] = {r.key: r for r in (*XRAY, *DETECTOR, *CT, *MAMMO, *FLUORO, *MR)}


def reading_named(key: str) -> Reading:
    """The form called `key` ("ct.ctdi"); AnalysisError `reading_unknown` names those there are."""
    if key not in READINGS:
        raise AnalysisError("reading_unknown", reading=key, known=", ".join(sorted(READINGS)))
    return READINGS[key]


def measure(key: str, values: Mapping[str, Value]) -> tuple[Measurement, ...]:
    """The measurements of one filled-in form; AnalysisError as `Reading.measure` and `reading_named` say."""
    return reading_named(key).measure(values)
