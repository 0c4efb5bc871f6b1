"""Modulation transfer of an edge: from pixels at known distances from it to frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imagingqc.image import FloatArray
from imagingqc.imaging.circle import Floats

FEWEST_IN_BIN = 3
PADDED = 4  # times the length of the edge: frequencies that close together


@dataclass(frozen=True, slots=True)
class Mtf:
    """Modulation (1 at frequency 0) at rising frequencies in 1/mm; both of one length."""

    frequency_per_mm: Floats
    modulation: Floats

    def where(self, level: float) -> float | None:
        """The lowest frequency in 1/mm at which the modulation falls to `level` (0-1); None when it never does."""
        below = np.nonzero(self.modulation <= level)[0]
        if below.size == 0 or below[0] == 0:
            return None
        i = int(below[0])
        a, b = float(self.modulation[i - 1]), float(self.modulation[i])
        share = (a - level) / (a - b) if a > b else 0.0
        low, high = float(self.frequency_per_mm[i - 1]), float(self.frequency_per_mm[i])
        return low + share * (high - low)

    def at(self, frequency_per_mm: float) -> float:
        """Modulation at a frequency, linear between those known; beyond the last one NaN."""
        if frequency_per_mm > float(self.frequency_per_mm[-1]):
            return math.nan
        return float(np.interp(frequency_per_mm, self.frequency_per_mm, self.modulation))


def edge_spread(distance_mm: Floats, values: FloatArray, half_mm: float, bin_mm: float) -> tuple[Floats, Floats] | None:
    """Edge spread function: mean of the values in bins of `bin_mm` from -half_mm to half_mm of the edge.

    `distance_mm` and `values` are of one length; the distance is counted across the edge.  None when a bin holds fewer
    than three pixels.
    """
    count = max(4, 2 * round(half_mm / bin_mm))
    near = np.abs(distance_mm) < count / 2 * bin_mm
    which = np.clip(np.floor(distance_mm[near] / bin_mm + count / 2).astype(np.intp), 0, count - 1)
    weight = np.bincount(which, minlength=count)
    if int(weight.min()) < FEWEST_IN_BIN:
        return None
    total = np.bincount(which, weights=np.asarray(values[near], dtype=np.float64), minlength=count)
    position: Floats = (np.arange(count, dtype=np.float64) + 0.5 - count / 2) * bin_mm
    return position, np.asarray(total / weight, dtype=np.float64)


def mtf_of_edge(position_mm: Floats, spread: Floats) -> Mtf | None:
    """MTF of an edge spread function on an even grid: |FFT| of its differences under a window.

    The window is 1 over the inner half of the grid and falls to 0 at its ends as a cosine.  Divided by sinc² of the
    step, which is what bins and differences take away.
    Frequencies go up to half the sampling.  None when the edge has no height.
    """
    step = float(position_mm[1] - position_mm[0])
    line = np.diff(spread)
    middle = (position_mm[1:] + position_mm[:-1]) / 2
    half = float(position_mm[-1] - position_mm[0]) / 2
    outer = np.clip(2 * np.abs(middle) / half - 1, 0.0, 1.0)  # 0 in the inner half, 1 at the ends
    window = 0.5 + 0.5 * np.cos(math.pi * outer)
    weighted = line * window
    length = PADDED * line.size
    spectrum = np.abs(np.fft.rfft(weighted, n=length))
    if not spectrum[0] > 0:
        return None
    frequency = np.fft.rfftfreq(length, step)
    kept = frequency <= 0.5 / step
    modulation = spectrum[kept] / spectrum[0] / np.sinc(frequency[kept] * step) ** 2
    return Mtf(np.asarray(frequency[kept]), np.asarray(modulation))


def distances_from_circle(
    shape: tuple[int, ...],
    centre: tuple[float, float],
    radius_mm: float,
    spacing_mm: tuple[float, float],
) -> Floats:
    """Distance in mm of every pixel centre from a circle (outside positive); `centre` is x, y in pixels."""
    down = (np.arange(shape[0]) + 0.5 - centre[1])[:, np.newaxis] * spacing_mm[0]
    right = (np.arange(shape[1]) + 0.5 - centre[0])[np.newaxis, :] * spacing_mm[1]
    return np.asarray(np.hypot(down, right) - radius_mm, dtype=np.float64)


def distances_from_line(
    shape: tuple[int, ...],
    point: tuple[float, float],
    angle: float,
    spacing_mm: tuple[float, float],
) -> Floats:
    """Signed distance in mm of every pixel centre from a straight line through `point` (x, y in pixels).

    `angle` in radians is that of the normal, from the x axis towards the y axis (down): along it the distance grows.
    """
    down = (np.arange(shape[0]) + 0.5 - point[1])[:, np.newaxis] * spacing_mm[0]
    right = (np.arange(shape[1]) + 0.5 - point[0])[np.newaxis, :] * spacing_mm[1]
    return np.asarray(right * math.cos(angle) + down * math.sin(angle), dtype=np.float64)
