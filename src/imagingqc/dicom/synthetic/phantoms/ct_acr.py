"""The ACR CT phantom 464 drawn from its published description: four modules of 40 mm in a row along z."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy

from imagingqc.dicom.synthetic.base import Floats
from imagingqc.dicom.synthetic.phantoms.ct_stack import AIR, Scan, disc, spot, window, write_ct

MODULE_MM, RADIUS_MM = 40.0, 100.0
# Screen angles in degrees, clockwise from 3 o'clock.
INSERTS: Mapping[str, tuple[float, float]] = {
    "bone": (-45.0, 955.0),
    "air": (45.0, -1000.0),
    "acrylic": (135.0, 120.0),
    "polyethylene": (225.0, -95.0),
}
INSERT_MM, INSERT_RADIUS_MM = 63.0, 12.5
RODS = {6.0: -155.0, 5.0: 155.0, 4.0: 105.0, 3.0: 55.0, 2.0: 5.0}  # diameter in mm: angle of its row of four
BARS = {4: -135.0, 5: 180.0, 6: 135.0, 7: 90.0, 8: 45.0, 9: 0.0, 10: -45.0, 12: -90.0}  # line pairs per cm: angle
BAR_MM, BAR_SIDE_MM = 70.0, 15.0


@dataclass(frozen=True, slots=True)
class ACRCT:
    """Truth of one phantom.  Lengths in mm, CT numbers in HU, places (down, right), angles in degrees.

    The middle of module 1 lies at `first_mm`; the other modules follow towards higher z, or lower with `turned`, which
    shows the phantom from its other side (mirrored).  `tilt_deg` turns the axis about x at z = 0.  `thickness_mm` is
    the slice's true width (box, edges of `edge_mm`), `blur_mm` the sigma of the point spread in the picture.
    `inserts` change materials.  `wires_mm` is the distance of the wires of a ramp in the picture (0.5 mm in z from one
    to the next), `ramp_mm` the ramps' distance from the centre, `upright` draws them along y.  `modules` are those
    that there are.
    """

    centre_mm: tuple[float, float] = (0.0, 0.0)
    first_mm: float = 0.0
    turned: bool = False
    roll_deg: float = 0.0
    tilt_deg: float = 0.0
    blur_mm: float = 0.5
    thickness_mm: float = 5.0
    edge_mm: float = 0.1
    water_hu: float = 0.0
    cup_hu: float = 0.0
    rod_hu: float = 6.0
    bar_hu: float = 1600.0
    bead_hu: float = 1500.0
    inserts: Mapping[str, float] = field(default_factory=dict)
    wires_mm: float = 1.0
    wire_hu: float = 600.0
    ramp_mm: float = 30.0
    upright: bool = False
    modules: tuple[int, ...] = (1, 2, 3, 4)

    def paint(self, z: float, down: Floats, right: Floats) -> Floats:
        """CT numbers of the slice at z mm, averaged over the slice's width."""
        along = (z - self.first_mm) * (-1 if self.turned else 1)
        y, x = self.centre_mm[0] + math.tan(math.radians(self.tilt_deg)) * z, self.centre_mm[1]
        turn = math.radians(self.roll_deg)
        rows, columns = down - y, right - x
        own_right = columns * math.cos(turn) + rows * math.sin(turn)
        own_down = -columns * math.sin(turn) + rows * math.cos(turn)
        if self.turned:
            own_right = -own_right
        hu = np.full(own_right.shape, AIR)
        body = disc(own_down, own_right, (0.0, 0.0), RADIUS_MM, self.blur_mm)
        for module in self.modules:
            share = self._share(along - (module - 1) * MODULE_MM)
            if share > 0:
                inside = self._module(module, along, own_down, own_right)
                hu = hu + share * body * (inside - AIR)
        return np.asarray(hu)

    def _share(self, off: float) -> float:
        half, width = MODULE_MM / 2, self.thickness_mm
        return max(0.0, min(off + width / 2, half) - max(off - width / 2, -half)) / width

    def _module(self, module: int, along: float, down: Floats, right: Floats) -> Floats:
        if module == 1:
            return self._first(along, down, right)
        if module == 2:
            return self._second(down, right)
        if module == 3:
            return self._third(along - 2 * MODULE_MM, down, right)
        return self._fourth(down, right)

    def _first(self, along: float, down: Floats, right: Floats) -> Floats:
        hu = np.full(right.shape, self.water_hu)
        for name, (angle, value) in INSERTS.items():
            here, cover = spot(down, right, place(INSERT_MM, angle), INSERT_RADIUS_MM, self.blur_mm)
            hu[here] += cover * (self.inserts.get(name, value) - self.water_hu)
        return hu + self._ramp(along, down, right, 1) + self._ramp(along, down, right, -1)

    def _ramp(self, along: float, down: Floats, right: Floats, side: int) -> Floats:
        """Short wires 8 mm long, each in a plane of its own 0.5 mm beyond the last; the two ramps rise oppositely."""
        at = (0.0, side * self.ramp_mm) if self.upright else (side * self.ramp_mm, 0.0)
        here = window(down, right, at, 36 * self.wires_mm + 8.0)
        across, length = (right[here], down[here]) if self.upright else (down[here], right[here])
        near = np.abs(across - side * self.ramp_mm) < 8.0
        across, length = across[near], length[near]
        lines = np.zeros(across.shape)
        for i in range(-36, 37):
            off, half = side * i * 0.5 - along, self.thickness_mm / 2
            end, begin = scipy.special.ndtr([(half - off) / self.edge_mm, (-half - off) / self.edge_mm])
            weight = float(end - begin)
            if weight > 1e-4:
                line = np.exp(-0.5 * ((length - i * self.wires_mm) / self.blur_mm) ** 2)
                lines += weight / self.thickness_mm * self.wire_hu * line
        hu = np.zeros(right.shape)
        hu[here][near] = lines * scipy.special.ndtr((4.0 - np.abs(across - side * self.ramp_mm)) / self.blur_mm)
        return hu

    def _second(self, down: Floats, right: Floats) -> Floats:
        cover = disc(down, right, place(60.0, -90.0), 12.5, self.blur_mm)
        for diameter, angle in RODS.items():
            middle, turn = place(60.0, angle), math.radians(angle)
            for k in (-1.5, -0.5, 0.5, 1.5):
                shift = 2 * diameter * k
                at = (middle[0] + shift * math.cos(turn), middle[1] - shift * math.sin(turn))
                here, rod = spot(down, right, at, diameter / 2, self.blur_mm)
                cover[here] += rod
        return np.asarray(90.0 + self.rod_hu * cover)

    def _third(self, along: float, down: Floats, right: Floats) -> Floats:
        hu = self.water_hu + self.cup_hu * (down**2 + right**2) / RADIUS_MM**2
        if abs(along) <= self.thickness_mm / 2:
            for x in (-50.0, 50.0):
                bead = np.exp(-0.5 * (down**2 + (right - x) ** 2) / self.blur_mm**2)
                hu = hu + self.bead_hu / self.thickness_mm * bead
        return np.asarray(hu)

    def _fourth(self, down: Floats, right: Floats) -> Floats:
        hu = np.full(right.shape, 100.0)
        for pairs, angle in BARS.items():
            (y, x), turn = place(BAR_MM, angle), math.radians(angle)
            half = BAR_SIDE_MM / 2
            here = window(down, right, (y, x), math.sqrt(2) * (half + 3))
            u = (right[here] - x) * math.cos(turn) + (down[here] - y) * math.sin(turn)
            v = -(right[here] - x) * math.sin(turn) + (down[here] - y) * math.cos(turn)
            near = (np.abs(u) < half + 3) & (np.abs(v) < half + 3)
            across, along = (scipy.special.ndtr((half - np.abs(w[near])) / self.blur_mm) for w in (u, v))
            square = across * along
            hu[here][near] += (
                square * (self.bar_hu - 100.0) * (0.5 + 0.5 * blurred_bars(v[near], pairs / 10, self.blur_mm))
            )
        return hu


def blurred_bars(at: Floats, per_mm: float, blur_mm: float) -> Floats:
    """A square wave of -1 and 1 under a Gaussian of `blur_mm`, by its harmonics."""
    out = np.zeros(at.shape)
    for n in range(1, 16, 2):
        left = math.exp(-2 * (math.pi * n * per_mm * blur_mm) ** 2)
        out += 4 / (math.pi * n) * left * np.sin(2 * math.pi * n * per_mm * at)
    return out


def place(distance_mm: float, angle_deg: float) -> tuple[float, float]:
    """(down, right) of a place by its distance from the centre and its screen angle."""
    turn = math.radians(angle_deg)
    return distance_mm * math.sin(turn), distance_mm * math.cos(turn)


def acr_ct(folder: Path, phantom: ACRCT | None = None, scan: Scan | None = None) -> list[Path]:
    """Write the slices of an ACR CT phantom and give their paths; without `scan` all four modules with air beyond."""
    phantom = phantom or ACRCT()
    scan = scan or Scan(n=36, rows=512, fov_mm=230.0, first_mm=-27.5, noise_hu=5.0, key="acr-ct")
    return write_ct(folder, phantom.paint, scan)
