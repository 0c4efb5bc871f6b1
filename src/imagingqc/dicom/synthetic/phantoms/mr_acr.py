"""Synthetic ACR MR phantom: outline, ramps, wedges, holes and disks of low contrast, known to a fraction of a pixel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from imagingqc.dicom.synthetic.base import Floats, rng
from imagingqc.dicom.synthetic.phantoms.ct_stack import window
from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries, write_mr_enhanced, write_mr_phantom

WATER = 1000.0
CONTRASTS = {8: 0.014, 9: 0.025, 10: 0.036, 11: 0.051}
_RINGS, _DISC = (12.8, 25.5, 38.4), (0.0, 7.2)
_ARRAYS = {1.1: (-13.8, 38.1), 1.0: (9.2, 38.1), 0.9: (32.1, 38.1)}
_MEDIUM_ARRAYS = {1.1: (-16.0, 35.0), 1.0: (5.0, 35.0), 0.9: (25.0, 35.0), 0.8: (43.0, 35.0)}
_MEDIUM_MM = 178.0  # a narrower phantom is the medium one
_FINE = 6  # points a side for each pixel around the holes


@dataclass(frozen=True, slots=True)
class ACRPhantom:
    """The phantom and how it lies.  Lengths in mm, angles in degrees, places (down, right) from the picture's centre.

    `diameter_mm` and `length_mm` are the true sizes as imaged; `stretch` (down, right) what distortion makes of
    them.  `tilt_deg` lets the centre wander from slice to slice.  `mirror` shows the phantom from its other end.
    `thickness_mm` is the true slice thickness; `offset_mm` how far slices 1 and 11 lie off the wedges' crossing (bars
    differ by twice that).  `spokes` are the complete ones in slices 8 to 11, `unresolved` the holes run together.
    `shading` is how much darker the centre is than the edge (0-1), `ghost` the share of the water's signal above and
    below the phantom, `noise` the SD of each channel, `bubble_mm` the depth of an air bubble at the top, `notch_mm`
    that of a notch of 20 mm in slice 7.  `without` leaves out inserts: ramps, wedges, holes, disc.
    """

    diameter_mm: float = 190.0
    length_mm: float = 148.0
    stretch: tuple[float, float] = (1.0, 1.0)
    shift_mm: tuple[float, float] = (0.0, 0.0)
    roll_deg: float = 0.0
    tilt_deg: float = 0.0
    mirror: bool = False
    thickness_mm: float = 5.0
    offset_mm: tuple[float, float] = (0.0, 0.0)
    spokes: tuple[int, int, int, int] = (10, 10, 10, 10)
    unresolved: tuple[float, ...] = ()
    shading: float = 0.0
    ghost: float = 0.0
    noise: float = 3.0
    bubble_mm: float = 0.0
    notch_mm: float = 0.0
    solid_grid: bool = True
    without: tuple[str, ...] = ()


def mr_acr(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    phantom: ACRPhantom | None = None,
    series: MRSeries | None = None,
    *,
    rows: int = 256,
    fov_mm: float = 250.0,
    missing: tuple[int, ...] = (),
    reverse: bool = False,
    air: int = 0,
    copies: tuple[int, ...] = (),
    facts: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write the eleven axial slices and give their paths.

    Truth: that of `phantom`; pixels of fov_mm / rows unless `series` says another spacing (a wrong header).  Slice
    k lies 10 mm x k along the normal, or against it with `reverse`.  `missing` and `copies` name slices (1 to 11) left
    out and written twice; `air` adds that many empty slices at both ends.
    """
    phantom = phantom or ACRPhantom()
    spacing = fov_mm / rows
    series = series or MRSeries(spacing_mm=(spacing, spacing))
    sign = -1.0 if reverse else 1.0
    numbers = [*range(1 - air, 12 + air), *copies]
    pictures, heights = [], []
    for number in numbers:
        if number in missing:
            continue
        pictures.append(_noisy(_drawn(_as_seen(phantom, number), number, rows, spacing), phantom.noise, seed, number))
        heights.append(sign * 10.0 * (number - 6))
    return write_mr_phantom(folder, series, pictures, heights, facts)


