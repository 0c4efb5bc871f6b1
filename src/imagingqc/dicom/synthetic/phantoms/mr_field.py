"""Synthetic phase and magnitude images of a uniform sphere in a known field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imagingqc.dicom.synthetic.base import Floats, rng
from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries, write_mr_phantom

GYROMAGNETIC = 42.577  # MHz/T
ROWS, SLICES, PIXEL_MM, STEP_MM = 96, 27, 2.5, 8.0


@dataclass(frozen=True, slots=True)
class FieldPhantom:
    """The field, in parts per million at the phantom's surface: `second` of the form (2z² - x² - y²)/2, and `slope` to
    the right.  `echoes` in ms; `signal` over the noise SD is the ratio to noise; `hole_mm` a bubble in the middle.
    `top` is the largest stored phase; `offset` turns both echoes alike (radians)."""

    diameter_mm: float = 200.0
    second: float = 0.5
    slope: float = 0.2
    echoes: tuple[float, ...] = (4.0, 6.0)
    noise: float = 10.0
    field_t: float = 1.5
    hole_mm: float = 0.0
    top: float = 4095.0
    offset: float = 1.0


def mr_field(
    folder: Path, phantom: FieldPhantom | None = None, seed: int = 0, facts: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write one magnitude series and one phase series for each echo; pixels of 2.5 mm, 27 slices 8 mm apart.

    `facts` set or (None) remove attributes of all of them.
    """
    phantom = phantom or FieldPhantom()
    z, y, x = grid()
    inside = x**2 + y**2 + z**2 <= (phantom.diameter_mm / 2) ** 2
    inside &= x**2 + y**2 + z**2 >= phantom.hole_mm**2
    paths: list[Path] = []
    for number, echo in enumerate(phantom.echoes, start=1):
        turns = phantom.offset + 2 * math.pi * GYROMAGNETIC * phantom.field_t * field_ppm(phantom) * echo / 1000
        real, imaginary = rng("mr-field", seed, number).normal(0, phantom.noise, (2, *inside.shape))
        signal = 1000.0 * inside * np.exp(1j * turns) + real + 1j * imaginary
        stored = np.rint((np.angle(signal) + math.pi) / (2 * math.pi) * phantom.top)
        kinds = [(20 + number, "P", stored)]
        if number == 1:
            kinds.append((10, "M", np.abs(signal)))
        for series, word, voxels in kinds:
            about = MRSeries("mr-field", series, f"field_{word}{number}", echo, 600.0, "ax", (PIXEL_MM, PIXEL_MM), 8.0,
                             phantom.field_t)  # fmt: skip
            own = {"ImageType": ["ORIGINAL", "PRIMARY", word, "ND"], **(facts or {})}
            heights = [STEP_MM * (k - SLICES // 2) for k in range(SLICES)]
            paths += write_mr_phantom(folder, about, list(voxels), heights, own)
    return paths


def grid() -> tuple[Floats, Floats, Floats]:
    """Positions (z, y, x) of the voxels from the centre, mm; shapes broadcast to (slices, rows, columns)."""
    steps: Floats = np.asarray((np.arange(ROWS) - (ROWS - 1) / 2) * PIXEL_MM, dtype=np.float64)
    along: Floats = np.asarray((np.arange(SLICES) - SLICES // 2) * STEP_MM, dtype=np.float64)
    return along[:, None, None], steps[None, :, None], steps[None, None, :]


def field_ppm(phantom: FieldPhantom) -> Floats:
    """The field that was drawn, in parts per million, shape (slices, rows, columns)."""
    z, y, x = grid()
    radius = phantom.diameter_mm / 2
    return np.asarray(phantom.second * (z**2 - (x**2 + y**2) / 2) / radius**2 + phantom.slope * x / radius)
