"""Synthetic in-air reverberation pictures of linear and curved probes, with elements that are dead or weak."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundImageStorage

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Study, new_object, override, rng, write

_BAND_MM, _FADE_MM = 3.0, 7.0  # distance of the bands, depth at which they fade to 1/e
_LINEAR_MM, _RADIUS_MM, _HALF_ANGLE = 38.0, 60.0, math.radians(33)
_MARGIN = 12  # pixels around the picture of the probe


def us_air_pixels(  # noqa: PLR0913 - one argument for each known truth
    rows: int = 300,
    columns: int = 400,
    *,
    probe: Literal["linear", "curved"] = "linear",
    dead: Sequence[tuple[float, float, float]] = (),
    tilt: float = 0.0,
    noise: float = 3.0,
    depth_mm: float = 50.0,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """One picture, uint8 (rows, columns, 3).

    `dead` are (from, to, share of the brightness that is left) along the face, 0 left to 1 right; `tilt` is the share
    by which the left end is brighter than the right one; `noise` the SD in grey levels.
    """
    mm = depth_mm / (rows - 2 * _MARGIN)
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    across, down = (x + 0.5 - columns / 2) * mm, (y + 0.5 - _MARGIN) * mm
    if probe == "linear":
        half = min(_LINEAR_MM, 0.9 * columns * mm) / 2
        share, depth = (across + half) / (2 * half), down
    else:
        drop = _RADIUS_MM * math.cos(_HALF_ANGLE)
        share = (np.arctan2(across, down + drop) / _HALF_ANGLE + 1) / 2
        depth = np.hypot(across, down + drop) - _RADIUS_MM
    inside = (share >= 0) & (share <= 1) & (depth >= 0)
    bands = 0.55 + 0.45 * np.cos(2 * math.pi * depth / _BAND_MM)
    grey = 220 * bands * np.exp(-depth / _FADE_MM) * (1 + tilt * (0.5 - share))
    for start, end, left in dead:
        grey = np.where((share >= start) & (share < end), grey * left, grey)
    grey = grey + rng("us-air", seed).normal(0, noise, grey.shape)
    picture = np.where(inside, np.clip(grey, 0, 255), 0).astype(np.uint8)
    return np.repeat(picture[..., np.newaxis], 3, axis=2)


def us_air(
    folder: Path, *, facts: Mapping[str, Any] | None = None, picture: NDArray[np.uint8] | None = None,
    regions: bool = True, number: int = 1, **truth: Any,
) -> Path:  # fmt: skip
    """Write one picture as an ultrasound object and give its path; `truth` goes to `us_air_pixels`."""
    study = Study(key="us-air", description="QC", station="DEMO-US-1", device="SN-US-1")
    ds = new_object(UltrasoundImageStorage, "US", f"us-air/{number}", number, DEMO_PATIENT, study)
    rgb = us_air_pixels(**truth) if picture is None else picture
    ds.ImageType, ds.SeriesNumber, ds.SeriesDescription = ["ORIGINAL", "PRIMARY", ""], 1, "QC AIR"
    ds.TransducerData, ds.LossyImageCompression = ["L12-3", "UNUSED", "UNUSED"], "00"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = *rgb.shape[:2], 3, "RGB"
    ds.PlanarConfiguration, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 0, 8, 8, 7, 0
    data = rgb.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"
    if regions:
        region = Dataset()
        region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
        region.RegionLocationMinX0, region.RegionLocationMinY0 = 2, 2
        region.RegionLocationMaxX1, region.RegionLocationMaxY1 = rgb.shape[1] - 3, rgb.shape[0] - 3
        region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3  # cm
        region.PhysicalDeltaX = region.PhysicalDeltaY = 0.018
        ds.SequenceOfUltrasoundRegions = [region]
    override(ds, facts)
    return write(ds, folder / f"us_air_{number:03d}.dcm")
