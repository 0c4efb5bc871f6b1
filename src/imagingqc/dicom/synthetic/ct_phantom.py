"""Synthetic CT of simple solids: size, place, noise, lungs, metal and vessel known to a fraction of a pixel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Floats,
    Study,
    ellipse,
    grid_mm,
    new_object,
    override,
    rng,
    set_grey,
    write,
)

PADDING = -2000
Painter = Callable[[int, Floats, Floats, Floats], Floats]
"""Gives the CT numbers of slice i anew: (i, mm down and mm right of the isocentre, CT numbers without noise)."""

_AIR, _LUNG, _CORTEX, _MARROW = -1000.0, -850.0, 700.0, 180.0


@dataclass(frozen=True, slots=True)
class Solid:
    """An elliptical cylinder along the table, and what is inside of it.  Lengths in mm, places (down, right).

    `radii_mm` and `hu` are those of the cylinder, `centre_mm` its centre from the isocentre, `noise_hu` the SD of white
    noise.  `lungs` are the first and last slice (counted from the feet) that hold two lungs of 45 x 35 mm radii.
    `metal_mm` is the radius of a rod of 3071 HU in the slices `metal`.  `vessel_hu` fills an aorta of 24 mm diameter
    left in front of a vertebra with a bright shell.  `vertex` is the slice where a head is closed: from there on there
    is air, and the twelve slices below it narrow as a ball does.
    """

    radii_mm: tuple[float, float] = (100.0, 140.0)
    hu: float = 0.0
    centre_mm: tuple[float, float] = (0.0, 0.0)
    noise_hu: float = 10.0
    lungs: tuple[int, int] | None = None
    metal_mm: float = 0.0
    metal: tuple[int, ...] = ()
    vessel_hu: float | None = None
    vertex: int | None = None


def ct_phantom(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    solid: Solid | None = None,
    *,
    n: int = 10,
    rows: int = 256,
    fov_mm: float = 400.0,
    fov_centre_mm: tuple[float, float] = (0.0, 0.0),
    interval_mm: float = 5.0,
    isocentre_mm: tuple[float, float] = (0.0, 0.0),
    part: str = "ABDOMEN",
    circle: bool = True,
    facts: Mapping[str, Any] | None = None,
    painters: Sequence[Painter] = (),
    seed: int = 0,
) -> list[Path]:
    """Write one series of `n` slices from the feet up and give their paths.

    Truth: that of `solid`; pixels of fov_mm / rows; `fov_centre_mm` is the centre of the picture from the isocentre and
    `isocentre_mm` the isocentre in patient coordinates, both (down, right).  `circle` pads the corners, or leaves the
    whole square reconstructed.  CTDIvol is 10 mGy in the 32 cm phantom.  `facts` set or (None) remove attributes.
    `painters` change the pictures one after another, before the noise comes (`ct_truth` has some).
    """
    solid = solid or Solid()
    study = Study(key=f"ct-phantom-{seed}", description=f"CT {part}")
    key = f"ct-phantom/{part}/{seed}"
    paths = []
    for i in range(n):
        ds = new_object(CTImageStorage, "CT", key, i + 1, DEMO_PATIENT, study)
        hu = _hu(solid, i, rows, fov_mm, fov_centre_mm)
        for paint in painters:
            hu = paint(i, *_places(rows, fov_mm, fov_centre_mm), hu)
        _picture(ds, hu, rng(key, i), solid.noise_hu, circle=circle)
        _geometry(ds, rows, fov_mm, fov_centre_mm, isocentre_mm, i * interval_mm)
        ds.SliceThickness, ds.BodyPartExamined, ds.SeriesNumber = interval_mm, part, 2
        ds.ImageType, ds.PatientPosition = ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS"
        ds.AcquisitionNumber, ds.KVP, ds.ConvolutionKernel, ds.CTDIvol = 1, 120, "B30f", 10.0
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = "113691", "DCM"
        code.CodeMeaning = "IEC Body Dosimetry Phantom"
        ds.CTDIPhantomTypeCodeSequence = [code]
        override(ds, facts)
        paths.append(write(ds, folder / f"phantom_{i:04d}.dcm"))
    return paths


def _places(rows: int, fov_mm: float, fov_centre_mm: tuple[float, float]) -> tuple[Floats, Floats]:
    down, right = grid_mm(rows, rows, (fov_mm / rows, fov_mm / rows))
    return down + fov_centre_mm[0], right + fov_centre_mm[1]


def _hu(solid: Solid, i: int, rows: int, fov_mm: float, fov_centre_mm: tuple[float, float]) -> Floats:
    """CT numbers of slice `i` without noise."""
    down, right = grid_mm(rows, rows, (fov_mm / rows, fov_mm / rows))
    y, x = solid.centre_mm[0] - fov_centre_mm[0], solid.centre_mm[1] - fov_centre_mm[1]
    hu = np.full((rows, rows), _AIR)

    def put(centre: tuple[float, float], radii: tuple[float, float], value: float) -> None:
        cover = ellipse(down, right, (y + centre[0], x + centre[1]), radii)
        hu[:] = hu * (1 - cover) + value * cover

    size = 1.0 if solid.vertex is None else math.sqrt(max(0.0, 1 - (max(0, i + 12 - solid.vertex) / 12) ** 2))
    if size <= 0:
        return hu
    put((0, 0), (solid.radii_mm[0] * size, solid.radii_mm[1] * size), solid.hu)
    if solid.lungs and solid.lungs[0] <= i <= solid.lungs[1]:
        put((-10, -70), (45, 35), _LUNG)
        put((-10, 70), (45, 35), _LUNG)
    if solid.vessel_hu is not None:
        put((50, 0), (20, 22), _CORTEX)
        put((50, 0), (17, 19), _MARROW)
        put((20, 20), (12, 12), solid.vessel_hu)
    if i in solid.metal:
        put((-40, 0), (solid.metal_mm, solid.metal_mm), 3071.0)
    return hu


def _picture(ds: Dataset, hu: Floats, noise: np.random.Generator, noise_hu: float, *, circle: bool) -> None:
    stored = np.rint(np.clip(hu + noise.normal(0, noise_hu, hu.shape), -1024, 3071)).astype(np.int16)
    down, right = grid_mm(hu.shape[0], hu.shape[1], (1.0, 1.0))
    if circle:
        stored[np.hypot(down, right) > hu.shape[0] / 2] = PADDING
        ds.PixelPaddingValue = PADDING
    set_grey(ds, stored, 16)
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    ds.WindowCenter, ds.WindowWidth, ds.LossyImageCompression = 40, 400, "00"


def _geometry(
    ds: Dataset,
    rows: int,
    fov_mm: float,
    fov_centre_mm: tuple[float, float],
    isocentre_mm: tuple[float, float],
    height_mm: float,
) -> None:
    spacing = fov_mm / rows
    half = (rows - 1) / 2 * spacing
    down, right = (isocentre_mm[k] + fov_centre_mm[k] for k in (0, 1))
    ds.PixelSpacing, ds.ReconstructionDiameter = [spacing, spacing], fov_mm
    ds.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    ds.ImagePositionPatient = [round(right - half, 6), round(down - half, 6), height_mm]
    ds.DataCollectionCenterPatient = [isocentre_mm[1], isocentre_mm[0], height_mm]
    ds.ReconstructionTargetCenterPatient = [right, down, height_mm]
    ds.SliceLocation, ds.DataCollectionDiameter = height_mm, 500
