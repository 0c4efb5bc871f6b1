"""Bar patterns: the modulation of every group of lines, wherever it lies in a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import boxes, dilated, opened

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

ENERGY_MM = 2.0  # boxes in which bars are looked for
STANDS_OUT = 5.0  # times the usual step between neighbouring pixels
SMALLEST_MM = 8.0
CYCLES = 2.5  # of the window that looks for one frequency
APART = 0.35  # cycles to either side between which the frequency of a place is taken
STRIP_MM = 1.5  # along the bars
FINER = 2  # samples per pixel across the bars


@dataclass(frozen=True, slots=True)
class BarGroup:
    """One group: line pairs per mm, amplitude in pixel values, noise of that, where it is (x, y pixels)."""

    frequency_per_mm: float
    amplitude: float
    noise: float
    place: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bars:
    """The groups from coarse to fine; `normal` is the angle in radians across the bars, `box` (x, y, width, height)."""

    groups: tuple[BarGroup, ...]
    normal: float
    box: tuple[int, int, int, int]


def bar_groups(pixels: FloatArray, spacing_mm: float, frequencies: Sequence[float]) -> Bars | None:
    """The amplitude of every frequency (1/mm, rising) in the region of strong fine structure; None without one.

    The region is turned so that the bars run down, averaged along them in strips of 1.5 mm and demodulated at every
    frequency under a window of 2.5 cycles.  The frequency of a place is the rate at which its phase turns; it counts
    for the group that is nearest, so that neither a neighbouring group nor a harmonic of a coarse one stands in.
    Source: own definition.
    """
    box = _region(pixels, spacing_mm)
    if box is None:
        return None
    x, y, width, height = box
    part = np.asarray(pixels[y : y + height, x : x + width], dtype=np.float64)
    normal = _direction(part)
    rows, inside = _strips(part, normal, spacing_mm)
    step = spacing_mm / FINER
    noise = _noise(pixels)
    groups = []
    for i, f in enumerate(frequencies):
        seen, usable = _demodulated(rows, inside, f, step)
        own = np.where(usable & _is_nearest(seen, f, step, _bounds(frequencies, i)), 2 * np.abs(seen), 0.0)
        strip, place = np.unravel_index(int(np.argmax(own)), own.shape)
        # Pixels under the window: of those the noise is the mean.
        count = max(1.0, CYCLES / f / spacing_mm * STRIP_MM / spacing_mm)
        at = _back(place * step - (own.shape[1] - 1) / 2 * step, (strip + 0.5 - own.shape[0] / 2) * STRIP_MM, normal)
        centre = (x + width / 2 + at[0] / spacing_mm, y + height / 2 + at[1] / spacing_mm)
        groups.append(BarGroup(f, float(own.max()), 2.5 * noise / math.sqrt(count), centre))
    return Bars(tuple(groups), normal, box)


def _bounds(frequencies: Sequence[float], i: int) -> tuple[float, float]:
    """Halfway (geometric) to the neighbours in the list; as far beyond the ends."""
    f = frequencies[i]
    below = frequencies[i - 1] if i else f / 1.25
    above = frequencies[i + 1] if i + 1 < len(frequencies) else f * 1.25
    return math.sqrt(f * below), math.sqrt(f * above)


def _region(pixels: FloatArray, spacing_mm: float) -> tuple[int, int, int, int] | None:
    """The box about everything that changes far more from pixel to pixel than is usual."""
    values = np.asarray(pixels, dtype=np.float32)
    steps = np.abs(np.diff(values, axis=1))[:-1] + np.abs(np.diff(values, axis=0))[:, :-1]
    size = max(2, round(ENERGY_MM / spacing_mm))
    means = blocks(steps, size)
    strong = dilated(means > STANDS_OUT * float(np.median(means)))
    strong = opened(strong)
    if not strong.any():
        return None
    rows, columns = boxes(strong.astype(np.int32))[0]
    width, height = (columns.stop - columns.start) * size, (rows.stop - rows.start) * size
    large = min(width, height) * spacing_mm >= SMALLEST_MM
    return (columns.start * size, rows.start * size, width, height) if large else None


def _direction(part: Floats) -> float:
    """The angle across the bars: the strongest direction of the structure tensor, -pi/2 to pi/2."""
    down, right = np.gradient(part)
    xx, yy, xy = float((right**2).mean()), float((down**2).mean()), float((right * down).mean())
    return 0.5 * math.atan2(2 * xy, xx - yy)


def _strips(part: Floats, normal: float, spacing_mm: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Means of strips along the bars, (strip, place across in steps of half a pixel), and where they are whole."""
    rows, columns = part.shape
    cos, sin = math.cos(normal), math.sin(normal)
    across = (abs(columns * cos) + abs(rows * sin)) / 2
    along = (abs(columns * sin) + abs(rows * cos)) / 2
    deep = max(1, round(STRIP_MM / spacing_mm))
    count = max(1, int(2 * along / deep))
    u = (np.arange(2 * int(across) * FINER + 1) / FINER - int(across))[np.newaxis, :]
    v = (np.arange(count * deep) + 0.5 - count * deep / 2)[:, np.newaxis]
    y, x = (rows - 1) / 2 + u * sin + v * cos, (columns - 1) / 2 + u * cos - v * sin
    seen: Floats = scipy.ndimage.map_coordinates(part, [y, x], order=5, mode="nearest")
    there = (y >= 0) & (y <= rows - 1) & (x >= 0) & (x <= columns - 1)
    shape = (count, deep, u.shape[1])
    return seen.reshape(shape).mean(axis=1), np.asarray(there.reshape(shape).all(axis=1))


