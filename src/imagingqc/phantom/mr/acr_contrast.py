"""Low-contrast detectability of the ACR phantom: complete spokes of slices 8 to 11."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import blurred, interpolated
from imagingqc.phantom.mr.fit import least_squares
from imagingqc.phantom.mr.frame import Frame

Floats = NDArray[np.float64]

SPOKES = 10
RINGS_MM = (12.8, 25.5, 38.4)
DISK_MM = tuple(7.0 - 5.5 / 9 * k for k in range(SPOKES))
FIRST_DEG = (0.0, 9.0, 18.0, 27.0)  # where the first spoke of slices 8 to 11 points, clockwise from the top
CENTRE_MM = (0.0, 7.2)
INNER_MM = 44.6  # radius of the disc within its wall
STEP_MM = 0.5
USED_MM = 42.5
VISIBLE = 2.0  # standard deviations of the same reading between the disks, for the weakest disk of a spoke


@dataclass(frozen=True, slots=True)
class Spokes:
    """What was read in one slice.

    `count` complete spokes from the first to the first that lacks a disk; `contrast` (10, 3) of the disks in parts of
    the signal around them, by spoke and from the centre outwards; `ratio` the same over its noise; `places` (10, 3, 2)
    the centres in phantom coordinates (u, v), mm.
    """

    count: int
    contrast: Floats
    ratio: Floats
    places: Floats


@dataclass(frozen=True, slots=True)
class _Plate:
    """The disc of one slice on a grid of STEP_MM about its centre, without shading: signal over its trend, less 1."""

    u: float
    v: float
    values: Floats

    def at(self, u: Floats, v: Floats) -> Floats:
        half = (self.values.shape[0] - 1) / 2
        return interpolated(self.values, v / STEP_MM + half, u / STEP_MM + half, beyond=0.0)


def read_spokes(frames: Sequence[Frame]) -> tuple[Spokes, ...]:
    """The spokes of slices 8, 9, 10 and 11, in this order; AnalysisError `phantom_other` without the disc's wall."""
    plates = [_plate(frame) for frame in frames]
    shift_u, shift_v, turn = _registered(plates)
    noise = _noise(plates, shift_u, shift_v, turn)
    found = []
    own = np.arange(SPOKES)
    for plate, first in zip(plates, FIRST_DEG, strict=True):
        u, v = _places(math.radians(first) + turn)
        u, v = u + shift_u, v + shift_v
        contrast = _readings(plate, u, v)[own, :, own]
        ratio = contrast / noise[:, np.newaxis]
        complete = (ratio >= VISIBLE).all(axis=1)
        count = SPOKES if complete.all() else int(np.argmin(complete))
        places = np.stack([u + plate.u, v + plate.v], axis=2)
        found.append(Spokes(count, contrast, ratio, places))
    return tuple(found)


def _places(first: float) -> tuple[Floats, Floats]:
    """Centres (10, 3) of the disks about the disc's centre; `first` is the first spoke's angle from the top."""
    angle = (first + np.arange(SPOKES) * (2 * np.pi / SPOKES))[:, np.newaxis]
    rings = np.array(RINGS_MM)
    return np.asarray(rings * np.sin(angle)), np.asarray(-rings * np.cos(angle))


def _plate(frame: Frame) -> _Plate:
    u, v = _centre(frame)
    steps = np.arange(-USED_MM, USED_MM + STEP_MM / 2, STEP_MM)
    across, down = np.meshgrid(steps, steps)
    signal = frame.at(u + across, v + down)
    square = (steps / USED_MM) ** 2
    inside = square[:, np.newaxis] + square < 1
    powers = (steps / USED_MM) ** np.arange(5)[:, np.newaxis]
    orders = [(i, j) for i in range(5) for j in range(5 - i)]
    # Every second point tells as much: the grid is finer than the pixels.
    few, used = powers[:, ::2], inside[::2, ::2]
    design = np.stack([(few[j][:, np.newaxis] * few[i])[used] for i, j in orders], axis=1)
    weights = np.zeros((5, 5))
    weights[tuple(zip(*orders, strict=True))] = least_squares(design, signal[::2, ::2][used])
    trend = powers.T @ weights.T @ powers
    return _Plate(u, v, np.where(inside, signal / np.maximum(trend, 1e-9) - 1.0, 0.0))


