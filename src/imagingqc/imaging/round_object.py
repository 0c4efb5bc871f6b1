"""A round object in a picture: its outline between the pixels, and the circle through it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.circle import Circle, Floats, fit_circle
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import BoolArray, interpolated, opened
from imagingqc.imaging.roi import filled, regions

COARSE_MM = 3.0  # grid on which the object is looked for
OPENING_MM = 6.0  # half of the thickness of what is taken off: table tops, cushions, cables
RAYS = 360
SEARCH_MM = 9.0  # about the outline of the coarse grid
STEP = 0.5  # pixels along a ray
SOLID_SHARE = 0.5  # of the filled shape: less is a shell


@dataclass(frozen=True, slots=True)
class RoundObject:
    """A round object in one picture.

    `x`, `y` is its centre in pixels from the outer corner of the first pixel; `circle` the same circle in mm, its
    centre counted from that corner; `edges` the outline, (n, 2) as x, y in pixels, NaN where a ray met no edge;
    `cut` the share (0-1) of the rays whose edge lies at the border of the picture.
    """

    x: float
    y: float
    circle: Circle
    edges: Floats
    cut: float

    @property
    def diameter_mm(self) -> float:
        return self.circle.diameter


def round_object(
    values: FloatArray, spacing_mm: tuple[float, float], level: float, smallest_mm: float = 50.0
) -> RoundObject | None:
    """The largest object above `level` in `values` (rows, columns), with the circle through its outline.

    A coarse grid (block means of about 3 mm) is thresholded, opened by 6 mm and filled; along 360 rays from the
    centroid of its largest region the outline is the crossing of `level` (bilinear, half-pixel steps, linear between
    them) next to the region's border.  The circle is `fit_circle` of these points, in mm.  None when there is no
    region of the area of a disc of `smallest_mm` diameter, or it is a shell, or its outline lies on no circle.
    `level` should lie halfway between the object and what is round it: then the edge is where the object ends.
    """
    step = max(1, int(COARSE_MM / max(spacing_mm)))
    grid = blocks(values, step)
    coarse_mm = (spacing_mm[0] * step, spacing_mm[1] * step)
    found = largest_region(grid > level, coarse_mm, smallest_mm)
    if found is None:
        return None
    x, y, mask = found
    angle: Floats = np.arange(RAYS, dtype=np.float64) * (2 * math.pi / RAYS)
    reach = _reach(mask, (x, y), coarse_mm, angle)
    radius = _crossings(values, (x * step, y * step), spacing_mm, level, angle, reach)
    right, down = x * coarse_mm[1] + radius * np.cos(angle), y * coarse_mm[0] + radius * np.sin(angle)
    circle = fit_circle(right, down, max(spacing_mm) / 2)
    if circle is None:
        return None
    edges = np.column_stack([right / spacing_mm[1], down / spacing_mm[0]])
    rows, columns = values.shape
    near = 1.5 * step  # pixels: the outline of the coarse grid knows the border no better
    ends = np.column_stack([x * step + reach * np.cos(angle) / spacing_mm[1],
                            y * step + reach * np.sin(angle) / spacing_mm[0]])  # fmt: skip
    low = (ends < near).any(axis=1)
    high = (ends[:, 0] > columns - near) | (ends[:, 1] > rows - near)
    cut = float((low | high).mean())
    return RoundObject(circle.x / spacing_mm[1], circle.y / spacing_mm[0], circle, edges, cut)


def largest_region(
    mask: BoolArray, spacing_mm: tuple[float, float], smallest_mm: float
) -> tuple[float, float, BoolArray] | None:
    """Centroid (x, y in pixels of the mask, from the outer corner) and filled mask of the largest solid region."""
    times = max(1, round(OPENING_MM / max(spacing_mm)))
    labels, found = regions(opened(mask, times))
    pixel = spacing_mm[0] * spacing_mm[1]
    if not found or found[0].area * pixel < SOLID_SHARE * math.pi / 4 * smallest_mm**2:
        return None
    whole = filled(labels == found[0].label)
    down, right = np.nonzero(whole)
    if down.size * pixel < math.pi / 4 * smallest_mm**2 or found[0].area < SOLID_SHARE * down.size:
        return None
    return float(right.mean()) + 0.5, float(down.mean()) + 0.5, whole


def _reach(mask: BoolArray, centre: tuple[float, float], spacing_mm: tuple[float, float], angle: Floats) -> Floats:
    """Distance in mm from the centre to the outermost pixel of the mask along each ray."""
    rows, columns = mask.shape
    step = min(spacing_mm) / 2
    far = math.hypot(rows * spacing_mm[0], columns * spacing_mm[1])
    radius = np.arange(0, far, step)[np.newaxis, :]
    x = np.floor(centre[0] + radius * np.cos(angle)[:, np.newaxis] / spacing_mm[1]).astype(np.intp)
    y = np.floor(centre[1] + radius * np.sin(angle)[:, np.newaxis] / spacing_mm[0]).astype(np.intp)
    inside: NDArray[np.bool_] = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    inside[inside] = mask[y[inside], x[inside]]
    return np.asarray((inside * radius).max(axis=1), dtype=np.float64)


def _crossings(
    values: FloatArray,
    centre: tuple[float, float],
    spacing_mm: tuple[float, float],
    level: float,
    angle: Floats,
    reach: Floats,
) -> Floats:
    """Distance in mm from the centre at which each ray falls through `level` next to `reach`; NaN where it does not."""
    pixel = min(spacing_mm)
    offsets = np.arange(-SEARCH_MM, SEARCH_MM + pixel, STEP * pixel)
    radius = reach[:, np.newaxis] + offsets[np.newaxis, :]
    x = centre[0] - 0.5 + radius * np.cos(angle)[:, np.newaxis] / spacing_mm[1]
    y = centre[1] - 0.5 + radius * np.sin(angle)[:, np.newaxis] / spacing_mm[0]
    along = interpolated(values, y, x, beyond=math.nan)
    above, below = along[:, :-1], along[:, 1:]
    falls = (above > level) & (below <= level)
    middle = np.abs(offsets[:-1])
    cost = np.where(falls, middle[np.newaxis, :], np.inf)
    best = cost.argmin(axis=1)
    ray = np.arange(len(angle))
    hit = np.isfinite(cost[ray, best])
    a, b = above[ray, best], below[ray, best]
    share = np.where(hit, (a - level) / np.where(hit, a - b, 1.0), math.nan)
    return np.asarray(radius[ray, best] + share * STEP * pixel, dtype=np.float64)


def disc_values(
    values: FloatArray, centre: tuple[float, float], radius_mm: float, spacing_mm: tuple[float, float]
) -> Floats:
    """Values of the pixels whose centres lie in a disc; `centre` is x, y in pixels from the outer corner of the first.

    What lies beyond the picture is left out.
    """
    x, y = centre
    rows, columns = values.shape
    half = (radius_mm / spacing_mm[0] + 1, radius_mm / spacing_mm[1] + 1)
    top, left = max(0, math.floor(y - half[0])), max(0, math.floor(x - half[1]))
    bottom, end = min(rows, math.ceil(y + half[0])), min(columns, math.ceil(x + half[1]))
    down = (np.arange(top, bottom) + 0.5 - y)[:, np.newaxis] * spacing_mm[0]
    right = (np.arange(left, end) + 0.5 - x)[np.newaxis, :] * spacing_mm[1]
    return np.asarray(values[top:bottom, left:end][np.hypot(down, right) <= radius_mm], dtype=np.float64)


def radial_mean(
    values: FloatArray,
    centre: tuple[float, float],
    spacing_mm: tuple[float, float],
    to_mm: float,
    bin_mm: float,
) -> tuple[Floats, Floats]:
    """Radii in mm (middle of each bin) and the mean of the pixels in each ring about `centre` (x, y in pixels).

    A bin without a pixel gives NaN.
    """
    rows, columns = values.shape
    down = (np.arange(rows) + 0.5 - centre[1])[:, np.newaxis] * spacing_mm[0]
    right = (np.arange(columns) + 0.5 - centre[0])[np.newaxis, :] * spacing_mm[1]
    count = math.ceil(to_mm / bin_mm)
    which = np.minimum((np.hypot(down, right) / bin_mm).astype(np.intp), count).ravel()
    weight = np.bincount(which, minlength=count + 1)[:count]
    total = np.bincount(which, weights=np.asarray(values, np.float64).ravel(), minlength=count + 1)[:count]
    mean = np.where(weight > 0, total / np.maximum(weight, 1), math.nan)
    radius: Floats = (np.arange(count, dtype=np.float64) + 0.5) * bin_mm
    return radius, np.asarray(mean, dtype=np.float64)
