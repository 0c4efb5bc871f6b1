"""The module of the inserts: materials, geometry, thickness by the wires, roll and place refined by both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import interpolated
from imagingqc.imaging.peak_width import Peak, peak_width
from imagingqc.imaging.round_object import disc_values
from imagingqc.phantom.ct.catphan import models
from imagingqc.phantom.ct.catphan.locate import Found, position
from imagingqc.phantom.frames import Frames

Floats = NDArray[np.float64]

INSERT_SHARE = 0.8  # of the diameter of an insert is measured, WS 519-2019
HOLE_SEARCH_MM = 4.0
HOLE_HU = 150.0  # a hole or its Teflon pin, away from the background
SQUARE_TOLERANCE_MM = 2.0
WIRE_HALF_MM = 20.0  # the wire is looked for so far on either side
WIRE_BAND_MM = 2.5
WIRE_HU = 30.0
WIRE_SLICES_MM = 5.5  # about the middle of the module
WIRES_AGREE = 0.25  # of their mean
RISE_TOLERANCE = 0.08  # of the wires against the slice positions
FEWEST_FOR_RISE = 3


@dataclass(frozen=True, slots=True)
class Square:
    """The four holes: mean side in mm, its largest deviation from it, and how far it is turned in degrees."""

    side_mm: float
    spread_mm: float
    turned_deg: float
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Wires:
    """The four ramp wires: thickness in mm of each, and the place of the module's middle from where it was thought."""

    thickness_mm: tuple[float, ...]
    along_mm: float
    ends: tuple[tuple[tuple[float, float], tuple[float, float]], ...]


def materials(found: Found, frames: Frames, piece: Slice) -> dict[str, float]:
    """Mean CT number of every material; of one that is there twice, the mean of both."""
    values = frames.image(piece).pixels
    seen: dict[str, list[float]] = {}
    for angle, (material, _nominal) in found.model.inserts.items():
        place = found.place(piece, models.INSERT_RADIUS_MM, angle)
        inside = disc_values(values, place, INSERT_SHARE * models.INSERT_MM / 2, found.spacing_mm)
        seen.setdefault(material, []).append(float(inside.mean()))
    return {material: sum(means) / len(means) for material, means in seen.items()}


def square(found: Found, frames: Frames, piece: Slice) -> Square:
    """The square of the geometry holes; AnalysisError `phantom_scale` when it is not 50 mm wide."""
    values = frames.image(piece).pixels
    radius = models.SQUARE_MM / math.sqrt(2)
    corners = [_hole(values, found.place(piece, radius, angle), found.spacing_mm) for angle in (45, 135, 225, 315)]
    mm = [(x * found.spacing_mm[1], y * found.spacing_mm[0]) for x, y in corners]
    sides = [math.dist(mm[i], mm[(i + 1) % 4]) for i in range(4)]
    side = sum(sides) / 4
    if abs(side - models.SQUARE_MM) > SQUARE_TOLERANCE_MM:
        raise AnalysisError("phantom_scale", measured=round(side, 1), expected=models.SQUARE_MM)
    turned = [_between(_angle(mm[i], mm[(i + 2) % 4]), _expected(found, i)) for i in range(4)]
    return Square(side, max(abs(s - side) for s in sides), sum(turned) / 4, tuple(corners))


def _expected(found: Found, corner: int) -> float:
    """Angle of the line from this corner through the middle, by what is known of the roll."""
    angle = 45 + 90 * corner
    return found.roll_deg + (180 - angle if found.mirrored else angle) + 180


def _angle(start: tuple[float, float], end: tuple[float, float]) -> float:
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


def _between(a: float, b: float) -> float:
    return (a - b + 180) % 360 - 180


def _hole(values: FloatArray, near: tuple[float, float], spacing: tuple[float, float]) -> tuple[float, float]:
    """Centre of a hole (or of the pin in it) near a place: the mean place of what differs from the background."""
    reach = HOLE_SEARCH_MM / min(spacing)
    top, left = max(0, int(near[1] - reach)), max(0, int(near[0] - reach))
    part = np.asarray(values[top : int(near[1] + reach) + 2, left : int(near[0] + reach) + 2], dtype=np.float64)
    away = np.abs(part - np.median(part))
    if part.size == 0 or float(away.max()) < HOLE_HU:
        raise AnalysisError("phantom_structure", what="50 mm")
    weight = np.where(away > 0.25 * away.max(), away, 0.0)
    down, right = np.indices(part.shape)
    total = float(weight.sum())
    return left + 0.5 + float((weight * right).sum()) / total, top + 0.5 + float((weight * down).sum()) / total


