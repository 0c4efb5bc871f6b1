"""Administered activity and the time from injection to acquisition, of NM and PET series."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from imagingqc.clinical.dx.repeats import acquisition_time
from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text, recorder, tags
from imagingqc.dicom.model import Instance, Series
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "nm.activity", "1"
ACTIVITY, DELAY = "nm.activity", "nm.injection_to_scan"
MODALITIES = frozenset({"NM", "PT"})
KEYWORDS = (
    "Radiopharmaceutical", "RadionuclideTotalDose", "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime",
    "AcquisitionDate", "AcquisitionTime",
)  # fmt: skip
ACTIVITY_MBQ = (0.1, 40_000.0)  # from a thyroid uptake capsule to a radioiodine therapy
LONGEST = dt.timedelta(days=14)  # iodine-131 and gallium-67 are imaged days later


def administered_activity(instance: Instance) -> float:
    """Radionuclide Total Dose (0018,1074) in MBq: the attribute is in MBq for NM and in Bq for PET.

    Raises AnalysisError `missing_tag` and `dose_unit_unclear`, with both readings, when it is not believable in the
    unit of its module.
    Source: PS3.3 C.8.4.10 (MBq) and C.8.9.2 (Bq).
    """
    stated = instance.number("RadionuclideTotalDose")
    if not stated:
        raise AnalysisError("missing_tag", tag="RadionuclideTotalDose")
    in_mbq, in_bq = stated, stated / 1e6
    value, other = (in_bq, in_mbq) if instance.modality == "PT" else (in_mbq, in_bq)
    if not ACTIVITY_MBQ[0] <= value <= ACTIVITY_MBQ[1]:
        raise AnalysisError(
            "activity_unit_unclear", value=number_text(stated), standard=number_text(value), other=number_text(other)
        )
    return value


def injection_time(instance: Instance) -> dt.datetime:
    """When the activity was given: the date and time, else the time on the day of the acquisition.

    A time alone that lies after the acquisition is of the day before (PS3.3 C.8.9.2 leaves the day open): only within
    twelve hours, so that a wrong clock is not taken for a night.  AnalysisError `missing_tag`.
    """
    stated = _moment(instance.text("RadiopharmaceuticalStartDateTime") or "")
    if stated is not None:
        return stated
    clock = instance.text("RadiopharmaceuticalStartTime")
    start = acquisition_time(instance)
    if not clock or start is None:
        raise AnalysisError("missing_tag", tag="RadiopharmaceuticalStartTime" if start else "AcquisitionTime")
    moment = _moment(start.strftime("%Y%m%d") + clock)
    if moment is None:
        raise AnalysisError("implausible", tag="RadiopharmaceuticalStartTime", value=clock)
    before = moment - dt.timedelta(days=1)
    return before if moment > start and start - before <= dt.timedelta(hours=12) else moment


def injection_to_scan(instance: Instance) -> float:
    """Minutes from injection to the start of the acquisition.

    Raises AnalysisError `missing_tag` and `injection_after_scan` (also when more than 14 days lie between).
    """
    injected, start = injection_time(instance), acquisition_time(instance)
    if start is None:
        raise AnalysisError("missing_tag", tag="AcquisitionTime")
    if not dt.timedelta(0) <= start - injected <= LONGEST:
        raise AnalysisError("injection_after_scan", injected=_text(injected), start=_text(start))
    return (start - injected).total_seconds() / 60


def _moment(text: str) -> dt.datetime | None:
    whole = re.split(r"[.+-]", text)[0]
    try:
        return dt.datetime.strptime(whole[:14].ljust(14, "0"), "%Y%m%d%H%M%S") if len(whole) >= 12 else None  # noqa: DTZ007
    except ValueError:
        return None


def _text(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _run(_series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    pieces = [piece for stack in images(stacks) for piece in stack.slices]
    instances = list({piece.instance.sop_uid: piece.instance for piece in pieces}.values())
    first = min(instances, key=_order)
    place = Evidence(first.series_uid, first.sop_uid, None, tags(first, KEYWORDS))
    record = Recorder(NAME, VERSION, recorder((NAME, VERSION), pieces).sources, place)
    doses = sorted({i.number("RadionuclideTotalDose") or 0.0 for i in instances})
    if len(doses) > 1:
        values = ", ".join(number_text(dose) for dose in doses[:5])
        given = record.refuse(ACTIVITY, "mixed_values", tag="RadionuclideTotalDose", values=values)
    else:
        given = _read(record, ACTIVITY, administered_activity, first)
    return [given, _read(record, DELAY, injection_to_scan, first)]


def _read(record: Recorder, quantity: str, read: Callable[[Instance], float], instance: Instance) -> Measurement:
    try:
        return record.value(quantity, read(instance))
    except AnalysisError as error:
        return record.refuse_for(quantity, error.reason)


def _order(instance: Instance) -> tuple[str, str]:
    """The earliest acquisition of the series first: bed positions of a whole body follow one another."""
    time = acquisition_time(instance)
    return time.isoformat() if time else "~", instance.sop_uid


METHOD = SeriesMethod(NAME, VERSION, MODALITIES, needs_pixels=False, quantities=(ACTIVITY, DELAY), run=_run)
