"""Noise power spectrum of even pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray

Floats = NDArray[np.float64]

SIDE = 256  # pixels of one region; they overlap by half
AROUND = 7  # lines to either side of an axis that are averaged; the axis itself is left out


@dataclass(frozen=True, slots=True)
class NoisePower:
    """Normalised noise power in mm² at frequencies in 1/mm along the rows and down the columns; `regions` averaged."""

    frequency_per_mm: Floats
    along: Floats
    down: Floats
    regions: int


def noise_power(pictures: Sequence[FloatArray], spacing_mm: float) -> NoisePower | None:
    """NNPS of linear pictures: |FFT|² of regions of 256 x 256 less a quadratic surface, over the square of their mean.

    Along each axis the mean of 7 lines to either side, the axis left out.  None when no region fits.
    Source: IEC 62220-1 (regions of 256 x 256 with half overlap, second-order surface, 7 lines).
    """
    terms = _terms()
    solve = np.linalg.pinv(terms)
    total, count = np.zeros((SIDE, SIDE)), 0
    for picture in pictures:
        for region in _regions(picture):
            values = region.ravel().astype(np.float64)
            left = (values - terms @ (solve @ values)).reshape(SIDE, SIDE)
            total += np.abs(np.fft.fft2(left)) ** 2 / float(values.mean()) ** 2
            count += 1
    if count == 0:
        return None
    power = total / count * spacing_mm**2 / SIDE**2
    half = SIDE // 2
    lines = [*range(1, AROUND + 1), *range(-AROUND, 0)]
    along, down = power[lines].mean(axis=0)[1:half], power[:, lines].mean(axis=1)[1:half]
    frequency = np.fft.fftfreq(SIDE, spacing_mm)[1:half]
    return NoisePower(np.asarray(frequency), np.asarray(along), np.asarray(down), count)


def _terms() -> Floats:
    y, x = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)


def _regions(picture: FloatArray) -> list[FloatArray]:
    rows, columns = picture.shape
    step = SIDE // 2
    return [
        picture[top : top + SIDE, left : left + SIDE]
        for top in range(0, rows - SIDE + 1, step)
        for left in range(0, columns - SIDE + 1, step)
    ]
