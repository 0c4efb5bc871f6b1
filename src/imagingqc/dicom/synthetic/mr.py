"""Synthetic MR: series with known sequence parameters and planes, and whole exams with series left out on request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Floats,
    Patient,
    Study,
    ellipse,
    grid_mm,
    new_object,
    override,
    rng,
    set_grey,
    write,
)

Plane = Literal["ax", "cor", "sag"]
PLANES: dict[str, tuple[float, ...]] = {
    "ax": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "cor": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "sag": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
}


@dataclass(frozen=True, slots=True)
class MRSequence:
    """One MR series as ordered: times in ms, lengths in mm, b-values in s/mm2 (one volume each)."""

    description: str
    tr: float
    te: float
    ti: float | None = None
    plane: Plane = "ax"
    fat_sat: bool = False
    b: tuple[float, ...] = ()
    scanning: tuple[str, ...] = ("SE",)
    variant: tuple[str, ...] = ("SK",)
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M", "ND", "NORM")
    flip_deg: float = 90.0
    thickness_mm: float = 5.0
    gap_mm: float = 1.0
    fov_mm: float = 230.0
    volume_3d: bool = False


_SPINE: dict[str, Any] = {"thickness_mm": 4.0, "gap_mm": 0.4, "fov_mm": 300.0}
_KNEE: dict[str, Any] = {"thickness_mm": 3.5, "gap_mm": 0.4, "fov_mm": 160.0}

# What a plain exam of each item holds, by the name under which `mr_exam` leaves it out.
EXAMS: dict[str, dict[str, MRSequence]] = {
    "head": {
        "T1": MRSequence("t1_se_tra", 500, 9),
        "T2": MRSequence("t2_tse_tra", 4500, 100, flip_deg=150),
        "FLAIR": MRSequence("t2_flair_tra", 8500, 95, 2400, scanning=("SE", "IR"), flip_deg=150),
        "DWI": MRSequence("ep2d_diff_tra_b1000", 5000, 80, b=(0.0, 1000.0), scanning=("EP", "SE")),
        "ADC": MRSequence("ep2d_diff_tra_ADC", 5000, 80, scanning=("EP", "SE"),
                          image_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "ND")),
        "T1SAG": MRSequence("t1_se_sag", 500, 9, plane="sag"),
    },
    "lumbar": {
        "T1SAG": MRSequence("t1_tse_sag", 600, 10, plane="sag", **_SPINE),
        "T2SAG": MRSequence("t2_tse_sag", 3000, 100, plane="sag", **_SPINE, flip_deg=150),
        "FSSAG": MRSequence("t2_tse_fs_sag", 3500, 80, plane="sag", fat_sat=True, **_SPINE),
        "T2AX": MRSequence("t2_tse_tra", 3000, 100, thickness_mm=4, gap_mm=0.4, fov_mm=200, flip_deg=150),
    },
    "knee": {
        "PDFSSAG": MRSequence("pd_tse_fs_sag", 2500, 35, plane="sag", fat_sat=True, **_KNEE),
        "PDFSCOR": MRSequence("pd_tse_fs_cor", 2500, 35, plane="cor", fat_sat=True, **_KNEE),
        "PDFSAX": MRSequence("pd_tse_fs_tra", 2500, 35, fat_sat=True, **_KNEE),
        "T1SAG": MRSequence("t1_tse_sag", 600, 12, plane="sag", **_KNEE),
    },
}  # fmt: skip
_BODY_PARTS = {"head": "BRAIN", "lumbar": "LSPINE", "knee": "KNEE"}


def mr_series(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    sequence: MRSequence,
    *,
    n: int = 20,
    rows: int = 96,
    body_part: str = "BRAIN",
    tilt_deg: float = 0.0,
    missing: tuple[int, ...] = (),
    field_t: float = 3.0,
    number: int = 1,
    noise: float = 8.0,
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write one MR series and give its paths, by b-value and then by slice.

    Truth: square pixels of fov_mm / rows; slice i lies at i x (thickness + gap) along the normal, centred on 0;
    `tilt_deg` turns the whole stack about the patient's x axis; `noise` is the SD of stored values in tissue (Rician in
    air).  `facts` set or (None) remove attributes.
    """
    study = study or Study(key=f"mr-{seed}", description=f"MR {body_part}", station="DEMO-MR-1", device="SN-MR-1")
    key = f"mr/{number}/{sequence.description}/{seed}"
    paths = []
    for volume, b in enumerate(sequence.b or (None,)):
        for i in range(n):
            if i in missing:
                continue
            index = volume * n + i
            ds = new_object(MRImageStorage, "MR", key, index + 1, patient, study)
            sequence_facts(ds, sequence, b, field_t)
            ds.SeriesNumber, ds.BodyPartExamined, ds.PatientPosition = number, body_part, "HFS"
            picture = _picture(sequence, rows, i / max(1, n - 1), b, rng(key, index), noise)
            set_grey(ds, picture.astype(np.uint16), 12)
            ds.WindowCenter, ds.WindowWidth = 350, 800
            place_slice(ds, sequence, rows, (i - (n - 1) / 2) * (sequence.thickness_mm + sequence.gap_mm), tilt_deg)
            override(ds, facts)
            paths.append(write(ds, folder / f"mr{number:03d}_{volume}_{i:04d}.dcm"))
    return paths


