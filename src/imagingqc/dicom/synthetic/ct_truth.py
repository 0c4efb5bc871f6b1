"""What goes wrong in CT slices, painted with a known size: edges, rings, streaks, heads, movement."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import scipy

from imagingqc.dicom.synthetic.base import Floats
from imagingqc.dicom.synthetic.ct_phantom import Painter

_AIR = -1000.0


def half_mtf_of(sigma_mm: float) -> float:
    """Frequency in 1/mm at which the MTF of a Gaussian point spread is 0.5: sqrt(ln 2 / 2) / (pi sigma)."""
    return math.sqrt(math.log(2) / 2) / (math.pi * sigma_mm)


def smooth_body(sigma_mm: float, radii_mm: tuple[float, float] = (100.0, 140.0), skin_mm: float = 0.0) -> Painter:
    """A body of 50 HU with the edge of a Gaussian point spread of `sigma_mm`, and fat of -100 HU below skin."""

    def cover(down: Floats, right: Floats, less_mm: float) -> Floats:
        a, b = radii_mm[0] - less_mm, radii_mm[1] - less_mm
        level = np.hypot(down / a, right / b)
        steep = np.hypot(down / a**2, right / b**2) / np.maximum(level, 1e-9)
        return np.asarray(scipy.special.ndtr((1 - level) / np.maximum(steep, 1e-9) / sigma_mm))

    def paint(_i: int, down: Floats, right: Floats, _hu: Floats) -> Floats:
        hu = _AIR + 1050.0 * cover(down, right, 0.0)
        if skin_mm:
            hu = hu + 150.0 * (cover(down, right, skin_mm + 18.0) - cover(down, right, skin_mm))
        return np.asarray(hu)

    return paint


def ring(radius_mm: float, height_hu: float, slices: Collection[int], width_mm: float = 1.0) -> Painter:
    """A ring round the isocentre in whatever is denser than air."""

    def paint(i: int, down: Floats, right: Floats, hu: Floats) -> Floats:
        if i not in slices:
            return hu
        on = np.abs(np.hypot(down, right) - radius_mm) <= width_mm / 2
        return np.where(on & (hu > _AIR / 2), hu + height_hu, hu)

    return paint


def streaks(centre_mm: tuple[float, float], height_hu: float, slices: Collection[int], rays: int = 12) -> Painter:
    """Bright and dark rays from a place (down, right) that fade over 30 mm; `height_hu` is their size at the place."""

    def paint(i: int, down: Floats, right: Floats, hu: Floats) -> Floats:
        if i not in slices:
            return hu
        y, x = down - centre_mm[0], right - centre_mm[1]
        wave = np.cos(rays * np.arctan2(y, x)) * np.exp(-np.hypot(y, x) / 30.0)
        return np.where((hu > _AIR / 2) & (hu < -_AIR), hu + height_hu * wave, hu)

    return paint


def doubled(slices: Collection[int], apart_mm: float) -> Painter:
    """The patient moved to the right halfway through the turn: mean of two pictures `apart_mm` apart."""

    def paint(i: int, _down: Floats, right: Floats, hu: Floats) -> Floats:
        return (hu + _moved(hu, right, apart_mm)) / 2 if i in slices else hu

    return paint


def displaced(first: int, by_mm: float) -> Painter:
    """The patient lies `by_mm` further to the right from slice `first` on."""

    def paint(i: int, _down: Floats, right: Floats, hu: Floats) -> Floats:
        return _moved(hu, right, by_mm) if i >= first else hu

    return paint


def _moved(hu: Floats, right: Floats, by_mm: float) -> Floats:
    pixels = by_mm / float(right[0, 1] - right[0, 0])
    whole = math.floor(pixels)
    share = pixels - whole
    return np.asarray((1 - share) * np.roll(hu, whole, axis=1) + share * np.roll(hu, whole + 1, axis=1))


@dataclass(frozen=True, slots=True)
class Head:
    """A head of 75 x 95 mm radii: scalp, skull of 6 mm, brain.

    `base` is the slice of the skull base, counted from the feet: bone fills most of it, and less of the `thick` slices
    on both sides; below it there is a face with a jaw.  `vertex` is where it is closed (None: never).
    """

    base: int | None = None
    thick: int = 4
    vertex: int | None = None

    def paint(self, i: int, down: Floats, right: Floats, hu: Floats) -> Floats:
        """The painter."""
        size = 1.0
        if self.vertex is not None:
            size = math.sqrt(max(0.0, 1 - (max(0, i + 12 - self.vertex) / 12) ** 2))
        out = np.full(hu.shape, _AIR)
        if size <= 0.1:
            return out
        for less, value in ((0.0, 40.0), (5.0, 1200.0), (11.0, 35.0)):
            out[_inside(down, right, 95.0 * size - less, 75.0 * size - less)] = value
        return out if self.base is None else self._below(i, down, right, out)

    def _below(self, i: int, down: Floats, right: Floats, out: Floats) -> Floats:
        away = i - (self.base or 0)
        if away < -self.thick:
            out[_inside(down, right, 95.0, 75.0)] = 40.0
            out[_inside(down + 20, right, 60.0, 50.0) & ~_inside(down + 20, right, 53.0, 43.0)] = 900.0
        elif abs(away) <= self.thick:
            share = 1 - abs(away) / (self.thick + 1)
            out[_inside(down, right, 84.0, 64.0) & (np.abs(right) > 60.0 * (1 - share))] = 700.0
        return out


def _inside(down: Floats, right: Floats, a: float, b: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.hypot(down / max(a, 1.0), right / max(b, 1.0)) <= 1)
