"""Frozen images: pixels with the spacing that makes them measurable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
AnyArray: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Image2D:
    """One grey frame, shape (rows, columns), in real units after rescale.

    `stored` are the stored values (integers before rescale), `unit` the rescale type ("HU", "US", ...).
    `spacing_mm` is (between rows, between columns), None when the header gives none.
    `padding` is True where the pixel is padding and never anatomy (None: no padding declared).
    """

    pixels: FloatArray
    stored: AnyArray
    unit: str
    spacing_mm: tuple[float, float] | None
    bits_stored: int
    photometric: str
    padding: NDArray[np.bool_] | None = None
