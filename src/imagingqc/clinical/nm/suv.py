"""Standardized uptake value by body weight: what a PET pixel in Bq/ml is to be multiplied by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from imagingqc.clinical.dx.repeats import acquisition_time
from imagingqc.clinical.nm.activity import LONGEST, administered_activity, injection_time
from imagingqc.clinical.nm.pet import suv_obstacles
from imagingqc.dicom.model import Instance
from imagingqc.errors import AnalysisError

_TEXT = "%Y-%m-%d %H:%M:%S"


def suv_factor(images: Sequence[Instance]) -> float:
    """g/ml for each Bq/ml in the images of one PET series; 1 where the pixels are g/ml already.

    SUV = concentration x body weight / activity.  The activity is that at the time to which the pixels are corrected:
    the start of the series (Decay Correction START) or the injection (ADMIN).  The start of the series is Series Date
    and Time, which must not lie after the acquisition of any image: a series made later carries the time of its making.
    Raises AnalysisError: the first of `pet.suv_obstacles`, `mixed_values`, `missing_tag`, `contradictory_tags`,
    `injection_after_scan`, `implausible`, `no_images`.
    Source: PS3.3 C.8.9.1 (PET series: Units, Decay Correction) and C.8.9.2 (isotope); the QIBA way of computing SUV.
    """
    factors = sorted({_factor(one) for one in images})
    if not factors:
        raise AnalysisError("no_images", kinds="0")
    if factors[-1] - factors[0] > 1e-6 * factors[0]:
        values = ", ".join(f"{factor:.6g}" for factor in (factors[0], factors[-1]))
        raise AnalysisError("mixed_values", tag="SUV", values=values)
    return factors[0]


def _factor(image: Instance) -> float:
    obstacles = suv_obstacles(image)
    if obstacles:
        reason = obstacles[0][1]
        raise AnalysisError(reason.code, **reason.values)
    if (image.text("Units") or "").strip().upper() == "GML":
        return 1.0
    grams = 1000 * (image.number("PatientWeight") or 0.0)
    activity = 1e6 * administered_activity(image)
    if (image.text("DecayCorrection") or "").strip().upper() == "START":
        half_life = image.number("RadionuclideHalfLife") or 0.0
        activity *= 2 ** (-_delay(image).total_seconds() / half_life)
    return grams / activity


def _delay(image: Instance) -> dt.timedelta:
    """From the injection to the start of the series."""
    start, injected, taken = _series_start(image), injection_time(image), acquisition_time(image)
    if taken is not None and start > taken:
        values = f"{start.strftime(_TEXT)} > {taken.strftime(_TEXT)}"
        raise AnalysisError("contradictory_tags", tags="SeriesTime, AcquisitionTime", values=values)
    if not dt.timedelta(0) <= start - injected <= LONGEST:
        raise AnalysisError("injection_after_scan", injected=injected.strftime(_TEXT), start=start.strftime(_TEXT))
    return start - injected


def _series_start(image: Instance) -> dt.datetime:
    for keyword in ("SeriesDate", "SeriesTime"):
        if not image.text(keyword):
            raise AnalysisError("missing_tag", tag=keyword)
    text = f"{image.text('SeriesDate')}{image.text('SeriesTime')}"
    try:
        return dt.datetime.strptime(text[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007 - compared with times of one exam alone
    except ValueError:
        raise AnalysisError("implausible", tag="SeriesTime", value=text) from None
