"""PET series: completeness by the header's count and by position, and whether SUV can be computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.nm.activity import administered_activity, injection_to_scan
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder, written
from imagingqc.clinical.slice_evidence import identical, slices_shape
from imagingqc.clinical.slices import slice_geometry
from imagingqc.dicom.model import Instance, Series, Stack
from imagingqc.errors import AnalysisError, Reason
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "pt.series", "1"
IMAGES, SLICES, COPIES, SUV = "pt.images.missing", "pt.slices.missing", "pt.slices.duplicated", "pt.suv_computable"
_COUNTS = ("NumberOfSlices", "NumberOfTimeSlices", "NumberOfTimeSlots", "NumberOfRRIntervals")
_NEEDED = ("ATTN", "DECY")  # of Corrected Image (0028,0051)
_DECAY = frozenset({"START", "ADMIN"})


def expected_images(instance: Instance) -> int:
    """Images that the whole series should have: slices x time slices (or gates x intervals).

    Raises AnalysisError `missing_tag`.  Source: PS3.3 C.8.9.1 (PET series: Number of Slices, Time Slices, ...).
    """
    slices = instance.number("NumberOfSlices")
    if not slices:
        raise AnalysisError("missing_tag", tag="NumberOfSlices")
    times = instance.number("NumberOfTimeSlices") or 1
    gates = (instance.number("NumberOfTimeSlots") or 1) * (instance.number("NumberOfRRIntervals") or 1)
    return int(slices * max(times, gates))


def suv_obstacles(instance: Instance) -> list[tuple[str, Reason]]:
    """(attribute, why) of everything that stands against SUV by body weight; empty when it can be computed.

    Needed: pixels in Bq/ml, corrected for attenuation and decay to the start or the injection, activity, half-life,
    time of injection, weight.  Pixels that already are SUV (Units GML) need nothing more.
    Source: PS3.3 C.8.9.1 and C.8.9.4; the QIBA way of computing SUV.
    """
    units = (instance.text("Units") or "").strip().upper()
    if units == "GML":
        return []
    found: list[tuple[str, Reason]] = []
    if units != "BQML":
        found.append(("Units", _reason("Units", units)))
    corrections = {text.strip().upper() for text in instance.texts("CorrectedImage")}
    found += [("CorrectedImage", Reason("correction_missing", {"name": n})) for n in _NEEDED if n not in corrections]
    decay = (instance.text("DecayCorrection") or "").strip().upper()
    if decay not in _DECAY:
        found.append(("DecayCorrection", _reason("DecayCorrection", decay)))
    for keyword in ("PatientWeight", "RadionuclideHalfLife"):
        if not instance.number(keyword):
            found.append((keyword, Reason("missing_tag", {"tag": keyword})))
    for keyword, read in (
        ("RadionuclideTotalDose", administered_activity),
        ("RadiopharmaceuticalStartDateTime", injection_to_scan),
    ):
        try:
            read(instance)
        except AnalysisError as error:
            found.append((keyword, error.reason))
    return found


def _reason(keyword: str, value: str) -> Reason:
    if not value:
        return Reason("missing_tag", {"tag": keyword})
    return Reason("value_unsuited", {"tag": keyword, "value": value})


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    pieces = [piece for stack in images(stacks) for piece in stack.slices]
    record = recorder((NAME, VERSION), pieces)
    instances = list({piece.instance.sop_uid: piece.instance for piece in pieces}.values())
    measured = [m for stack in stacks if stack.kind == "volume" for m in _positions(stack, reader)]
    if not measured:
        measured = [record.refuse(q, "not_a_volume", kinds="single") for q in (SLICES, COPIES)]
    return [_missing(record, instances, len(pieces)), *measured, _suv(record, instances)]


def _missing(record: Recorder, instances: Sequence[Instance], held: int) -> Measurement:
    first = instances[0]
    rows = [{"keyword": k, "value": written(first, k)} for k in _COUNTS if k in first.facts]
    place = Evidence(
        first.series_uid, None, None, {"kind": "tags", "tags": [*rows, {"keyword": "n", "value": str(held)}]}
    )
    try:
        expected = expected_images(first)
    except AnalysisError as error:
        return record.refuse_for(IMAGES, error.reason, place)
    if held > expected:
        values = f"{held} / {expected}"
        return record.refuse(IMAGES, "contradictory_tags", place, tags="NumberOfSlices, n", values=values)
    return record.value(IMAGES, expected - held, evidence=place)


def _positions(stack: Stack, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), stack.slices)
    try:
        geometry = slice_geometry(stack)
    except AnalysisError as error:
        return [record.refuse_for(q, error.reason) for q in (SLICES, COPIES)]
    copies = [identical(place, reader) for place in geometry.copies]
    record = recorder((NAME, VERSION), stack.slices, slices_shape(geometry, copies, stack))
    missing = record.value(SLICES, geometry.missing)
    if any(same is not True for same in copies):
        return [missing, record.refuse(COPIES, "positions_shared", n=len(copies))]
    return [missing, record.value(COPIES, geometry.duplicated)]


def _suv(record: Recorder, instances: Sequence[Instance]) -> Measurement:
    """False as soon as one image lacks what is needed; the evidence names every obstacle once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for instance in instances:
        for keyword, reason in suv_obstacles(instance):
            values = {key: value for key, value in reason.values.items() if key != "tag"}
            row = {"keyword": keyword, "value": written(instance, keyword), "code": reason.code, "values": values}
            found.setdefault((keyword, reason.code), row)
    first = instances[0]
    shown = ("Units", "CorrectedImage", "DecayCorrection", "PatientWeight", "RadionuclideTotalDose")
    rows = list(found.values()) or [{"keyword": k, "value": written(first, k)} for k in shown if k in first.facts]
    return record.value(SUV, not found, evidence=Evidence(first.series_uid, None, None, {"kind": "tags", "tags": rows}))


METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"PT"}), needs_pixels=True, quantities=(IMAGES, SLICES, COPIES, SUV), run=_run
)
