"""CT slices of a drawn phantom as DICOM files: position, spacing, noise, table, order, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from pydicom.uid import CTImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Floats,
    Study,
    grid_mm,
    make_uid,
    new_object,
    override,
    rng,
    set_grey,
    write,
)

AIR = -1000.0
Painter = Callable[[float, Floats, Floats], Floats]
"""CT numbers of the slice at z mm without noise, at (mm down, mm right) of the isocentre: (z, down, right)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """How a phantom was scanned.  Lengths in mm.

    `n` slices of `thickness_mm` every `interval_mm`, the first at `first_mm`; square pixels of fov_mm / rows about the
    isocentre.  `noise_hu` is the SD of white noise.  `table` draws a table top of 2 mm that far below the isocentre.
    `missing` are slices not written; `shuffle` names files and instance numbers in another order; `spacing_factor`
    is what the header's pixel spacing is wrong by.  `facts` set or (None) remove attributes.
    """

    n: int = 1
    rows: int = 256
    fov_mm: float = 300.0
    thickness_mm: float = 5.0
    interval_mm: float = 5.0
    first_mm: float = 0.0
    noise_hu: float = 0.0
    table_mm: float | None = None
    missing: tuple[int, ...] = ()
    shuffle: bool = False
    backwards: bool = False
    spacing_factor: float = 1.0
    key: str = "phantom"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pixel_mm(self) -> float:
        return self.fov_mm / self.rows


def write_ct(folder: Path, paint: Painter, scan: Scan) -> list[Path]:
    """Write the slices of `scan` painted by `paint`; gives the paths of the files.

    `backwards` puts the first slice at the far end (instance numbers run against the positions).
    """
    down, right = grid_mm(scan.rows, scan.rows, (scan.pixel_mm, scan.pixel_mm))
    kept = [i for i in range(scan.n) if i not in scan.missing]
    order = rng(scan.key, "order").permutation(len(kept)) if scan.shuffle else np.arange(len(kept))
    order = order[::-1] if scan.backwards else order
    return [_write_slice(folder, paint, scan, (down, right), i, int(order[k])) for k, i in enumerate(kept)]


def _write_slice(folder: Path, paint: Painter, scan: Scan, grid: tuple[Floats, Floats], i: int, number: int) -> Path:
    study = Study(key=f"phantom-{scan.key}", description="QC PHANTOM")
    ds = new_object(CTImageStorage, "CT", f"phantom/{scan.key}", number + 1, DEMO_PATIENT, study)
    ds.SOPInstanceUID = make_uid("instance", scan.key, i)
    z = scan.first_mm + i * scan.interval_mm
    hu = with_table(paint(z, *grid), *grid, scan.table_mm)
    noise = rng(scan.key, "noise", i).normal(0, scan.noise_hu, hu.shape) if scan.noise_hu else 0.0
    set_grey(ds, np.rint(np.clip(hu + noise, -1024, 3071)).astype(np.int16), 16)
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    spacing, half = scan.pixel_mm * scan.spacing_factor, (scan.rows - 1) / 2 * scan.pixel_mm
    ds.PixelSpacing, ds.ReconstructionDiameter = [spacing, spacing], scan.fov_mm
    ds.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    ds.ImagePositionPatient = [-round(half, 6), -round(half, 6), round(z, 6)]
    ds.DataCollectionCenterPatient = [0.0, 0.0, round(z, 6)]
    ds.SliceThickness, ds.SliceLocation, ds.KVP = scan.thickness_mm, round(z, 6), 120
    ds.ImageType, ds.PatientPosition, ds.SeriesNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS", 2
    ds.AcquisitionNumber, ds.ConvolutionKernel, ds.LossyImageCompression = 1, "STANDARD", "00"
    override(ds, scan.facts)
    return write(ds, folder / f"slice_{number:04d}.dcm")


def with_table(hu: Floats, down: Floats, right: Floats, below_mm: float | None) -> Floats:
    """A table top of 2 mm and 420 mm width with light foam of 40 mm below it."""
    if below_mm is None:
        return hu
    rows = np.nonzero((down[:, 0] >= below_mm) & (down[:, 0] < below_mm + 42))[0]
    here = np.ix_(rows, np.nonzero(np.abs(right[0]) < 210)[0])
    table = np.where(down[rows] < below_mm + 2, 100.0, -940.0)
    out = hu.copy()
    out[here] = np.where(hu[here] < AIR / 2, table, hu[here])
    return out


def disc(down: Floats, right: Floats, centre_mm: tuple[float, float], radius_mm: float, blur_mm: float) -> Floats:
    """1 inside of a disc about `centre_mm` (down, right), 0 outside; the edge of a Gaussian spread of `blur_mm`."""
    down, right = np.broadcast_arrays(down, right)
    whole = np.zeros(down.shape)
    here, whole[here] = spot(down, right, centre_mm, radius_mm, blur_mm)
    return whole


def spot(
    down: Floats, right: Floats, centre_mm: tuple[float, float], radius_mm: float, blur_mm: float
) -> tuple[tuple[slice, slice], Floats]:
    """As `disc`, but only the part of the picture that the disc lies in, with its rows and columns."""
    here = window(down, right, centre_mm, radius_mm + 6 * blur_mm)
    square = (down[here] - centre_mm[0]) ** 2 + (right[here] - centre_mm[1]) ** 2
    cover = (square < radius_mm**2).astype(np.float64)
    near = (square < (radius_mm + 6 * blur_mm) ** 2) & (square > max(0.0, radius_mm - 6 * blur_mm) ** 2)
    cover[near] = scipy.special.ndtr((radius_mm - np.sqrt(square[near])) / blur_mm)
    return here, cover


def window(down: Floats, right: Floats, centre_mm: tuple[float, float], reach_mm: float) -> tuple[slice, slice]:
    """Rows and columns that hold everything within `reach_mm` of a place; `down` and `right` change evenly by pixel."""
    steps = np.array([[a[1, 0] - a[0, 0], a[0, 1] - a[0, 0]] for a in (down, right)])
    back = np.linalg.inv(steps)
    middle = back @ (np.array(centre_mm) - (down[0, 0], right[0, 0]))
    reach = np.ceil(np.hypot(back[:, 0], back[:, 1]) * reach_mm) + 1
    first = np.maximum(np.floor(middle - reach), 0).astype(int)
    last = np.maximum(np.ceil(middle + reach) + 1, 0).astype(int)
    return slice(first[0], last[0]), slice(first[1], last[1])
