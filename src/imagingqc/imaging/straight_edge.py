"""Straight edges of a dark plate in a bright field, each with the line through it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import BoolArray

Floats = NDArray[np.float64]

MIDDLE = 0.6  # of a side's length: the corners are left out
REACH = 12  # pixels to either side of the mask's border in which the edge is looked for
ROUNDS, CUT = 4, 3.0


@dataclass(frozen=True, slots=True)
class StraightEdge:
    """One side of the plate.

    `upright` edges run down the picture; `tilt_deg` is the angle to the pixel columns (rows, for the others);
    `point` (x, y) is its middle and `normal` the angle in radians of its normal that points out of the plate, both in
    pixels from the outer corner of the first one; `residual` the SD of the edge about the line, pixels.
    """

    upright: bool
    tilt_deg: float
    point: tuple[float, float]
    normal: float
    residual: float
    length: float


def plate_edges(pixels: FloatArray, plate: BoolArray, level: float) -> list[StraightEdge]:
    """The four sides of the plate: rows and columns cross `level` there, halfway between plate and field.

    A side without a crossing in most of its rows (at the rim of the picture, hidden) is left out.
    """
    values = np.asarray(pixels, dtype=np.float64)
    found = []
    for upright in (True, False):
        for outward in (1, -1):
            edge = _edge(values if upright else values.T, plate if upright else plate.T, level, outward)
            if edge is not None:
                found.append(_placed(edge, upright=upright, outward=outward))
    return found


def _edge(
    values: Floats, plate: BoolArray, level: float, outward: int
) -> tuple[float, float, float, float, float] | None:
    """(x at y = 0, slope, residual, middle y, length) of the plate's right (1) or left (-1) side."""
    rows = np.nonzero(plate.any(axis=1))[0]
    first, last = int(rows[0]), int(rows[-1])
    margin = (1 - MIDDLE) / 2 * (last - first)
    y = np.arange(round(first + margin), round(last - margin))
    border = [int(np.nonzero(plate[row])[0][-1 if outward == 1 else 0]) if plate[row].any() else -1 for row in y]
    found = [_crossing(values[row], b, level, outward) for row, b in zip(y, border, strict=True)]
    seen = np.array([x is not None for x in found])
    if seen.size < 20 or seen.mean() < 0.9:
        return None
    x = np.array([value for value in found if value is not None])
    return *_line(y[seen] + 0.5, x), (first + last + 1) / 2, float(y.size)


def _crossing(row: Floats, border: int, level: float, outward: int) -> float | None:
    """Where a row crosses the level nearest to the mask's border, in pixels from the outer corner."""
    if border < 0:
        return None
    low, high = max(0, border - REACH), min(row.size, border + REACH + 1)
    part = row[low:high] - level
    cross = np.nonzero(part[:-1] * part[1:] < 0)[0]
    cross = cross[(part[cross + 1] - part[cross]) * outward > 0]
    if cross.size == 0:
        return None
    i = int(cross[np.argmin(np.abs(low + cross - border))])
    return low + i + 0.5 + float(part[i] / (part[i] - part[i + 1]))


def _line(y: Floats, x: Floats) -> tuple[float, float, float]:
    """Intercept, slope and residual SD of x = a + b y, without points beyond 3 SDs."""
    kept = np.ones(y.size, dtype=bool)
    slope, start = np.polyfit(y, x, 1)
    for _ in range(ROUNDS):
        left = x - (start + slope * y)
        limit = CUT * max(float(left[kept].std()), 1e-3)
        kept = np.abs(left) <= limit
        slope, start = np.polyfit(y[kept], x[kept], 1)
    return float(start), float(slope), float((x - (start + slope * y))[kept].std())


def _placed(edge: tuple[float, float, float, float, float], *, upright: bool, outward: int) -> StraightEdge:
    start, slope, residual, middle, length = edge
    across = (outward / math.hypot(1, slope), -outward * slope / math.hypot(1, slope))  # x, y of the outward normal
    place = (start + slope * middle, middle)
    if not upright:
        across, place = (across[1], across[0]), (place[1], place[0])
    tilt = abs(math.degrees(math.atan(slope)))
    return StraightEdge(upright, tilt, place, math.atan2(across[1], across[0]), residual, length)
