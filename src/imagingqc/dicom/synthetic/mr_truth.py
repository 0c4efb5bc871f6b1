"""Synthetic MR of a trunk with artefacts of known size: ghost, wrap, zipper, spike, failed fat suppression, motion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import MRImageStorage

from imagingqc.dicom.synthetic.base import (
    DEMO_PATIENT,
    Floats,
    Study,
    ellipse,
    grid_mm,
    new_object,
    override,
    rng,
    set_grey,
    write,
)
from imagingqc.dicom.synthetic.mr import MRSequence, place_slice, sequence_facts

TRUNK = MRSequence("t2_tse_tra", 4000, 90, flip_deg=150, fov_mm=380.0)
TRUNK_FS = MRSequence("t2_tse_fs_tra", 4000, 90, flip_deg=150, fov_mm=380.0, fat_sat=True)
RIM_MM = 12.0  # of fat under the skin


@dataclass(frozen=True, slots=True)
class MRFaults:
    """What is wrong with a picture, in units of the signal of muscle unless said otherwise.

    `noise` is the SD of either channel.  `ghost` is the amplitude of a copy shifted by half of the field along the
    phase axis.  `shift_mm` moves the body along the phase axis, and what leaves the field comes in on the other side.
    `zipper` adds a line of that amplitude with random phase along the row `zipper_row` (counted from 0).  `spike` adds
    a wave of that amplitude with `wave` cycles across the picture (down, right).  `bright_sector` makes the fat of one
    sector of 30 degrees (0 at the right, clockwise) that bright.  `motion_px` moves the body along the phase axis for
    one half of the lines, every second one.
    """

    noise: float = 0.02
    ghost: float = 0.0
    shift_mm: float = 0.0
    zipper: float = 0.0
    zipper_row: int = 20
    spike: float = 0.0
    wave: tuple[int, int] = (40, 55)
    bright_sector: tuple[int, float] | None = None
    motion_px: float = 0.0


@dataclass(frozen=True, slots=True)
class Trunk:
    """The body: half axes (down, right) in mm, the signal of fat in units of that of muscle, of which 500 are stored.

    `blanked` sets everything outside of the body to zero, as scanners that remove the background do.
    """

    radii_mm: tuple[float, float] = (100.0, 145.0)
    fat: float = 2.0
    muscle: float = 500.0
    blanked: bool = False
    faults: MRFaults = field(default_factory=MRFaults)


def mr_trunk(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    trunk: Trunk | None = None,
    sequence: MRSequence = TRUNK,
    *,
    n: int = 6,
    rows: int = 256,
    phase: str = "COL",
    faulty: tuple[int, ...] | None = None,
    number: int = 1,
    facts: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> list[Path]:
    """Write one series of axial slices of a trunk and give its paths.

    `faulty` are the slices (from 0) that have the faults (None: all); the others have the noise alone.  `phase` is
    written as In-plane Phase Encoding Direction: COL moves ghosts and wrap up and down the picture, ROW sideways.
    """
    trunk = trunk or Trunk()
    study = Study(key=f"mr-trunk-{seed}", description="MR ABDOMEN", station="DEMO-MR-1", device="SN-MR-1")
    key = f"mr-trunk/{number}/{sequence.description}/{seed}"
    paths = []
    for i in range(n):
        faults = trunk.faults if faulty is None or i in faulty else MRFaults(noise=trunk.faults.noise)
        picture = trunk_picture(trunk, faults, sequence.fov_mm, rows, rng(key, i), axis=0 if phase == "COL" else 1)
        ds = new_object(MRImageStorage, "MR", key, i + 1, DEMO_PATIENT, study)
        sequence_facts(ds, sequence, None, 3.0)
        ds.SeriesNumber, ds.BodyPartExamined, ds.PatientPosition = number, "ABDOMEN", "HFS"
        ds.InPlanePhaseEncodingDirection, ds.ReceiveCoilName = phase, "BODY 18"
        set_grey(ds, np.clip(np.rint(picture * trunk.muscle), 0, 4095).astype(np.uint16), 12)
        ds.WindowCenter, ds.WindowWidth = 600, 1400
        place_slice(ds, sequence, rows, (i - (n - 1) / 2) * (sequence.thickness_mm + sequence.gap_mm), 0.0)
        override(ds, facts)
        paths.append(write(ds, folder / f"mr{number:03d}_{i:04d}.dcm"))
    return paths


def trunk_picture(
    trunk: Trunk, faults: MRFaults, fov_mm: float, rows: int, noise: np.random.Generator, axis: int = 0
) -> Floats:
    """One magnitude picture (rows, rows), muscle = 1."""
    body = _body(trunk, faults, fov_mm, rows)
    picture = np.roll(body, round(faults.shift_mm / fov_mm * rows), axis).astype(np.complex128)
    if faults.motion_px:
        picture = _moved(picture, faults.motion_px, axis)
    if faults.ghost:
        picture += faults.ghost * np.roll(picture, rows // 2, axis)
    if faults.zipper:
        picture[faults.zipper_row] += faults.zipper * np.exp(2j * math.pi * noise.random(rows))
    if faults.spike:
        down, right = np.arange(rows)[:, np.newaxis] / rows, np.arange(rows)[np.newaxis, :] / rows
        picture += faults.spike * np.exp(2j * math.pi * (faults.wave[0] * down + faults.wave[1] * right))
    real, imaginary = noise.normal(0, faults.noise, (2, rows, rows))
    magnitude = np.abs(picture + real + 1j * imaginary)
    return np.where(body > 0, magnitude, 0.0) if trunk.blanked else magnitude


def _body(trunk: Trunk, faults: MRFaults, fov_mm: float, rows: int) -> Floats:
    """Fat, muscle, and inside of it organs of different brightness that make every line of the picture its own."""
    down, right = grid_mm(rows, rows, (fov_mm / rows, fov_mm / rows))
    high, wide = trunk.radii_mm
    signal = trunk.fat * ellipse(down, right, (0, 0), (high, wide))
    if faults.bright_sector is not None:
        sector, level = faults.bright_sector
        turn = np.arctan2(down, right) % (2 * math.pi)
        signal = np.where((turn * 6 / math.pi).astype(int) == sector, signal * level / trunk.fat, signal)
    muscle = ellipse(down, right, (0, 0), (high - RIM_MM, wide - RIM_MM))
    signal = signal * (1 - muscle) + muscle
    organs = (
        ((-30, 55), (45, 55), 1.3), ((-25, -60), (40, 40), 1.6), ((60, 0), (22, 24), 0.4), ((25, 60), (25, 17), 1.8),
        ((25, -60), (25, 17), 1.8), ((-60, 10), (14, 25), 0.7), ((70, 45), (10, 18), 0.6), ((78, -35), (9, 12), 1.4),
        ((-72, -45), (10, 14), 1.9), ((-70, 60), (8, 11), 0.5),
    )  # fmt: skip
    for place, radii, level in organs:
        cover = muscle * ellipse(down, right, place, radii)
        signal = signal * (1 - cover) + level * cover
    return np.asarray(signal)


def _moved(picture: NDArray[np.complex128], pixels: float, axis: int) -> NDArray[np.complex128]:
    """Every second line of k-space is taken after a shift along the phase axis."""
    lines = np.fft.fft(picture, axis=axis)
    count = picture.shape[axis]
    turn = np.exp(-2j * math.pi * pixels * np.fft.fftfreq(count))
    turn[np.arange(count) % 2 == 0] = 1.0
    return np.asarray(np.fft.ifft(lines * (turn[:, np.newaxis] if axis == 0 else turn[np.newaxis, :]), axis=axis))
