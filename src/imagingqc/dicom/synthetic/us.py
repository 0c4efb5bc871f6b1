"""Synthetic clinical ultrasound pictures: linear, curved and sector probes, with elements that are dead on purpose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundImageStorage

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Floats, Patient, Study, new_object, override, rng, write

ProbeShape = Literal["linear", "curved", "sector"]
BOX = (0.08, 0.06, 0.97, 0.98)  # of the picture: top, left, bottom, right of the tissue region
_LINEAR_MM, _RADIUS_MM, _HALF_ANGLE = 38.0, 60.0, math.radians(33)
_FADE_MM = 4.0  # depth at which a dead element is filled in to 1/e by its neighbours


def us_pixels(  # noqa: PLR0913 - one argument for each known truth
    rows: int = 240,
    columns: int = 320,
    *,
    probe: ProbeShape = "linear",
    depth_mm: float = 60.0,
    dead: Sequence[tuple[float, float]] = (),
    drop: float = 60.0,
    colour_box: bool = False,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """One frame of tissue, uint8 (rows, columns, 3), different for every seed but for marks, text and dead elements.

    `dead` are (from, to) along the face, 0 left to 1 right, and `drop` the grey levels they take away at the skin.
    """
    down, across, share, depth = _beams(rows, columns, probe, depth_mm)
    source = rng("us-frame", seed)
    speckle = 20 * np.log10(source.rayleigh(1.0, (rows, columns)) + 0.05)
    anatomy = _smooth(source, rows, columns, 5) * 28 + _smooth(source, rows, columns, 14) * 14
    contact = source.uniform(0, 25) * (np.abs(2 * share - 1) ** 6) * np.exp(-depth / 20)
    grey = source.uniform(85, 115) + 3.2 * speckle + anatomy - contact - 0.4 * depth
    if source.uniform() < 0.3:  # gas, a rib
        grey = grey - 70 * np.exp(-(((share - source.uniform(0.1, 0.9)) / 0.06) ** 2)) * (depth > source.uniform(3, 15))
    for start, end in dead:
        soft = 0.25 / 128
        column = _step((share - start) / soft) * _step((end - share) / soft)
        grey = grey - drop * column * np.exp(-depth / _FADE_MM)
    inside = (share >= 0) & (share <= 1) & (depth >= 0) & (depth <= depth_mm)
    picture = np.where(inside, np.clip(grey, 0, 255), 0).astype(np.uint8)
    rgb = np.repeat(picture[..., np.newaxis], 3, axis=2)
    if colour_box:
        flow = inside & (np.abs(share - 0.5) < 0.15) & (np.abs(depth - 0.5 * depth_mm) < 0.1 * depth_mm)
        rgb[flow & (source.uniform(size=flow.shape) < 0.7)] = (200, 40, 30)
    _marks(rgb, source, down, across)
    return rgb


def us_frame(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    rows: int = 240,
    columns: int = 320,
    probe: ProbeShape = "linear",
    depth_mm: float = 60.0,
    dead: Sequence[tuple[float, float]] = (),
    drop: float = 60.0,
    name: str = "L12-3",
    regions: bool = True,
    frames: int = 1,
    facts: Mapping[str, Any] | None = None,
    patient: Patient = DEMO_PATIENT,
    study: Study | None = None,
    number: int = 1,
    seed: int = 0,
) -> Path:
    """Write one picture (or a clip of `frames`) as an ultrasound object and give its path.

    With `regions` the header has one tissue region of the picture's true scale.
    """
    study = study or Study(key=f"usf-{seed}", description="US", station="DEMO-US-1", device="SN-US-1")
    storage = UltrasoundImageStorage if frames == 1 else "1.2.840.10008.5.1.4.1.1.3.1"  # multi-frame
    ds = new_object(storage, "US", f"usf/{number}/{seed}", number, patient, study)
    ds.ImageType, ds.SeriesNumber = ["ORIGINAL", "PRIMARY", "ABDOMINAL"], 1
    ds.TransducerData = [name, "UNUSED", "UNUSED"]
    ds.TransducerType = {"linear": "LINEAR", "curved": "CURVED LINEAR", "sector": "SECTOR_PHASED"}[probe]
    ds.LossyImageCompression = "00"
    pictures = [
        us_pixels(rows, columns, probe=probe, depth_mm=depth_mm, dead=dead, drop=drop, seed=1000 * seed + n)
        for n in range(frames)
    ]
    data = np.stack(pictures).tobytes()
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, 3, "RGB"
    ds.PlanarConfiguration, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 0, 8, 8, 7, 0
    if frames > 1:
        ds.NumberOfFrames, ds.FrameTime, ds.FrameIncrementPointer = frames, 40, 0x00181063
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"
    if regions:
        ds.SequenceOfUltrasoundRegions = [_region(rows, columns, depth_mm)]
    override(ds, facts)
    return write(ds, folder / f"us_{seed:04d}_{number:03d}.dcm")


def scale_mm(rows: int, depth_mm: float) -> float:
    """mm per pixel, the same across and down: the depth fills the tissue region."""
    return depth_mm / (_edge(rows, 2) - _edge(rows, 0))


def _edge(size: int, side: int) -> int:
    return round(BOX[side] * size)


def _region(rows: int, columns: int, depth_mm: float) -> Dataset:
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
    region.RegionLocationMinX0, region.RegionLocationMinY0 = _edge(columns, 1), _edge(rows, 0)
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = _edge(columns, 3) - 1, _edge(rows, 2) - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3  # cm
    region.PhysicalDeltaX = region.PhysicalDeltaY = scale_mm(rows, depth_mm) / 10
    return region


def _beams(rows: int, columns: int, probe: ProbeShape, depth_mm: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Pixel indices down and across, then of every pixel: share along the face (0 to 1 inside) and depth in mm."""
    mm = scale_mm(rows, depth_mm)
    down, across = np.mgrid[:rows, :columns].astype(np.float64)
    x = (across + 0.5 - columns * (BOX[1] + BOX[3]) / 2) * mm
    y = (down + 0.5 - _edge(rows, 0)) * mm
    if probe == "linear":
        half = min(_LINEAR_MM, 0.9 * columns * (BOX[3] - BOX[1]) * mm) / 2
        return down, across, (x + half) / (2 * half), y
    radius = _RADIUS_MM if probe == "curved" else 2.0
    drop = radius * math.cos(_HALF_ANGLE) if probe == "curved" else 0.0  # the ends of the arc lie at the top
    angle, reach = np.arctan2(x, y + drop), np.hypot(x, y + drop)
    return down, across, (angle / _HALF_ANGLE + 1) / 2, reach - radius


