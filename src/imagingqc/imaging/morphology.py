"""Binary and linear filters with types: the one place that calls scipy.ndimage for masks.

Here and elsewhere `import scipy` alone: it loads its parts when they are first used, and many processes never do.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.image import FloatArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]


def labelled(mask: BoolArray) -> tuple[IntArray, int]:
    """Numbers (from 1, 0 outside) of the regions connected through 4-neighbours, and how many there are."""
    labels, count = scipy.ndimage.label(mask)
    return labels, int(count)


def boxes(labels: IntArray) -> list[tuple[slice, slice]]:
    """The bounding box of each number, as slices of rows and columns."""
    return list(scipy.ndimage.find_objects(labels))


def opened(mask: BoolArray, times: int = 1) -> BoolArray:
    """Erosion, then dilation, by `times` pixels along the axes: what is thinner goes."""
    return np.asarray(scipy.ndimage.binary_opening(mask, iterations=times), dtype=bool)


def closed_across(mask: BoolArray, times: int = 1) -> BoolArray:
    """Dilation, then erosion, by `times` pixels to the left and right: upright gaps that are narrower are filled."""
    wide = np.pad(mask, ((0, 0), (times, times)))
    filled_in = scipy.ndimage.binary_closing(wide, structure=np.ones((1, 2 * times + 1), dtype=bool))
    return np.asarray(filled_in[:, times : times + mask.shape[1]], dtype=bool)


def eroded(mask: BoolArray, times: int = 1) -> BoolArray:
    """`mask` without its outer `times` pixels; beyond the picture counts as outside."""
    return np.asarray(scipy.ndimage.binary_erosion(mask, iterations=times), dtype=bool)


def dilated(mask: BoolArray, times: int = 1) -> BoolArray:
    """`mask` grown by `times` pixels."""
    return np.asarray(scipy.ndimage.binary_dilation(mask, iterations=times), dtype=bool)


def near(mask: BoolArray, length_mm: float, spacing_mm: tuple[float, float]) -> BoolArray:
    """Everything within `length_mm` of the mask, itself included; nothing for an empty mask."""
    if not mask.any():
        return np.zeros(mask.shape, dtype=bool)
    return np.asarray(scipy.ndimage.distance_transform_edt(~mask, sampling=spacing_mm) <= length_mm, dtype=bool)


def box_mean(values: NDArray[np.float32], size: int | list[int]) -> NDArray[np.float32]:
    """Mean in a box of `size` pixels (rows, columns) around each pixel."""
    return np.asarray(scipy.ndimage.uniform_filter(values, size), dtype=np.float32)


def box_along(rows: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Mean over `size` values along each row; a row goes on beyond its ends as it ends there."""
    return np.asarray(scipy.ndimage.uniform_filter1d(rows, size, axis=1, mode="nearest"), dtype=np.float64)


def smoothed(counts: FloatArray, sigma: float) -> FloatArray:
    """A histogram smoothed with a Gaussian of `sigma` bins; nothing lies beyond its ends."""
    return np.asarray(scipy.ndimage.gaussian_filter1d(counts, sigma, mode="constant"))


def sampled(
    values: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values between pixels by bilinear interpolation, at (rows, columns) counted from pixel centres; 0 outside."""
    return np.asarray(
        scipy.ndimage.map_coordinates(values, [rows, columns], order=1, mode="constant"), dtype=np.float64
    )


def median_along(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Running median of a row of numbers over `size` of them, mirrored at the ends."""
    return np.asarray(scipy.ndimage.median_filter(values, size), dtype=np.float64)


def blurred(values: FloatArray, sigma: tuple[float, float]) -> NDArray[np.float32]:
    """Gaussian of `sigma` pixels (down, across); the picture goes on beyond its edge as it ends there."""
    return np.asarray(
        scipy.ndimage.gaussian_filter(np.asarray(values, np.float32), sigma, mode="nearest", truncate=3.0)
    )


def interpolated(
    values: FloatArray, y: FloatArray, x: FloatArray, beyond: float = -1000.0, order: int = 1
) -> NDArray[np.float64]:
    """Interpolation at rows `y` and columns `x` (pixel centres are whole numbers); `beyond` the picture.

    Linear; with a higher order (3, 5) by splines, which keep fine detail that straight lines would blur.
    """
    return np.asarray(scipy.ndimage.map_coordinates(values, [y, x], order=order, cval=beyond), dtype=np.float64)


def running_quadratic(values: NDArray[np.float64], size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Level and slope (per step) of a parabola fitted to `size` (odd) values around each one of a closed row."""
    k = np.arange(size) - size // 2
    square = float((k**2).mean())
    level = 1 + (square - k**2) * square / (float((k**4).mean()) - square**2)
    return (
        np.asarray(scipy.ndimage.correlate1d(values, level / size, mode="wrap")),
        np.asarray(scipy.ndimage.correlate1d(values, k / (square * size), mode="wrap")),
    )
