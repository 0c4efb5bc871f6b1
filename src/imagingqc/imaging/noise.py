"""Noise of a patient image without a phantom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import BoolArray, box_mean, smoothed

BOX_MM = 6.0
TISSUE_HU = (0.0, 170.0)
SMALLEST_MM2 = 1000.0
BIN_HU, TOP_HU = 0.2, 200.0


def global_noise_level(hu: FloatArray, mask: BoolArray, spacing_mm: tuple[float, float]) -> float | None:
    """Global noise level of one CT slice in HU; lower is less noise.

    SD in a box of 6 mm around each pixel, over the pixels of `mask` (rows, columns) whose own value lies between 0 and
    170 HU; the mode of their histogram.  None with less than 10 cm2 of such tissue or noise beyond 200 HU.
    Source: Christianson et al., AJR 205 (2015), W93; histogram bins of 0.2 HU smoothed over 4 % of the mode.
    """
    if not mask.any():
        return None
    inside = _box(mask)
    values, mask = np.asarray(hu[inside], dtype=np.float32), mask[inside]
    tissue = mask & (values >= TISSUE_HU[0]) & (values <= TISSUE_HU[1])
    if int(tissue.sum()) * spacing_mm[0] * spacing_mm[1] < SMALLEST_MM2:
        return None
    centred = values - np.float32(sum(TISSUE_HU) / 2)  # small numbers keep the difference of squares exact
    return _mode(local_deviation(centred, tissue, spacing_mm), TOP_HU, BIN_HU)


def local_noise(values: FloatArray, mask: BoolArray, spacing_mm: tuple[float, float]) -> float | None:
    """Mode of the SD in a box of 6 mm over all pixels of `mask`, in the unit of `values`; None for an empty mask.

    As `global_noise_level`, with 400 bins up to twice the median SD in place of fixed ones.
    """
    if not mask.any():
        return None
    inside = _box(mask)
    centred = np.asarray(values[inside] - float(values[mask].mean()), dtype=np.float32)
    deviations = local_deviation(centred, mask[inside], spacing_mm)
    top = 2.0 * float(np.median(deviations))
    return _mode(deviations, top, top / 400) if top > 0 else None


def _box(mask: BoolArray) -> tuple[slice, slice]:
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def local_deviation(
    values: NDArray[np.float32], mask: BoolArray, spacing_mm: tuple[float, float]
) -> NDArray[np.float64]:
    """SD in a box of 6 mm around each pixel of `mask`; `values` should lie about 0."""
    size = [max(3, 2 * round((BOX_MM / s - 1) / 2) + 1) for s in spacing_mm]
    mean = box_mean(values, size)[mask].astype(np.float64)
    square = box_mean(values * values, size)[mask].astype(np.float64)
    count = size[0] * size[1]
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0.0) * count / (count - 1)))


def _mode(deviations: FloatArray, top: float, width: float) -> float | None:
    counts, edges = np.histogram(deviations, bins=round(top / width), range=(0.0, top))
    counts = counts.astype(float)
    if 2 * int(counts.sum()) < deviations.size:
        return None
    first = int(np.argmax(smoothed(counts, 2.0)))
    best = int(np.argmax(smoothed(counts, max(1.0, 0.04 * first))))
    return round(float((edges[best] + edges[best + 1]) / 2), 3)
