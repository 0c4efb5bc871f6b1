"""The matrix and pixel that were really acquired, before interpolation."""

from __future__ import annotations

from dataclasses import dataclass

from imagingqc.clinical.results import number_text
from imagingqc.dicom.model import Instance, Slice
from imagingqc.errors import AnalysisError

LARGEST_INTERPOLATION = 4.0  # acquired pixels coarser than this many image pixels are a mosaic or a wrong header
AGREE = 0.06


@dataclass(frozen=True, slots=True)
class Matrix:
    """Samples along frequency, lines along phase, and whether phase runs along the image rows."""

    frequency: int
    phase: int
    phase_along_row: bool


def acquired_matrix(instance: Instance) -> Matrix:
    """Acquisition Matrix (0018,1310): frequency rows \\ frequency columns \\ phase rows \\ phase columns.

    Raises AnalysisError `missing_tag`, `implausible` (not one number of each kind) or `contradictory_tags` (the
    zeros say another phase direction than In-plane Phase Encoding Direction).  Source: PS3.3 C.8.3.1.
    """
    value = instance.facts.get("AcquisitionMatrix")
    if not isinstance(value, tuple) or len(value) != 4:
        raise AnalysisError("missing_tag", tag="AcquisitionMatrix")
    rows_f, columns_f, rows_p, columns_p = (int(v) for v in value)
    if (rows_f > 0) == (columns_f > 0) or (rows_p > 0) == (columns_p > 0):
        raise AnalysisError("implausible", tag="AcquisitionMatrix", value="\\".join(str(int(v)) for v in value))
    along_row = columns_f > 0
    stated = (instance.text("InPlanePhaseEncodingDirection") or "").upper()
    if stated in {"ROW", "COL"} and (stated == "ROW") != along_row:
        values = "\\".join(str(int(v)) for v in value) + f" / {stated}"
        raise AnalysisError(
            "contradictory_tags", tags="AcquisitionMatrix, InPlanePhaseEncodingDirection", values=values
        )
    return Matrix(rows_f or columns_f, rows_p or columns_p, along_row)


def extent(piece: Slice) -> tuple[float, float]:
    """(down the columns, along the rows) of one image in mm; AnalysisError `missing_tag` without spacing."""
    frames = piece.instance.frames
    spacing = frames[piece.frame].spacing_mm if piece.frame < len(frames) else None
    if spacing is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    return spacing[0] * piece.instance.rows, spacing[1] * piece.instance.columns


def is_mosaic(instance: Instance) -> bool:
    """Whether one image holds many slices side by side, so that its sides say nothing of the field of view."""
    return bool({"MOSAIC", "VFRAME"} & {t.upper() for t in instance.texts("ImageType")})


def acquired_pixel(piece: Slice) -> tuple[float, float]:
    """(along frequency, along phase) size of the acquired pixel in mm.

    The phase field of view is the frequency one times Percent Phase Field of View.  Vendors count the phase lines
    for the reduced or for the whole field; Percent Sampling (frequency pixel / phase pixel) tells which.
    Raises AnalysisError when a tag is missing, the tags contradict each other, or the image is a mosaic.
    """
    instance = piece.instance
    if is_mosaic(instance):
        raise AnalysisError("mosaic")
    matrix = acquired_matrix(instance)
    down, along = extent(piece)
    if not matrix.phase_along_row:  # then frequency runs along the rows
        down, along = along, down
    frequency = down / matrix.frequency
    part = _phase_part(instance, down, along)
    phase = _phase_pixel(instance, frequency, down * part / matrix.phase, down / matrix.phase)
    spacing = _spacing(piece)
    coarse, fine = LARGEST_INTERPOLATION * max(spacing), (1 - AGREE) * min(spacing)
    if max(frequency, phase) > coarse or max(frequency, phase) < fine:
        raise AnalysisError("implausible", tag="AcquisitionMatrix", value=f"{number_text(max(frequency, phase))} mm")
    return frequency, phase


def _spacing(piece: Slice) -> tuple[float, float]:
    down, along = extent(piece)
    return down / piece.instance.rows, along / piece.instance.columns


def _phase_part(instance: Instance, frequency_extent: float, phase_extent: float) -> float:
    stated = instance.number("PercentPhaseFieldOfView")
    if stated is None or not 0 < stated <= 100:
        return min(1.0, phase_extent / frequency_extent)
    return stated / 100


def _phase_pixel(instance: Instance, frequency: float, reduced: float, whole: float) -> float:
    if abs(reduced - whole) <= AGREE * whole:
        return whole
    if instance.number("PercentPhaseFieldOfView") is None:  # the image itself is as narrow as its phase field
        return reduced
    sampling = instance.number("PercentSampling")
    if sampling is None or not 0 < sampling <= 100:
        raise AnalysisError("missing_tag", tag="PercentSampling")
    expected = frequency * 100 / sampling
    best = min((reduced, whole), key=lambda pixel: abs(pixel - expected))
    if abs(best - expected) > AGREE * expected:
        values = f"{number_text(reduced)} / {number_text(whole)} / {number_text(expected)} mm"
        raise AnalysisError("contradictory_tags", tags="AcquisitionMatrix, PercentSampling", values=values)
    return best
