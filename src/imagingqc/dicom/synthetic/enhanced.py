"""Synthetic enhanced multi-frame objects: geometry and parameters in functional groups (PS3.3 C.7.6.16)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Patient,
    Study,
    ellipse,
    grid_mm,
    new_object,
    rng,
    set_grey,
    write,
)


def _group(**facts: object) -> Dataset:
    item = Dataset()
    for keyword, value in facts.items():
        setattr(item, keyword, value)
    return item


def _position(x: float, y: float, z: float) -> list[Dataset]:
    return [_group(ImagePositionPatient=[x, y, z])]


def _frames(n: int, rows: int, spacing: float, seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    down, right = grid_mm(rows, rows, (spacing, spacing))
    body = ellipse(down, right, (0, 0), (0.4 * rows * spacing, 0.33 * rows * spacing))
    noise = rng("enhanced", seed).normal(0, 10, (n, rows, rows))
    return np.stack([body * (0.7 + 0.3 * i / max(1, n - 1)) for i in range(n)]) * 1000 + noise


def _shared(spacing: float, thickness_mm: float) -> Dataset:
    return _group(
        PixelMeasuresSequence=[_group(PixelSpacing=[spacing, spacing], SliceThickness=thickness_mm)],
        PlaneOrientationSequence=[_group(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])],
        FrameAnatomySequence=[_group(FrameLaterality="U")],
    )


def enhanced_mr(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    n: int = 8,
    echo_times: tuple[float, ...] = (10.0,),
    temporal: int = 1,
    rows: int = 64,
    spacing_mm: float = 3.5,
    interval_mm: float = 6.0,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one enhanced MR object of n slices x echoes x temporal positions and give its path.

    Truth: slice i lies at i x interval_mm along z; frames run through temporal positions, then echoes, then slices from
    the top down, so that the order of frames is not that of space.  Rescale is 2 x stored + 5.
    """
    study = study or Study(key=f"emr-{seed}", description="MR BRAIN ENHANCED", station="DEMO-MR-1", device="SN-MR-1")
    ds = new_object(EnhancedMRImageStorage, "MR", f"emr/{seed}", 1, patient, study)
    places = [(t, e, i) for t in range(temporal) for e in range(len(echo_times)) for i in reversed(range(n))]
    stored = np.rint(np.clip(_frames(len(places), rows, spacing_mm, seed), 0, 4095)).astype(np.uint16)
    set_grey(ds, stored, 12)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.SeriesNumber, ds.SeriesDescription, ds.BodyPartExamined = 1, "enhanced se", "BRAIN"
    ds.MagneticFieldStrength, ds.PatientPosition = 3.0, "HFS"
    shared = _shared(spacing_mm, interval_mm)
    shared.MRTimingAndRelatedParametersSequence = [_group(RepetitionTime=600.0, FlipAngle=90.0)]
    shared.MRImageFrameTypeSequence = [_group(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])]
    shared.PixelValueTransformationSequence = [_group(RescaleSlope=2.0, RescaleIntercept=5.0, RescaleType="US")]
    ds.SharedFunctionalGroupsSequence = [shared]
    half = (rows - 1) / 2 * spacing_mm
    ds.PerFrameFunctionalGroupsSequence = [
        _group(
            PlanePositionSequence=_position(-half, -half, i * interval_mm),
            FrameContentSequence=[
                _group(StackID="1", InStackPositionNumber=i + 1, TemporalPositionIndex=t + 1, FrameAcquisitionNumber=1)
            ],
            MREchoSequence=[_group(EffectiveEchoTime=echo_times[e])],
        )
        for t, e, i in places
    ]
    return write(ds, folder / f"enhanced_mr_{seed}.dcm")


def enhanced_ct(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    n: int = 8,
    rows: int = 64,
    spacing_mm: float = 5.0,
    interval_mm: float = 5.0,
    kvp: float = 120.0,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    seed: int = 0,
) -> Path:
    """Write one enhanced CT object of n slices, each i x interval_mm along z, and give its path."""
    study = study or Study(key=f"ect-{seed}", description="CT ENHANCED")
    ds = new_object(EnhancedCTImageStorage, "CT", f"ect/{seed}", 1, patient, study)
    stored = np.rint(_frames(n, rows, spacing_mm, seed) - 1000).astype(np.int16)
    set_grey(ds, stored, 16)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.SeriesNumber, ds.SeriesDescription, ds.BodyPartExamined, ds.PatientPosition = 1, "enhanced", "HEAD", "HFS"
    shared = _shared(spacing_mm, interval_mm)
    shared.CTImageFrameTypeSequence = [_group(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])]
    shared.CTXRayDetailsSequence = [_group(KVP=kvp)]
    shared.CTReconstructionSequence = [_group(ConvolutionKernel="B30f", ReconstructionDiameter=rows * spacing_mm)]
    shared.PixelValueTransformationSequence = [_group(RescaleSlope=1.0, RescaleIntercept=0.0, RescaleType="HU")]
    ds.SharedFunctionalGroupsSequence = [shared]
    half = (rows - 1) / 2 * spacing_mm
    ds.PerFrameFunctionalGroupsSequence = [
        _group(
            PlanePositionSequence=_position(-half, -half, i * interval_mm),
            FrameContentSequence=[_group(StackID="1", InStackPositionNumber=i + 1)],
            CTExposureSequence=[_group(XRayTubeCurrentInmA=100.0 + i, ExposureInmAs=50.0 + i, CTDIvol=9.5)],
        )
        for i in range(n)
    ]
    return write(ds, folder / f"enhanced_ct_{seed}.dcm")