def mr_exam(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    item: str = "head",
    *,
    omit: tuple[str, ...] = (),
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    n: int = 20,
    rows: int = 96,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write a whole exam (`EXAMS[item]`: head, lumbar, knee) and give its paths.

    `omit` names series to leave out; `changed` replaces fields of a series' MRSequence by name.
    """
    unknown = (set(omit) | set(changed or {})) - set(EXAMS[item])
    if unknown:
        raise KeyError(*sorted(unknown))
    study = study or Study(
        key=f"mr-{item}-{seed}", description=f"MR {item.upper()}", station="DEMO-MR-1", device="SN-MR-1"
    )
    paths: list[Path] = []
    for number, (name, sequence) in enumerate(EXAMS[item].items(), start=1):
        if name in omit:
            continue
        ordered = replace(sequence, **(changed or {}).get(name, {}))
        paths += mr_series(folder, ordered, n=n, rows=rows, body_part=_BODY_PARTS[item], number=number,
                           patient=patient, study=study, seed=seed)  # fmt: skip
    return paths


def place_slice(ds: Dataset, sequence: MRSequence, rows: int, height_mm: float, tilt_deg: float) -> None:
    """Position, orientation and spacing of one slice at a height along the normal of the turned plane."""
    turn = math.radians(tilt_deg)
    rotation = np.array([[1, 0, 0], [0, math.cos(turn), -math.sin(turn)], [0, math.sin(turn), math.cos(turn)]])
    plane = np.array(PLANES[sequence.plane])
    row, column = rotation @ plane[:3], rotation @ plane[3:]
    spacing = sequence.fov_mm / rows
    corner = np.cross(row, column) * height_mm - (row + column) * (rows - 1) / 2 * spacing
    ds.ImageOrientationPatient = [round(float(v), 8) + 0.0 for v in (*row, *column)]
    ds.ImagePositionPatient = [round(float(v), 6) + 0.0 for v in corner]
    ds.PixelSpacing, ds.SliceThickness = [spacing, spacing], sequence.thickness_mm
    ds.SpacingBetweenSlices, ds.SliceLocation = sequence.thickness_mm + sequence.gap_mm, round(height_mm, 4)


def sequence_facts(ds: Dataset, sequence: MRSequence, b: float | None, field_t: float) -> None:
    """The acquisition attributes of one MR image."""
    ds.ImageType = list(sequence.image_type)
    ds.SeriesDescription = ds.ProtocolName = sequence.description
    ds.ScanningSequence, ds.SequenceVariant = list(sequence.scanning), list(sequence.variant)
    ds.ScanOptions = "FS" if sequence.fat_sat else ""
    ds.MRAcquisitionType = "3D" if sequence.volume_3d else "2D"
    ds.RepetitionTime, ds.EchoTime, ds.FlipAngle = sequence.tr, sequence.te, sequence.flip_deg
    if sequence.ti is not None:
        ds.InversionTime = sequence.ti
    ds.MagneticFieldStrength, ds.ImagingFrequency = field_t, round(42.577 * field_t, 3)
    ds.NumberOfAverages, ds.PixelBandwidth, ds.EchoTrainLength, ds.EchoNumbers = 1, 200, 1, 1
    ds.PercentSampling, ds.PercentPhaseFieldOfView, ds.SAR = 100, 100, 0.8
    ds.InPlanePhaseEncodingDirection, ds.ReceiveCoilName = "ROW", "HEAD 20"
    ds.AcquisitionMatrix = [0, round(sequence.fov_mm), round(sequence.fov_mm), 0]  # 1 mm acquired
    ds.AcquisitionNumber = 1
    if b is not None:
        ds.DiffusionBValue = b


def _picture(
    sequence: MRSequence, rows: int, z: float, b: float | None, noise: np.random.Generator, noise_sd: float
) -> Floats:
    """Stored values of one slice: tissue contrast follows TR, TE, TI and b by the signal equation of a spin echo."""
    spacing = sequence.fov_mm / rows
    down, right = grid_mm(rows, rows, (spacing, spacing))
    scale = sequence.fov_mm / 230 * (0.7 + 0.3 * math.sin(math.pi * z))
    signal = np.zeros((rows, rows))
    # T1, T2 (ms), diffusion (mm2/s), proton density of fat, grey and white matter and fluid, about those at 3 T
    tissues = ((380, 70, 0.0, 0.9), (1300, 100, 0.0008, 0.85), (830, 75, 0.0007, 0.7), (4000, 1800, 0.003, 1.0))
    shapes = (((0, 0), (95, 75)), ((0, 0), (88, 68)), ((0, 0), (74, 55)), ((-6, 0), (24, 15)))
    for (t1, t2, adc, density), (centre, radii) in zip(tissues, shapes, strict=True):
        value = density * math.exp(-sequence.te / t2) * math.exp(-(b or 0.0) * adc)
        if sequence.ti is None:
            value *= 1 - math.exp(-sequence.tr / t1)
        else:
            value *= abs(1 - 2 * math.exp(-sequence.ti / t1) + math.exp(-sequence.tr / t1))
        if sequence.fat_sat and t1 == 380:
            value *= 0.08
        cover = ellipse(down, right, centre, (radii[0] * scale, radii[1] * scale))
        signal = signal * (1 - cover) + 900 * value * cover
    real, imaginary = noise.normal(0, noise_sd, (2, rows, rows))
    return np.asarray(np.clip(np.rint(np.hypot(signal + real, imaginary)), 0, 4095))
