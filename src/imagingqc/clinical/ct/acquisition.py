"""Matrix, field of view, kernel and tube-current modulation of a CT series, from its headers."""

from __future__ import annotations

from statistics import fmean, pstdev

from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import fact, number_text, recorder, tags
from imagingqc.dicom.model import Series, Slice
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.acquisition", "1"
QUANTITIES = ("ct.matrix.min", "ct.fov", "ct.kernel", "ct.tube_current_modulation")
MODULATED_CV = 0.05  # coefficient of variation of mA over the slices that speaks of longitudinal modulation
MIN_CURRENTS = 5

# Exposure Modulation Type (0018,9323), defined terms of PS3.3 C.8.15.3.8 and texts that scanners write
MODULATION = {
    "NONE": "none", "OFF": "none", "ANGULAR": "angular", "LONGITUDINAL": "longitudinal", "ECG_BASED": "ecg",
    "ORGAN_BASED": "organ", "Z MODULATION": "longitudinal", "Z-MODULATION": "longitudinal", "ZDOM": "longitudinal",
    "XYZ_EC": "angular+longitudinal", "XYZ": "angular+longitudinal", "D-DOM": "angular", "3D MODULATION":
    "angular+longitudinal", "ANGULAR MODULATION": "angular",
}  # fmt: skip


def _run(_series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    kept = images(stacks)
    pieces = [piece for stack in kept for piece in stack.slices]
    record = recorder((NAME, VERSION), pieces)
    return [_matrix(record, pieces), _fov(record, pieces), _kernel(record, pieces), _modulation(record, kept)]


def _matrix(record: Recorder, pieces: list[Slice]) -> Measurement:
    smallest = min(pieces, key=lambda p: min(p.instance.rows, p.instance.columns)).instance
    shape = {"kind": "tags", "tags": [
        {"keyword": "Rows", "value": str(smallest.rows)}, {"keyword": "Columns", "value": str(smallest.columns)},
    ]}  # fmt: skip
    shown = Evidence(smallest.series_uid, smallest.sop_uid, None, shape)
    return record.value("ct.matrix.min", min(smallest.rows, smallest.columns), evidence=shown)


def _fov(record: Recorder, pieces: list[Slice]) -> Measurement:
    quantity = "ct.fov"
    sides = [field_of_view(piece) for piece in pieces]
    known = [side for side in sides if side is not None]
    if len(known) < len(sides):
        return record.refuse(quantity, "missing_tag", tag="PixelSpacing")
    if max(known) - min(known) > 0.01 * max(known):
        values = ", ".join(number_text(v) for v in sorted({round(v, 2) for v in known})[:6])
        return record.refuse(quantity, "mixed_values", tag="PixelSpacing", values=values)
    stated = pieces[0].instance.number("ReconstructionDiameter")
    shown = Evidence(
        pieces[0].instance.series_uid, pieces[0].instance.sop_uid, None,
        tags(pieces[0].instance, ["PixelSpacing", "ReconstructionDiameter"]),
    )  # fmt: skip
    if stated is not None and abs(known[0] - stated) > 0.02 * stated:
        values = f"{number_text(known[0])} mm / {number_text(stated)} mm"
        return record.refuse(
            quantity, "contradictory_tags", shown, tags="PixelSpacing, ReconstructionDiameter", values=values
        )
    return record.value(quantity, known[0], evidence=shown, nominal=stated)


def field_of_view(piece: Slice) -> float | None:
    """Longer side of the image in mm (pixel spacing times pixels), None without spacing."""
    frames = piece.instance.frames
    spacing = frames[piece.frame].spacing_mm if piece.frame < len(frames) else None
    if spacing is None:
        return None
    return max(spacing[0] * piece.instance.rows, spacing[1] * piece.instance.columns)


def _kernel(record: Recorder, pieces: list[Slice]) -> Measurement:
    names = {"\\".join(piece.instance.texts("ConvolutionKernel")) for piece in pieces}
    if "" in names:
        return record.refuse("ct.kernel", "missing_tag", tag="ConvolutionKernel")
    if len(names) > 1:
        values = ", ".join(sorted(names)[:6])
        return record.refuse("ct.kernel", "mixed_values", tag="ConvolutionKernel", values=values)
    return record.value("ct.kernel", names.pop())


def _modulation(record: Recorder, stacks: Stacks) -> Measurement:
    """The attribute first; else the tube current along each stack, and then the value says that it is inferred."""
    quantity = "ct.tube_current_modulation"
    pieces = [piece for stack in stacks for piece in stack.slices]
    first = pieces[0].instance
    shown = Evidence(first.series_uid, first.sop_uid, None, tags(first, ["ExposureModulationType"]))
    stated = {"\\".join(piece.instance.texts("ExposureModulationType")).strip() for piece in pieces} - {""}
    if len(stated) > 1:
        values = ", ".join(sorted(stated)[:6])
        return record.refuse(quantity, "mixed_values", shown, tag="ExposureModulationType", values=values)
    if stated:
        text = stated.pop()
        return record.value(quantity, MODULATION.get(text.upper(), text), evidence=shown)
    return _inferred_modulation(record, stacks)


def _inferred_modulation(record: Recorder, stacks: Stacks) -> Measurement:
    """From the longest stack: one table travel with one technique; a step between two stacks is no modulation."""
    quantity = "ct.tube_current_modulation"
    pieces = max(stacks, key=lambda stack: len(stack.slices)).slices
    currents = [current for piece in pieces for current in [fact(piece, "XRayTubeCurrent")] if current]
    if len(currents) < len(pieces):
        return record.refuse(quantity, "missing_tag", tag="ExposureModulationType, XRayTubeCurrent")
    if len(currents) < MIN_CURRENTS:
        return record.refuse(quantity, "too_few_slices", n=len(currents), need=MIN_CURRENTS)
    variation = pstdev(currents) / fmean(currents)
    rows = [
        {"keyword": "XRayTubeCurrent", "value": f"{min(currents):g} – {max(currents):g} mA"},
        {"keyword": "CV", "value": f"{100 * variation:.1f} %"},
    ]
    shown = Evidence(pieces[0].instance.series_uid, None, None, {"kind": "tags", "tags": rows})
    value = "longitudinal_inferred" if variation > MODULATED_CV else "none_seen"
    return record.value(quantity, value, evidence=shown)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=False, quantities=QUANTITIES, run=_run)
