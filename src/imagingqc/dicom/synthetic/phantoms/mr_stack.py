"""Pictures of an MR phantom as DICOM files, with the geometry that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Floats, Study, new_object, override, set_grey, write
from imagingqc.dicom.synthetic.mr import PLANES, MRSequence, Plane, sequence_facts


@dataclass(frozen=True, slots=True)
class MRSeries:
    """What the header says: `key` decides the UIDs; lengths in mm, times in ms; `spacing_mm` (rows, columns)."""

    key: str = "mr-phantom"
    number: int = 3
    description: str = "ACR_T1"
    te: float = 20.0
    tr: float = 500.0
    plane: Plane = "ax"
    spacing_mm: tuple[float, float] = (250 / 256, 250 / 256)
    thickness_mm: float = 5.0
    field_t: float = 1.5


def write_mr_phantom(
    folder: Path,
    series: MRSeries,
    pictures: Sequence[Floats],
    heights_mm: Sequence[float],
    facts: Mapping[str, Any] | None = None,
) -> list[Path]:
    """One file for each picture (rows, columns) at its height along the normal; paths in this order.

    Files are named without any order of space.
    """
    study = Study(key=series.key, description="MR PHANTOM QC", station="DEMO-MR-1", device="SN-MR-1")
    sequence = MRSequence(series.description, series.tr, series.te, plane=series.plane)
    plane = np.array(PLANES[series.plane])
    row, column = plane[:3], plane[3:]
    paths = []
    for i, (picture, height) in enumerate(zip(pictures, heights_mm, strict=True)):
        ds = new_object(MRImageStorage, "MR", f"{series.number}/{series.description}", i + 1, DEMO_PATIENT, study)
        sequence_facts(ds, sequence, None, series.field_t)
        ds.SeriesNumber, ds.BodyPartExamined, ds.PatientPosition = series.number, "PHANTOM", "HFS"
        set_grey(ds, np.clip(np.rint(picture), 0, 4095).astype(np.uint16), 12)
        ds.WindowCenter, ds.WindowWidth = 500, 1000
        rows, columns = picture.shape
        down, across = series.spacing_mm
        corner = np.cross(row, column) * height - row * (columns - 1) / 2 * across - column * (rows - 1) / 2 * down
        ds.ImageOrientationPatient = [float(v) + 0.0 for v in plane]
        ds.ImagePositionPatient = [round(float(v), 6) + 0.0 for v in corner]
        ds.PixelSpacing, ds.SliceThickness = [down, across], series.thickness_mm
        ds.SliceLocation = round(float(height), 4)
        override(ds, facts)
        paths.append(write(ds, folder / f"{series.number:03d}_{(i * 7) % len(pictures):03d}_{i:03d}.dcm"))
    return paths


def write_mr_enhanced(folder: Path, series: MRSeries, pictures: Sequence[Floats], heights_mm: Sequence[float]) -> Path:
    """One enhanced object with a frame for each axial picture at its height (PS3.3 C.7.6.16)."""
    study = Study(key=series.key, description="MR PHANTOM QC", station="DEMO-MR-1", device="SN-MR-1")
    ds = new_object(EnhancedMRImageStorage, "MR", f"{series.number}/{series.description}", 1, DEMO_PATIENT, study)
    set_grey(ds, np.clip(np.rint(np.stack(pictures)), 0, 4095).astype(np.uint16), 12)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.SeriesNumber, ds.SeriesDescription, ds.MagneticFieldStrength = series.number, series.description, series.field_t
    spacing = list(series.spacing_mm)
    ds.SharedFunctionalGroupsSequence = [
        _item(
            PixelMeasuresSequence=[_item(PixelSpacing=spacing, SliceThickness=series.thickness_mm)],
            PlaneOrientationSequence=[_item(ImageOrientationPatient=list(PLANES["ax"]))],
            MREchoSequence=[_item(EffectiveEchoTime=series.te)],
        )
    ]
    half = [(n - 1) / 2 * s for n, s in zip(pictures[0].shape, spacing, strict=True)]
    ds.PerFrameFunctionalGroupsSequence = [
        _item(PlanePositionSequence=[_item(ImagePositionPatient=[-half[1], -half[0], float(height)])])
        for height in heights_mm
    ]
    return write(ds, folder / f"{series.number:03d}_enhanced.dcm")


def _item(**facts: object) -> Dataset:
    item = Dataset()
    for keyword, value in facts.items():
        setattr(item, keyword, value)
    return item
