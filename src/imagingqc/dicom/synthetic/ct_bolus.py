"""Synthetic test bolus: one CT slice again and again while a gamma variate of contrast medium passes the aorta."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Floats,
    Patient,
    Study,
    ellipse,
    grid_mm,
    make_uid,
    new_object,
    override,
    rng,
    set_grey,
    write,
)

PADDING = -2000
BLOOD_HU = 45.0
_AIR, _SOFT, _CORTEX, _MARROW, _LUNG = -1000.0, 40.0, 700.0, 180.0, -850.0


@dataclass(frozen=True, slots=True)
class Bolus:
    """Enhancement in HU over the time since the injection: nothing before `arrival_s`, `height_hu` at `peak_s`.

    A gamma variate of shape `alpha`: height x^alpha exp(alpha (1 - x)), x = (t - arrival) / (peak - arrival).
    """

    arrival_s: float = 12.0
    peak_s: float = 20.0
    height_hu: float = 220.0
    alpha: float = 2.5

    def at(self, seconds: float) -> float:
        """Enhancement `seconds` after the injection."""
        x = (seconds - self.arrival_s) / (self.peak_s - self.arrival_s)
        return self.height_hu * (x * math.exp(1 - x)) ** self.alpha if x > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Vessel:
    """A round vessel: centre (down, right of the isocentre) and radius in mm, and the bolus that passes it."""

    centre_mm: tuple[float, float] = (20.0, 20.0)
    radius_mm: float = 12.0
    bolus: Bolus = field(default_factory=Bolus)


@dataclass(frozen=True, slots=True)
class BolusFaults:
    """What shall be wrong.  Images count from 0 in order of time.

    shuffle : instance numbers in random order.  duplicate : images written twice, the copy with its own UID.
    same_time : every image carries the time of the first.  no_time : images without Acquisition Time.
    moved_mm : how far (down, right) the body lies aside, by image.  wall_mm : how far the vessel alone does.
    """

    shuffle: bool = False
    duplicate: tuple[int, ...] = ()
    same_time: bool = False
    no_time: tuple[int, ...] = ()
    moved_mm: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    wall_mm: Mapping[int, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BolusScan:
    """How it is scanned: seconds after the injection, matrix, field, thickness, tilt of the gantry, heights (mm)."""

    times_s: Sequence[float] = tuple(8.0 + 2.0 * i for i in range(16))
    rows: int = 256
    fov_mm: float = 360.0
    thickness_mm: float = 10.0
    tilt_deg: float = 0.0
    noise_hu: float = 12.0
    heights_mm: tuple[float, ...] = (0.0,)
    start: str = "20260105093000"


def ct_bolus(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    scan: BolusScan | None = None,
    *,
    vessels: Sequence[Vessel] = (Vessel(),),
    faults: BolusFaults | None = None,
    facts: Mapping[str, Any] | None = None,
    number: int = 4,
    description: str = "Test Bolus",
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write one series and give the paths of its files, by time and then by height.

    Truth: the injection begins at `scan.start`; image i is taken `times_s[i]` seconds later; the vessels hold blood of
    45 HU and what their bolus adds at that moment; white noise of `noise_hu`.  Vessel edges have partial volume.
    `facts` set or (None) remove attributes of every image.
    """
    scan, faults = scan or BolusScan(), faults or BolusFaults()
    study = study or Study(key=f"ct-bolus-{seed}", description="CT CHEST CTA")
    key = f"ct-bolus/{number}/{seed}"
    n = len(scan.times_s) * len(scan.heights_mm)
    numbers = rng(key, "order").permutation(n) + 1 if faults.shuffle else np.arange(1, n + 1)
    paths: list[Path] = []
    for i in range(len(scan.times_s)):
        for k, height in enumerate(scan.heights_mm):
            index = i * len(scan.heights_mm) + k
            ds = new_object(CTImageStorage, "CT", key, index + 1, patient, study)
            _picture(ds, scan, vessels, faults, i, rng(key, index))
            _header(ds, scan, height, i, faults)
            ds.SeriesNumber, ds.SeriesDescription, ds.InstanceNumber = number, description, int(numbers[index])
            override(ds, facts)
            paths.append(write(ds, folder / f"bolus{number:03d}_{index:04d}.dcm"))
            if i in faults.duplicate:
                ds.SOPInstanceUID = make_uid("copy", ds.SOPInstanceUID)
                ds.InstanceNumber = n + index + 1
                paths.append(write(ds, folder / f"bolus{number:03d}_{index:04d}_copy.dcm"))
    return paths