def wires(found: Found, frames: Frames, middle: Slice) -> Wires:
    """Thickness by the four wires, and by their course through the slices the middle of the module.

    The wires cross the picture at 23°: their length there is the thickness of the slice over tan 23°, their place
    moves by 1 / tan 23° mm for every mm along the table.  A course that moves otherwise contradicts the positions of
    the slices: AnalysisError `phantom_interval`; four wires that do not agree: `phantom_wires`.
    """
    seen = [_wire(found, frames, middle, quarter) for quarter in range(4)]
    lengths = tuple(peak.width * models.WIRE_TANGENT for peak in seen)
    mean = sum(lengths) / 4
    if max(abs(length - mean) for length in lengths) > WIRES_AGREE * mean:
        raise AnalysisError("phantom_wires", lengths=", ".join(f"{length:.2f}" for length in lengths))
    ends = tuple(_ends(found, middle, quarter, peak) for quarter, peak in enumerate(seen))
    return Wires(lengths, _course(found, frames), ends)


def _wire(found: Found, frames: Frames, piece: Slice, quarter: int) -> Peak:
    """The wire of a quarter (0: angle 0, 1: 90° …) as a peak along the tangent, in mm from the radius."""
    values = frames.image(piece).pixels
    along: Floats = np.arange(-WIRE_HALF_MM, WIRE_HALF_MM + 0.05, 0.1)
    across: Floats = np.arange(-WIRE_BAND_MM, WIRE_BAND_MM + 0.05, min(found.spacing_mm) / 2)
    places = [_beside(found, piece, quarter, along, offset) for offset in across]
    profile = np.max([interpolated(values, y, x) for x, y in places], axis=0)
    base = float(np.median(profile))
    peak = peak_width(along, profile, base)
    if peak is None or peak.height < WIRE_HU:
        raise AnalysisError("phantom_structure", what="23°")
    return peak


def _beside(found: Found, piece: Slice, quarter: int, along: Floats, offset: float) -> tuple[Floats, Floats]:
    """Points along the tangent of a quarter's wire: columns and rows, counted from pixel centres."""
    x, y = found.axis.centre(position(piece))
    angle = 90.0 * quarter
    turned = math.radians(found.roll_deg + (180 - angle if found.mirrored else angle))
    radius = models.WIRE_RADIUS_MM + offset
    right = x + radius * math.cos(turned) - along * math.sin(turned)
    down = y + radius * math.sin(turned) + along * math.cos(turned)
    return right / found.spacing_mm[1] - 0.5, down / found.spacing_mm[0] - 0.5


def _ends(found: Found, piece: Slice, quarter: int, peak: Peak) -> tuple[tuple[float, float], tuple[float, float]]:
    x, y = _beside(found, piece, quarter, np.array([peak.start, peak.end]), 0.0)
    return (float(x[0]) + 0.5, float(y[0]) + 0.5), (float(x[1]) + 0.5, float(y[1]) + 0.5)


def _course(found: Found, frames: Frames) -> float:
    """Where all four wires stand in their middle, in mm from the place of the inserts."""
    near = [p for p in found.stack.slices if abs(position(p) - found.inserts_mm) <= WIRE_SLICES_MM]
    if len(near) < FEWEST_FOR_RISE:
        return 0.0
    z = np.array([position(p) for p in near]) - found.inserts_mm
    zeros = [_zero(z, [_wire(found, frames, p, quarter).middle for p in near]) for quarter in range(4)]
    # of opposite wires one moves on and one back: a roll or a shift of the axis moves their zeros apart alike
    return sum(zeros) / 4


def _zero(z: Floats, middles: Sequence[float]) -> float:
    slope, start = (float(v) for v in np.polyfit(z, np.asarray(middles), 1))
    if abs(abs(slope) * models.WIRE_TANGENT - 1) > RISE_TOLERANCE:
        raise AnalysisError("phantom_interval", measured=round(abs(slope) * models.WIRE_TANGENT, 2))
    return -start / slope
