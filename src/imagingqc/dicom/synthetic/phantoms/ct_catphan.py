"""A CatPhan drawn slice by slice: materials, wires, holes, line pairs, details and uniform module with known truth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from pydicom.uid import CTImageStorage

from imagingqc.dicom.synthetic.base import DEMO_PATIENT, Floats, Study, new_object, override, rng, set_grey, write
from imagingqc.dicom.synthetic.phantoms.ct_stack import window

MATERIALS_504: Mapping[float, float] = {
    0: 340, 60: 120, 90: -1000, 120: -35, 180: -100, 240: -200, 270: -1000, 300: 990,
}  # fmt: skip
MATERIALS_604: Mapping[float, float] = {
    0: 340, 30: 237, 60: 120, 120: -35, 180: -100, 210: 725, 240: -200, 270: -1000, 300: 990,
}  # fmt: skip
GROUPS = (
    (153.0, 2), (128.8, 3), (104.8, 4), (85.9, 4), (67.8, 4), (48.8, 5), (31.8, 5), (14.8, 5), (359.8, 5), (344.8, 5),
    (329.9, 5), (315.9, 5), (301.8, 5), (288.9, 5), (274.9, 5), (261.9, 5), (248.8, 5), (235.9, 5), (223.8, 5),
    (210.8, 5), (198.9, 5),
)  # fmt: skip
DETAILS = ((15.0, 272.6), (9.0, 290.9), (8.0, 307.3), (7.0, 321.5), (6.0, 334.9), (5.0, 347.1))
TANGENT = math.tan(math.radians(23))
OVER = 3  # finer grid, per pixel and direction
GAUGE_HALF_MM = 1.5  # of the line pairs' height


@dataclass(frozen=True, slots=True)
class CatPhan:
    """Truth of a drawn phantom.  Lengths in mm, angles in degrees, HU as drawn before blur and noise.

    `blur_mm` is the SD of the Gaussian that blurs the picture: MTF(f) = exp(-2 (pi blur f)²).  `cupping` is how much
    lower (HU) the edge of the uniform module lies.  `detail_hu` is the contrast of the details.  `scale` draws the
    whole phantom larger than the pixel spacing says.  `reversed` turns the phantom end for end.
    """

    model: str = "504"
    shift_mm: tuple[float, float] = (0.0, 0.0)  # right, down
    roll_deg: float = 0.0
    tilt_deg: tuple[float, float] = (0.0, 0.0)  # right, down, per mm along the table
    noise_hu: float = 5.0
    blur_mm: float = 0.6
    thickness_mm: float = 2.5
    cupping_hu: float = 0.0
    detail_hu: float = 10.0
    scale: float = 1.0
    reversed: bool = False
    materials: Mapping[float, float] | None = None
    gauge_mm: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def ct_catphan(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    phantom: CatPhan | None = None,
    *,
    rows: int = 256,
    fov_mm: float = 250.0,
    first_mm: float = -80.0,
    last_mm: float = 50.0,
    interval_mm: float = 2.5,
    leave_out: Sequence[int] = (),
    table: bool = False,
    seed: int = 0,
) -> list[Path]:
    """Write one axial series from `first_mm` to `last_mm` (the inserts at 0) and give its paths.

    `leave_out` are indices of slices that are not written; `table` draws a table top under the phantom.
    """
    phantom = phantom or CatPhan()
    study = Study(key=f"ct-catphan-{seed}", description="CT QA")
    key = f"ct-catphan/{seed}"
    paths = []
    drawn: dict[tuple[str, float], Floats] = {}  # slices that look alike are drawn once
    for i in range(round((last_mm - first_mm) / interval_mm) + 1):
        if i in leave_out:
            continue
        z = first_mm + i * interval_mm
        looks = _looks(phantom, -z if phantom.reversed else z)
        if looks not in drawn:
            drawn[looks] = _slice(phantom, -z if phantom.reversed else z, z, rows, fov_mm, table=table)
        hu = drawn[looks]
        ds = new_object(CTImageStorage, "CT", key, i + 1, DEMO_PATIENT, study)
        noise = rng(key, i).normal(0, phantom.noise_hu, hu.shape)
        set_grey(ds, np.rint(np.clip(hu + noise, -1024, 3071)).astype(np.int16), 16)
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
        spacing = fov_mm / rows
        ds.PixelSpacing, ds.SliceThickness = [spacing, spacing], phantom.thickness_mm
        ds.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        half = (rows - 1) / 2 * spacing
        ds.ImagePositionPatient = [-half, -half, z]
        ds.ImageType, ds.PatientPosition, ds.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS", 120
        ds.ConvolutionKernel, ds.SeriesNumber, ds.AcquisitionNumber = "B30f", 2, 1
        override(ds, phantom.extra)
        paths.append(write(ds, folder / f"catphan_{i:04d}.dcm"))
    return paths


@dataclass(frozen=True, slots=True)
class _Canvas:
    """A fine grid in the phantom's own coordinates (mm from the axis, upright, seen from the line pairs)."""

    right: Floats
    down: Floats
    hu: Floats

    def disc(self, radius: float, angle: float, diameter: float, value: float) -> None:
        x, y = radius * math.cos(math.radians(angle)), radius * math.sin(math.radians(angle))
        here = window(self.down, self.right, (y, x), diameter / 2)
        self.hu[here][(self.right[here] - x) ** 2 + (self.down[here] - y) ** 2 <= (diameter / 2) ** 2] = value


