"""High-contrast resolution of the ACR phantom: which arrays of holes in slice 1 are told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.phantom.mr.cubic import CubicPixels
from imagingqc.phantom.mr.frame import Frame

Floats = NDArray[np.float64]

STAGGER_MM = 0.2  # each next row (or column) of an array is set off by this
INSERT_U_MM, INSERT_V_MM = (-40.0, 60.0), (19.0, 56.0)  # where the insert lies that is looked at
SPLINE_PIXELS = 32  # beyond these a pixel has no part in a spline: 0.27 to their number is nothing
SEARCH_MM = 0.8
DEPTH = 0.12  # of the holes' signal: how far each gap has to fall below both of its holes
NOISE_DEPTH = 3.0  # and how many standard deviations of the insert's dark
FAINT = 0.35  # of the array's brightest: below, a hole is not seen


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the arrays of a model lie, in phantom coordinates (mm).

    `arrays` are hole diameters, the hole (u, v) that both arrays of the pair share, and how far about it is looked;
    `dark_u` and `dark_v` the part of the insert without holes.
    """

    arrays: tuple[tuple[float, tuple[float, float], float], ...]
    dark_u: tuple[float, float]
    dark_v: tuple[float, float]


LARGE = Layout(
    ((1.1, (-13.8, 38.1), 10.0), (1.0, (9.2, 38.1), 10.0), (0.9, (32.1, 38.1), 10.0)), (-30.0, 45.0), (22.5, 28.0)
)
# By the places that pylinac 3.49 reads in the medium phantom, less what its places in the large one are off by.
MEDIUM = Layout(
    ((1.1, (-16.4, 35.6), 9.3), (1.0, (4.5, 35.7), 8.6), (0.9, (24.4, 36.0), 7.9), (0.8, (42.7, 35.4), 7.3)),
    (-20.0, 44.0),
    (22.2, 26.2),
)
LAYOUTS = {"acr-mr-large": LARGE, "acr-mr-medium": MEDIUM}


@dataclass(frozen=True, slots=True)
class Holes:
    """One pair of arrays: the depth of the shallowest gap in the best row (right-left) and the best column (up-down).

    Depths are in parts of the signal of the holes in that row; `limit` is what they have to reach.  `u`, `v` is the
    shared hole.
    """

    diameter_mm: float
    across: float
    down: float
    limit: float
    u: float
    v: float


def read_holes(frame: Frame, layout: Layout = LARGE) -> tuple[Holes, ...]:
    """The pairs of arrays, coarsest first; AnalysisError `holes_not_found` when nothing shines there."""
    frame = frame.about(INSERT_U_MM, INSERT_V_MM, SPLINE_PIXELS)
    pixels = CubicPixels(frame.pixels)
    base, noise = _dark(frame, pixels, layout)
    return tuple(_pair(frame, pixels, one, base, noise) for one in layout.arrays)


def fits(frame: Frame, layout: Layout, larger: float) -> bool:
    """Whether all holes of a layout are there when lengths are `larger` than the header's pixel spacing says."""
    rows, columns = frame.disc.spacing_mm
    try:
        read_holes(replace(frame, disc=replace(frame.disc, spacing_mm=(rows * larger, columns * larger))), layout)
    except AnalysisError:
        return False
    return True


def smallest(values: dict[float, float], limit: dict[float, float]) -> float | None:
    """The smallest diameter resolved with all larger ones, None when not even the largest is."""
    found = None
    for diameter in sorted(values, reverse=True):
        if values[diameter] < limit[diameter]:
            break
        found = diameter
    return found


def _at(frame: Frame, pixels: CubicPixels, u: Floats, v: Floats) -> Floats:
    x, y = frame.place(u, v)
    return pixels(y, x)


def _dark(frame: Frame, pixels: CubicPixels, layout: Layout) -> tuple[float, float]:
    """Level and SD of the insert above the arrays."""
    u, v = np.meshgrid(np.arange(*layout.dark_u, 0.5), np.arange(*layout.dark_v, 0.5))
    values = _at(frame, pixels, u, v)
    base = float(np.median(values))
    return base, 1.4826 * float(np.median(np.abs(values - base)))


def _pair(
    frame: Frame, pixels: CubicPixels, array: tuple[float, tuple[float, float], float], base: float, noise: float
) -> Holes:
    diameter = array[0]
    u, v, bright = _centred(frame, pixels, array, base)
    if bright < 5 * noise or bright < 0.03 * frame.disc.signal:
        raise AnalysisError("holes_not_found", diameter=f"{diameter:g}")
    along = np.arange(0.0, 3.01, 0.5)  # holes at whole numbers, gaps between them
    across = down = 0.0
    for k in range(4):
        line = (u - 2 * diameter * along - STAGGER_MM * k, np.full(7, v - 2 * diameter * k))
        across = max(across, _depth(frame, pixels, line, base, bright))
        line = (np.full(7, u + 2 * diameter * k), v + 2 * diameter * along + STAGGER_MM * k)
        down = max(down, _depth(frame, pixels, line, base, bright))
    return Holes(diameter, across, down, max(DEPTH, NOISE_DEPTH * noise / bright), u, v)


def _centred(
    frame: Frame, pixels: CubicPixels, array: tuple[float, tuple[float, float], float], base: float
) -> tuple[float, float, float]:
    """The shared hole, as the centre of the light of both arrays, and the signal of the brightest of them."""
    diameter, place, reach = array
    u, v = place
    window = np.arange(-reach, reach + 0.1, 0.25)
    bright = 0.0
    for _ in range(4):
        across, down = np.meshgrid(u + window, v + window)
        light = _at(frame, pixels, across, down) - base
        bright = float(np.percentile(light, 98))
        light = np.where(light > 0.25 * float(light.max()), light, 0.0)
        total = float(light.sum())
        if total <= 0 or np.hypot(u - place[0], v - place[1]) > 4.0:
            raise AnalysisError("holes_not_found", diameter=f"{diameter:g}")
        u, v = float((light * across).sum()) / total, float((light * down).sum()) / total
    return u, v, bright


def _depth(frame: Frame, pixels: CubicPixels, line: tuple[Floats, Floats], base: float, bright: float) -> float:
    """Shallowest of the three gaps of one row of four holes, at the best place within SEARCH_MM."""
    steps = np.arange(-SEARCH_MM, SEARCH_MM + 0.05, 0.1)
    du, dv = np.meshgrid(steps, steps)
    values = _at(frame, pixels, line[0][:, None, None] + du, line[1][:, None, None] + dv) - base
    holes, gaps = values[0::2], values[1::2]
    depth = (np.minimum(holes[:-1], holes[1:]) - gaps) / np.maximum(holes.mean(axis=0), 1e-9)
    seen = holes.min(axis=0) > FAINT * bright
    return float(np.where(seen, depth.min(axis=0), 0.0).max())
