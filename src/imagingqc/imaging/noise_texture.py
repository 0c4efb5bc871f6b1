"""How coarse or fine the noise of an even region is: its power spectrum by spatial frequency."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray

Floats = NDArray[np.float64]

SIDE_MM = 32.0  # of one square region, nearly: a multiple of 8 pixels is quickly transformed; they overlap by half
FEWEST, MOST = 4, 25
SMOOTHED = 3  # bins that the peak is looked for in


@dataclass(frozen=True, slots=True)
class NoiseTexture:
    """Noise power (unit² mm²) by radial frequency (1/mm), up to the Nyquist frequency; `regions` were averaged."""

    frequency_per_mm: Floats
    power: Floats
    regions: int

    @property
    def mean_per_mm(self) -> float:
        """The mean frequency, each weighted by its power; noise as coarse as a square is hardly seen."""
        return float((self.frequency_per_mm * self.power).sum() / self.power.sum())

    @property
    def peak_per_mm(self) -> float:
        """The frequency of most power, of means of three bins."""
        smooth = np.convolve(self.power, np.ones(SMOOTHED) / SMOOTHED, mode="valid")
        return float(self.frequency_per_mm[int(smooth.argmax()) + SMOOTHED // 2])


def noise_texture(
    pixels: FloatArray, centre: tuple[float, float], radius_mm: float, spacing_mm: tuple[float, float]
) -> NoiseTexture:
    """|FFT|² of squares of 32 mm wholly within a disc, less a quadratic surface, by rings of frequency.

    `centre` is (x, y) in pixels from the outer corner of the first pixel.  AnalysisError `noise_regions_few` when fewer
    than four squares fit, `no_noise` when there is nothing to tell.
    Source: AAPM Report No. 233 (performance of CT systems), noise power spectrum; ICRU Report 87.
    """
    sides = (max(8, 8 * round(SIDE_MM / spacing_mm[0] / 8)), max(8, 8 * round(SIDE_MM / spacing_mm[1] / 8)))
    squares = _squares(pixels, centre, radius_mm, sides, (sides[0] * spacing_mm[0], sides[1] * spacing_mm[1]))
    if len(squares) < FEWEST:
        raise AnalysisError("noise_regions_few", n=len(squares), need=FEWEST)
    down, across = np.meshgrid(*(np.linspace(-1, 1, n) for n in sides), indexing="ij")
    terms = np.stack([np.ones_like(down), down, across, down**2, down * across, across**2], axis=-1).reshape(-1, 6)
    values = np.stack([square.ravel() for square in squares]).astype(np.float64)
    rest = values - np.linalg.solve(terms.T @ terms, terms.T @ values.T).T @ terms.T
    planes = np.fft.fft2(rest.reshape(-1, *sides))
    power = (np.abs(planes) ** 2).mean(axis=0) * math.prod(spacing_mm) / math.prod(sides)
    if float(power.max()) <= 0:
        raise AnalysisError("no_noise")
    return _by_frequency(power, spacing_mm, len(squares))


def _squares(
    pixels: FloatArray,
    centre: tuple[float, float],
    radius_mm: float,
    sides: tuple[int, int],
    sides_mm: tuple[float, float],
) -> list[FloatArray]:
    """Squares every half side about the centre whose corners lie in the disc and in the picture, the inmost ones."""
    rows, columns = pixels.shape
    reach = math.ceil(2 * radius_mm / min(sides_mm))
    found: list[tuple[float, FloatArray]] = []
    for j in range(-reach, reach + 1):
        for i in range(-reach, reach + 1):
            top = round(centre[1] + (j - 1) * sides[0] / 2)
            left = round(centre[0] + (i - 1) * sides[1] / 2)
            far = math.hypot((abs(j) + 1) * sides_mm[0] / 2, (abs(i) + 1) * sides_mm[1] / 2)
            if far <= radius_mm and top >= 0 and left >= 0 and top + sides[0] <= rows and left + sides[1] <= columns:
                found.append((far, pixels[top : top + sides[0], left : left + sides[1]]))
    return [square for _, square in sorted(found, key=lambda one: one[0])[:MOST]]


def _by_frequency(power: Floats, spacing_mm: tuple[float, float], regions: int) -> NoiseTexture:
    """Means of rings one step of frequency wide, without zero and what the surface has taken."""
    rows, columns = power.shape
    down, across = np.fft.fftfreq(rows, spacing_mm[0])[:, np.newaxis], np.fft.fftfreq(columns, spacing_mm[1])
    step = 1 / min(rows * spacing_mm[0], columns * spacing_mm[1])
    last = int(0.5 / max(spacing_mm) / step)
    which = np.minimum(np.rint(np.hypot(down, across) / step).astype(np.intp), last + 1).ravel()
    count = np.bincount(which, minlength=last + 2)[1 : last + 1]
    total = np.bincount(which, weights=power.ravel(), minlength=last + 2)[1 : last + 1]
    return NoiseTexture(np.arange(1, last + 1) * step, np.asarray(total / np.maximum(count, 1)), regions)
