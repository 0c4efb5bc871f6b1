"""Acquired matrix, pixel and voxel, field of view, plane, and the completeness of MR slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imagingqc.clinical.method import SeriesMethod, Stacks, images, volumes
from imagingqc.clinical.mr.matrix import acquired_matrix, acquired_pixel, extent, is_mosaic
from imagingqc.clinical.mr.sequence import classify
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text, recorder, tags, thickness, written
from imagingqc.clinical.slice_evidence import identical, slices_shape
from imagingqc.clinical.slices import SAME_MM, SliceGeometry, slice_geometry, tolerance
from imagingqc.dicom import geometry
from imagingqc.dicom.model import Series, Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

VERSION = "1"
VOXEL = ("mr.matrix.acquired.min", "mr.pixel.acquired", "mr.voxel.acquired", "mr.fov", "mr.slices.thickness")
SLICES = ("mr.slices.missing", "mr.slices.duplicated", "mr.slices.gap")
PLANE = ("mr.orientation.plane",)
KEYWORDS = (
    "AcquisitionMatrix", "InPlanePhaseEncodingDirection", "PercentSampling", "PercentPhaseFieldOfView",
    "PixelSpacing", "ReconstructionDiameter", "SliceThickness", "MRAcquisitionType",
)  # fmt: skip


# --- voxel ----------------------------------------------------------------------------------------


def _refuse_planning(series: Series, stacks: Stacks) -> None:
    """Planning images are measured for nothing: AnalysisError `planning_images`."""
    if classify(series, stacks).name == "localizer":
        raise AnalysisError("planning_images")


def _voxel(series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    _refuse_planning(series, stacks)
    pieces = [piece for stack in images(stacks) for piece in stack.slices]
    record = recorder(("mr.voxel", VERSION), pieces, tags(pieces[0].instance, KEYWORDS))
    width = _thickness(record, pieces)
    out = [*_in_plane(record, pieces, width), width]
    try:
        side = _field_of_view(pieces)
    except AnalysisError as error:
        return [*out, record.refuse_for("mr.fov", error.reason)]
    return [*out, record.value("mr.fov", side, nominal=pieces[0].instance.number("ReconstructionDiameter"))]


def _in_plane(record: Recorder, pieces: Sequence[Slice], width: Measurement) -> list[Measurement]:
    names = ("mr.matrix.acquired.min", "mr.pixel.acquired", "mr.voxel.acquired")
    try:
        matrix = acquired_matrix(pieces[0].instance)
        _refuse_mixed(pieces)
    except AnalysisError as error:
        return [record.refuse_for(name, error.reason) for name in names]
    out = [record.value(names[0], min(matrix.frequency, matrix.phase))]
    try:
        pixel = acquired_pixel(pieces[0])
    except AnalysisError as error:
        return [*out, *(record.refuse_for(name, error.reason) for name in names[1:])]
    out.append(record.value(names[1], max(pixel)))
    if width.reason is not None:
        return [*out, record.refuse_for(names[2], width.reason)]
    assert isinstance(width.value, float)
    return [*out, record.value(names[2], pixel[0] * pixel[1] * width.value)]


def _refuse_mixed(pieces: Sequence[Slice]) -> None:
    """Images of different acquired matrix or size have no pixel in common: AnalysisError `mixed_values`."""
    kinds = {written(piece.instance, "AcquisitionMatrix") for piece in pieces}
    sides = [max(extent(piece)) for piece in pieces]
    if len(kinds) > 1:
        raise AnalysisError("mixed_values", tag="AcquisitionMatrix", values=", ".join(sorted(kinds)[:4]))
    if max(sides) - min(sides) > 0.01 * max(sides):
        values = f"{number_text(min(sides))} – {number_text(max(sides))} mm"
        raise AnalysisError("mixed_values", tag="PixelSpacing", values=values)


def _thickness(record: Recorder, pieces: Sequence[Slice]) -> Measurement:
    quantity = "mr.slices.thickness"
    widths = {thickness(piece) for piece in pieces}
    known = sorted({round(w, 4) for w in widths if w is not None})
    if None in widths:
        return record.refuse(quantity, "missing_tag", tag="SliceThickness")
    if known[-1] - known[0] > tolerance(known[0]):
        values = ", ".join(number_text(w) for w in known[:6])
        return record.refuse(quantity, "mixed_values", tag="SliceThickness", values=values)
    return record.value(quantity, known[0])


def _field_of_view(pieces: Sequence[Slice]) -> float:
    """Longer side of the image in mm; Reconstruction Diameter must agree with one of the sides within 2 %."""
    if is_mosaic(pieces[0].instance):
        raise AnalysisError("mosaic")
    sides = {extent(piece) for piece in pieces}
    largest, smallest = max(max(s) for s in sides), min(max(s) for s in sides)
    if largest - smallest > 0.01 * largest:
        values = f"{number_text(smallest)} – {number_text(largest)} mm"
        raise AnalysisError("mixed_values", tag="PixelSpacing", values=values)
    stated = pieces[0].instance.number("ReconstructionDiameter")
    down, along = extent(pieces[0])
    if stated is not None and min(abs(stated - down), abs(stated - along)) > 0.02 * stated:
        values = f"{number_text(max(down, along))} mm / {number_text(stated)} mm"
        raise AnalysisError("contradictory_tags", tags="PixelSpacing, ReconstructionDiameter", values=values)
    return max(down, along)


# --- slices ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Checked:
    """One stack with its geometry and its evidence."""

    stack: Stack
    geometry: SliceGeometry
    shape: dict[str, Any]


def _slices(series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    """Once per orientation: echoes, b-values and phases of one orientation are counted together."""
    _refuse_planning(series, stacks)
    groups: list[list[Stack]] = []
    for stack in volumes(stacks):
        home = next((g for g in groups if _same(g[0], stack)), None)
        if home is None:
            groups.append([stack])
        else:
            home.append(stack)
    return [m for group in groups for m in _measure_group(group, reader)]


def _same(a: Stack, b: Stack) -> bool:
    if a.orientation is None or b.orientation is None:
        return a.orientation == b.orientation
    return geometry.same_orientation(a.orientation, b.orientation)


def _measure_group(group: Sequence[Stack], reader: PixelReader) -> list[Measurement]:
    pieces = [piece for stack in group for piece in stack.slices]
    record = recorder(("mr.slices", VERSION), pieces)
    try:
        checked = [_check(stack, reader) for stack in group]
    except AnalysisError as error:
        return [record.refuse_for(q, error.reason) for q in SLICES]
    worst = max(checked, key=lambda c: (c.geometry.missing, c.geometry.duplicated))
    record = recorder(("mr.slices", VERSION), pieces, worst.shape)
    counts = [
        record.value("mr.slices.missing", sum(c.geometry.missing for c in checked)),
        record.value("mr.slices.duplicated", sum(c.geometry.duplicated for c in checked)),
    ]
    return [*counts, _gap(record, checked)]


def _check(stack: Stack, reader: PixelReader) -> _Checked:
    """Geometry of one stack; what may be meant in MR (uneven or changing distances, several images at one place) is
    refused, not counted as a fault."""
    found = slice_geometry(stack)
    copies = [identical(place, reader) for place in found.copies]
    if False in copies:
        raise AnalysisError("positions_shared", n=len(found.copies))
    if None in copies:
        raise AnalysisError("copies_unread", n=len(found.copies))
    odd = bool(found.irregular) or len(found.intervals_mm) > 1 or any(g.numbered is False for g in found.gaps)
    if odd:
        low, high = min(found.steps), max(found.steps)
        raise AnalysisError("variable_spacing", low=number_text(low), high=number_text(high))
    return _Checked(stack, found, slices_shape(found, copies, stack))


def _gap(record: Recorder, checked: Sequence[_Checked]) -> Measurement:
    """Measured interval minus thickness in mm; below 0 the slices overlap."""
    quantity = "mr.slices.gap"
    intervals = [c.geometry.intervals_mm[0] for c in checked]
    if max(intervals) - min(intervals) > tolerance(min(intervals)):
        return record.refuse(quantity, "mixed_intervals", values=", ".join(number_text(v) for v in intervals[:6]))
    widths = {thickness(piece) for c in checked for piece in c.stack.slices}
    if None in widths:
        return record.refuse(quantity, "missing_tag", tag="SliceThickness")
    known = [w for w in widths if w is not None]
    stated = checked[0].stack.slices[0].instance.number("SpacingBetweenSlices")
    nominal = abs(stated) - known[0] if stated else None
    if stated and abs(abs(stated) - intervals[0]) > max(0.1, 0.05 * intervals[0]):
        values = f"{number_text(intervals[0])} mm / {number_text(abs(stated))} mm"
        return record.refuse(
            quantity, "contradictory_tags", tags="ImagePositionPatient, SpacingBetweenSlices", values=values
        )
    gap = intervals[0] - known[0]
    return record.value(quantity, gap if abs(gap) > SAME_MM else 0.0, nominal=nominal)


# --- plane ----------------------------------------------------------------------------------------


def _plane(_series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    """Once per orientation of the series; oblique from 30 degrees off the nearest plane on."""
    out: dict[str, Measurement] = {}
    for stack in images(stacks):
        record = recorder(("mr.plane", VERSION), stack.slices)
        if stack.orientation is None:
            out["-"] = record.refuse(PLANE[0], "missing_tag", tag="ImageOrientationPatient")
            continue
        plane = geometry.plane(stack.orientation)
        rows = [
            {"keyword": "ImageOrientationPatient", "value": "\\".join(f"{v:.4f}" for v in stack.orientation)},
            {"keyword": "nearest", "value": f"{plane.nearest} {plane.angle_deg:.1f}°"},
        ]
        place = Evidence(stack.slices[0].instance.series_uid, None, None, {"kind": "tags", "tags": rows})
        key = "\\".join(f"{v:.3f}" for v in stack.orientation)
        out.setdefault(key, record.value(PLANE[0], plane.name, evidence=place))
    return list(out.values())


_MR = frozenset({"MR"})
METHODS = (
    SeriesMethod("mr.voxel", VERSION, _MR, needs_pixels=False, quantities=VOXEL, run=_voxel),
    SeriesMethod("mr.slices", VERSION, _MR, needs_pixels=True, quantities=SLICES, run=_slices),
    SeriesMethod("mr.plane", VERSION, _MR, needs_pixels=False, quantities=PLANE, run=_plane),
)
