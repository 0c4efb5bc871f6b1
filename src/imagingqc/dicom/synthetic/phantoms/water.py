"""A water phantom: a cylinder of water in a plastic wall, with faults of known size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imagingqc.dicom.synthetic.base import Floats
from imagingqc.dicom.synthetic.phantoms.ct_stack import AIR, Scan, disc, write_ct


@dataclass(frozen=True, slots=True)
class WaterPhantom:
    """A cylinder from `ends_mm[0]` to `ends_mm[1]` along z.  Lengths in mm, CT numbers in HU, places (down, right).

    `water_hu` is the CT number at the centre; `cup_hu` is how much higher it is at the inside of the wall (it grows
    with r²), `slope_hu` how much it changes from the centre to the right inside of the wall.  `tilt_deg` turns the
    axis about x (down changes with z) at z = 0, `blur_mm` is the sigma of the point spread.  `ring_hu` is the height
    of a ring of 1.5 mm width at `ring_mm` of the isocentre.  `insert_hu` fills a rod of 30 mm diameter 50 mm right of
    the centre; `ellipse` stretches the outline to the right.
    """

    diameter_mm: float = 200.0
    wall_mm: float = 6.0
    wall_hu: float = 110.0
    water_hu: float = 0.0
    cup_hu: float = 0.0
    slope_hu: float = 0.0
    centre_mm: tuple[float, float] = (0.0, 0.0)
    tilt_deg: float = 0.0
    blur_mm: float = 0.6
    ends_mm: tuple[float, float] = (-1000.0, 1000.0)
    ring_hu: float = 0.0
    ring_mm: float = 40.0
    insert_hu: float | None = None
    ellipse: float = 1.0

    def paint(self, z: float, down: Floats, right: Floats) -> Floats:
        """CT numbers of the slice at z mm, without thickness."""
        y, x = self.centre_mm[0] + math.tan(math.radians(self.tilt_deg)) * z, self.centre_mm[1]
        inner = self.diameter_mm / 2 - self.wall_mm
        wide = x + (right - x) / self.ellipse
        share = np.hypot(down - y, wide - x) / inner
        water = self.water_hu + self.cup_hu * share**2 + self.slope_hu * (right - x) / inner
        outside = disc(down, wide, (y, x), self.diameter_mm / 2, self.blur_mm)
        inside = disc(down, wide, (y, x), inner, self.blur_mm)
        hu = AIR + outside * (self.wall_hu - AIR) + inside * (water - self.wall_hu)
        if self.insert_hu is not None:
            hu = hu + disc(down, right, (y, x + 50.0), 15.0, self.blur_mm) * (self.insert_hu - self.water_hu)
        if self.ring_hu:
            on = np.abs(np.hypot(down, right) - self.ring_mm) <= 0.75
            hu = np.where(on, hu + self.ring_hu, hu)
        return np.asarray(hu)


def water_phantom(folder: Path, phantom: WaterPhantom | None = None, scan: Scan | None = None) -> list[Path]:
    """Write the slices of a water phantom and give their paths; the ends are averaged over the slice thickness."""
    phantom, scan = phantom or WaterPhantom(), scan or Scan()

    def paint(z: float, down: Floats, right: Floats) -> Floats:
        low, high = z - scan.thickness_mm / 2, z + scan.thickness_mm / 2
        inside = max(0.0, min(high, phantom.ends_mm[1]) - max(low, phantom.ends_mm[0])) / scan.thickness_mm
        air = np.full(np.broadcast_shapes(down.shape, right.shape), AIR)
        return air if inside == 0 else air + inside * (phantom.paint(z, down, right) - AIR)

    return write_ct(folder, paint, scan)
