"""Synthetic digital radiographs with known exposure index, collimation and clipping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, DigitalXRayImageStorageForProcessing

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

_DETECTOR_MM = 430.0
# view -> SNOMED CT code and meaning of the projection (PS3.16 CID 4010)
_VIEW_CODES = {
    "PA": ("272479007", "postero-anterior"),
    "AP": ("399348003", "antero-posterior"),
    "LL": ("399173006", "left lateral"),
    "RL": ("399198007", "right lateral"),
}


def dx_image(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    ei: float | None = 250.0,
    target_ei: float | None = 250.0,
    di: float | None = None,
    view: str = "PA",
    laterality: str = "U",
    body_part: str = "CHEST",
    rows: int = 256,
    columns: int = 256,
    field: tuple[float, float, float, float] = (0.04, 0.04, 0.05, 0.05),
    clipped: float = 0.0,
    grid_lines: tuple[float, float] = (0.0, 0.0),
    stored: Floats | None = None,
    photometric: str = "MONOCHROME2",
    intent: str = "PRESENTATION",
    number: int = 1,
    time: str = "",
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one radiograph and give its path.

    `di` None: computed, 10 log10(ei / target_ei) (IEC 62494-1).  `field` are the margins of the collimated field as
    fractions of the picture (top, bottom, left, right); outside it is black.  `clipped` is the exact fraction of the
    field's pixels, rounded to whole ones, that lie at the highest stored value.  `grid_lines` are the frequency (1/mm)
    and amplitude (stored values; the noise has an SD of 25) of vertical lines.  12 bits; lungs dark, bone bright.
    `stored` is a picture (rows, columns) of values 0 to 4095 to write in place of the one drawn here.
    """
    study = study or Study(
        key=f"dx-{seed}", description=f"DR {body_part} {view}", station="DEMO-DR-1", device="SN-DR-1"
    )
    storage = DigitalXRayImageStorageForPresentation
    if intent == "PROCESSING":
        storage = DigitalXRayImageStorageForProcessing
    ds = new_object(storage, "DX", f"dx/{number}/{body_part}/{view}/{laterality}/{seed}", 1, patient, study)
    spacing = _DETECTOR_MM / rows
    if stored is None:
        stored = _picture(rows, columns, spacing, field, clipped, seed + number, grid_lines)
    if photometric == "MONOCHROME1":
        stored = 4095 - stored
    set_grey(ds, stored.astype(np.uint16), 12, photometric)
    ds.ImageType = ["ORIGINAL", "PRIMARY", ""]
    ds.PresentationIntentType = f"FOR {intent}"
    ds.SeriesNumber, ds.SeriesDescription = number, f"{body_part} {view}"
    ds.BodyPartExamined, ds.ViewPosition, ds.ImageLaterality = body_part, view, laterality
    ds.PatientOrientation = ["L", "F"] if view in {"PA", "AP"} else ["A", "F"]
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "US"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", 1
    ds.PresentationLUTShape = "INVERSE" if photometric == "MONOCHROME1" else "IDENTITY"
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    ds.LossyImageCompression = "00"
    _exposure(ds, ei, target_ei, di)
    _geometry(ds, spacing, field, rows, columns)
    if view in _VIEW_CODES:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = (
            _VIEW_CODES[view][0],
            "SCT",
            _VIEW_CODES[view][1],
        )
        ds.ViewCodeSequence = [code]
    if time:
        ds.AcquisitionTime = ds.ContentTime = ds.SeriesTime = time
    override(ds, facts)
    return write(ds, folder / f"dx{number:03d}_{body_part}_{view}_{laterality}_{seed}.dcm")


def _exposure(ds: Dataset, ei: float | None, target_ei: float | None, di: float | None) -> None:
    if di is None and ei and target_ei:
        di = 10 * math.log10(ei / target_ei)
    if ei is not None:
        ds.ExposureIndex = f"{ei:g}"
    if target_ei is not None:
        ds.TargetExposureIndex = f"{target_ei:g}"
    if di is not None:
        ds.DeviationIndex = f"{di:.2f}"
    ds.KVP, ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = 120, 10, 200, 2
    ds.ExposureInuAs, ds.ImageAndFluoroscopyAreaDoseProduct = 2000, 1.2
    ds.DetectorID, ds.DetectorType, ds.Grid = "DEMO-DET-1", "SCINTILLATOR", ["FOCUSED", "RECIPROCATING"]


def _geometry(ds: Dataset, spacing: float, field: tuple[float, float, float, float], rows: int, columns: int) -> None:
    ds.ImagerPixelSpacing = [round(spacing, 6)] * 2
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = 1800, 1550
    top, bottom, left, right = field
    ds.CollimatorShape = "RECTANGULAR"
    ds.CollimatorUpperHorizontalEdge, ds.CollimatorLowerHorizontalEdge = round(top * rows), round((1 - bottom) * rows)
    ds.CollimatorLeftVerticalEdge, ds.CollimatorRightVerticalEdge = round(left * columns), round((1 - right) * columns)


def _picture(
    rows: int,
    columns: int,
    spacing: float,
    field: tuple[float, float, float, float],
    clipped: float,
    seed: int,
    grid_lines: tuple[float, float],
) -> Floats:
    """A chest-like picture of stored values 0 to 4095, black outside of the field."""
    down, right = grid_mm(rows, columns, (spacing, spacing))
    width = columns * spacing / _DETECTOR_MM  # narrower pictures show narrower bodies
    body = ellipse(down, right, (40, 0), (230, 175 * width))
    lungs = np.maximum(
        ellipse(down, right, (-25, -75 * width), (120, 52 * width)),
        ellipse(down, right, (-25, 75 * width), (120, 52 * width)),
    )
    spine = np.exp(-((right / (16 * width)) ** 2)) * body
    ribs = 0.5 + 0.5 * np.sin((down + 0.0012 * right**2) / 6)
    picture = 500 + 2100 * body - 1250 * lungs + 700 * spine + 220 * ribs * lungs
    picture = picture + rng("dx", seed).normal(0, 25, picture.shape)
    picture = picture + grid_lines[1] * np.sin(2 * math.pi * grid_lines[0] * right)
    picture = np.clip(np.rint(picture), 1, 4000)
    top, bottom, left, side = field
    inside = np.zeros((rows, columns), dtype=bool)
    inside[round(top * rows) : round((1 - bottom) * rows), round(left * columns) : round((1 - side) * columns)] = True
    picture[~inside] = 0
    if clipped > 0:
        brightest = np.argsort(np.where(inside, picture, -1), axis=None)[::-1]
        picture.flat[brightest[: round(clipped * int(inside.sum()))]] = 4095
    return np.asarray(picture)
