"""Synthetic nuclear medicine: a gamma-camera rotation and a PET volume, with known counts and activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import NuclearMedicineImageStorage, PositronEmissionTomographyImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
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


def nm_tomo(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    windows: int = 1,
    detectors: int = 2,
    views: int = 8,
    lost: int = 0,
    activity_mbq: float | None = 740.0,
    injected: str = "20260105063000",
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one SPECT acquisition of windows x detectors x views frames, less the `lost` last ones; give its path."""
    study = study or Study(key=f"nm-{seed}", description="NM BONE", station="DEMO-NM-1", device="SN-NM-1")
    ds = new_object(NuclearMedicineImageStorage, "NM", f"nm/{seed}", 1, patient, study)
    held = windows * detectors * views - lost
    set_grey(ds, rng("nm", seed).poisson(20, (held, 64, 64)).astype(np.uint16), 16)
    ds.ImageType, ds.SeriesNumber, ds.SeriesDescription = ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"], 1, "SPECT"
    ds.FrameIncrementPointer = [0x00540010, 0x00540020, 0x00540050, 0x00540090]
    ds.NumberOfEnergyWindows, ds.NumberOfDetectors, ds.NumberOfRotations = windows, detectors, 1
    rotation = Dataset()
    rotation.NumberOfFramesInRotation, rotation.ScanArc, rotation.RotationDirection = views, 180, "CW"
    ds.RotationInformationSequence = [rotation]
    ds.PixelSpacing, ds.LossyImageCompression = [4.8, 4.8], "00"
    ds.RadiopharmaceuticalInformationSequence = [_given("MDP", activity_mbq, injected)]
    override(ds, facts)
    return write(ds, folder / f"nm_{seed}.dcm")


def pet_series(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    slices: int = 12,
    missing: Iterable[int] = (),
    activity_mbq: float | None = 320.0,
    injected: str = "20260105083000",
    weight: float | None = 70.0,
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write a PET volume of `slices` at 3 mm without those numbered in `missing` (from 1), and give the paths."""
    study = study or Study(key=f"pet-{seed}", description="PET FDG", station="DEMO-PET-1", device="SN-PET-1")
    down, right = grid_mm(48, 48, (8.0, 8.0))
    body = ellipse(down, right, (0, 0), (120, 160))
    paths = []
    for n in sorted(set(range(1, slices + 1)) - set(missing)):
        ds = new_object(PositronEmissionTomographyImageStorage, "PT", f"pet/{seed}", n, patient, study)
        noise = rng("pet", seed, n).normal(0, 100, body.shape)
        set_grey(ds, np.clip(2000 * body + noise, 0, 32767).astype(np.uint16), 16)
        ds.ImageType, ds.SeriesNumber, ds.SeriesDescription = ["ORIGINAL", "PRIMARY"], 1, "PET AC"
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-192.0, -192.0, -3.0 * n]
        ds.PixelSpacing, ds.SliceThickness, ds.LossyImageCompression = [8.0, 8.0], 3.0, "00"
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 2.5, 0, "BQML"
        ds.SeriesType, ds.Units, ds.DecayCorrection, ds.CountsSource = (
            ["WHOLE BODY", "IMAGE"],
            "BQML",
            "START",
            "EMISSION",
        )
        ds.CorrectedImage, ds.NumberOfSlices, ds.ImageIndex = ["DECY", "ATTN", "SCAT", "RAN", "NORM"], slices, n
        if weight is not None:
            ds.PatientWeight = weight
        given = _given("FDG", None if activity_mbq is None else activity_mbq * 1e6, injected)
        given.RadionuclideHalfLife = 6586.2
        ds.RadiopharmaceuticalInformationSequence = [given]
        override(ds, facts)
        paths.append(write(ds, folder / f"pet_{seed}_{n:03d}.dcm"))
    return paths


def _given(agent: str, activity: float | None, injected: str) -> Dataset:
    item = Dataset()
    item.Radiopharmaceutical = agent
    if activity is not None:
        item.RadionuclideTotalDose = f"{activity:.10g}"
    item.RadiopharmaceuticalStartTime = injected[8:]
    item.RadiopharmaceuticalStartDateTime = injected
    return item
