"""Geometry of slices in the patient's coordinates: x to the left, y to the back, z to the head (PS3.3 C.7.6.2.1.1).

Pure functions of numbers.  An orientation is the six cosines of Image Orientation (Patient): the direction along a row,
then the direction down a column.  Lengths are mm, angles degrees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

Vector: TypeAlias = tuple[float, float, float]
Orientation: TypeAlias = tuple[float, float, float, float, float, float]
PlaneName = Literal["axial", "coronal", "sagittal", "oblique"]

ORIENTATION_TOLERANCE = 1e-3
OBLIQUE_FROM_DEG = 30.0  # heads and spines are planned up to about 25 degrees off the axis and keep their plane's name
_AXES: tuple[PlaneName, PlaneName, PlaneName] = ("sagittal", "coronal", "axial")  # of a normal along x, y, z


@dataclass(frozen=True, slots=True)
class Plane:
    """Name of a slice plane; `nearest` never says oblique, `angle_deg` is the angle to that nearest plane."""

    name: PlaneName
    nearest: PlaneName
    angle_deg: float


def is_orientation(values: Sequence[float], tolerance: float = 0.02) -> bool:
    """Whether six numbers are two unit vectors at right angles, within `tolerance` of length and cosine."""
    if len(values) != 6 or not all(math.isfinite(v) for v in values):
        return False
    row, column = np.array(values[:3]), np.array(values[3:])
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    return all(abs(length - 1) <= tolerance for length in lengths) and abs(float(row @ column)) <= tolerance


def normal(orientation: Orientation) -> Vector:
    """Unit normal of the slice: row direction x column direction (PS3.3 C.7.6.2.1.1)."""
    cross = np.cross(np.array(orientation[:3], dtype=float), np.array(orientation[3:], dtype=float))
    cross /= np.linalg.norm(cross)
    return (float(cross[0]), float(cross[1]), float(cross[2]))


def project(position: Vector, direction: Vector) -> float:
    """Distance of a position along a unit direction, mm."""
    return math.fsum(p * d for p, d in zip(position, direction, strict=True))


def in_plane(position: Vector, orientation: Orientation) -> tuple[float, float]:
    """Coordinates of a position within its slice plane: along the row and down the column, mm."""
    row, column = orientation[:3], orientation[3:]
    return project(position, row), project(position, column)


def same_orientation(a: Orientation, b: Orientation, tolerance: float = ORIENTATION_TOLERANCE) -> bool:
    """Whether all six cosines agree within `tolerance`."""
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def plane(orientation: Orientation, oblique_from_deg: float = OBLIQUE_FROM_DEG) -> Plane:
    """Name of the slice plane by the axis nearest to its normal, oblique from `oblique_from_deg` on."""
    cosines = [min(1.0, abs(c)) for c in normal(orientation)]
    axis = max(range(3), key=lambda i: cosines[i])
    angle = math.degrees(math.acos(cosines[axis]))
    nearest = _AXES[axis]
    return Plane("oblique" if angle >= oblique_from_deg else nearest, nearest, angle)


def angle_deg(a: Orientation, b: Orientation) -> float:
    """Angle between two slice planes, 0 to 90 degrees."""
    cosine = abs(project(normal(a), normal(b)))
    return math.degrees(math.acos(min(1.0, cosine)))


def shear_deg(positions: Sequence[Vector], orientation: Orientation) -> float | None:
    """Angle between the slices' normal and the line through their origins; a tilted gantry gives its tilt.

    None for fewer than two different positions along the normal.
    """
    direction = normal(orientation)
    ordered = sorted(positions, key=lambda p: project(p, direction))
    if len(ordered) < 2 or math.isclose(project(ordered[0], direction), project(ordered[-1], direction), abs_tol=1e-6):
        return None
    line = np.array(ordered[-1]) - np.array(ordered[0])
    cosine = abs(float(line @ np.array(direction))) / float(np.linalg.norm(line))
    return math.degrees(math.acos(min(1.0, cosine)))


def intervals_mm(positions_mm: Sequence[float]) -> tuple[float, ...]:
    """Distances between neighbours after sorting, mm."""
    ordered = sorted(positions_mm)
    return tuple(b - a for a, b in pairwise(ordered))
