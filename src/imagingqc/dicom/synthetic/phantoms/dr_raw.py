"""Synthetic unprocessed radiographs for detector tests: even fields, dark fields, ghosts, edges and bar patterns.

A detector answers with P = a + b K ("linear"), a + b ln K ("log") or a K^b ("power"), K in µGy; quantum noise has a
relative SD of `noise` at 1 µGy and falls with the square root of the exposure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalMammographyXRayImageStorageForProcessing,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
)

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Floats, Study, new_object, override, rng, set_grey, write

Law = Literal["linear", "log", "power"]


@dataclass(frozen=True, slots=True)
class Detector:
    """A square detector and its response."""

    rows: int = 688
    columns: int = 688
    spacing: float = 0.5
    law: Law = "linear"
    a: float = 100.0
    b: float = 200.0
    noise: float = 0.06
    bits: int = 14
    electronic: float = 1.0  # SD, pixel values

    def pixels(self, kerma: Floats, seed: object) -> Floats:
        """Pixel values (float) of a map of kerma in µGy, with noise."""
        source = rng("dr-raw", seed)
        noisy = kerma * (1 + self.noise / np.sqrt(np.maximum(kerma, 1e-3)) * source.normal(size=kerma.shape))
        noisy = np.maximum(noisy, 1e-4)
        if self.law == "log":
            values = self.a + self.b * np.log(noisy)
        elif self.law == "power":
            values = self.a * noisy**self.b
        else:
            values = self.a + self.b * noisy
        return np.asarray(values + source.normal(0, self.electronic, kerma.shape))

    def flat(self, kerma: float, heel: float = 0.05) -> Floats:
        """Kerma of an even field that falls by the share `heel` from the upper to the lower side."""
        fall = 1 + heel * (0.5 - np.arange(self.rows) / (self.rows - 1))
        return np.asarray(kerma * np.repeat(fall[:, np.newaxis], self.columns, axis=1))

    def place(self) -> tuple[Floats, Floats]:
        """Millimetres (down, right) of pixel centres from the middle of the picture."""
        down = (np.arange(self.rows) - (self.rows - 1) / 2) * self.spacing
        right = (np.arange(self.columns) - (self.columns - 1) / 2) * self.spacing
        return np.asarray(down[:, np.newaxis]), np.asarray(right[np.newaxis, :])


@dataclass(frozen=True, slots=True)
class FlatFaults:
    """What is wrong with an even field: places in pixels, and lines of a grid (per mm, share of the signal)."""

    dead_pixels: Sequence[tuple[int, int]] = ()
    dead_columns: Sequence[tuple[int, int, int]] = ()  # column, first row, last row
    faint_rows: Sequence[tuple[int, float]] = ()  # row, share of the signal
    blocks: Sequence[tuple[int, int, int, float]] = ()  # row, column, side, share of the signal
    grid: tuple[float, float] = (0.0, 0.0)
    collimated: Mapping[str, float] = field(default_factory=dict)  # side -> share of the picture in shadow
    saturated_at: float | None = None
    object_contrast: float = 0.0  # of a disc of 60 mm, as a patient or a phantom would be

    def on_kerma(self, kerma: Floats, detector: Detector) -> Floats:
        """The map of kerma with grid, collimator and object."""
        down, right = detector.place()
        out = kerma * (1 + self.grid[1] * np.sin(2 * math.pi * self.grid[0] * right))
        out = out * (1 - self.object_contrast * (np.hypot(down, right - 40) < 60))
        rows, columns = out.shape
        for side, share in self.collimated.items():
            along = out if side in {"top", "bottom"} else out.T
            deep = round(share * (rows if side in {"top", "bottom"} else columns))
            shadow = along[:deep] if side in {"top", "left"} else along[len(along) - deep :]
            shadow *= 0.02
        return np.asarray(out)

    def on_pixels(self, values: Floats) -> Floats:
        """Pixel values with dead pixels, columns, faint rows and blocks."""
        for y, x in self.dead_pixels:
            values[y, x] = 0
        for x, first, last in self.dead_columns:
            values[first:last, x] = 0
        for y, share in self.faint_rows:
            values[y] *= 1 + share
        for y, x, side, share in self.blocks:
            values[y : y + side, x : x + side] *= 1 + share
        return values if self.saturated_at is None else np.minimum(values, self.saturated_at)


def dr_raw(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    pixels: Floats | NDArray[Any],
    *,
    spacing: float = 0.5,
    bits: int = 14,
    intent: str = "PROCESSING",
    relationship: str | None = "LIN",
    modality: str = "DX",
    time: str = "101500",
    number: int = 1,
    facts: Mapping[str, Any] | None = None,
    study: Study | None = None,
    key: str = "dr-raw",
) -> Path:
    """Write pixel values (rows, columns) as one radiograph, clipped to the range of `bits`, and give its path."""
    study = study or Study(key=key, description="QC", station="DEMO-DR-1", device="SN-DR-1")
    storage = {
        ("DX", "PROCESSING"): DigitalXRayImageStorageForProcessing,
        ("DX", "PRESENTATION"): DigitalXRayImageStorageForPresentation,
        ("MG", "PROCESSING"): DigitalMammographyXRayImageStorageForProcessing,
    }.get((modality, intent), ComputedRadiographyImageStorage)
    ds = new_object(storage, modality, f"{key}/{modality}", number, DEMO_PATIENT, study)
    set_grey(ds, np.clip(np.rint(pixels), 0, 2**bits - 1).astype(np.uint16), bits)
    ds.ImageType = ["ORIGINAL", "PRIMARY", ""]
    if modality != "CR":
        ds.PresentationIntentType = f"FOR {intent}"
        ds.PixelIntensityRelationship = relationship
    ds.SeriesNumber, ds.SeriesDescription, ds.BodyPartExamined = 1, "QC", "PHANTOM"
    ds.ImagerPixelSpacing = [spacing, spacing]
    ds.AcquisitionTime = ds.ContentTime = time
    ds.KVP, ds.ExposureInuAs, ds.DistanceSourceToDetector = 70, 2000, 1800
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "US"
    ds.LossyImageCompression, ds.DetectorID = "00", "DEMO-DET-1"
    override(ds, facts)
    return write(ds, folder / f"raw_{modality}_{number:03d}.dcm")


def dr_flat(
    folder: Path,
    *,
    kerma: float = 10.0,
    heel: float = 0.05,
    detector: Detector | None = None,
    faults: FlatFaults | None = None,
    seed: int = 0,
    **header: Any,
) -> Path:
    """Write one even field and give its path; `header` goes to `dr_raw`."""
    detector, faults = detector or Detector(), faults or FlatFaults()
    values = detector.pixels(faults.on_kerma(detector.flat(kerma, heel), detector), seed)
    header = {"relationship": {"linear": "LIN", "log": "LOG", "power": None}[detector.law]} | header
    return dr_raw(folder, faults.on_pixels(values), spacing=detector.spacing, bits=detector.bits, **header)


def dr_exposures(folder: Path, kerma: Sequence[float], *, detector: Detector | None = None, **more: Any) -> list[Path]:
    """Write one even field for each kerma in µGy, one a minute in this order, and give their paths."""
    return [
        dr_flat(folder, kerma=k, detector=detector, seed=n, number=n, time=f"10{15 + n:02d}00", **more)
        for n, k in enumerate(kerma, start=1)
    ]


def dr_dark(folder: Path, *, detector: Detector | None = None, seed: int = 0, **header: Any) -> Path:
    """Write a picture without radiation: offset and electronic noise alone."""
    detector = detector or Detector()
    noise = rng("dr-dark", seed).normal(0, 3 * detector.electronic, (detector.rows, detector.columns))
    return dr_raw(folder, detector.a + noise, spacing=detector.spacing, bits=detector.bits, **header)


def dr_ghost(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    lag: float = 0.03,
    side: float = 40.0,
    shift: tuple[float, float] = (0.0, 0.0),
    turn: float = 0.0,
    gap: int = 60,
    before: bool = False,
    left_in: bool = False,
    detector: Detector | None = None,
    seed: int = 0,
    **header: Any,
) -> list[Path]:
    """Write an exposure with a lead square and, `gap` s later, a blank picture with its ghost; give both paths.

    The blank values inside of the square are those around it times 1 + `lag`; mm for `side` and `shift` (down, right),
    degrees for `turn`.  `before` puts a blank picture first; `left_in` leaves the lead where it was.
    """
    detector = detector or Detector()
    down, right = detector.place()
    angle = math.radians(turn)
    y, x = down - shift[0], right - shift[1]
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    # Share of each pixel that the square covers, for its edges fall between pixels.
    cover = [np.clip((side / 2 - np.abs(w)) / detector.spacing + 0.5, 0, 1) for w in (u, v)]
    square = cover[0] * cover[1]
    exposed = detector.pixels(detector.flat(5.0) * (1 - 0.995 * square), ("ghost", seed))
    blank = detector.a + rng("dr-blank", seed).normal(0, detector.electronic, square.shape)
    blank = exposed if left_in else blank * (1 + lag * square)
    paths = []
    if before:
        first = detector.a + rng("dr-first", seed).normal(0, detector.electronic, square.shape)
        paths.append(dr_raw(folder, first, spacing=detector.spacing, number=1, time="101400", **header))
    paths.append(dr_raw(folder, exposed, spacing=detector.spacing, number=2, time="101500", **header))
    later = f"10{15 + gap // 60:02d}{gap % 60:02d}"
    return [*paths, dr_raw(folder, blank, spacing=detector.spacing, number=3, time=later, **header)]
