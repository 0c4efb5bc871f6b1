"""Directions about the centroid of a body."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imagingqc.imaging.mask import Body


def mask_radius(body: Body, spacing_mm: tuple[float, float], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance in mm from the centroid to the outermost pixel of the mask, in every direction.

    angle : (n,), radians from the image's x axis towards its y axis (down).
    """
    rows, columns = body.mask.shape
    step = body.step * min(spacing_mm)
    right, down = max(body.x, columns * body.step - body.x), max(body.y, rows * body.step - body.y)
    radius = np.arange(0, math.hypot(right * spacing_mm[1], down * spacing_mm[0]), step)
    turned = angle[:, np.newaxis]
    x = np.floor((body.x + radius * np.cos(turned) / spacing_mm[1]) / body.step).astype(np.intp)
    y = np.floor((body.y + radius * np.sin(turned) / spacing_mm[0]) / body.step).astype(np.intp)
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    inside[inside] = body.mask[y[inside], x[inside]]
    return np.asarray((inside * radius).max(axis=1))
