"""Synthetic uniform MR phantom: sphere or cylinder with known size, shading, distortion, ghost and noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imagingqc.dicom.synthetic.base import Floats, rng
from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries, write_mr_phantom


@dataclass(frozen=True, slots=True)
class UniformPhantom:
    """Lengths in mm, places (down, right) from the picture's centre.

    `sphere` makes the slices narrower away from the middle.  `stretch` (down, right) is what distortion does.  `signal`
    is that of the edge, `shading` how much darker the centre is (0-1), `slope` how much brighter the right side is than
    the left.  `ghost` is the share of the signal above and below, `noise` the SD of each channel, `bubble_mm` the depth
    of air at the top, `insert_mm` the radius of a dark rod off the centre.
    """

    diameter_mm: float = 180.0
    sphere: bool = False
    stretch: tuple[float, float] = (1.0, 1.0)
    shift_mm: tuple[float, float] = (0.0, 0.0)
    signal: float = 1000.0
    shading: float = 0.0
    slope: float = 0.0
    ghost: float = 0.0
    noise: float = 10.0
    bubble_mm: float = 0.0
    insert_mm: float = 0.0
    blank: bool = False


def mr_uniform(
    folder: Path,
    phantom: UniformPhantom | None = None,
    series: MRSeries | None = None,
    *,
    n: int = 5,
    rows: int = 256,
    fov_mm: float = 250.0,
    seed: int = 0,
) -> list[Path]:
    """Write `n` slices 8 mm apart and give their paths; another `seed` is another acquisition of the same phantom.

    Truth: that of `phantom`; pixels of fov_mm / rows unless `series` says otherwise.  `blank` sets the background to 0.
    """
    phantom = phantom or UniformPhantom()
    spacing = fov_mm / rows
    series = series or MRSeries(number=5, description="SNR", spacing_mm=(spacing, spacing))
    heights = [8.0 * (i - (n - 1) / 2) for i in range(n)]
    pictures = [_noisy(_section(phantom, z, rows, spacing), phantom, (seed, i)) for i, z in enumerate(heights)]
    return write_mr_phantom(folder, series, pictures, heights)


def _section(phantom: UniformPhantom, height: float, rows: int, spacing: float) -> Floats:
    steps = (np.arange(rows) - (rows - 1) / 2) * spacing
    down, right = np.meshgrid(steps, steps, indexing="ij")
    y = (down - phantom.shift_mm[0]) / phantom.stretch[0]
    x = (right - phantom.shift_mm[1]) / phantom.stretch[1]
    full = phantom.diameter_mm / 2
    radius = math.sqrt(max(0.0, full**2 - height**2)) if phantom.sphere else full
    reach = np.hypot(x, y)
    cover = np.clip((radius - reach) / spacing + 0.5, 0, 1)
    if phantom.bubble_mm:
        cover = cover * np.clip((y + radius - phantom.bubble_mm) / spacing + 0.5, 0, 1)
    if phantom.insert_mm:
        cover = cover * np.clip((np.hypot(x - radius / 2, y) - phantom.insert_mm) / spacing + 0.5, 0, 1)
    light = (1 - phantom.shading * np.clip(1 - (reach / full) ** 2, 0, 1)) * (
        1 + phantom.slope * x / phantom.diameter_mm
    )
    ghost = phantom.ghost * cover
    return np.asarray(phantom.signal * (cover * light + np.roll(ghost, rows // 2, axis=0)))


def _noisy(picture: Floats, phantom: UniformPhantom, key: tuple[int, int]) -> Floats:
    real, imaginary = rng("mr-uniform", *key).normal(0, 1, (2, *picture.shape)) * phantom.noise
    noisy = np.hypot(picture + real, imaginary)
    return np.asarray(np.where(picture > 0, noisy, 0.0) if phantom.blank else noisy)