def _step(x: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(x / 2))


def _smooth(source: np.random.Generator, rows: int, columns: int, cells: int) -> Floats:
    """A random field of about `cells` blobs along the shorter side, mean 0, SD about 1."""
    knots = source.normal(size=(cells + 2, round(cells * columns / rows) + 2))
    y = np.linspace(0, knots.shape[0] - 1.001, rows)
    x = np.linspace(0, knots.shape[1] - 1.001, columns)
    i, j = y.astype(int), x.astype(int)
    u, v = (y - i)[:, np.newaxis], (x - j)[np.newaxis, :]
    upper = knots[i][:, j] * (1 - v) + knots[i][:, j + 1] * v
    lower = knots[i + 1][:, j] * (1 - v) + knots[i + 1][:, j + 1] * v
    return np.asarray(1.4 * (upper * (1 - u) + lower * u))


def _marks(rgb: NDArray[np.uint8], source: np.random.Generator, down: Floats, across: Floats) -> None:
    """What makers draw around the picture: a logo, a depth scale, text that changes from frame to frame."""
    rows, columns = rgb.shape[:2]
    rgb[2:8, 4 : columns // 8] = (220, 220, 220)
    ticks = (across > columns - 6) & (down.astype(int) % max(8, rows // 12) == 0)
    rgb[ticks] = (180, 180, 180)
    text = source.uniform(size=(6, columns // 5)) < 0.5
    rgb[2:8, columns // 2 : columns // 2 + columns // 5][text] = (230, 230, 230)
