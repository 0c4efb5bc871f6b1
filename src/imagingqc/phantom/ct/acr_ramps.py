"""Slice thickness by the two wire ramps of the ACR CT phantom, from how their images move from slice to slice.

The wires of a ramp lie 0.5 mm further along z from one to the next.  Counting them in one slice knows the thickness to
a wire; here all slices of the module are used: where the pattern moves by v mm in the picture for each mm along z, a
place p of the ramp lies at z = p / v, and the brightness of every place in every slice, drawn against its distance
along z from the slice, is the slice sensitivity profile.  Its full width at half maximum is the thickness.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.imaging.circle import Floats
from imagingqc.imaging.morphology import blurred, box_along, dilated, interpolated
from imagingqc.imaging.peak_width import peak_width
from imagingqc.imaging.roi import regions
from imagingqc.phantom.ct.acr_find import Turn
from imagingqc.phantom.ct.rounds import RoundSlice

FEWEST_SLICES = 3
INSERT_DEG = (-45.0, 45.0, 135.0, 225.0)
LOOKED_AT_MM, INSERT_MM = 88.0, 19.0  # away from the surface and from the inserts
SMOOTH_MM, FAINTEST_HU, DEVIATIONS = 3.0, 15.0, 6.0
JOINED_MM = 2.0
SHORTEST_MM, SLENDER, END_MM = 8.0, 1.3, 1.0
OPPOSITE_MM = 6.0  # how far the middle between the two ramps may lie from the centre
SAMPLE_MM = 0.1
SLOWEST, SPEEDS_AGREE = 0.3, 0.25
SPEED_RESIDUAL = 0.15  # of the length of the pattern
WIRES_MM = 0.5  # from one wire to the next along z
BIN_MM = 0.1  # of the profile along z
REACH = 1.5  # nominal thicknesses: beyond there is no slice


@dataclass(frozen=True, slots=True)
class Ramp:
    """One ramp in the picture, mm from the phantom's centre: middle, direction, half length and half width.

    `speed` is how far its pattern moves along the direction for each mm along z; `width_mm` the FWHM of its profile.
    """

    x: float
    y: float
    angle: float
    half_mm: float
    side_mm: float
    speed: float = 0.0
    width_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Thickness:
    """Mean of the two ramps, both ramps, and the profile of the first: distances along z in mm and brightness."""

    width_mm: float
    ramps: tuple[Ramp, Ramp]
    profile: tuple[Floats, Floats]


def slice_width(slices: Sequence[RoundSlice], turn: Turn, nominal_mm: float) -> Thickness:
    """FWHM of the slice sensitivity profile in mm, from slices that lie wholly in module 1.

    AnalysisError `ramp_slices` for fewer than three slices, `ramps_not_found` when there are no two opposite patterns
    that move oppositely and steadily, or their profile has no width.
    """
    if len(slices) < FEWEST_SLICES:
        raise AnalysisError("ramp_slices", n=len(slices), need=FEWEST_SLICES)
    grid = np.arange(-LOOKED_AT_MM, LOOKED_AT_MM + 0.25, 0.5)
    pictures = [_centred(s, grid) for s in slices]
    pair = _two_ramps(pictures, grid, turn)
    z = np.array([s.z_mm for s in slices])
    measured = [_moved(slices, ramp, _clear(ramp, turn), z, nominal_mm) for ramp in pair]
    (first, profile), (second, _) = measured
    total = abs(first.speed) + abs(second.speed)
    if first.speed * second.speed > 0 or abs(first.speed + second.speed) > SPEEDS_AGREE * total:
        raise AnalysisError("ramps_not_found")
    return Thickness((first.width_mm + second.width_mm) / 2, (first, second), profile)


def _centred(piece: RoundSlice, grid: Floats) -> Floats:
    """The slice on an even grid of mm about the phantom's centre, less its smoothed self."""
    x = piece.found.x - 0.5 + grid / piece.spacing_mm[1]
    y = piece.found.y - 0.5 + grid / piece.spacing_mm[0]
    values = interpolated(piece.image.pixels, *np.meshgrid(y, x, indexing="ij"))
    step = float(grid[1] - grid[0])
    return values - blurred(values, (SMOOTH_MM / step, SMOOTH_MM / step))