def _picture(
    ds: Dataset, scan: BolusScan, vessels: Sequence[Vessel], faults: BolusFaults, i: int, noise: np.random.Generator
) -> None:
    spacing = scan.fov_mm / scan.rows
    down, right = grid_mm(scan.rows, scan.rows, (spacing, spacing))
    y, x = faults.moved_mm.get(i, (0.0, 0.0))
    wall = faults.wall_mm.get(i, (0.0, 0.0))
    hu = np.full((scan.rows, scan.rows), _AIR)

    def put(centre: tuple[float, float], radii: tuple[float, float], value: float) -> None:
        cover = ellipse(down, right, (y + centre[0], x + centre[1]), radii)
        hu[:] = hu * (1 - cover) + value * cover

    put((0, 0), (105, 145), _SOFT)
    put((-10, -80), (60, 45), _LUNG)
    put((-10, 80), (60, 45), _LUNG)
    put((58, 0), (20, 22), _CORTEX)
    put((58, 0), (17, 19), _MARROW)
    for vessel in vessels:
        centre = (vessel.centre_mm[0] + wall[0], vessel.centre_mm[1] + wall[1])
        put(centre, (vessel.radius_mm, vessel.radius_mm), BLOOD_HU + vessel.bolus.at(scan.times_s[i]))
    _store(ds, hu + noise.normal(0, scan.noise_hu, hu.shape))


def _store(ds: Dataset, hu: Floats) -> None:
    stored = np.rint(np.clip(hu, -1024, 3071)).astype(np.int16)
    down, right = grid_mm(hu.shape[0], hu.shape[1], (1.0, 1.0))
    stored[np.hypot(down, right) > hu.shape[0] / 2] = PADDING
    set_grey(ds, stored, 16)
    ds.PixelPaddingValue = PADDING
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    ds.WindowCenter, ds.WindowWidth = 40, 400


def _header(ds: Dataset, scan: BolusScan, height_mm: float, i: int, faults: BolusFaults) -> None:
    start = dt.datetime.strptime(scan.start, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a moment of one exam alone
    moment = start + dt.timedelta(seconds=scan.times_s[0 if faults.same_time else i])
    ds.AcquisitionDate, ds.AcquisitionTime = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S.%f")
    if i in faults.no_time:
        del ds.AcquisitionTime
    ds.ContrastBolusAgent, ds.ContrastBolusStartTime = "IOHEXOL 350", start.strftime("%H%M%S")
    ds.ImageType, ds.PatientPosition, ds.BodyPartExamined = ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS", "CHEST"
    ds.ProtocolName, ds.ConvolutionKernel, ds.KVP = "DEMO CTA TEST BOLUS", "B30f", 120
    ds.SliceThickness, ds.TotalCollimationWidth = scan.thickness_mm, scan.thickness_mm
    ds.AcquisitionNumber, ds.CTDIvol = i + 1, 1.2
    ds.ScanOptions, ds.ExposureTime, ds.RevolutionTime, ds.XRayTubeCurrent = "SEQUENCE", 330, 0.5, 40
    tilt, spacing = math.radians(scan.tilt_deg), scan.fov_mm / scan.rows
    half = (scan.rows - 1) / 2 * spacing
    ds.PixelSpacing, ds.ReconstructionDiameter = [spacing, spacing], scan.fov_mm
    ds.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, round(math.cos(tilt), 8), round(math.sin(tilt), 8)]
    place = (-half, -half * math.cos(tilt), -half * math.sin(tilt) + height_mm)
    ds.ImagePositionPatient, ds.GantryDetectorTilt = [round(v, 6) for v in place], scan.tilt_deg
    ds.SliceLocation, ds.DataCollectionDiameter = height_mm, 500
