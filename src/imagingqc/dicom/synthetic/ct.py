"""Synthetic CT: heads and trunks with known HU, noise and slice positions, and faults on request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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

Body = Literal["head", "chest", "abdomen"]
PADDING = -2000  # stored value outside of the reconstruction circle
HU = {"air": -1000.0, "soft": 40.0, "bone": 1000.0, "lung": -850.0, "csf": 5.0, "marrow": 300.0}
_FOV_MM = {"head": 250.0, "chest": 400.0, "abdomen": 400.0}
_RADII_MM = {"head": (95.0, 75.0), "chest": (115.0, 165.0), "abdomen": (110.0, 150.0)}


@dataclass(frozen=True, slots=True)
class CTFaults:
    """What shall be wrong with a series.  Slice numbers count from 0 at the lowest position.

    missing : slices not written.  duplicate : slices written twice, the copy with its own UID and the same pixels.
    thick : slices whose Slice Thickness is doubled.  other_patient : slices with another Patient ID.
    shuffle : instance numbers in random order.  irregular_mm : positions moved at random by up to this.
    localizer : a scout hides in the same series.  flat_current : no tube current modulation.
    lossy : marked as lossy compressed 1:10.  truncated_files : files cut in half.
    """

    missing: tuple[int, ...] = ()
    duplicate: tuple[int, ...] = ()
    thick: tuple[int, ...] = ()
    other_patient: tuple[int, ...] = ()
    shuffle: bool = False
    irregular_mm: float = 0.0
    localizer: bool = False
    flat_current: bool = False
    lossy: bool = False
    truncated_files: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scan:
    """What all slices of one series have in common."""

    body: Body
    rows: int
    spacing_mm: float
    noise_hu: float
    offset_mm: tuple[float, float]
    seed: int


def ct_series(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    n: int = 40,
    body: Body = "chest",
    rows: int = 128,
    fov_mm: float | None = None,
    thickness_mm: float = 5.0,
    interval_mm: float = 5.0,
    kernel: str = "B30f",
    kvp: float = 120.0,
    tilt_deg: float = 0.0,
    phases: int = 1,
    noise_hu: float = 12.0,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    description: str = "",
    number: int = 2,
    faults: CTFaults | None = None,
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write one CT series and give the paths of its files, by slice from the feet up and then by phase.

    Truth: square pixels of fov_mm / rows; slice i lies at i x interval_mm along the normal; soft tissue 40 HU, bone
    1000 HU, lung -850 HU with white noise of `noise_hu`; the body's centre lies `offset_mm` (down, right) of the
    isocentre.  `tilt_deg` tilts the gantry about x.  Phases share positions and differ by Acquisition Number, contrast
    and (from the second phase on) 150 HU in the vessel.  `facts` set or (None) remove attributes of every slice.
    """
    faults = faults or CTFaults()
    study = study or Study(key=f"ct-{body}-{seed}", description=f"CT {body.upper()}")
    scan = _Scan(body, rows, (fov_mm or _FOV_MM[body]) / rows, noise_hu, offset_mm, seed)
    key = f"ct/{number}/{seed}/{description}"
    jitter = rng(key, "positions").uniform(-faults.irregular_mm, faults.irregular_mm, n)
    total = n * phases + len(faults.duplicate)
    numbers = rng(key, "order").permutation(total) + 1 if faults.shuffle else np.arange(1, total + 1)
    paths: list[Path] = []
    for phase in range(phases):
        for i in range(n):
            if i in faults.missing:
                continue
            ds = _slice(scan, i / max(1, n - 1), phase, key, phase * n + i, patient, study)
            _place(ds, scan, tilt_deg, i * interval_mm + float(jitter[i]))
            _protocol(ds, kernel, kvp, thickness_mm, interval_mm, phase)
            _current(ds, i / max(1, n - 1), flat=faults.flat_current)
            ds.SeriesNumber, ds.SeriesDescription = number, description or f"{body.upper()} {thickness_mm:g}mm {kernel}"
            ds.InstanceNumber = int(numbers[phase * n + i])
            _spoil(ds, i, faults)
            override(ds, facts)
            paths.append(write(ds, folder / f"ct{number:03d}_{phase}_{i:04d}.dcm"))
            if i in faults.duplicate and phase == 0:
                ds.SOPInstanceUID = make_uid("copy", ds.SOPInstanceUID)
                ds.InstanceNumber = int(numbers[n * phases + faults.duplicate.index(i)])
                paths.append(write(ds, folder / f"ct{number:03d}_{phase}_{i:04d}_copy.dcm"))
            if i in faults.truncated_files:
                paths[-1].write_bytes(paths[-1].read_bytes()[: paths[-1].stat().st_size // 2])
    if faults.localizer:
        paths.append(_localizer(folder, scan, key, number, n * interval_mm, patient, study))
    return paths


def ct_head_pair(folder: Path, *, rows: int = 128, study: Study | None = None, seed: int = 0) -> list[Path]:
    """A usual plain head: thin bone slices and 5 mm brain slices of one study, with a scout of its own."""
    study = study or Study(key=f"ct-head-{seed}", description="CT HEAD PLAIN")
    thin = ct_series(folder, n=60, body="head", rows=rows, thickness_mm=1.0, interval_mm=2.0, kernel="H60s",
                     number=3, study=study, seed=seed, noise_hu=14.0, faults=CTFaults(localizer=True))  # fmt: skip
    thick = ct_series(
        folder, n=24, body="head", rows=rows, kernel="H30s", number=2, study=study, seed=seed, noise_hu=4.0
    )
    return thin + thick


def _slice(scan: _Scan, z: float, phase: int, key: str, index: int, patient: Patient, study: Study) -> Dataset:
    ds = new_object(CTImageStorage, "CT", key, index + 1, patient, study)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.BodyPartExamined, ds.PatientPosition = scan.body.upper(), "HFS"
    spacing = (scan.spacing_mm, scan.spacing_mm)
    hu = _anatomy(scan, z, vessel_hu=40.0 + 150.0 * min(phase, 1))
    hu += rng(key, "noise", index).normal(0, scan.noise_hu, hu.shape)
    stored = np.rint(np.clip(hu, -1024, 3071)).astype(np.int16)
    down, right = grid_mm(scan.rows, scan.rows, spacing)
    stored[np.hypot(down, right) > scan.rows * scan.spacing_mm / 2] = PADDING
    set_grey(ds, stored, 16)
    ds.PixelPaddingValue = PADDING
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    ds.WindowCenter, ds.WindowWidth = (40, 100) if scan.body == "head" else (40, 400)
    ds.PixelSpacing = [scan.spacing_mm, scan.spacing_mm]
    ds.ReconstructionDiameter = scan.rows * scan.spacing_mm
    return ds


def _anatomy(scan: _Scan, z: float, vessel_hu: float) -> Floats:
    """HU of one slice at relative height z (0 feet side, 1 head side), without noise."""
    down, right = grid_mm(scan.rows, scan.rows, (scan.spacing_mm, scan.spacing_mm))
    y, x = scan.offset_mm
    ry, rx = _RADII_MM[scan.body]
    shrink = 0.75 + 0.25 * math.sin(math.pi * (0.15 + 0.7 * z))
    ry, rx = ry * shrink, rx * shrink
    hu = np.full((scan.rows, scan.rows), HU["air"])

    def put(centre: tuple[float, float], radii: tuple[float, float], value: float) -> None:
        cover = ellipse(down, right, (y + centre[0], x + centre[1]), radii)
        hu[:] = hu * (1 - cover) + value * cover

    put((0, 0), (ry, rx), HU["soft"])
    if scan.body == "head":
        put((0, 0), (ry - 4, rx - 4), HU["bone"])
        put((0, 0), (ry - 11, rx - 11), HU["soft"] - 5)
        put((-5, -9), (20 * shrink, 6), HU["csf"])
        put((-5, 9), (20 * shrink, 6), HU["csf"])
        return hu
    if scan.body == "chest" and 0.1 < z < 0.95:
        size = math.sin(math.pi * (z - 0.1) / 0.85)
        put((-5, -72), (30 + 42 * size, 20 + 40 * size), HU["lung"])
        put((-5, 72), (30 + 42 * size, 20 + 40 * size), HU["lung"])
    if scan.body == "abdomen":
        put((-15, -60), (55, 60), HU["soft"] + 20)
        put((20, 75), (25, 25), HU["soft"] + 10)
    put((ry * 0.6, 0), (18, 20), HU["marrow"])
    put((ry * 0.25, 12), (12, 12), vessel_hu)
    return hu


def _place(ds: Dataset, scan: _Scan, tilt_deg: float, height_mm: float) -> None:
    """Position and orientation; with a tilted gantry the slices lean while the table still moves along z."""
    tilt = math.radians(tilt_deg)
    half = (scan.rows - 1) / 2 * scan.spacing_mm
    down = (0.0, math.cos(tilt), math.sin(tilt))
    table = height_mm / math.cos(tilt)  # distance along z for a distance along the normal
    ds.ImageOrientationPatient = [1.0, 0.0, 0.0, *(round(v, 8) for v in down)]
    ds.ImagePositionPatient = [round(v, 6) for v in (-half, -half * down[1], -half * down[2] + table)]
    ds.SliceLocation, ds.GantryDetectorTilt = round(table, 4), tilt_deg
    ds.DataCollectionDiameter, ds.TableHeight = 500, 150
    ds.DataCollectionCenterPatient = [0.0, 0.0, round(table, 6)]
    ds.ReconstructionTargetCenterPatient = [0.0, 0.0, round(table, 6)]


def _protocol(ds: Dataset, kernel: str, kvp: float, thickness_mm: float, interval_mm: float, phase: int) -> None:
    ds.ConvolutionKernel, ds.KVP, ds.SliceThickness = kernel, kvp, thickness_mm
    ds.SpacingBetweenSlices = interval_mm
    ds.AcquisitionNumber, ds.ProtocolName = phase + 1, f"DEMO {ds.BodyPartExamined}"
    ds.ScanOptions, ds.SpiralPitchFactor = "HELICAL MODE", 1.0
    ds.ExposureTime, ds.RevolutionTime, ds.TotalCollimationWidth = 500, 0.5, 40.0
    if phase:
        ds.ContrastBolusAgent = "IODINE"
    ds.AcquisitionTime = f"09{30 + phase:02d}00"


def _current(ds: Dataset, z: float, *, flat: bool) -> None:
    """Tube current: modulated along z by about a third unless `flat`; CTDIvol of the whole scan."""
    current = 200.0 if flat else 200.0 * (1 + 0.35 * math.sin(2 * math.pi * z))
    ds.XRayTubeCurrent, ds.Exposure = round(current), round(current * 0.5)
    ds.ExposureModulationType = "NONE" if flat else "LONGITUDINAL"
    ds.CTDIvol = 45.0 if ds.BodyPartExamined == "HEAD" else 9.5
    code = Dataset()
    value, size = ("113690", "Head") if ds.BodyPartExamined == "HEAD" else ("113691", "Body")
    code.CodeValue, code.CodingSchemeDesignator = value, "DCM"
    code.CodeMeaning = f"IEC {size} Dosimetry Phantom"
    ds.CTDIPhantomTypeCodeSequence = [code]


def _spoil(ds: Dataset, i: int, faults: CTFaults) -> None:
    if i in faults.thick:
        ds.SliceThickness = float(ds.SliceThickness) * 2
    if i in faults.other_patient:
        ds.PatientID, ds.PatientName = f"{ds.PatientID}X", "DEMO^OTHER"
    ds.LossyImageCompression = "01" if faults.lossy else "00"
    if faults.lossy:
        ds.LossyImageCompressionRatio, ds.LossyImageCompressionMethod = 10, "ISO_10918_1"


def _localizer(
    folder: Path, scan: _Scan, key: str, number: int, length_mm: float, patient: Patient, study: Study
) -> Path:
    """A coronal scout that shares the series UID, as some scanners send it."""
    ds = new_object(CTImageStorage, "CT", key, 100_000, patient, study)
    ds.ImageType, ds.BodyPartExamined = ["ORIGINAL", "PRIMARY", "LOCALIZER"], scan.body.upper()
    ds.SeriesNumber, ds.SeriesDescription, ds.PatientPosition = number, "Scout", "HFS"
    rows = columns = 128
    spacing = max(length_mm, scan.rows * scan.spacing_mm) / rows
    down, right = grid_mm(rows, columns, (spacing, spacing))
    body = ellipse(down, right, (0, 0), (length_mm * 0.6, _RADII_MM[scan.body][1]))
    set_grey(ds, np.rint(body * 900 - 700).astype(np.int16), 16)
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    ds.PixelSpacing, ds.SliceThickness = [spacing, spacing], 1.0
    ds.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]
    ds.ImagePositionPatient = [-spacing * columns / 2, 0.0, length_mm]
    return write(ds, folder / f"ct{number:03d}_scout.dcm")
