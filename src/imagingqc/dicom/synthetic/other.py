"""Synthetic objects that are no slices: colour ultrasound, a screenshot, a report without pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage, SecondaryCaptureImageStorage, UltrasoundImageStorage

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Patient, Study, grid_mm, new_object, rng, write


def _set_colour(ds: Dataset, rgb: NDArray[np.uint8]) -> None:
    ds.Rows, ds.Columns = rgb.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    data = rgb.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"


def us_colour(
    folder: Path,
    *,
    rows: int = 120,
    columns: int = 160,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one colour ultrasound frame with one region of 0.5 mm pixels, and give its path."""
    study = study or Study(key=f"us-{seed}", description="US ABDOMEN", station="DEMO-US-1", device="SN-US-1")
    ds = new_object(UltrasoundImageStorage, "US", f"us/{seed}", 1, patient, study)
    ds.ImageType, ds.SeriesNumber, ds.BodyPartExamined = ["ORIGINAL", "PRIMARY"], 1, "ABDOMEN"
    down, right = grid_mm(rows, columns, (0.5, 0.5))
    speckle = rng("us", seed).gamma(2, 30, (rows, columns))
    fan = (np.abs(right) < (down + rows * 0.25 + 4) * 1.1).astype(float)
    grey = np.clip(speckle * fan, 0, 255)
    rgb = np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.uint8)
    flow = (np.hypot(down - 5, right) < 6) & (fan > 0)
    rgb[flow] = (200, 40, 30)
    _set_colour(ds, rgb)
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = columns - 1, rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3  # cm
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    ds.SequenceOfUltrasoundRegions = [region]
    return write(ds, folder / f"us_{seed}.dcm")


def screenshot(folder: Path, *, modality: str = "CT", study: Study | None = None, seed: int = 0) -> Path:
    """Write a colour secondary capture, as workstations save dose pages and measurements, and give its path."""
    study = study or Study(key=f"sc-{seed}", description="SCREENSHOT")
    ds = new_object(SecondaryCaptureImageStorage, modality, f"sc/{seed}", 1, DEMO_PATIENT, study)
    ds.ImageType, ds.ConversionType = ["DERIVED", "SECONDARY", "SCREEN SAVE"], "WSD"
    ds.SeriesNumber, ds.SeriesDescription, ds.BurnedInAnnotation = 999, "Dose Report", "YES"
    rgb = np.zeros((96, 128, 3), dtype=np.uint8)
    rgb[10:80:8, 10:110] = (220, 220, 220)
    _set_colour(ds, rgb)
    return write(ds, folder / f"screenshot_{seed}.dcm")


def dose_report(folder: Path, *, study: Study | None = None, seed: int = 0) -> Path:
    """Write a structured report without pictures (one text item) and give its path."""
    study = study or Study(key=f"sr-{seed}", description="REPORT")
    ds = new_object(BasicTextSRStorage, "SR", f"sr/{seed}", 1, DEMO_PATIENT, study)
    ds.SeriesNumber, ds.SeriesDescription = 998, "Report"
    ds.CompletionFlag, ds.VerificationFlag, ds.ValueType = "COMPLETE", "UNVERIFIED", "CONTAINER"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "121111", "DCM", "Summary"
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", "DEMO"
    item.ConceptNameCodeSequence = [title]
    ds.ConceptNameCodeSequence, ds.ContentSequence = [title], [item]
    return write(ds, folder / f"report_{seed}.dcm")
