"""Values between pixels by cubic splines, for structures near the size of a pixel."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray


class CubicPixels:
    """A picture (rows, columns) as a cubic spline; linear interpolation would blur holes of one pixel."""

    def __init__(self, pixels: NDArray[np.float64]) -> None:
        self._coefficients = scipy.ndimage.spline_filter(pixels, order=3)

    def __call__(self, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at rows `y` and columns `x` (pixel centres are whole numbers); 0 beyond the picture."""
        found = scipy.ndimage.map_coordinates(self._coefficients, [y, x], order=3, prefilter=False, cval=0.0)
        return np.asarray(found, dtype=np.float64)
