"""What a slice of a water phantom holds: how wide its wall is, how even the water, and its rings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.imaging.circle import Floats
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import median_along
from imagingqc.imaging.round_object import radial_mean
from imagingqc.phantom.ct.rounds import RoundSlice

WALL_MOST_MM, WALL_LEAST_MM, WALL_STEP_HU = 25.0, 1.5, 10.0
SHARP = 3.0
BLOCK_MM = 5.0
RIM_MM = 6.0  # of the water, not looked at for evenness
ODD_HU, ODD_DEVIATIONS = 10.0, 6.0
RING_BINS, RING_FROM_MM, RING_DEVIATIONS = 11, 6.0, 5.0


@dataclass(frozen=True, slots=True)
class Evenness:
    """How even a disc is: share (0-1) of its 5 mm blocks that stand out, and by how much the farthest does, HU."""

    odd_share: float
    largest_hu: float


def wall_mm(piece: RoundSlice) -> float:
    """Width of the wall: from the outline to the sharpest step of the radial mean within 25 mm of it; 0 without one.

    A step is the difference between the means of 2 mm on both sides.  Below 10 HU, or less than three times what the
    mean changes over the next 2 mm inwards, it is no wall but cupping.
    """
    radius = piece.diameter_mm / 2
    bin_mm = 0.5
    place = (piece.found.x, piece.found.y)
    at, mean = radial_mean(piece.image.pixels, place, piece.spacing_mm, radius, bin_mm)
    side = round(2.0 / bin_mm)
    edge = 2 * max(piece.spacing_mm)  # the outline itself is a step too
    best, where = 0.0, 0.0
    for i in range(2 * side, at.size - side):
        depth = radius - (at[i] - bin_mm / 2)
        if not max(WALL_LEAST_MM, edge) < depth < WALL_MOST_MM:
            continue
        outer = mean[i : min(i + side, round((radius - edge) / bin_mm))]
        if not outer.size:
            continue
        inner = float(np.nanmean(mean[i - side : i]))
        step = abs(float(np.nanmean(outer)) - inner)
        slope = abs(inner - float(np.nanmean(mean[i - 2 * side : i - side])))
        if step > max(best, SHARP * slope):
            best, where = step, float(depth)
    return where if best >= WALL_STEP_HU else 0.0


def evenness(piece: RoundSlice, radius_mm: float) -> Evenness:
    """How even the disc of `radius_mm` is, its outer 6 mm left out.

    Means of blocks of 5 mm, less a plane and a cup (1, x, y, r²) fitted to them twice, the second time without the
    blocks that stand out.  A block stands out by more than 10 HU and more than six robust standard deviations.
    """
    step = max(1, round(BLOCK_MM / max(piece.spacing_mm)))
    values = blocks(piece.image.pixels, step)
    rows, columns = values.shape
    down = ((np.arange(rows) + 0.5) * step - piece.found.y)[:, np.newaxis] * piece.spacing_mm[0]
    right = ((np.arange(columns) + 0.5) * step - piece.found.x)[np.newaxis, :] * piece.spacing_mm[1]
    inside = np.hypot(down, right) < radius_mm - RIM_MM
    y, x = (np.broadcast_to(axis, values.shape)[inside] for axis in (down, right))
    level = values[inside].astype(np.float64)
    design = np.column_stack([np.ones_like(x), x, y, x * x + y * y])
    rest = level - float(np.median(level))
    kept = np.abs(rest) <= _odd_limit(rest)
    for _ in range(2):
        solution = np.linalg.lstsq(design[kept], level[kept], rcond=None)[0]
        rest = level - design @ solution
        kept = np.abs(rest) <= _odd_limit(rest)
    return Evenness(float((~kept).mean()), float(np.abs(rest).max()))


def _odd_limit(rest: NDArray[np.float64]) -> float:
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    return max(ODD_HU, ODD_DEVIATIONS * spread)


def strongest_ring(piece: RoundSlice, centre: tuple[float, float], radius_mm: float) -> tuple[float, float]:
    """Height in HU (signed) and radius in mm of the strongest ring about `centre` (x, y in pixels); (0, 0): none.

    Mean round each circle in bins of one pixel out to `radius_mm`, less its running median over 11 bins.  A ring
    stands out by more than five times 1.4826 MAD of these rests, each times the square root of its radius.
    """
    pixel = max(piece.spacing_mm)
    at, mean = radial_mean(piece.image.pixels, centre, piece.spacing_mm, radius_mm, pixel)
    known = np.isfinite(mean)
    at, mean = at[known], mean[known]
    rest: Floats = mean - median_along(mean, RING_BINS)
    rest[(at < RING_FROM_MM) | (at > radius_mm - RING_BINS // 2 * pixel)] = 0.0
    weighted = rest * np.sqrt(at)
    spread = 1.4826 * float(np.median(np.abs(weighted[rest != 0]))) if (rest != 0).any() else 0.0
    out = np.abs(weighted) > RING_DEVIATIONS * spread
    if spread == 0 or not out.any():
        return 0.0, 0.0
    best = int(np.argmax(np.where(out, np.abs(rest), 0.0)))
    return float(rest[best]), float(at[best])


def clock_places(distance_mm: float) -> dict[int, tuple[float, float]]:
    """Places (right, down) in mm at 12, 3, 6 and 9 o'clock at a distance from the centre."""
    return {
        hour: (distance_mm * math.sin(turn), -distance_mm * math.cos(turn))
        for hour, turn in ((12, 0.0), (3, math.pi / 2), (6, math.pi), (9, 3 * math.pi / 2))
    }
