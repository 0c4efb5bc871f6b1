"""Completeness, order, thickness and interval of CT slices, per volume stack."""

from __future__ import annotations

from collections.abc import Sequence

from imagingqc.clinical.method import SeriesMethod, Stacks, volumes
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text, recorder, thickness
from imagingqc.clinical.slice_evidence import identical, slices_shape
from imagingqc.clinical.slices import (
    Place,
    SliceGeometry,
    out_of_order,
    slice_geometry,
    tolerance,
)
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.slices", "1"
QUANTITIES = (
    "ct.slices.missing", "ct.slices.duplicated", "ct.slices.irregular", "ct.slices.out_of_order",
    "ct.slices.thickness", "ct.slices.interval", "ct.slices.uncovered",
)  # fmt: skip


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in volumes(stacks) for m in _measure_stack(stack, reader)]


def _measure_stack(stack: Stack, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), stack.slices)
    width = _thickness(record, stack)
    try:
        geometry = slice_geometry(stack)
    except AnalysisError as error:
        rest = [q for q in QUANTITIES if q != "ct.slices.thickness"]
        return [*(record.refuse_for(q, error.reason) for q in rest), width]
    copies = [identical(place, reader) for place in geometry.copies]
    series_uid = stack.slices[0].instance.series_uid
    record = recorder((NAME, VERSION), stack.slices, slices_shape(geometry, copies, stack))
    if _several_images(geometry, copies):
        shared = ("ct.slices.duplicated", "ct.slices.out_of_order")
        counts = [record.refuse(q, "positions_shared", n=len(geometry.copies)) for q in shared]
    else:
        counts = [record.value("ct.slices.duplicated", geometry.duplicated), _order(record, geometry, series_uid)]
    return [
        record.value("ct.slices.missing", geometry.missing),
        record.value("ct.slices.irregular", len(geometry.irregular)),
        *counts,
        width,
        _interval(record, geometry),
        _uncovered(record, geometry),
    ]


def _several_images(geometry: SliceGeometry, copies: Sequence[bool | None]) -> bool:
    """Two different pictures at half of the positions or more are two phases, not copies."""
    different = sum(1 for same in copies if same is False)
    return 2 * different >= len(geometry.places)


def _order(record: Recorder, geometry: SliceGeometry, series_uid: str) -> Measurement:
    try:
        misplaced = out_of_order(geometry.places)
    except AnalysisError as error:
        return record.refuse_for("ct.slices.out_of_order", error.reason)
    rows = [{"keyword": "InstanceNumber", "value": "\\".join(str(p.number) for p in geometry.places[:2000])}]
    shown = Evidence(series_uid, None, None, {"kind": "tags", "tags": rows})
    return record.value("ct.slices.out_of_order", misplaced, evidence=shown)


def _thickness(record: Recorder, stack: Stack) -> Measurement:
    quantity = "ct.slices.thickness"
    widths = {thickness(piece) for piece in stack.slices}
    known = sorted({round(w, 4) for w in widths if w is not None})
    if None in widths:
        return record.refuse(quantity, "missing_tag", tag="SliceThickness")
    if known[-1] - known[0] > tolerance(known[0]):
        values = ", ".join(number_text(w) for w in known[:6])
        return record.refuse(quantity, "mixed_values", tag="SliceThickness", values=values)
    return record.value(quantity, known[0])


def _interval(record: Recorder, geometry: SliceGeometry) -> Measurement:
    """Without a nominal value: Spacing Between Slices is no CT attribute, and scanners write other things into it."""
    quantity = "ct.slices.interval"
    if len(geometry.intervals_mm) > 1:
        values = ", ".join(number_text(v) for v in geometry.intervals_mm[:6])
        return record.refuse(quantity, "mixed_intervals", values=values)
    return record.value(quantity, geometry.intervals_mm[0])


def _uncovered(record: Recorder, geometry: SliceGeometry) -> Measurement:
    """Widest distance between the edges of two slices that should be neighbours; missing slices do not count."""
    quantity = "ct.slices.uncovered"
    widths = [_place_thickness(place) for place in geometry.places]
    if any(w is None for w in widths):
        return record.refuse(quantity, "missing_tag", tag="SliceThickness")
    known = [w for w in widths if w is not None]
    broken = {id(gap.before) for gap in geometry.gaps}
    odd = set(geometry.irregular)
    worst = 0.0
    for i, interval in enumerate(geometry.local_mm):
        step = geometry.steps[i] if i in odd and id(geometry.places[i]) not in broken else interval
        open_mm = step - (known[i] + known[i + 1]) / 2
        worst = max(worst, open_mm if open_mm > tolerance(interval) else 0.0)
    return record.value(quantity, worst)


def _place_thickness(place: Place) -> float | None:
    return thickness(place.members[0])


METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_run)
