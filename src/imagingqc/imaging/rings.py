"""Rings about the isocentre of a CT slice: what a bad detector element leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.mask import Body
from imagingqc.imaging.morphology import blurred, eroded, interpolated

Floats = NDArray[np.float64]

TISSUE_HU = (-200.0, 300.0)  # of the smoothed picture: bone, lung and gas have edges of their own
SMOOTH_MM = 2.0
ANGLES, SECTORS = 720, 12
HIGH_PASS = 11  # pixels along the radius
CLIP = 3.0  # times the usual high-pass: anatomy weighs no more than that
STEP_HU = 60.0  # of the smoothed picture across the box of the high pass: an edge
RIM_MM = 8.0
INNERMOST, FEWEST_SECTORS = 12, 4  # pixels; a third of a circle
FAINTEST_HU = 3.0  # of the mean round the circle: nobody sees less, and round anatomy leaves about 2


@dataclass(frozen=True, slots=True)
class RingProfile:
    """Robust z of the mean round each circle; index k is a radius of k pixels (NaN where too little was seen)."""

    z: Floats
    pixel_mm: float


def ring_profile(
    hu: FloatArray, body: Body, spacing_mm: tuple[float, float], centre: tuple[float, float]
) -> RingProfile | None:
    """How far each circle about `centre` (x, y in image pixels) stands out from its neighbours; 0 without any ring.

    hu : (rows, columns) in HU.  Polar picture in steps of one pixel and half a degree, minus the box mean over 11
    pixels of radius, clipped at three times its median size; mean over each of 12 sectors that shows soft tissue
    without edges in at least half of its angles, median of the sectors; over the standard error that the radius lets
    expect, by its 1.4826 MAD; 0 where the mean stays below 3 HU.  None when hardly any circle shows four sectors.
    Source: own definition after the usual search for rings in polar coordinates.
    """
    pixel = min(spacing_mm)
    far = _reach(body, spacing_mm, centre)
    radius = np.arange(max(INNERMOST + HIGH_PASS, math.ceil(far / pixel)) + 1)
    angle = (np.arange(ANGLES) * (2 * math.pi / ANGLES))[np.newaxis]
    x = centre[0] - 0.5 + radius[:, np.newaxis] * np.cos(angle) * (pixel / spacing_mm[1])
    y = centre[1] - 0.5 + radius[:, np.newaxis] * np.sin(angle) * (pixel / spacing_mm[0])
    smooth = blurred(hu, (SMOOTH_MM / spacing_mm[0], SMOOTH_MM / spacing_mm[1]))
    level = interpolated(smooth, y, x)
    seen = (level > TISSUE_HU[0]) & (level < TISSUE_HU[1]) & _inside(body, round(RIM_MM / pixel), x, y)
    seen = _both_sides(seen) & _even(level)
    rest = _high_pass(interpolated(np.asarray(hu, dtype=np.float32), y, x))
    if not seen.any():
        return None
    limit = CLIP * float(np.median(np.abs(rest[seen])))
    mean, sectors = _by_sector(np.clip(rest, -limit, limit), seen)
    enough = (sectors >= FEWEST_SECTORS) & (radius >= INNERMOST)
    if int(enough.sum()) < HIGH_PASS:
        return None
    z = _robust(mean * np.sqrt(sectors * np.maximum(radius, 1)), enough)
    z[enough & (np.abs(mean) < FAINTEST_HU)] = 0.0
    return RingProfile(z, pixel)


def _by_sector(rest: Floats, seen: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.intp]]:
    """Median over the sectors of their means, and how many sectors count, for each radius."""
    shape = (len(rest), SECTORS, ANGLES // SECTORS)
    count = seen.reshape(shape).sum(axis=2)
    usable = count >= ANGLES // SECTORS // 2
    mean = np.where(usable, (rest * seen).reshape(shape).sum(axis=2) / np.maximum(count, 1), math.nan)
    sectors = usable.sum(axis=1)
    out = np.zeros(len(rest))
    some = sectors > 0
    out[some] = np.nanmedian(mean[some], axis=1)
    return out, sectors


def _reach(body: Body, spacing: tuple[float, float], centre: tuple[float, float]) -> float:
    rows, columns = np.nonzero(body.mask)
    down = (rows + 0.5) * body.step - centre[1]
    across = (columns + 0.5) * body.step - centre[0]
    return float(np.hypot(down * spacing[0], across * spacing[1]).max())


def _inside(body: Body, rim: int, x: Floats, y: Floats) -> NDArray[np.bool_]:
    mask = eroded(body.mask, max(1, rim // body.step))
    column = np.floor((x + 0.5) / body.step).astype(np.intp)
    row = np.floor((y + 0.5) / body.step).astype(np.intp)
    kept: NDArray[np.bool_] = (row >= 0) & (column >= 0) & (row < mask.shape[0]) & (column < mask.shape[1])
    kept[kept] = mask[row[kept], column[kept]]
    return np.asarray(kept, dtype=bool)


def _both_sides(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Only where the whole box of the high pass lies in soft tissue."""
    total = np.cumsum(np.pad(seen.astype(np.int32), ((HIGH_PASS // 2 + 1, HIGH_PASS // 2), (0, 0))), axis=0)
    return np.asarray(total[HIGH_PASS:] - total[:-HIGH_PASS] == HIGH_PASS)


def _even(level: Floats) -> NDArray[np.bool_]:
    """Where the smoothed picture hardly changes along the radius."""
    half = HIGH_PASS // 2
    padded = np.pad(level, ((half, half), (0, 0)), mode="edge")
    return np.asarray(np.abs(padded[2 * half :] - padded[: -2 * half]) < STEP_HU)


def _high_pass(values: Floats) -> Floats:
    half = HIGH_PASS // 2
    total = np.cumsum(np.pad(values, ((half + 1, half), (0, 0)), mode="edge"), axis=0)
    return np.asarray(values - (total[HIGH_PASS:] - total[:-HIGH_PASS]) / HIGH_PASS)


def _robust(values: Floats, enough: NDArray[np.bool_]) -> Floats:
    out = np.full(values.shape, math.nan)
    known = values[enough]
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    if spread > 0:
        out[enough] = (known - middle) / spread
    return out
