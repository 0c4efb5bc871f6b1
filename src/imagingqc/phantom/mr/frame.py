"""Coordinates of a phantom in one slice: mm from its centre, turned with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice
from imagingqc.imaging.morphology import interpolated
from imagingqc.phantom.mr.outline import Disc
from imagingqc.quantity import Evidence

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """One slice with its outline and how the phantom lies in it.

    Phantom coordinates: u to the phantom's right as the guidance shows it, v down, mm from the outline's centre.
    `roll` (radians) turns u into the image's x axis towards y; `mirror` is -1 when the picture shows the phantom from
    its other end.
    """

    piece: Slice
    pixels: Floats
    disc: Disc
    roll: float = 0.0
    mirror: int = 1

    def place(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Image pixels (x, y), counted from the centre of the first pixel, of phantom coordinates in mm."""
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        across, down = self.mirror * u * cos - v * sin, self.mirror * u * sin + v * cos
        rows, columns = self.disc.spacing_mm
        return self.disc.x + across / columns, self.disc.y + down / rows

    def at(self, u: Floats, v: Floats) -> Floats:
        """Signal at phantom coordinates (broadcast), linear between pixels; 0 beyond the picture."""
        u, v = np.broadcast_arrays(u, v)
        x, y = self.place(u, v)
        return interpolated(self.pixels, y, x, beyond=0.0)

    def direction(self, angle: float) -> float:
        """The image's angle of a direction in phantom coordinates (radians, from u towards v)."""
        return self.roll + (angle if self.mirror > 0 else math.pi - angle)

    def coordinates(self) -> tuple[Floats, Floats]:
        """Phantom coordinates (u, v) of all pixels, mm; each has the shape of the picture."""
        rows, columns = self.disc.spacing_mm
        down = (np.arange(self.pixels.shape[0]) - self.disc.y)[:, np.newaxis] * rows
        across = (np.arange(self.pixels.shape[1]) - self.disc.x)[np.newaxis, :] * columns
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        return self.mirror * (across * cos + down * sin), -across * sin + down * cos

    def within(self, radius_mm: float) -> Frame:
        """The part of the picture that holds the disc of this radius about the centre, with the same coordinates.

        It begins at multiples of three pixels, so that every third pixel is the same one as in the whole picture.
        """
        (rows, columns), disc = self.disc.spacing_mm, self.disc
        top, left = (max(0, math.floor(at - radius_mm / s)) // 3 * 3 for at, s in ((disc.y, rows), (disc.x, columns)))
        bottom, right = math.ceil(disc.y + radius_mm / rows) + 1, math.ceil(disc.x + radius_mm / columns) + 1
        return self._part(top, bottom, left, right)

    def about(self, u_mm: tuple[float, float], v_mm: tuple[float, float], pixels: int) -> Frame:
        """The part of the picture that holds a rectangle of phantom coordinates and so many pixels beyond it."""
        u, v = np.meshgrid(np.array(u_mm, dtype=np.float64), np.array(v_mm, dtype=np.float64))
        x, y = self.place(u, v)
        top, left = (max(0, math.floor(float(axis.min())) - pixels) for axis in (y, x))
        bottom, right = (math.ceil(float(axis.max())) + pixels + 1 for axis in (y, x))
        return self._part(top, bottom, left, right)

    def _part(self, top: int, bottom: int, left: int, right: int) -> Frame:
        part = self.pixels[top : max(bottom, top), left : max(right, left)]
        return replace(self, pixels=part, disc=replace(self.disc, x=self.disc.x - left, y=self.disc.y - top))

    def shown(self, shape: Mapping[str, Any]) -> Evidence:
        """A shape of this slice, in image pixels from the outer corner."""
        return Evidence(self.piece.instance.series_uid, self.piece.instance.sop_uid, self.piece.frame, shape)

    def line(self, points: Sequence[tuple[float, float]], *, closed: bool = False) -> Evidence:
        """A line through phantom coordinates as evidence."""
        return self.shown({"kind": "polyline", "points": self.corners(points), "closed": closed})

    def corners(self, points: Sequence[tuple[float, float]]) -> list[list[float]]:
        """Phantom coordinates as [x, y] of evidence."""
        u, v = (np.array(axis, dtype=np.float64) for axis in zip(*points, strict=True))
        x, y = self.place(u, v)
        return [[round(float(a) + 0.5, 2), round(float(b) + 0.5, 2)] for a, b in zip(x, y, strict=True)]

    def circle(self, u: float, v: float, radius_mm: float) -> Evidence:
        """A circle as evidence."""
        ((x, y),) = self.corners([(u, v)])
        return self.shown({"kind": "circle", "x": x, "y": y, "r": round(radius_mm / self.disc.spacing_mm[1], 2)})
