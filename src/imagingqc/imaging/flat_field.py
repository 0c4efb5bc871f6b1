"""Evenly exposed pictures: the smooth shape of the field, and what departs from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import BoolArray, box_mean, boxes, dilated, median_along

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Point = tuple[float, float]

ROUNDS, CUT = 4, 3.0  # a robust fit: rounds, and robust SDs beyond which a block is left out
BACKGROUND = 15  # pixels: the neighbourhood that a defect departs from
PIXEL_BEYOND, LINE_BEYOND, BLOCK_BEYOND = 8.0, 7.0, 7.0  # robust SDs
LINE_LEAST, BLOCK_LEAST = 0.001, 0.005  # of the signal: fainter ones are there in every detector
SMALL = 11  # pixels: larger departures are no single pixels
SEGMENTS = 4  # a line is looked for in each quarter of its length, for readout lines may end in the middle
BLOCK = 16  # pixels


@dataclass(frozen=True, slots=True)
class FieldShape:
    """Block means of a picture against the quadratic surface through them.

    `means` and `fitted` have the shape of the grid of blocks of `step` pixels; `departure` is means / fitted - 1.
    """

    step: int
    means: Floats
    fitted: Floats

    @property
    def departure(self) -> Floats:
        return np.asarray(self.means / self.fitted - 1)

    @property
    def gradient_percent(self) -> float:
        """Highest less lowest value of the surface, % of its mean."""
        return float(np.ptp(self.fitted) / self.fitted.mean() * 100)


@dataclass(frozen=True, slots=True)
class FlatDefects:
    """What departs: single pixels and small groups (centres x, y), lines (both ends), blocks (x, y, width, height).

    Pixels from the outer corner of the first pixel.
    """

    pixels: tuple[Point, ...]
    lines: tuple[tuple[Point, Point], ...]
    blocks: tuple[tuple[int, int, int, int], ...]


def field_shape(signal: Floats32, step: int) -> FieldShape:
    """Means of blocks of `step` pixels and the quadratic surface through them, deaf to blocks that depart."""
    means = blocks(signal, step).astype(np.float64)
    return FieldShape(step, means, quadratic_surface(means))


def quadratic_surface(means: Floats) -> Floats:
    """The surface of second order through a grid of values, fitted again without values beyond 3 robust SDs."""
    rows, columns = means.shape
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    values = means.ravel()
    kept = np.ones(values.size, dtype=bool)
    fitted = values
    for _ in range(ROUNDS):
        fitted = terms @ np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        left = values - fitted
        limit = CUT * robust_spread(left[kept])
        following = np.abs(left - np.median(left[kept])) <= max(limit, 1e-12)
        if following.sum() < max(12, 0.3 * values.size) or (following == kept).all():
            break
        kept = following
    return np.asarray(fitted.reshape(means.shape))


def flat_defects(signal: Floats32, *, with_blocks: bool = True) -> FlatDefects:
    """Pixels, lines and blocks of an even field that depart from their neighbourhood.

    The mean of a quarter of a row or column, outliers cut, departs beyond 7 robust SDs of all such quarters and 0.1 %
    of the signal from the running median of its neighbours; a pixel outside of such lines beyond 8 robust SDs of all
    pixels from the mean of the 15 x 15 around it; a block of 16 x 16 pixels, the others taken out, beyond 7 robust SDs
    and 0.5 % from the quadratic surface.
    Blocks have no meaning where the signal is about 0 (dark fields): `with_blocks` leaves them out.
    Source: own definition, after the usual search for defects in flat fields.
    """
    level = float(np.median(signal))
    lines = _lines(signal, level)
    on_lines = np.zeros(signal.shape, dtype=bool)
    for (x0, y0), (x1, y1) in lines:
        on_lines[int(min(y0, y1 - 1)) : int(max(y1, y0 + 1)), int(min(x0, x1 - 1)) : int(max(x1, x0 + 1))] = True
    on_lines = dilated(on_lines) if lines else on_lines
    around = _neighbourhood(signal, ~on_lines)
    rest = np.where(on_lines, np.float32(0), signal - around)
    beyond = np.abs(rest) > PIXEL_BEYOND * max(_usual(rest), 1e-9 * abs(level))
    pixels, large = _small(beyond)
    clean = np.where(on_lines | (beyond & ~large), around, signal).astype(np.float32)
    found = _blocks(clean) if with_blocks else []
    alone = [point for point in pixels if not any(_within(point, block) for block in found)]
    return FlatDefects(tuple(alone), tuple(lines), tuple(found))


def _neighbourhood(signal: Floats32, kept: BoolArray) -> Floats32:
    """Mean of the kept pixels in 15 x 15 around each one."""
    if kept.all():
        return box_mean(signal, BACKGROUND)
    share = np.maximum(box_mean(kept.astype(np.float32), BACKGROUND), np.float32(1e-3))
    return np.asarray(box_mean(np.where(kept, signal, np.float32(0)), BACKGROUND) / share, dtype=np.float32)


def _usual(rest: Floats32) -> float:
    """A robust SD that whole numbers with little noise do not bring to nothing."""
    low, high = np.percentile(rest[::2, ::2], (10, 90))
    return max(robust_spread(rest), float(high - low) / 2.563)


def _within(point: Point, block: tuple[int, int, int, int]) -> bool:
    """Inside of a block or its rim, where its edge looks like departing pixels."""
    x, y, width, height = block
    return x - BLOCK <= point[0] <= x + width + BLOCK and y - BLOCK <= point[1] <= y + height + BLOCK


def _small(beyond: BoolArray) -> tuple[list[Point], BoolArray]:
    """Centres of the small regions, and a mask of the large ones."""
    labels, _ = scipy.ndimage.label(beyond, structure=np.ones((3, 3)))
    found: list[Point] = []
    large = np.zeros(beyond.shape, dtype=bool)
    for number, (rows, columns) in enumerate(boxes(labels), start=1):
        if max(rows.stop - rows.start, columns.stop - columns.start) > SMALL:
            large[rows, columns] |= labels[rows, columns] == number
        else:
            found.append(((columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2))
    return found, large


def _lines(signal: Floats32, level: float) -> list[tuple[Point, Point]]:
    upright = [((x, a), (x, b)) for x, a, b in _upright(signal, level)]
    across = [((a, y), (b, y)) for y, a, b in _upright(signal.T, level)]
    return upright + across


def _upright(signal: Floats32, level: float) -> list[tuple[float, float, float]]:
    """(x, first row, last row) of the columns that depart in one quarter of their length or more."""
    edges = np.linspace(0, signal.shape[0], SEGMENTS + 1).round().astype(int)
    wide = np.float32(4 * robust_spread(signal))
    profiles = [_middle(signal[a:b], wide) for a, b in pairwise(edges)]
    profiles = [_above_neighbours(profile) for profile in profiles]
    usual = robust_spread(np.concatenate(profiles))
    limit = max(LINE_BEYOND * usual, LINE_LEAST * abs(level))
    seen = np.abs(np.stack(profiles)) > limit
    labels, _ = scipy.ndimage.label(seen.any(axis=0))
    out = []
    for (place,) in scipy.ndimage.find_objects(labels):
        if place.stop - place.start <= SMALL:
            hit = np.nonzero(seen[:, place].any(axis=1))[0]
            out.append(((place.start + place.stop) / 2, float(edges[hit[0]]), float(edges[hit[-1] + 1])))
    return out


def _above_neighbours(profile: Floats) -> Floats:
    """A profile less its running median; its trend goes first, for the median lags behind a slope at both ends."""
    place = np.linspace(-1, 1, profile.size)
    level = profile - np.polynomial.polynomial.polyval(place, np.polynomial.polynomial.polyfit(place, profile, 3))
    return np.asarray(level - median_along(level, BACKGROUND))


def _middle(part: Floats32, wide: np.float32) -> Floats:
    """Mean of every column, values beyond `wide` of its median cut: finer than the median of whole numbers."""
    median = np.median(part, axis=0)
    return np.asarray(np.clip(part, median - wide, median + wide).mean(axis=0, dtype=np.float64))


def _blocks(clean: Floats32) -> list[tuple[int, int, int, int]]:
    shape = field_shape(clean, BLOCK)
    departure = shape.departure - float(np.median(shape.departure))
    limit = max(BLOCK_BEYOND * robust_spread(departure), BLOCK_LEAST)
    labels, _ = scipy.ndimage.label(np.abs(departure) > limit, structure=np.ones((3, 3)))
    return [
        (c.start * BLOCK, r.start * BLOCK, (c.stop - c.start) * BLOCK, (r.stop - r.start) * BLOCK)
        for r, c in boxes(labels)
    ]