def _two_ramps(pictures: Sequence[Floats], grid: Floats, turn: Turn) -> tuple[Ramp, Ramp]:
    """The two largest slender patterns away from the inserts, opposite to one another about the centre."""
    right, down = grid[np.newaxis, :], grid[:, np.newaxis]
    allowed = np.hypot(down, right) < LOOKED_AT_MM
    for nominal in INSERT_DEG:
        x, y = turn.place(turn.insert_mm, nominal)
        allowed &= np.hypot(down - y, right - x) > INSERT_MM
    brightest = np.maximum.reduce(list(pictures))
    noise = 1.4826 * float(np.median(np.abs(pictures[0][allowed])))
    mask = allowed & (brightest > max(FAINTEST_HU, DEVIATIONS * noise))
    step = float(grid[1] - grid[0])
    labels, found = regions(dilated(mask, round(JOINED_MM / step)))
    ramps = [_upright(_shape(mask & (labels == r.label), grid), turn) for r in found[:6]]
    long = [r for r in ramps if r.half_mm > SHORTEST_MM / 2 and r.half_mm > SLENDER * r.side_mm]
    for i, a in enumerate(long):
        for b in long[i + 1 :]:
            if math.hypot(a.x + b.x, a.y + b.y) < 2 * OPPOSITE_MM and abs(math.sin(a.angle - b.angle)) < 0.2:
                return a, replace(b, angle=a.angle)
    raise AnalysisError("ramps_not_found")


def _shape(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], grid: Floats) -> Ramp:
    """Middle and axes of a pattern; the lengths are those of a rectangle with the same second moments."""
    rows, columns = np.nonzero(mask)
    x, y = grid[columns], grid[rows]
    spread, axes = np.linalg.eigh(np.cov(np.vstack([x, y])) if x.size > 2 else np.eye(2))
    long, short = math.sqrt(3 * max(spread[1], 0.0)), math.sqrt(3 * max(spread[0], 0.0))
    angle = math.atan2(axes[1, 1], axes[0, 1])
    return Ramp(float(x.mean()), float(y.mean()), angle, long, short)


def _upright(ramp: Ramp, turn: Turn) -> Ramp:
    """The ramp along the nearest axis of the phantom: its ramps lie upright or level, as the phantom is turned."""
    roll = math.radians(turn.roll_deg)
    quarter = round((ramp.angle - roll) / (math.pi / 2))
    return replace(ramp, angle=roll + quarter * math.pi / 2)


def _clear(ramp: Ramp, turn: Turn) -> Floats:
    """Places along the ramp, a little beyond its pattern, as far as no insert and no surface is near."""
    along = np.arange(-ramp.half_mm - 6.0, ramp.half_mm + 6.0, SAMPLE_MM)
    x, y = ramp.x + along * math.cos(ramp.angle), ramp.y + along * math.sin(ramp.angle)
    free = np.hypot(x, y) < LOOKED_AT_MM
    for nominal in INSERT_DEG:
        right, down = turn.place(turn.insert_mm, nominal)
        free &= np.hypot(x - right, y - down) > INSERT_MM - 4.0 + ramp.side_mm
    middle = along.size // 2
    taken = np.nonzero(~free)[0]
    first = int(taken[taken < middle].max()) + 1 if (taken < middle).any() else 0
    last = int(taken[taken >= middle].min()) if (taken >= middle).any() else along.size
    return along[first:last]


