"""Regular lines in a picture: the shadow of an anti-scatter grid, or its moire with the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import box_mean, median_along

LOWEST_PER_MM = 0.5  # below: ribs, hair, seams of clothes
BLOCKS = (512, 256)  # pixels along a transform, the longest that fits
BACKGROUND = 31  # bins of the running median that is the spectrum without lines
HIGH_PASS = 15  # pixels


@dataclass(frozen=True, slots=True)
class Lines:
    """The strongest lines: power over that of the neighbouring frequencies (about 1: none), frequency in 1/mm.

    `vertical` lines run down the picture.
    """

    ratio: float
    frequency_per_mm: float
    vertical: bool


def regular_lines(pixels: FloatArray, spacing_mm: tuple[float, float]) -> Lines | None:
    """The strongest regular lines along rows or columns of `pixels`, at frequencies above 0.5/mm.

    Power spectra (Hann window) of high-passed runs of pixels, averaged over the first and over the second half of the
    picture; the value is the largest ratio to the running median that both halves show at one frequency.  None when
    the picture is shorter than 256 pixels or its pixels are too large for 0.5/mm.
    Source: own definition after the usual search for grid peaks in line spectra.
    """
    found = [
        _along_rows(pixels, spacing_mm[1], vertical=True),
        _along_rows(pixels.T, spacing_mm[0], vertical=False),
    ]
    known = [lines for lines in found if lines is not None]
    return max(known, key=lambda lines: lines.ratio) if known else None


def _along_rows(pixels: FloatArray, spacing_mm: float, *, vertical: bool) -> Lines | None:
    rows, columns = pixels.shape
    block = next((size for size in BLOCKS if size <= columns), None)
    if block is None or rows < 2:
        return None
    frequency = np.fft.rfftfreq(block, spacing_mm)
    wanted = (frequency > LOWEST_PER_MM) & (frequency < 0.98 * frequency[-1])
    if int(wanted.sum()) < BACKGROUND:
        return None
    half = rows // 2
    ratios = [_ratios(part, block) for part in (pixels[:half], pixels[half:])]
    both = np.where(wanted, np.minimum(ratios[0], ratios[1]), 0.0)
    best = int(np.argmax(both))
    return Lines(float(both[best]), float(frequency[best]), vertical)


def _ratios(rows: FloatArray, block: int) -> NDArray[np.float64]:
    """Power over its running median at every frequency."""
    window = np.hanning(block)
    total = np.zeros(block // 2 + 1)
    for start in range(0, rows.shape[1] - block + 1, block // 2):
        part = np.ascontiguousarray(rows[:, start : start + block], dtype=np.float32)
        part = part - box_mean(part, [1, HIGH_PASS])
        total += np.square(np.abs(np.fft.rfft(part * window, axis=1))).sum(axis=0)
    background = median_along(total, BACKGROUND)
    ratios: NDArray[np.float64] = np.divide(total, background, out=np.ones_like(total), where=background > 0)
    return ratios