def mr_acr_enhanced(folder: Path, phantom: ACRPhantom | None = None, *, rows: int = 256, seed: int = 0) -> Path:
    """Write the eleven slices as one enhanced object, its frames in no order of space."""
    phantom = phantom or ACRPhantom()
    spacing = 250.0 / rows
    numbers = [6, 1, 11, 3, 9, 2, 10, 4, 8, 5, 7]
    pictures = [_noisy(draw_slice(phantom, n, rows, spacing), phantom.noise, seed, n) for n in numbers]
    return write_mr_enhanced(folder, MRSeries(spacing_mm=(spacing, spacing)), pictures, [10.0 * n for n in numbers])


def mr_acr_localizer(
    folder: Path, phantom: ACRPhantom | None = None, *, rows: int = 256, lying: bool = False, seed: int = 0
) -> list[Path]:
    """Write the sagittal localizer: the phantom's length runs down the picture, or across it when `lying`."""
    phantom = phantom or ACRPhantom()
    series = MRSeries(number=1, description="ACR_LOC", plane="sag", thickness_mm=20.0, te=20.0, tr=200.0)
    down, right = _grid(rows, 250 / rows)
    pixel = 250 / rows
    picture = WATER * _box(down, right, (phantom.length_mm, phantom.diameter_mm), pixel)
    picture *= 1 - 0.7 * np.clip((down + 60) / 150, 0, 1)
    picture *= 1 - _box(down - 40, right + 10, (68.0, 11.0), pixel)
    noisy = _noisy(picture, phantom.noise, seed, 99)
    facts = {"ImageOrientationPatient": [0.0, 0.0, -1.0, 0.0, 1.0, 0.0]} if lying else None
    return write_mr_phantom(folder, series, [noisy.T if lying else noisy], [0.0], facts)


def _as_seen(phantom: ACRPhantom, number: int) -> ACRPhantom:
    """The phantom without what does not show in this slice, so that equal slices are drawn once."""
    plain = ACRPhantom()
    hidden: dict[str, Any] = {"noise": plain.noise, "length_mm": plain.length_mm}
    if number not in (1, 11):
        hidden |= {"thickness_mm": plain.thickness_mm, "offset_mm": plain.offset_mm}
    if number not in CONTRASTS:
        hidden["spokes"] = plain.spokes
    if number != 1:
        hidden["unresolved"] = plain.unresolved
    return replace(phantom, **hidden)


@lru_cache(maxsize=64)
def _drawn(phantom: ACRPhantom, number: int, rows: int, spacing: float) -> Floats:
    picture = draw_slice(phantom, number, rows, spacing)
    picture.flags.writeable = False
    return picture


