"""Synthetic mammograms with known view, side, compression and dose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalMammographyXRayImageStorageForProcessing,
)

from imagingqc.dicom.synthetic.base import (
    Patient,
    Study,
    grid_mm,
    make_uid,
    new_object,
    override,
    rng,
    set_grey,
    write,
)

Kind = Literal["2d", "synthetic", "tomosynthesis"]
MG_PATIENT = Patient(name="DEMO^MAMMO", id="DEMO-MG", sex="F", birth_date="19680101", age="058Y")
# PS3.16 CID 4014: SNOMED CT code and meaning
_VIEW_CODES = {
    "CC": ("399162004", "cranio-caudal"),
    "MLO": ("399368009", "medio-lateral oblique"),
    "ML": ("399260004", "medial-lateral"),
}
_MODIFIERS = {"spot": ("399055006", "Spot Compression"), "implant": ("399209000", "Implant Displaced")}


def mg_image(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    side: str = "R",
    view: str = "CC",
    intent: str = "PRESENTATION",
    kind: Kind = "2d",
    thickness: float = 55.0,
    force: float = 110.0,
    agd_mgy: float | None = 1.6,
    mas: float = 80.0,
    modifier: str = "",
    time: str = "101500",
    number: int = 1,
    rows: int = 128,
    columns: int = 96,
    facts: Mapping[str, Any] | None = None,
    patient: Patient = MG_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one mammogram and give its path.

    Pictures of the same study, side, view and `time` are one exposure (one Irradiation Event UID), raw and processed.
    `agd_mgy` is written in dGy as the attribute asks.
    """
    study = study or Study(key=f"mg-{seed}", description="MG", station="DEMO-MG-1", device="SN-MG-1")
    storage = DigitalMammographyXRayImageStorageForPresentation
    if intent == "PROCESSING":
        storage = DigitalMammographyXRayImageStorageForProcessing
    if kind == "tomosynthesis":
        storage = BreastTomosynthesisImageStorage
    ds = new_object(storage, "MG", f"mg/{number}/{side}{view}/{intent}/{kind}", number, patient, study)
    stored = _breast(rows, columns, side, seed + number)
    set_grey(ds, stored if kind != "tomosynthesis" else np.stack([stored] * 3), 12)
    words = {"2d": ["ORIGINAL", "PRIMARY", ""], "synthetic": ["DERIVED", "PRIMARY", "TOMO", "GENERATED_2D"]}
    ds.ImageType = words.get(kind, ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"])
    ds.PresentationIntentType = f"FOR {intent}"
    ds.SeriesNumber, ds.SeriesDescription = number, f"{side} {view}"
    ds.BodyPartExamined, ds.ImageLaterality, ds.ViewPosition = "BREAST", side, view
    ds.ViewCodeSequence = [_code(*_VIEW_CODES[view])]
    ds.ViewCodeSequence[0].ViewModifierCodeSequence = [_code(*_MODIFIERS[modifier])] if modifier else []
    ds.PatientOrientation = ["P", "L"] if side == "R" else ["A", "R"]
    ds.ImagerPixelSpacing = [0.1, 0.1]
    ds.AcquisitionTime = ds.ContentTime = time
    ds.IrradiationEventUID = make_uid("event", study.key, side, view, time)
    ds.BreastImplantPresent, ds.PartialView, ds.QualityControlImage = "NO", "NO", "NO"
    ds.LossyImageCompression = "00"
    _beam(ds, thickness, force, agd_mgy, mas)
    override(ds, facts)
    return write(ds, folder / f"mg{number:03d}_{side}{view}_{intent}_{kind}_{time}.dcm")


def mg_exam(folder: Path, *, study: Study | None = None, seed: int = 0) -> list[Path]:
    """Write the four standard views of both breasts, each raw and processed, and give their paths."""
    study = study or Study(key=f"mg-exam-{seed}", description="MG SCREENING", station="DEMO-MG-1", device="SN-MG-1")
    paths = []
    for n, (side, view) in enumerate((("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")), start=1):
        for step, intent in enumerate(("PROCESSING", "PRESENTATION")):
            paths.append(
                mg_image(
                    folder, side=side, view=view, intent=intent, thickness=52.0 + n, mas=80.0 + n,
                    time=f"10{10 + n}00", number=2 * n + step, study=study, seed=seed,
                )
            )  # fmt: skip
    return paths


def _beam(ds: Dataset, thickness: float, force: float, agd_mgy: float | None, mas: float) -> None:
    ds.KVP, ds.ExposureInuAs, ds.Exposure, ds.ExposureTime, ds.XRayTubeCurrent = (
        29,
        round(1000 * mas),
        round(mas),
        900,
        89,
    )
    ds.AnodeTargetMaterial, ds.FilterMaterial, ds.HalfValueLayer = "RHODIUM", "RHODIUM", 0.42
    ds.BodyPartThickness, ds.CompressionForce = thickness, force
    ds.CompressionContactArea = round(force / 0.012)  # 12 kPa
    if agd_mgy is not None:
        ds.OrganDose, ds.OrganExposed = round(agd_mgy / 100, 6), "BREAST"
    ds.Grid, ds.DetectorID, ds.EstimatedRadiographicMagnificationFactor = ["RECIPROCATING", "FOCUSED"], "DEMO-MG-DET", 1


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _breast(rows: int, columns: int, side: str, seed: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Half an ellipse at the chest wall: right of the picture for the right breast."""
    down, right = grid_mm(rows, columns, (1.0, 1.0))
    wall = columns / 2 if side == "R" else -columns / 2
    inside = (down / (0.45 * rows)) ** 2 + ((right - wall) / (0.8 * columns)) ** 2 < 1
    texture = rng("mg", seed).normal(0, 60, (rows, columns))
    return np.where(inside, np.clip(1800 + texture, 0, 4095), 10).astype(np.uint16)
