"""Homogeneity of the static field from the phase of two echoes, over a sphere within a uniform phantom.

Source: phase-difference map; ACR MRI quality control manual and AAPM TG-284 (VRMS over a sphere).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import BoolArray
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, recorder
from imagingqc.phantom.mr.facts import device_facts
from imagingqc.phantom.mr.frame import Frame
from imagingqc.phantom.mr.outline import find_disc
from imagingqc.phantom.mr.phase import radians, unwrapped, wrapped

Floats = NDArray[np.float64]

NAME, VERSION, PHANTOM = "mr.homogeneity", "1", "mr-uniform"
VRMS, PEAK, DSV = "mr.phantom.homogeneity", "mr.phantom.homogeneity.peak", "mr.phantom.homogeneity.dsv"
QUANTITIES = (VRMS, PEAK, DSV)

GYROMAGNETIC = 42.577  # MHz/T of hydrogen
FAR = 0.1  # of the frequency at the nominal field
PHASE_WORDS = frozenset({"P", "PHASE", "P_FFE", "P_SE", "P_IR", "PHASE MAP", "PHASE_MAP"})
USED = 0.9  # of the largest sphere that fits, unless a person says which
FILLED, FILLED_SHARE = 0.3, 0.98  # of the signal in the middle, and of the sphere's voxels
FEWEST_SLICES = 5
EVEN_MM = 0.1

PARAMETERS = (Parameter("dsv_mm", "球形测量区直径", "diameter of the sphere to measure (DSV)", "mm"),)


@dataclass(frozen=True, slots=True)
class _Volume:
    """Voxels (slices, rows, columns) with their positions along the normal and the spacing in the slices, mm."""

    voxels: Floats
    positions: Floats
    spacing: tuple[float, float]


def run(given: PhantomInput) -> PhantomFound:
    """Field in parts per million within a sphere; AnalysisError when the images or the phantom do not allow it."""
    early, late, magnitude = _chosen(given.stacks)
    seen = _volume(magnitude, given.frames)
    middle = len(seen.positions) // 2
    disc = find_disc(seen.voxels[middle], seen.spacing)
    centre, diameter = _sphere(seen, (disc.x, disc.y, disc.radius_mm), middle, given.number("dsv_mm"))
    inside = _inside(seen, (disc.x, disc.y), centre, diameter)
    _require_filled(seen.voxels, inside, centre)
    phases = [radians(_volume(stack, given.frames).voxels) for stack in (early, late)]
    place = (centre, round(disc.y), round(disc.x))
    turns = unwrapped(wrapped(phases[1] - phases[0]), inside, place)[inside] / (2 * math.pi)
    field = turns / (_echo(late) - _echo(early)) * 1000 / _frequency(magnitude)  # echo times in ms, frequency in MHz
    field = field[np.isfinite(field)] - float(np.nanmean(field))
    piece = magnitude.slices[middle]
    record = recorder((NAME, VERSION), [*early.slices, *late.slices])
    shown = Frame(piece, seen.voxels[middle], disc).circle(0.0, 0.0, diameter / 2)
    return PhantomFound(
        phantom=PHANTOM,
        measurements=(
            record.value(VRMS, round(float(np.sqrt((field**2).mean())), 4), evidence=shown),
            record.value(PEAK, round(float(np.ptp(field)), 4), evidence=shown),
            record.value(DSV, round(diameter, 1), evidence=shown),
        ),
        evidence=(shown,),
        facts=device_facts(piece),
        checks={"diameter_mm": round(2 * disc.radius_mm, 1), "voxels": float(field.size),
                "echo_difference_ms": round(_echo(late) - _echo(early), 3)},
    )  # fmt: skip


def _chosen(stacks: Sequence[Stack]) -> tuple[Stack, Stack, Stack]:
    """Phase of the earlier and of the later echo, and a magnitude alike."""
    volumes = [stack for stack in stacks if stack.kind == "volume"]
    if not volumes:
        raise AnalysisError("not_a_volume", kinds=", ".join(sorted({stack.kind for stack in stacks})) or "-")
    phases = sorted((s for s in volumes if _is_phase(s)), key=_echo)
    if len(phases) != 2 or _echo(phases[0]) == _echo(phases[1]):
        raise AnalysisError("phase_two_echoes", n=len(phases))
    magnitudes = sorted((s for s in volumes if not _is_phase(s) and _same_grid(s, phases[0])), key=_echo)
    if not magnitudes or not _same_grid(*phases):
        raise AnalysisError("magnitude_missing")
    return phases[0], phases[1], magnitudes[0]


def _is_phase(stack: Stack) -> bool:
    return bool(PHASE_WORDS & {word.upper() for word in stack.slices[0].instance.texts("ImageType")})


def _same_grid(one: Stack, two: Stack) -> bool:
    a, b = one.slices, two.slices
    same = a[0].instance.study_uid == b[0].instance.study_uid
    same = same and len(a) == len(b) and one.spacing_mm == two.spacing_mm and one.orientation == two.orientation
    return same and all(abs((x.position_mm or 0) - (y.position_mm or 0)) < EVEN_MM for x, y in zip(a, b, strict=True))


def _echo(stack: Stack) -> float:
    piece = stack.slices[0]
    own = piece.instance.frames[piece.frame].facts.get("EchoTime", piece.instance.number("EchoTime"))
    if not isinstance(own, int | float):
        raise AnalysisError("missing_tag", tag="EchoTime")
    return float(own)


def _frequency(stack: Stack) -> float:
    """Resonance frequency of hydrogen, MHz: Imaging Frequency of the header, else that of the nominal field strength.

    AnalysisError `frequency_not_field` when the two are more than a tenth apart: another nucleus, or another unit.
    """
    stated = stack.slices[0].instance.number("ImagingFrequency")
    field = device_facts(stack.slices[0]).get("field_strength")
    if not isinstance(field, float):
        if stated is None:
            raise AnalysisError("missing_tag", tag="MagneticFieldStrength")
        return stated
    if stated is not None and abs(stated - GYROMAGNETIC * field) > FAR * GYROMAGNETIC * field:
        raise AnalysisError("frequency_not_field", frequency=f"{stated:g}", field=f"{field:g}")
    return GYROMAGNETIC * field if stated is None else stated


def _volume(stack: Stack, decode: Frames) -> _Volume:
    if stack.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    positions = np.array([piece.position_mm or 0.0 for piece in stack.slices])
    steps = np.diff(positions)
    if len(positions) < FEWEST_SLICES or float(np.ptp(steps)) > EVEN_MM:
        raise AnalysisError("phantom_incomplete", missing="-")
    voxels = np.stack([np.asarray(decode.image(piece).pixels, dtype=np.float64) for piece in stack.slices])
    return _Volume(voxels, positions, stack.spacing_mm)


def _sphere(seen: _Volume, disc: tuple[float, float, float], middle: int, asked: float | None) -> tuple[int, float]:
    """Slice of the sphere's centre and its diameter, mm: as asked, or 90 % of what fits into phantom and slices."""
    x, y, radius = disc
    rows, columns = seen.spacing
    down = (np.arange(seen.voxels.shape[1]) - y)[:, np.newaxis] * rows
    across = (np.arange(seen.voxels.shape[2]) - x)[np.newaxis, :] * columns
    core = seen.voxels[:, np.hypot(down, across) < 0.3 * radius].mean(axis=1)
    filled = np.nonzero(core > 0.5 * core[middle])[0]
    low, high = float(seen.positions[filled[0]]), float(seen.positions[filled[-1]])
    centre = int(np.argmin(np.abs(seen.positions - (low + high) / 2)))
    fits = 2 * min(radius, (high - low) / 2)
    diameter = USED * fits if asked is None else asked
    if asked is not None and not 0 < asked <= fits:
        raise AnalysisError("dsv_too_large", asked=f"{asked:g}", fits=f"{fits:.0f}")
    return centre, diameter


