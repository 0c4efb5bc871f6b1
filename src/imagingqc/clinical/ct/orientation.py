"""Plane and gantry tilt of CT volumes."""

from __future__ import annotations

import math

from imagingqc.clinical.method import SeriesMethod, Stacks, volumes
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text, recorder, tags
from imagingqc.dicom import geometry
from imagingqc.dicom.model import Series, Stack
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.orientation", "1"
QUANTITIES = ("ct.orientation.plane", "ct.orientation.tilt")


def _run(_series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    return [m for stack in volumes(stacks) for m in _measure_stack(stack)]


def _measure_stack(stack: Stack) -> list[Measurement]:
    instance = stack.slices[0].instance
    record = recorder((NAME, VERSION), stack.slices, tags(instance, ["ImageOrientationPatient", "GantryDetectorTilt"]))
    if stack.orientation is None:
        return [record.refuse(q, "missing_tag", tag="ImageOrientationPatient") for q in QUANTITIES]
    plane = geometry.plane(stack.orientation)
    return [record.value("ct.orientation.plane", plane.name), _tilt(record, stack, plane.nearest)]


def _tilt(record: Recorder, stack: Stack, nearest: str) -> Measurement:
    """Angle of the slices to the scanner's axis, from the orientation; the header's tilt must agree within 1 degree.

    Reformats have no gantry: a tilt is given for axial slices alone.
    """
    quantity = "ct.orientation.tilt"
    instance = stack.slices[0].instance
    if nearest != "axial" or stack.orientation is None:
        return record.refuse(quantity, "not_axial", plane=nearest)
    normal = geometry.normal(stack.orientation)
    measured = math.degrees(math.acos(min(1.0, abs(normal[2]))))
    stated = instance.number("GantryDetectorTilt")
    if stated is not None and abs(abs(stated) - measured) > 1.0:
        values = f"{number_text(measured)}° / {number_text(stated)}°"
        shown = Evidence(
            instance.series_uid, instance.sop_uid, None, dict(record.evidence.shape) if record.evidence else {}
        )
        return record.refuse(
            quantity, "contradictory_tags", shown, tags="ImageOrientationPatient, GantryDetectorTilt", values=values
        )
    return record.value(quantity, measured, nominal=stated)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=False, quantities=QUANTITIES, run=_run)
