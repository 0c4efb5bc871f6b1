"""What stays in its place while the pictures change: running sums over many pictures of one detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.image import AnyArray, FloatArray
from imagingqc.imaging.morphology import BoolArray, box_mean, boxes

HIGH_PASS = 15  # pixels: what is wider belongs to the patient or to the illumination
LARGEST = 11  # pixels: a spot is smaller than this in both directions; larger are letters, seams, plates
NOISE_BOX = 33
STRONGEST = 3.0  # noise SDs that one picture may contribute: an edge or a ring of a single patient is no defect
FLAT = 7  # pixels: an extreme value over a square of this side is air, a shutter or a mask; a dead pixel is smaller
MARGIN = 8  # pixels around such a square that are left out too
SEGMENTS = 4  # a line is looked for in each quarter of its length, for readout lines may end in the middle
THRESHOLD = 6.0
FAINTEST = 0.1  # noise SDs: many pictures prove lines that nobody can see
Point = tuple[float, float]
Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Defects:
    """Centres (x, y) of the spots, and the two ends of each line, in pixels from the first pixel's outer corner."""

    spots: tuple[Point, ...]
    lines: tuple[tuple[Point, Point], ...]


class FixedPattern:
    """Sums of what each picture of one detector has beyond its neighbourhood, in units of its local noise.

    For spots two sets of sums, one for every second picture each: what is fixed shows in both.  For lines the means
    along each quarter of a row or column, with their scatter from picture to picture: an edge of one patient scatters.
    Memory: 12 bytes per pixel, however many pictures.
    Source: own definition after the usual averaging of flat fields.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._sums = np.zeros((2, rows, columns), np.float32)
        self._counts = np.zeros((2, rows, columns), np.uint16)
        self._upright, self._level = LineSums(columns), LineSums(rows)
        self.n = 0

    def add(self, pixels: FloatArray, outside: BoolArray) -> None:
        """One picture (rows, columns) in detector coordinates; `outside` is True where it shows no patient."""
        residual, live = residual_of(pixels, outside)
        half = self.n % 2
        self._sums[half] += residual
        self._counts[half] += live
        self._upright.add(residual, live)
        self._level.add(residual.T, live.T)
        self.n += 1

    def covered(self) -> float:
        """Share of the pixels, 0 to 1, that at least half of the pictures cover."""
        return float(self._covered().mean())

    def defects(self) -> Defects:
        """Spots and lines beyond 6 robust SDs of what is averaged."""
        free = self._covered()
        rows, columns = free.shape
        lines = [((x, top * rows), (x, end * rows)) for x, top, end in self._upright.found(self.n)]
        lines += [((left * columns, y), (end * columns, y)) for y, left, end in self._level.found(self.n)]
        for (x, y), (u, _) in lines:  # the rest of a line, too weak to be seen as one, is no spot
            across = round(x - 0.5) if x == u else round(y - 0.5)
            (free if x == u else free.T)[:, max(0, across - 2) : across + 3] = False
        # Noise of SD 1 where nothing is fixed.
        halves = [self._sums[half] / np.sqrt(np.maximum(self._counts[half], 1)) for half in (0, 1)]
        return Defects(tuple(_spots(halves, free)), tuple(lines))

    def _covered(self) -> BoolArray:
        both: BoolArray = (self._counts.min(axis=0) >= max(1, self.n // 4)) & (self.n > 0)
        return both


class LineSums:
    """Sums over pictures of the mean residual along each quarter of the upright lines of a picture."""

    def __init__(self, columns: int) -> None:
        self._sums = np.zeros((3, SEGMENTS, columns))  # of ones, of means, of their squares

    def add(self, residual: Floats32, live: BoolArray) -> None:
        """One picture; a quarter of a column counts where half of it is live."""
        edges = np.linspace(0, residual.shape[0], SEGMENTS + 1).round().astype(int)
        for segment, (top, bottom) in enumerate(pairwise(edges)):
            counts = live[top:bottom].sum(axis=0)
            usable = counts >= (bottom - top) / 2
            profile = residual[top:bottom].sum(axis=0) / np.maximum(counts, 1)
            profile = profile - scipy.ndimage.median_filter(profile, HIGH_PASS, mode="nearest")
            profile[~usable] = 0.0
            self._sums[:, segment] += usable, profile, profile**2

    def found(self, n: int) -> list[tuple[float, float, float]]:
        """(place, first end, second end) of the lines among `n` pictures; ends as fractions of the length."""
        count, total, squares = self._sums
        usable = count >= max(2, n / 2)
        mean = np.divide(total, count, out=np.zeros_like(total), where=usable)
        spread = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0.0) / np.maximum(count, 1))
        z = np.divide(mean, spread, out=np.zeros_like(mean), where=usable & (spread > 0))
        usual = max(1.0, robust_spread(z[usable]))  # grid lines that never move are everywhere, not defects
        seen = (np.abs(z) > THRESHOLD * usual) & (np.abs(mean) > FAINTEST)
        labels, _ = scipy.ndimage.label(seen.any(axis=0))
        out = []
        for (place,) in scipy.ndimage.find_objects(labels):
            if place.stop - place.start <= LARGEST:
                hit = np.nonzero(seen[:, place].any(axis=1))[0]
                out.append(((place.start + place.stop) / 2, float(hit[0]) / SEGMENTS, float(hit[-1] + 1) / SEGMENTS))
        return out


def extremes(stored: AnyArray, padding: BoolArray | None) -> BoolArray:
    """True on and near flat areas at the lowest or highest value of a picture, and on padding: no patient there."""
    ends = (stored == stored.min()) | (stored == stored.max())
    if padding is not None:
        ends = ends | padding
    flat = scipy.ndimage.minimum_filter(ends.astype(np.uint8), FLAT, mode="nearest")
    return np.asarray(scipy.ndimage.maximum_filter(flat, FLAT + 2 * MARGIN, mode="nearest"), dtype=bool)


def residual_of(pixels: FloatArray, outside: BoolArray) -> tuple[Floats32, BoolArray]:
    """(pixel less its neighbourhood over the local noise SD, 0 where not live; where it is live).

    The neighbourhood is a box of 15 pixels; the noise is the SD of that difference in a box of 33 after values beyond
    3 SDs of a first estimate were cut; the result is cut at 3.
    """
    values = np.asarray(pixels, np.float32)
    residual = values - box_mean(values, HIGH_PASS)
    residual[outside] = 0.0
    noise = np.sqrt(np.maximum(box_mean(residual * residual, NOISE_BOX), 0.0))
    cut = np.clip(residual, -STRONGEST * noise, STRONGEST * noise)
    share = np.maximum(box_mean((~outside).astype(np.float32), NOISE_BOX), 1e-6)
    noise = np.sqrt(np.maximum(box_mean(cut * cut, NOISE_BOX), 0.0) / share)
    live = ~outside & (noise > 0)
    scaled = np.divide(residual, noise, out=np.zeros_like(residual), where=live)
    return np.clip(scaled, -STRONGEST, STRONGEST, out=scaled), live


def _spots(halves: Sequence[Floats32], free: BoolArray) -> list[Point]:
    """Centres of small regions (8-neighbours) beyond the threshold, from the top; single pixels and means of 3 x 3.

    Around a region too large for a spot, a letter or a seam, nothing is counted: its corners are small.
    """
    pictures: list[Floats32] = [np.asarray((halves[0] + halves[1]) / 2, np.float32), *halves]
    maps = [[_standard(picture, free, size) for picture in pictures] for size in (1, 3)]
    small: list[tuple[Point, tuple[int, int]]] = []
    large = np.zeros(free.shape, np.uint8)
    for sign in (1.0, -1.0):
        seen, sure = np.zeros_like(free), np.zeros_like(free)
        for whole, one, other in maps:
            beyond = free & (sign * whole > THRESHOLD)
            seen |= beyond
            # Half of the threshold in either half: what is fixed is as strong in both, chance is not.
            sure |= beyond & (np.minimum(sign * one, sign * other) > THRESHOLD / 2)
        labels, _ = scipy.ndimage.label(seen, structure=np.ones((3, 3)))
        for number, (rows, columns) in enumerate(boxes(labels), start=1):
            region = labels[rows, columns] == number
            y, x = np.nonzero(region)
            if max(region.shape) > LARGEST:
                large[rows, columns] |= region
            elif (region & sure[rows, columns]).any():
                centre = (float(columns.start + x.mean() + 0.5), float(rows.start + y.mean() + 0.5))
                small.append((centre, (rows.start + int(y[0]), columns.start + int(x[0]))))
    near = scipy.ndimage.maximum_filter(large, 2 * HIGH_PASS + 1)
    return sorted((centre for centre, pixel in small if not near[pixel]), key=lambda point: (point[1], point[0]))


def _standard(mean: Floats32, free: BoolArray, size: int) -> Floats32:
    """The averaged pattern in boxes of `size` pixels less its neighbourhood, over its own robust SD nearby."""
    kept = np.where(free, mean, 0).astype(np.float32)
    residual = np.where(free, box_mean(kept, size) - box_mean(kept, HIGH_PASS), 0).astype(np.float32)
    usual = robust_spread(residual[free]) if free.any() else 0.0
    if usual <= 0:
        return np.zeros_like(residual)
    cut = np.clip(residual, -STRONGEST * usual, STRONGEST * usual)
    share = np.maximum(box_mean(free.astype(np.float32), NOISE_BOX), 1e-6)
    nearby = np.sqrt(np.maximum(box_mean(cut * cut, NOISE_BOX), 0) / share)
    return np.asarray(residual / np.maximum(nearby, usual), np.float32)


def robust_spread(values: FloatArray) -> float:
    """1.4826 times the median absolute deviation: the SD of normal values, deaf to a few others; 0 for none."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values)))) if values.size else 0.0
