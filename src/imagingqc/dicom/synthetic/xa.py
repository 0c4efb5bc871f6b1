"""Synthetic angiography runs with known frame rate, kind and dose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Patient,
    Study,
    grid_mm,
    new_object,
    override,
    rng,
    set_grey,
    write,
)

RunKind = Literal["fluoroscopy", "roadmap", "acquisition", "dsa"]


def xa_run(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    modality: Literal["XA", "RF"] = "XA",
    kind: RunKind = "dsa",
    frames: int = 8,
    rate: float | None = 4.0,
    dap_gycm2: float | None = 2.5,
    entrance_mgy: float | None = 31.0,
    pulsed: bool = True,
    number: int = 1,
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one run and give its path; the dose area product is written in dGy.cm2 as the attribute asks."""
    study = study or Study(key=f"xa-{seed}", description="DSA", station="DEMO-XA-1", device="SN-XA-1")
    storage = XRayAngiographicImageStorage if modality == "XA" else XRayRadiofluoroscopicImageStorage
    ds = new_object(storage, modality, f"xa/{number}", number, patient, study)
    set_grey(ds, _run(frames, seed + number), 10)
    ds.ImageType, ds.SeriesNumber, ds.SeriesDescription = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"], number, kind
    ds.RadiationSetting = "SC" if kind in {"fluoroscopy", "roadmap"} else "GR"
    ds.RadiationMode, ds.AveragePulseWidth = ("PULSED" if pulsed else "CONTINUOUS"), 8
    ds.KVP, ds.PixelIntensityRelationship, ds.LossyImageCompression = 75, "LOG", "00"
    ds.PositionerPrimaryAngle, ds.PositionerSecondaryAngle, ds.ImagerPixelSpacing = 30, 0, [0.3, 0.3]
    if frames > 1 and rate:
        ds.FrameIncrementPointer, ds.FrameTime, ds.CineRate = 0x00181063, f"{1000 / rate:.4f}", round(rate) or 1
    if kind in {"roadmap", "dsa"}:
        mask = Dataset()
        mask.MaskOperation, mask.MaskFrameNumbers = "AVG_SUB", 1
        ds.MaskSubtractionSequence, ds.RecommendedViewingMode = [mask], "SUB"
    if dap_gycm2 is not None:
        ds.ImageAndFluoroscopyAreaDoseProduct = 10 * dap_gycm2
    if entrance_mgy is not None:
        ds.EntranceDoseInmGy = entrance_mgy
    override(ds, facts)
    return write(ds, folder / f"xa{number:03d}_{kind}.dcm")


def _run(frames: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """A vessel that fills from frame to frame before a plain background; (frames, 96, 96), or one picture."""
    down, right = grid_mm(96, 96, (1.0, 1.0))
    vessel = np.exp(-(((right - 8 * np.sin(down / 14)) / 3) ** 2))
    noise = rng("xa", seed).normal(0, 8, (frames, 96, 96))
    fill = np.clip(np.arange(frames) / max(1, frames / 2), 0, 1)[:, np.newaxis, np.newaxis]
    stored = np.clip(600 - 200 * fill * vessel + noise, 0, 1023).astype(np.uint16)
    return stored if frames > 1 else np.asarray(stored[0])
