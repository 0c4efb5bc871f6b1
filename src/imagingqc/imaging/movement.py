"""What movement of the patient does to CT slices: edges of the skull seen twice, and jumps from slice to slice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.mask import Body, Coarse
from imagingqc.imaging.morphology import BoolArray, blurred, boxes, interpolated
from imagingqc.imaging.polar import mask_radius
from imagingqc.imaging.roi import filled

Floats = NDArray[np.float64]

DIRECTIONS = 180
STEP_MM, DEPTH_MM, SCALP_MM, SMOOTH_MM = 0.25, 30.0, 2.0, 0.6
SKIN_HU, BONE_HU = -300.0, 400.0
HIGH = 0.7  # of the densest bone along a ray: its outer table
CALVARIA_HU, CALVARIA_SHARE = 250.0, 0.7  # bone closes round this part of the head: above the skull base
WINDOW_HU = (-200.0, 200.0)
THUMB = 2  # coarse pixels on a side of one pixel of the small picture


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A slice small: soft-tissue picture, its body mask, and where the body ends (left, right, top, bottom) in mm."""

    picture: NDArray[np.float32]
    mask: BoolArray
    ends_mm: tuple[float, float, float, float]


def skull_widths(hu: FloatArray, body: Body, grid: Coarse, spacing_mm: tuple[float, float]) -> Floats | None:
    """Width in mm over which the outer edge of the skull rises by 1000 HU, in 180 directions; smaller is sharper.

    hu : (rows, columns) in HU.  Along rays from the centroid, smoothed with a Gaussian of 0.6 mm: 1000 HU over the
    steepest slope between the scalp and the first table of the skull; NaN where there is no such edge.  A contour seen
    twice rises in two steps, each half as steep.  None unless bone encloses at least 70 % of the head (above the skull
    base).  Source: own definition.
    """
    bone = filled(body.mask & (grid.hu > CALVARIA_HU))
    if int(bone.sum()) < CALVARIA_SHARE * int(body.mask.sum()):
        return None
    smooth = blurred(hu, (SMOOTH_MM / spacing_mm[0], SMOOTH_MM / spacing_mm[1]))
    angle: Floats = np.asarray((np.arange(DIRECTIONS) + 0.5) * (2 * math.pi / DIRECTIONS) - math.pi)
    start = mask_radius(body, spacing_mm, angle) + 4.0
    radius = start[:, np.newaxis] - np.arange(0, DEPTH_MM, STEP_MM)
    x = body.x - 0.5 + radius * np.cos(angle)[:, np.newaxis] / spacing_mm[1]
    y = body.y - 0.5 + radius * np.sin(angle)[:, np.newaxis] / spacing_mm[0]
    return np.array([_rise(ray) for ray in interpolated(smooth, y, x)])


def _rise(ray: Floats) -> float:
    """Width of the first rise to bone along one ray from the outside in; NaN without skin or bone."""
    skin = int(np.argmax(ray > SKIN_HU))
    inner = ray[skin + round(SCALP_MM / STEP_MM) :]
    if ray[skin] <= SKIN_HU or inner.size < 4 or float(inner.max()) < BONE_HU:
        return math.nan
    peak = int(np.argmax(inner >= HIGH * float(inner.max())))
    while peak + 1 < inner.size and inner[peak + 1] > inner[peak]:
        peak += 1
    slope = float(np.diff(inner[: peak + 1]).max(initial=0.0)) / STEP_MM
    return 1000.0 / slope if slope > 0 else math.nan


def glimpse(grid: Coarse, body: Body) -> Glimpse:
    """The slice as it is compared with its neighbours: soft-tissue window, and the ends of the body."""
    rows, columns = boxes(body.mask.astype(np.int32))[0]
    down, across = grid.spacing_mm
    ends = (columns.start * across, columns.stop * across, rows.start * down, rows.stop * down)
    picture = np.where(body.mask, np.clip(grid.hu, *WINDOW_HU), np.float32(WINDOW_HU[0]))
    return Glimpse(picture[::THUMB, ::THUMB].astype(np.float32), body.mask[::THUMB, ::THUMB], ends)


def dissimilarity(first: Glimpse, second: Glimpse) -> float | None:
    """1 minus the correlation of two neighbouring slices over both bodies, 0 (same) to 2; None for other shapes."""
    if first.picture.shape != second.picture.shape:
        return None
    union = first.mask | second.mask
    a, b = (g.picture[union].astype(np.float64) for g in (first, second))
    a, b = a - a.mean(), b - b.mean()
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return 1 - float(a @ b) / norm if norm > 0 else None