def _demodulated(
    rows: Floats, inside: NDArray[np.bool_], frequency: float, step_mm: float
) -> tuple[Complex, NDArray[np.bool_]]:
    """The complex amplitude around every place, and where the window lies inside."""
    half = max(2, round(CYCLES / frequency / step_mm / 2))
    window = np.hanning(2 * half + 3)[1:-1]
    window = window / window.sum()
    phase = np.exp(-2j * math.pi * frequency * step_mm * np.arange(-half, half + 1))
    # A level must give nothing: the mean under the window is taken off.
    kernel = window * (phase - (window * phase).sum())
    if rows.shape[1] < kernel.size:
        return np.zeros(rows.shape, dtype=np.complex128), np.zeros(rows.shape, dtype=bool)
    seen = np.stack([np.convolve(row, kernel[::-1], mode="same") for row in rows])
    whole = scipy.ndimage.minimum_filter(inside.astype(np.uint8), size=(1, kernel.size), mode="constant") > 0
    return seen, np.asarray(whole)


def _is_nearest(seen: Complex, frequency: float, step_mm: float, bounds: tuple[float, float]) -> NDArray[np.bool_]:
    """Where the phase turns at a rate between the bounds, 1/mm."""
    apart = max(1, round(APART / frequency / step_mm))
    if seen.shape[1] <= 2 * apart:
        return np.zeros(seen.shape, dtype=bool)
    turned = np.zeros(seen.shape, dtype=np.complex128)
    turned[:, apart:-apart] = seen[:, 2 * apart :] * np.conj(seen[:, : -2 * apart])
    distance = 2 * apart * step_mm
    expected = np.exp(-2j * math.pi * frequency * distance)
    rate = frequency + np.angle(turned * expected) / (2 * math.pi * distance)
    return np.asarray((rate >= bounds[0]) & (rate <= bounds[1]) & (np.abs(turned) > 0))


def _noise(pixels: FloatArray) -> float:
    """SD of single pixels where nothing is: of the smaller half of the steps."""
    steps = np.diff(np.asarray(pixels[::2, ::2], dtype=np.float64), axis=1)
    return robust_spread(steps) / math.sqrt(2)


def _back(u: float, v: float, normal: float) -> tuple[float, float]:
    """From the turned region (across, along the bars) to x, y."""
    return u * math.cos(normal) - v * math.sin(normal), u * math.sin(normal) + v * math.cos(normal)