def _inside(seen: _Volume, place: tuple[float, float], centre: int, diameter: float) -> BoolArray:
    x, y = place
    rows, columns = seen.spacing
    along = (seen.positions - seen.positions[centre])[:, np.newaxis, np.newaxis]
    down = (np.arange(seen.voxels.shape[1]) - y)[np.newaxis, :, np.newaxis] * rows
    across = (np.arange(seen.voxels.shape[2]) - x)[np.newaxis, np.newaxis, :] * columns
    inside = along**2 + down**2 + across**2 <= (diameter / 2) ** 2
    if int(inside.any(axis=(1, 2)).sum()) < FEWEST_SLICES:
        raise AnalysisError("phantom_incomplete", missing="-")
    return np.asarray(inside, dtype=bool)


def _require_filled(voxels: Floats, inside: BoolArray, centre: int) -> None:
    """AnalysisError `roi_not_uniform` when part of the sphere holds no signal, where the phase is noise."""
    level = FILLED * float(np.median(voxels[centre][inside[centre]]))
    if float((voxels[inside] > level).mean()) < FILLED_SHARE:
        raise AnalysisError("roi_not_uniform")


TEST = PhantomTest(
    name=NAME,
    version=VERSION,
    zh="磁共振：静磁场均匀性（相位差法）",
    en="MR: field homogeneity (phase difference)",
    modalities=frozenset({"MR"}),
    phantoms=(PHANTOM,),
    quantities=QUANTITIES,
    run=run,
    parameters=PARAMETERS,
)