def _moved(
    slices: Sequence[RoundSlice], ramp: Ramp, along: Floats, z: Floats, nominal_mm: float
) -> tuple[Ramp, tuple[Floats, Floats]]:
    """The ramp with its speed and width, and its profile."""
    if along.size * SAMPLE_MM < SHORTEST_MM:
        raise AnalysisError("ramps_not_found")
    bright = np.array([_along(s, ramp, along) for s in slices])
    speed, start = _speed(along, bright, z, min(ramp.half_mm, -float(along[0]), float(along[-1])) - END_MM)
    distance = (along[np.newaxis, :] - start) / speed - z[:, np.newaxis]
    profile = _profile(bright, distance, speed, ramp.half_mm)
    near = np.abs(profile[0]) < REACH * nominal_mm
    base = float(np.median(profile[1][~near])) if (~near).any() else float(profile[1].min())
    peak = peak_width(*profile, base=base, top=_plateau(profile[1], nominal_mm))
    if peak is None:
        raise AnalysisError("ramps_not_found")
    return replace(ramp, speed=speed, width_mm=peak.width), profile


def _along(piece: RoundSlice, ramp: Ramp, along: Floats) -> Floats:
    """Brightness along the ramp over its width, less that of its surroundings."""
    across = np.arange(-ramp.side_mm, ramp.side_mm + 0.25, 0.5)
    x = ramp.x + along[np.newaxis, :] * math.cos(ramp.angle) - across[:, np.newaxis] * math.sin(ramp.angle)
    y = ramp.y + along[np.newaxis, :] * math.sin(ramp.angle) + across[:, np.newaxis] * math.cos(ramp.angle)
    columns = piece.found.x - 0.5 + x / piece.spacing_mm[1]
    rows = piece.found.y - 0.5 + y / piece.spacing_mm[0]
    mean = interpolated(piece.image.pixels, rows, columns).mean(axis=0)
    return np.asarray(mean - float(np.percentile(mean, 25)), dtype=np.float64)


def _speed(along: Floats, bright: Floats, z: Floats, half_mm: float) -> tuple[float, float]:
    """How far the pattern moves along the ramp for each mm of z, and where it is at z = 0.

    A straight line through the centroids of the bright part of each slice that has its whole pattern
    in sight, away from the ends of the ramp.
    """
    top = bright.max(axis=1)
    places, at = [], []
    for values, height, position in zip(bright, top, z, strict=True):
        part = values > 0.3 * height
        if height > 0.4 * float(np.median(top)) and float(np.abs(along[part]).max()) < half_mm:
            places.append(float((along[part] * values[part]).sum() / values[part].sum()))
            at.append(position)
    if len(at) < FEWEST_SLICES:
        raise AnalysisError("ramps_not_found")
    slope, start = np.polyfit(at, places, 1)
    rest = np.array(places) - np.polyval([slope, start], at)
    if abs(slope) < SLOWEST or float(np.abs(rest).max()) > max(1.0, SPEED_RESIDUAL * float(np.ptp(along))):
        raise AnalysisError("ramps_not_found")
    return float(slope), float(start)


def _profile(bright: Floats, distance: Floats, speed: float, half_mm: float) -> tuple[Floats, Floats]:
    """Mean brightness against the distance along z, over all places of the ramp in all slices.

    Before that each row is averaged over the distance of two wires in the picture, so that every place counts alike,
    whether the wire next to it is seen in any slice or not.
    """
    wide = max(1, round(WIRES_MM * abs(speed) / SAMPLE_MM))
    even = box_along(bright, wide)
    inside = np.abs(distance[0] - distance[0].mean()) <= half_mm / abs(speed)
    even, distance = even[:, inside], distance[:, inside]
    reach = float(np.abs(distance).max())
    count = 2 * math.ceil(reach / BIN_MM)
    which = np.clip(np.floor(distance / BIN_MM + count / 2).astype(np.intp), 0, count - 1).ravel()
    weight = np.bincount(which, minlength=count)
    total = np.bincount(which, weights=even.ravel(), minlength=count)
    seen = weight > 0
    position: Floats = ((np.arange(count, dtype=np.float64) + 0.5 - count / 2) * BIN_MM)[seen]
    mean = np.asarray(total[seen] / weight[seen], dtype=np.float64)
    return position, box_along(mean[np.newaxis, :], 3)[0]


def _plateau(values: Floats, nominal_mm: float) -> float:
    """The top of a profile: the mean of its highest part, a third of the nominal thickness wide."""
    count = max(3, round(nominal_mm / 3 / BIN_MM))
    return float(np.sort(values)[-count:].mean())