def draw_slice(phantom: ACRPhantom, number: int, rows: int, spacing: float) -> Floats:
    """Slice 1 to 11 without noise, shape (rows, rows); numbers beyond are air."""
    down, right = _grid(rows, spacing)
    drift = 10.0 * (number - 6) * math.tan(math.radians(phantom.tilt_deg))
    down, right = down - phantom.shift_mm[0], right - phantom.shift_mm[1] - drift
    if not 1 <= number <= 11:
        return np.zeros((rows, rows))
    y, x = down / phantom.stretch[0], right / phantom.stretch[1]
    turn = math.radians(phantom.roll_deg)
    u, v = x * math.cos(turn) + y * math.sin(turn), -x * math.sin(turn) + y * math.cos(turn)
    u = -u if phantom.mirror else u
    radius = phantom.diameter_mm / 2
    picture = _round(u, v, radius, spacing)
    picture = picture * (1 - phantom.shading * np.clip(1 - (u**2 + v**2) / radius**2, 0, 1))
    picture = picture * (1 - _inserts(phantom, number, u, v, spacing)) + _ramps(phantom, number, u, v)
    if phantom.bubble_mm:
        picture = picture * np.clip((y + radius - phantom.bubble_mm) / spacing + 0.5, 0, 1)
    if number == 1 and "holes" not in phantom.without:
        picture = picture + _holes(phantom, u, v, spacing)
    if number in CONTRASTS:
        picture = picture * (1 + _disks(phantom, number, u, v, spacing))
    if phantom.ghost:
        picture = picture + np.roll(phantom.ghost * _round(u, v, radius, spacing), rows // 2, axis=0)
    return np.asarray(WATER * picture)


def _grid(rows: int, spacing: float) -> tuple[Floats, Floats]:
    steps = (np.arange(rows) - (rows - 1) / 2) * spacing
    down, right = np.meshgrid(steps, steps, indexing="ij")
    return down, right


def _noisy(picture: Floats, noise: float, seed: int, number: int) -> Floats:
    real, imaginary = rng("mr-acr", seed, number).normal(0, noise, (2, *picture.shape)) if noise else (0.0, 0.0)
    return np.asarray(np.hypot(picture + real, imaginary))


def _round(u: Floats, v: Floats, radius: float, pixel: float) -> Floats:
    return np.asarray(np.clip((radius - np.hypot(u, v)) / pixel + 0.5, 0, 1))


def _box(v: Floats, u: Floats, size: tuple[float, float], pixel: float) -> Floats:
    """1 inside of a rectangle of `size` (down, right) about the origin, with the pixel's share at its edges."""
    high = np.clip((size[0] / 2 - np.abs(v)) / pixel + 0.5, 0, 1)
    return np.asarray(high * np.clip((size[1] / 2 - np.abs(u)) / pixel + 0.5, 0, 1))


def _inserts(phantom: ACRPhantom, number: int, u: Floats, v: Floats, pixel: float) -> Floats:
    """How much of each pixel is plastic."""
    size = phantom.diameter_mm / 190.0
    dark = np.zeros(u.shape)
    if number <= 4:
        dark = np.maximum(dark, _box(v, u, (11.0, 178.0 * size), pixel))
        ring = _round(u + 45 * size, v + 45 * size, 19.5 * size, pixel)
        dark = np.maximum(dark, ring - _round(u + 45 * size, v + 45 * size, 13.5 * size, pixel))
    if number == 1:
        dark = np.maximum(
            dark,
            _box(
                v - (38.2 * size if phantom.diameter_mm > _MEDIUM_MM else 35.8),
                u - 0.5,
                (39.0, max(114.0 * size, 107.0)),
                pixel,
            ),
        )
    if number in (1, 11) and "wedges" not in phantom.without:
        dark = np.maximum(dark, _wedges(phantom, phantom.offset_mm[number == 11], u, v, pixel))
    if number == 5 and phantom.solid_grid:
        corners = np.clip((90.0 * size - (np.abs(u) + np.abs(v)) / math.sqrt(2)) / pixel + 0.5, 0, 1)
        dark = np.maximum(dark, _box(v, u, (136.0 * size, 136.0 * size), pixel) * corners)
    if number == 5 and not phantom.solid_grid:
        lines = np.minimum(np.abs((u + 7.5) % 15 - 7.5), np.abs((v + 7.5) % 15 - 7.5))
        dark = np.maximum(dark, np.clip((0.75 - lines) / pixel + 0.5, 0, 1) * (np.hypot(u, v) < 75 * size))
    if number == 7 and phantom.notch_mm:
        dark = np.maximum(dark, _box(v + phantom.diameter_mm / 2, u, (2 * phantom.notch_mm, 20.0), pixel))
    if number >= 8 and "disc" not in phantom.without:
        u, v = u - _DISC[0], v - _DISC[1] * size
        dark = np.maximum(dark, _round(u, v, 50.5 * size, pixel) - _round(u, v, 44.6 * size, pixel))
    return dark


def _wedges(phantom: ACRPhantom, offset: float, u: Floats, v: Floats, pixel: float) -> Floats:
    """Two bars of 6 mm beside each other that end in a slope as long as the slice is thick."""
    top, end = -phantom.diameter_mm / 2 + 2, -phantom.diameter_mm / 2 + 32
    dark = np.zeros(u.shape)
    for side in (-1, 1):
        width = np.clip((3.0 - np.abs(u - side * 3.0)) / pixel + 0.5, 0, 1)
        slope = np.clip((end + side * offset - v) / phantom.thickness_mm + 0.5, 0, 1)
        dark = np.maximum(dark, width * slope * np.clip((v - top) / pixel + 0.5, 0, 1))
    return dark


def _ramps(phantom: ACRPhantom, number: int, u: Floats, v: Floats) -> Floats:
    """Water in the two slits of the bar: as far along as 10 times the thickness, moved by 10 times the offset."""
    if number != 1 or "ramps" in phantom.without:
        return np.zeros(u.shape)
    light = np.zeros(u.shape)
    for side in (-1, 1):
        height = np.abs(v - side * 2.75) < 2.6
        along = np.abs(u - side * 10 * phantom.offset_mm[0])
        light += 0.18 * height * np.clip((5 * phantom.thickness_mm - along) / 2 + 0.5, 0, 1)
    return light


def _holes(phantom: ACRPhantom, u: Floats, v: Floats, pixel: float) -> Floats:
    """The arrays of holes, each pixel sampled at 6 x 6 points (u and v change evenly from pixel to pixel)."""
    near = (np.abs(u - 9) < 45) & (np.abs(v - 38) < 20)
    steps = (np.arange(_FINE) - (_FINE - 1) / 2) / _FINE * pixel
    du, dv = (a.ravel() for a in np.meshgrid(steps, steps))
    points_u, points_v = u[near][:, np.newaxis] + du, v[near][:, np.newaxis] + dv
    light = np.zeros(points_u.shape)
    for diameter, (hu, hv) in (_ARRAYS if phantom.diameter_mm > _MEDIUM_MM else _MEDIUM_ARRAYS).items():
        a, b = points_u - hu, points_v - hv
        pitch = 2 * diameter
        if diameter in phantom.unresolved:
            upper = (a <= diameter / 2) & (a >= -3.5 * pitch) & (b <= diameter / 2) & (b >= -3.5 * pitch)
            lower = (a >= -diameter / 2) & (a <= 3.5 * pitch) & (b >= -diameter / 2) & (b <= 3.5 * pitch)
            light = np.where(upper | lower, 0.25, light)
            continue
        for i in range(4):
            for j in range(4):
                for x, y in ((-pitch * j - 0.2 * i, -pitch * i), (pitch * j, pitch * i + 0.2 * j)):
                    light = np.where(np.hypot(a - x, b - y) <= diameter / 2, 1.0, light)
    out = np.zeros(u.shape)
    out[near] = light.mean(axis=1)
    return out


def _disks(phantom: ACRPhantom, number: int, u: Floats, v: Floats, pixel: float) -> Floats:
    """Contrast of the disks; a spoke beyond the complete ones lacks its outermost disk."""
    whole = np.zeros(u.shape)
    here = window(v, u, (_DISC[1], _DISC[0]), _RINGS[-1] + 4.5)
    u, v = u[here], v[here]
    found = np.zeros(u.shape)
    complete = phantom.spokes[number - 8]
    for spoke in range(10):
        angle = math.radians(9.0 * (number - 8) + 36.0 * spoke)
        for ring in _RINGS[: 3 if spoke < complete else 2]:
            x, y = ring * math.sin(angle) + _DISC[0], -ring * math.cos(angle) + _DISC[1]
            near = window(v, u, (y, x), 4.5)
            found[near] += CONTRASTS[number] * _round(u[near] - x, v[near] - y, (7.0 - 5.5 / 9 * spoke) / 2, pixel)
    whole[here] = found
    return whole


def medium() -> ACRPhantom:
    """The medium phantom: its diameter, length and four arrays of holes; other inserts are smaller in proportion."""
    return replace(ACRPhantom(), diameter_mm=165.0, length_mm=134.0)
