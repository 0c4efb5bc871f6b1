"""End-to-end length of the ACR phantom in its sagittal localizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import blurred
from imagingqc.imaging.roi import filled, regions
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.mr.acr_find import SCALE_TOLERANCE_MM, Model
from imagingqc.quantity import Evidence

Floats = NDArray[np.float64]

MOST_SLICES = 5
ACROSS = 0.25  # cosine to the normal of the axial slices above which a plane is no longer sagittal or coronal
BRIGHT = 0.08  # of the picture's bright signal: the far end of a coil's field is dark
USED = 0.8  # of the phantom's half width: lines farther out end in its rounded rim
AGREE_MM = 1.5
FEWEST_LINES = 0.4
PLATEAU_MM = (3.0, 14.0)


@dataclass(frozen=True, slots=True)
class Length:
    """The length in mm, as the median of `share` (0-1) of all lines that agree, and a line that has it."""

    mm: float
    share: float
    evidence: Evidence


def localizer(stacks: Sequence[Stack], axial: Stack) -> Slice | None:
    """The middle slice of the first small stack whose plane holds the normal of the axial slices; None without one.

    It must be of the same exam: a localizer of another day or scanner says nothing about this one.
    """
    if axial.normal is None:
        return None
    exam = axial.slices[0].instance.study_uid
    for stack in stacks:
        if stack is axial or stack.normal is None or len(stack.slices) > MOST_SLICES:
            continue
        if stack.slices[0].instance.study_uid != exam:
            continue
        if abs(float(np.dot(stack.normal, axial.normal))) < ACROSS:
            return stack.slices[len(stack.slices) // 2]
    return None


def length(piece: Slice, axial_normal: Sequence[float], decode: Frames, model: Model) -> Length:
    """Distance between both ends along the axial normal, where the signal falls to half of that inside.

    AnalysisError `missing_tag`, `length_not_found`, `phantom_cut`, `phantom_scale` (off by more than 10 mm).
    Source: ACR MRI phantom test guidance, geometric accuracy (localizer).
    """
    image, orientation = decode.image(piece), piece.instance.frames[piece.frame].orientation
    if image.spacing_mm is None or orientation is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    along_rows = abs(float(np.dot(orientation[3:], axial_normal))) >= abs(float(np.dot(orientation[:3], axial_normal)))
    pixels = np.asarray(image.pixels if along_rows else image.pixels.T, dtype=np.float64)
    spacing = image.spacing_mm if along_rows else image.spacing_mm[::-1]
    starts, ends, columns = _lines(pixels, spacing)
    lengths = (ends - starts) * spacing[0]
    middle = float(np.median(lengths))
    good = np.abs(lengths - middle) <= AGREE_MM
    if good.mean() < FEWEST_LINES:
        raise AnalysisError("length_not_found")
    found = float(np.median(lengths[good]))
    if abs(found - model.length_mm) > SCALE_TOLERANCE_MM:
        raise AnalysisError("phantom_scale", measured=f"{found:.1f}", expected=f"{model.length_mm:g}")
    k = int(np.argmin(np.abs(lengths - found)))
    points = [[float(columns[k]) + 0.5, float(y) + 0.5] for y in (starts[k], ends[k])]
    if not along_rows:
        points = [point[::-1] for point in points]
    shape = {"kind": "polyline", "points": [[round(a, 2) for a in p] for p in points], "closed": False}
    shown = Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)
    return Length(found, float(good.mean()), shown)


def _lines(pixels: Floats, spacing: tuple[float, float]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Start and end (rows) of the phantom in each column that is used, and these columns."""
    mask = _mask(pixels, spacing)
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if rows[0] <= 1 or rows[-1] >= pixels.shape[0] - 2:
        raise AnalysisError("phantom_cut")
    centre, half = (columns[0] + columns[-1]) / 2, (columns[-1] - columns[0]) / 2
    used = np.arange(int(centre - USED * half), int(centre + USED * half) + 1)
    starts = np.array([_edge(pixels[:, c], mask[:, c], spacing[0]) for c in used])
    ends = pixels.shape[0] - 1 - np.array([_edge(pixels[::-1, c], mask[::-1, c], spacing[0]) for c in used])
    known = np.isfinite(starts) & np.isfinite(ends)
    if known.sum() < 10:
        raise AnalysisError("length_not_found")
    return starts[known], ends[known], used[known]


def _mask(pixels: Floats, spacing: tuple[float, float]) -> NDArray[np.bool_]:
    smooth = blurred(pixels, (1.0 / spacing[0], 1.0 / spacing[1]))
    rim = np.concatenate([smooth[:4].ravel(), smooth[-4:].ravel(), smooth[:, :4].ravel(), smooth[:, -4:].ravel()])
    level = max(BRIGHT * float(np.percentile(smooth, 95)), 2.5 * float(np.median(rim)))  # noise is no phantom
    labels, found = regions(smooth > level, 1)
    if not found or found[0].area * spacing[0] * spacing[1] < 5000:
        raise AnalysisError("length_not_found")
    return filled(labels == found[0].label)


def _edge(line: FloatArray, inside: NDArray[np.bool_], spacing: float) -> float:
    """Row of the rise to half of the signal just inside, from the start of a line; NaN without."""
    first = int(np.argmax(inside))
    low, high = (first + round(mm / spacing) for mm in PLATEAU_MM)
    level = float(np.percentile(line[low:high], 75)) / 2 if high < line.size else 0.0
    from_row = max(0, first - round(5 / spacing))
    above = np.nonzero(line[from_row : high + 1] > level)[0]
    if not inside.any() or level <= 0 or above.size == 0 or above[0] == 0:
        return float("nan")
    k = from_row + int(above[0])
    return float(k - 1 + (level - line[k - 1]) / (line[k] - line[k - 1]))