def _looks(phantom: CatPhan, z: float) -> tuple[str, float]:
    """What decides how a slice looks: its module, and where in it when that makes a difference."""
    module = _module(phantom, z)
    moves = any(phantom.tilt_deg) or module == "inserts"
    return module, z if moves else float(module == "gauge" and abs(z - _gauge_mm(phantom)) > GAUGE_HALF_MM)


def _gauge_mm(phantom: CatPhan) -> float:
    if phantom.gauge_mm is not None:
        return phantom.gauge_mm
    return 40.0 if phantom.model == "604" else 30.0


def _module(phantom: CatPhan, z: float) -> str:
    """The module that a place lies in: inserts, gauge, details, uniform, or "" between them."""
    far, uniform = (40.0, -80.0) if phantom.model == "604" else (30.0, -65.0)
    if abs(z) <= 12.5:
        return "inserts"
    if abs(z - _gauge_mm(phantom)) <= 10:
        return "gauge"
    if abs(z + far) <= 12.5:
        return "details"
    return "uniform" if abs(z - uniform) <= 15 else ""


def _slice(phantom: CatPhan, z: float, seen_z: float, rows: int, fov_mm: float, *, table: bool) -> Floats:
    """CT numbers of one slice at place `z` of the phantom, before the noise."""
    fine = rows * OVER
    spacing = fov_mm / fine
    places: Floats = (np.arange(fine, dtype=np.float64) + 0.5) * spacing - fov_mm / 2
    x = places[np.newaxis, :] - phantom.shift_mm[0] - math.tan(math.radians(phantom.tilt_deg[0])) * seen_z
    y = places[:, np.newaxis] - phantom.shift_mm[1] - math.tan(math.radians(phantom.tilt_deg[1])) * seen_z
    turn = math.radians(phantom.roll_deg)
    right = (x * math.cos(turn) + y * math.sin(turn)) / phantom.scale
    down = (-x * math.sin(turn) + y * math.cos(turn)) / phantom.scale
    canvas = _Canvas(-right if phantom.reversed else right, down, np.full((fine, fine), -1000.0, dtype=np.float32))
    canvas.disc(0, 0, 200, 20.0)
    _modules(phantom, z, canvas)
    if table:
        canvas.hu[(np.abs(y - 125) < 3) & (np.abs(x) < 150)] = 100.0
    blurred = scipy.ndimage.gaussian_filter(canvas.hu, phantom.blur_mm / spacing, mode="nearest")
    return np.asarray(blurred.reshape(rows, OVER, rows, OVER).mean(axis=(1, 3)))


def _modules(phantom: CatPhan, z: float, canvas: _Canvas) -> None:
    module = _module(phantom, z)
    if module == "inserts":
        _inserts(phantom, z, canvas)
    elif module == "gauge":
        _gauge(z - _gauge_mm(phantom), canvas)
    elif module == "details":
        canvas.disc(0, 0, 150, 50.0)
        for diameter, angle in DETAILS:
            canvas.disc(50, angle, diameter, 50.0 + phantom.detail_hu)
    elif module == "uniform":
        canvas.disc(0, 0, 150, 10.0)
        square = (canvas.right**2 + canvas.down**2) / 75**2
        canvas.hu[square <= 1] -= phantom.cupping_hu * square[square <= 1]
    else:
        canvas.disc(0, 0, 150, 50.0)


def _inserts(phantom: CatPhan, z: float, canvas: _Canvas) -> None:
    canvas.disc(0, 0, 150, 90.0)
    default = MATERIALS_604 if phantom.model == "604" else MATERIALS_504
    for angle, hu in (default if phantom.materials is None else phantom.materials).items():
        canvas.disc(58.7, angle, 12.2, hu)
    for angle, hu in ((45, -1000), (135, -1000), (225, -1000), (315, 990)):
        canvas.disc(25 * math.sqrt(2), angle, 3.0, hu)
    for quarter in range(4):
        turned = math.radians(90 * quarter)
        here = window(canvas.down, canvas.right, (38 * math.sin(turned), 38 * math.cos(turned)), 50.0)
        right, down = canvas.right[here], canvas.down[here]
        out = right * math.cos(turned) + down * math.sin(turned)
        along = -right * math.sin(turned) + down * math.cos(turned)
        # opposite wires rise against each other: seen turning, all move the same way round
        near = np.abs(along - z / TANGENT) <= phantom.thickness_mm / 2 / TANGENT
        canvas.hu[here][near & (np.abs(out - 38) <= 0.4)] = 800.0


def _gauge(z: float, canvas: _Canvas) -> None:
    canvas.disc(0, 0, 150, 90.0)
    if abs(z) > GAUGE_HALF_MM:
        return
    square = canvas.right**2 + canvas.down**2
    near = np.nonzero((square > 42**2) & (square < 52**2))
    right, down, hu = canvas.right[near], canvas.down[near], canvas.hu[near]
    for pairs, (angle, bars) in enumerate(GROUPS, start=1):
        turned, period = math.radians(angle), 10.0 / pairs
        out = right * math.cos(turned) + down * math.sin(turned)
        along = -right * math.sin(turned) + down * math.cos(turned)
        for k in range(bars):
            middle = (k - (bars - 1) / 2) * period
            hu[(np.abs(out - 47) <= 2.5) & (np.abs(along - middle) <= period / 4)] = 1500.0
    canvas.hu[near] = hu
