"""Exposure index, target and deviation index of projection images (IEC 62494-1), per image."""

from __future__ import annotations

import math

from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.per_image import per_image
from imagingqc.clinical.results import number_text, tags
from imagingqc.dicom.model import Instance
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dx.exposure", "1"
QUANTITIES = ("dx.exposure_index", "dx.exposure_index.target", "dx.deviation_index")
KEYWORDS = ("ExposureIndex", "TargetExposureIndex", "DeviationIndex", "Sensitivity", "RelativeXRayExposure")
HIGHEST_INDEX = 50_000.0  # EI = 100 x detector air kerma in uGy; 500 uGy saturates any detector
HIGHEST_DEVIATION = 20.0  # a hundred times too much or too little
ALLOWED_DEVIATION_ERROR = 0.5


def deviation_index(index: float, target: float) -> float:
    """DI = 10 log10(EI / EI_T), dimensionless; 0 is on target, +3 twice the exposure (IEC 62494-1)."""
    return 10 * math.log10(index / target)


def _measure(record: Recorder, instance: Instance) -> list[Measurement]:
    place = Evidence(instance.series_uid, instance.sop_uid, None, tags(instance, KEYWORDS))
    record = Recorder(record.method, record.version, record.sources, place)
    index = _index(record, instance, "dx.exposure_index", "ExposureIndex")
    target = _index(record, instance, "dx.exposure_index.target", "TargetExposureIndex")
    return [index, target, _deviation(record, instance, index, target)]


def _index(record: Recorder, instance: Instance, quantity: str, keyword: str) -> Measurement:
    value = instance.number(keyword)
    if value is None or value == 0:  # 0 is written for "not determined"
        vendor = [k for k in ("Sensitivity", "RelativeXRayExposure") if instance.number(k)]
        if vendor and keyword == "ExposureIndex":
            return record.refuse(
                quantity, "vendor_index", tag=vendor[0], value=number_text(instance.number(vendor[0]) or 0)
            )
        return record.refuse(quantity, "missing_tag", tag=keyword)
    if not 0 < value <= HIGHEST_INDEX:
        return record.refuse(quantity, "implausible", tag=keyword, value=number_text(value))
    return record.value(quantity, value)


def _deviation(record: Recorder, instance: Instance, index: Measurement, target: Measurement) -> Measurement:
    """The header's DI if it agrees with EI and EI_T; computed from these if the header has none."""
    quantity = "dx.deviation_index"
    stated = instance.number("DeviationIndex")
    if isinstance(index.value, float) and isinstance(target.value, float):
        computed = deviation_index(index.value, target.value)
        if stated is not None and abs(stated - computed) > ALLOWED_DEVIATION_ERROR:
            values = f"DI = {number_text(stated)}, 10·lg(EI/EIT) = {computed:.2f}"
            return record.refuse(quantity, "contradictory_tags", tags="DeviationIndex, ExposureIndex", values=values)
        if stated is None:
            return record.value(quantity, computed)
    if stated is None:
        return record.refuse(quantity, "missing_tag", tag="DeviationIndex")
    if abs(stated) > HIGHEST_DEVIATION:
        return record.refuse(quantity, "implausible", tag="DeviationIndex", value=number_text(stated))
    return record.value(quantity, stated)


METHOD = SeriesMethod(
    NAME,
    VERSION,
    frozenset({"DX", "CR"}),
    needs_pixels=False,
    quantities=QUANTITIES,
    run=per_image((NAME, VERSION), _measure),
)
