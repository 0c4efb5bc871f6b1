"""Binary and linear filters with types: the one place that calls scipy.ndimage for masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imagingqc.image import FloatArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]

_filters: Any = ndimage  # its functions are set up at import, unseen by type checkers


def labelled(mask: BoolArray) -> tuple[IntArray, int]:
    """Numbers (from 1, 0 outside) of the regions connected through 4-neighbours, and how many there are."""
    labels, count = _filters.label(mask)
    return labels, int(count)


def boxes(labels: IntArray) -> list[tuple[slice, slice]]:
    """The bounding box of each number, as slices of rows and columns."""
    return list(_filters.find_objects(labels))


def opened(mask: BoolArray, times: int = 1) -> BoolArray:
    """Erosion, then dilation, by `times` pixels along the axes: what is thinner goes."""
    return np.asarray(_filters.binary_opening(mask, iterations=times), dtype=bool)


def eroded(mask: BoolArray, times: int = 1) -> BoolArray:
    """`mask` without its outer `times` pixels; beyond the picture counts as outside."""
    return np.asarray(_filters.binary_erosion(mask, iterations=times), dtype=bool)


def dilated(mask: BoolArray, times: int = 1) -> BoolArray:
    """`mask` grown by `times` pixels."""
    return np.asarray(_filters.binary_dilation(mask, iterations=times), dtype=bool)


def box_mean(values: NDArray[np.float32], size: int | list[int]) -> NDArray[np.float32]:
    """Mean in a box of `size` pixels (rows, columns) around each pixel."""
    return np.asarray(_filters.uniform_filter(values, size), dtype=np.float32)


def smoothed(counts: FloatArray, sigma: float) -> FloatArray:
    """A histogram smoothed with a Gaussian of `sigma` bins; nothing lies beyond its ends."""
    return np.asarray(_filters.gaussian_filter1d(counts, sigma, mode="constant"))


def median_along(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Running median of a row of numbers over `size` of them, mirrored at the ends."""
    return np.asarray(_filters.median_filter(values, size), dtype=np.float64)
