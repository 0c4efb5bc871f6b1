"""The round outline of a phantom in one MR slice, to a fraction of a pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import blurred, boxes, interpolated, labelled, median_along
from imagingqc.phantom.mr.fit import least_squares

Floats = NDArray[np.float64]

RAYS = 720
SMALLEST_MM2 = 2000.0  # what is smaller than a disc of 5 cm is no phantom
BACKGROUND = 0.25  # of the signal: below lies air
TRIM_MM = 0.7  # an edge farther inside of the fitted outline belongs to a bubble, a wedge or a bar
LARGEST_RESIDUAL_MM = 1.0
FEWEST_INLIERS = 0.6
AIR_MM = 2.5  # beyond the outermost edge of the first pass, where the second looks no farther if all is dark there
COARSE = 4  # the first pass, which only finds the centre, takes every fourth ray and half as many points along it
MOST_OVAL = 0.07  # of the radius: one diameter 15 % longer than the other


@dataclass(frozen=True, slots=True)
class Disc:
    """An outline r(phi) = radius + c2 cos 2 phi + s2 sin 2 phi about (x, y), fitted to the edges of rays.

    `x`, `y` are pixels from the centre of the first pixel; lengths are mm, angles radians from the image's x axis
    towards its y axis (down).  `edges_mm` (RAYS,) are the measured edges, NaN where a bubble or an insert hides it;
    `residual_mm` is the RMS of the others about the fit and `inliers` their share.  `signal` is the median signal
    just inside of the edge.
    """

    x: float
    y: float
    radius_mm: float
    c2: float
    s2: float
    edges_mm: Floats
    residual_mm: float
    inliers: float
    signal: float
    spacing_mm: tuple[float, float]

    def radius_at(self, angle: float) -> float:
        """The outline in one direction: edges within 6 degrees where they are seen, else the fit alone.  mm."""
        turn = np.angle(np.exp(1j * (directions() - angle)))
        near = self.edges_mm[np.abs(turn) <= math.radians(6.0)] - self._fit()[np.abs(turn) <= math.radians(6.0)]
        near = near[np.isfinite(near)]
        fit = self.radius_mm + self.c2 * math.cos(2 * angle) + self.s2 * math.sin(2 * angle)
        return float(fit + (np.median(near) if near.size >= 5 else 0.0))

    def diameter_at(self, angle: float) -> float:
        """Distance of both edges through the centre along one direction, mm."""
        return self.radius_at(angle) + self.radius_at(angle + math.pi)

    def _fit(self) -> Floats:
        twice = 2 * directions()
        return np.asarray(self.radius_mm + self.c2 * np.cos(twice) + self.s2 * np.sin(twice))


def directions(rays: int = RAYS) -> Floats:
    """The directions of the rays, radians (RAYS,)."""
    return np.asarray(np.arange(rays) * (2 * np.pi / rays), dtype=np.float64)


def find_disc(pixels: NDArray[np.float64], spacing_mm: tuple[float, float]) -> Disc:
    """The phantom's outline in a slice of `pixels` (rows, columns).

    AnalysisError `phantom_not_found` when nothing large is brighter than the air or its outline is not round (RMS above
    1 mm, fewer than 60 % of the edges on it, or one diameter 15 % longer than the other), `phantom_cut` when it reaches
    beyond the picture.
    """
    guess, sides = _largest(pixels, spacing_mm)
    try:
        disc = _fitted(pixels, spacing_mm, guess, RAYS // COARSE)
        disc = _fitted(pixels, spacing_mm, (disc.x, disc.y, disc.radius_mm), RAYS, _outermost(disc))
        _require_round(disc)
    except AnalysisError:
        if sides >= 3:
            raise AnalysisError("phantom_cut") from None
        raise
    _require_inside(disc, pixels.shape)
    return disc


def _require_round(disc: Disc) -> None:
    oval = math.hypot(disc.c2, disc.s2) / disc.radius_mm
    if disc.residual_mm > LARGEST_RESIDUAL_MM or disc.inliers < FEWEST_INLIERS or oval > MOST_OVAL:
        raise AnalysisError("phantom_not_found", why="no_round_outline")


def _largest(pixels: NDArray[np.float64], spacing_mm: tuple[float, float]) -> tuple[tuple[float, float, float], int]:
    """Centre (x, y in pixels) and radius (mm) of the largest bright region by its box, and the sides it reaches.

    The box knows the radius where the area does not: an insert that reaches the edge takes from the area alone, a
    bubble from the height, so that half of the larger side is right.
    """
    smooth = blurred(pixels, (1.0 / spacing_mm[0], 1.0 / spacing_mm[1]))
    level = BACKGROUND * float(np.percentile(smooth, 90))
    labels, _ = labelled(smooth > max(level, float(np.median(smooth[:4])) * 2))
    areas = np.bincount(labels.ravel())[1:]
    if not areas.size or areas.max() * spacing_mm[0] * spacing_mm[1] < SMALLEST_MM2:
        raise AnalysisError("phantom_not_found", why="nothing_bright")
    rows, columns = boxes(labels)[int(areas.argmax())]
    top, bottom, left, right = rows.start, rows.stop - 1, columns.start, columns.stop - 1
    radius = max((bottom - top) * spacing_mm[0], (right - left) * spacing_mm[1]) / 2
    sides = sum((top == 0, bottom == pixels.shape[0] - 1, left == 0, right == pixels.shape[1] - 1))
    return ((left + right) / 2, (top + bottom) / 2, radius), sides


def _outermost(disc: Disc) -> float:
    """How far from the centre the outline may lie, mm, by the first pass."""
    return disc.radius_mm + math.hypot(disc.c2, disc.s2) + AIR_MM


def _fitted(
    pixels: NDArray[np.float64],
    spacing_mm: tuple[float, float],
    guess: tuple[float, float, float],
    rays: int,
    enough_mm: float = math.inf,
) -> Disc:
    """One pass: edges along rays from the guess (x, y, radius), then the outline, trimmed of what lies inside."""
    x, y, radius = guess
    edges, signal = _edges(pixels, spacing_mm, guess, rays, enough_mm)
    angle = directions(rays)
    model = np.stack([np.ones(rays), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)], axis=1)
    kept = np.isfinite(edges)
    if kept.sum() < rays // 3:
        raise AnalysisError("phantom_not_found", why="no_round_outline")
    kept &= np.abs(edges - np.nanmedian(edges)) < 0.1 * radius
    values: NDArray[Any] = np.zeros(5)
    for _ in range(12):
        values = least_squares(model[kept], edges[kept])
        residual = edges - model @ values
        spread = 1.4826 * float(np.median(np.abs(residual[kept])))
        now = np.isfinite(edges) & (np.abs(residual) < max(TRIM_MM, 3 * spread))
        if (now == kept).all():
            break
        kept = now
        if kept.sum() < rays // 3:
            raise AnalysisError("phantom_not_found", why="no_round_outline")
    rms = float(np.sqrt(np.mean((edges - model @ values)[kept] ** 2)))
    return Disc(
        x=x + float(values[1]) / spacing_mm[1],
        y=y + float(values[2]) / spacing_mm[0],
        radius_mm=float(values[0]),
        c2=float(values[3]),
        s2=float(values[4]),
        edges_mm=np.where(kept, edges, np.nan),
        residual_mm=rms,
        inliers=float(kept.mean()),
        signal=signal,
        spacing_mm=spacing_mm,
    )


def _edges(
    pixels: NDArray[np.float64],
    spacing_mm: tuple[float, float],
    guess: tuple[float, float, float],
    rays: int,
    enough_mm: float,
) -> tuple[Floats, float]:
    """Distance (rays,) of the outermost fall to half of the signal near the edge, NaN without one; that signal.

    The first, coarse pass looks farther to both sides than the second, which knows the centre and the radius.  Beyond
    `enough_mm` is looked only where something is as bright as the edge.
    """
    radius = guess[2]
    fine = rays == RAYS
    step = min(spacing_mm) / (4 if fine else 2)
    reach = np.arange((0.87 if fine else 0.8) * radius, (1.13 if fine else 1.2) * radius, step)
    near = reach[reach <= enough_mm]
    profiles = _profiles(pixels, spacing_mm, guess, near, rays)
    rim = profiles[:, (near > 0.9 * radius) & (near < radius)]  # inserts leave a rim of water of 5 mm and more
    plateau = _upper_quarter(rim)
    window = rays // 18  # 20 degrees: wider than what a bar hides
    wrapped = np.concatenate([plateau[-window:], plateau, plateau[:window]])
    level = median_along(wrapped, window | 1)[window:-window] / 2
    if near.size < reach.size and not _dark_between(
        pixels, spacing_mm, guess, (float(near[-1]), float(reach[-1])), float(level.min())
    ):
        near = reach
        profiles = _profiles(pixels, spacing_mm, guess, near, rays)
    above = profiles >= level[:, np.newaxis]
    last = near.size - 1 - np.argmax(above[:, ::-1], axis=1)
    seen = above.any(axis=1) & (last < near.size - 1)
    k = np.clip(last, 0, near.size - 2)
    ray = np.arange(rays)
    high, low = profiles[ray, k], profiles[ray, k + 1]
    part = (high - level) / np.maximum(high - low, 1e-9)
    return np.where(seen, near[k] + part * step, np.nan), float(2 * np.median(level))


def _profiles(
    pixels: NDArray[np.float64],
    spacing_mm: tuple[float, float],
    guess: tuple[float, float, float],
    reach: Floats,
    rays: int,
) -> Floats:
    """Signal (rays, distances) at the distances `reach` (mm) from the centre along each ray."""
    x, y, _ = guess
    angle = directions(rays)[:, np.newaxis]
    down, right = np.sin(angle) / spacing_mm[0], np.cos(angle) / spacing_mm[1]
    return interpolated(pixels, y + reach * down, x + reach * right, beyond=0.0)


def _upper_quarter(rows: Floats) -> Floats:
    """The 75th percentile of each row: np.percentile, of rows so short that sorting them is quicker."""
    ordered = np.sort(rows, axis=1)
    at = 0.75 * (rows.shape[1] - 1)
    low = min(int(at), max(rows.shape[1] - 2, 0))
    step = ordered[:, min(low + 1, rows.shape[1] - 1)] - ordered[:, low]
    return np.asarray(ordered[:, low] + step * (at - low))


def _dark_between(
    pixels: NDArray[np.float64],
    spacing_mm: tuple[float, float],
    guess: tuple[float, float, float],
    from_to_mm: tuple[float, float],
    level: float,
) -> bool:
    """Whether no pixel that a point between these distances is interpolated from is as bright as `level`."""
    x, y, _ = guess
    down = ((np.arange(pixels.shape[0]) - y) * spacing_mm[0]) ** 2
    right = ((np.arange(pixels.shape[1]) - x) * spacing_mm[1]) ** 2
    away, diagonal = down[:, np.newaxis] + right, math.hypot(*spacing_mm)
    ring = (away >= (from_to_mm[0] - diagonal) ** 2) & (away <= (from_to_mm[1] + diagonal) ** 2)
    return float(pixels.max(where=ring, initial=-math.inf)) < level


def _require_inside(disc: Disc, shape: tuple[int, ...]) -> None:
    left, right = disc.x * disc.spacing_mm[1], (shape[1] - 1 - disc.x) * disc.spacing_mm[1]
    top, bottom = disc.y * disc.spacing_mm[0], (shape[0] - 1 - disc.y) * disc.spacing_mm[0]
    if min(left, right, top, bottom) < disc.radius_mm:
        raise AnalysisError("phantom_cut")
