"""A cylinder through a stack: the straight line of its centres, its tilt, and how far the slices keep to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imagingqc.imaging.circle import Floats

FEWEST_SLICES = 2
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Cylinder:
    """The axis x = x0 + x_slope · z, y = y0 + y_slope · z (mm; z along the stack's normal) and what goes with it.

    `diameter_mm` is the median of the slices, `diameter_spread_mm` their largest deviation from it; `residual_mm` the
    median distance of the centres from the axis; `tilt_deg` the angle between the axis and the stack's normal, which
    with pitch (y against z) and yaw (x against z) as its parts is never negative.
    """

    x0: float
    y0: float
    x_slope: float
    y_slope: float
    diameter_mm: float
    diameter_spread_mm: float
    residual_mm: float

    @property
    def tilt_deg(self) -> float:
        return math.degrees(math.atan(math.hypot(self.x_slope, self.y_slope)))

    @property
    def pitch_deg(self) -> float:
        return math.degrees(math.atan(self.y_slope))

    @property
    def yaw_deg(self) -> float:
        return math.degrees(math.atan(self.x_slope))

    def centre(self, z_mm: float) -> tuple[float, float]:
        """Centre (x, y) in mm at a position along the normal."""
        return self.x0 + self.x_slope * z_mm, self.y0 + self.y_slope * z_mm


def fit_cylinder(z_mm: Floats, x_mm: Floats, y_mm: Floats, diameter_mm: Floats) -> Cylinder | None:
    """The axis through the centres of the circles of two or more slices (arrays of one length, mm).

    Straight lines by least squares with weights of Cauchy (scale: the median distance, at least 0.1 mm), so that some
    bad slices do not bend the axis.  None for fewer than two different positions.
    """
    if np.unique(z_mm).size < FEWEST_SLICES:
        return None
    weight = np.ones_like(z_mm)
    design = np.column_stack([np.ones_like(z_mm), z_mm])
    targets = np.column_stack([x_mm, y_mm])
    off = np.zeros_like(z_mm)
    solution = np.zeros((2, 2))
    for _ in range(ROUNDS):
        root = np.sqrt(weight)[:, np.newaxis]
        solution = np.linalg.lstsq(design * root, targets * root, rcond=None)[0]
        off = np.hypot(*(targets - design @ solution).T)
        weight = 1 / (1 + (off / max(0.1, float(np.median(off)))) ** 2)
    diameter = float(np.median(diameter_mm))
    return Cylinder(
        x0=float(solution[0, 0]),
        y0=float(solution[0, 1]),
        x_slope=float(solution[1, 0]),
        y_slope=float(solution[1, 1]),
        diameter_mm=diameter,
        diameter_spread_mm=float(np.abs(diameter_mm - diameter).max()),
        residual_mm=float(np.median(off)),
    )