def _centre(frame: Frame) -> tuple[float, float]:
    """Centre of the disc from the inner edge of its wall, in phantom coordinates."""
    u, v = CENTRE_MM
    angle = np.arange(180) * (2 * np.pi / 180)
    reach = np.arange(INNER_MM - 9.0, INNER_MM + 7.0, 0.2)
    design = np.stack([np.ones(angle.size), np.cos(angle), np.sin(angle)], axis=1)
    for _ in range(3):
        lines = frame.at(u + reach * np.cos(angle)[:, np.newaxis], v + reach * np.sin(angle)[:, np.newaxis])
        level = (np.median(lines[:, reach < INNER_MM - 4], axis=1) + lines.min(axis=1)) / 2
        inner = reach[np.argmax(lines < level[:, np.newaxis], axis=1)]
        good = np.abs(inner - np.median(inner)) < 3.0
        radius, du, dv = (float(x) for x in least_squares(design[good], inner[good]))
        u, v = u + du, v + dv
    if abs(radius - INNER_MM) > 3.0 or good.mean() < 0.7 or math.hypot(u - CENTRE_MM[0], v - CENTRE_MM[1]) > 6.0:
        raise AnalysisError("phantom_other", wanted="acr_mr", why="slice_11")
    return u, v


def _registered(plates: Sequence[_Plate]) -> tuple[float, float, float]:
    """Shift (u, v) in mm and turn in radians that lay the disks of slices 10 and 11 on the brightest places."""
    steps = np.arange(-1.5, 1.51, 0.25)
    turns = np.radians(np.arange(-4.0, 4.1, 1.0))
    du, dv = np.meshgrid(steps, steps)
    score = np.zeros((turns.size, *du.shape))
    smooth = [_Plate(p.u, p.v, np.asarray(blurred(p.values, (2.5, 2.5)), np.float64)) for p in plates[2:]]
    for plate, first in zip(smooth, FIRST_DEG[2:], strict=True):
        places = [_places(math.radians(first) + float(turn)) for turn in turns]
        u, v = (np.stack([place[axis][:7].ravel() for place in places])[..., None, None] for axis in (0, 1))
        score += plate.at(u + du, v + dv).mean(axis=1)
    k, row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    return float(du[row, column]), float(dv[row, column]), float(turns[k])


def _readings(plate: _Plate, u: Floats, v: Floats) -> Floats:
    """Mean in a disk about (u, v) less the mean in a ring about it, in parts of the signal; by place and disk size."""
    weights = _weights()
    reach = math.isqrt(weights.shape[0]) // 2
    values = np.pad(plate.values, 2 * reach + 1)
    middle = (plate.values.shape[0] - 1) / 2 + 2 * reach + 1
    x, y = u / STEP_MM + middle, v / STEP_MM + middle
    column, row = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, down = ((at - low)[..., np.newaxis, np.newaxis] for at, low in ((x, column), (y, row)))
    # The points about each place lie as far apart as those of the plate: all are interpolated with the same shares.
    offset = np.arange(-reach, reach + 2)
    square = values[
        row[..., np.newaxis, np.newaxis] + offset[:, np.newaxis], column[..., np.newaxis, np.newaxis] + offset
    ]
    lines = square[..., :-1] * (1 - right) + square[..., 1:] * right
    points = lines[..., :-1, :] * (1 - down) + lines[..., 1:, :] * down
    return np.asarray(points.reshape(*u.shape, -1) @ weights)


@cache
def _weights() -> Floats:
    """How much each point of a square about the middle of a disk counts (points, 10) for each size of disk."""
    steps = np.arange(-6.5, 6.51, STEP_MM)
    a, b = (axis.ravel() for axis in np.meshgrid(steps, steps))
    radius, half = np.hypot(a, b)[:, np.newaxis], np.array(DISK_MM) / 2
    inner = radius <= np.maximum(half - 0.4, 0.8)
    outer = (radius >= half + 0.8) & (radius <= half + 2.6)
    return np.asarray(inner / inner.sum(axis=0) - outer / outer.sum(axis=0))


def _noise(plates: Sequence[_Plate], shift_u: float, shift_v: float, turn: float) -> Floats:
    """SD (10,) of the reading for each size of disk where no disk lies: between the spokes and between the rings."""
    between = np.array([(RINGS_MM[0] + RINGS_MM[1]) / 2, (RINGS_MM[1] + RINGS_MM[2]) / 2])
    readings = []
    for plate, first in zip(plates, FIRST_DEG, strict=True):
        angle = math.radians(first) + turn + (np.arange(SPOKES) + 0.5) * (2 * np.pi / SPOKES)
        u = (between * np.sin(angle)[:, np.newaxis]).ravel() + shift_u
        v = (-between * np.cos(angle)[:, np.newaxis]).ravel() + shift_v
        readings.append(_readings(plate, u, v))
    all_of_them = np.concatenate(readings)
    spread = 1.4826 * np.median(np.abs(all_of_them - np.median(all_of_them, axis=0)), axis=0)
    return np.asarray(np.maximum(spread, 1e-9), dtype=np.float64)
