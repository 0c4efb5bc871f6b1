"""How the ACR phantom lies in its slices: which slice is the first, the roll, and whether it is the phantom at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError
from imagingqc.imaging.roi import Region, regions
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.mr.fit import least_squares
from imagingqc.phantom.mr.frame import Frame
from imagingqc.phantom.mr.outline import find_disc

Floats = NDArray[np.float64]

SLICES, STEP_MM, STEP_TOLERANCE_MM = 11, 10.0, 1.0
DARK = 0.5  # of the local signal
SMALLEST_MM2 = 100.0
COARSE_MM = 2.0
TILT_LIMIT_DEG = 5.0
SCALE_TOLERANCE_MM = 10.0


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the phantom; lengths in mm.

    `roi_cm2` is the area of the large region of slice 7; `notched` that a notch of the phantom may reach into it.
    """

    key: str
    diameter_mm: float
    length_mm: float
    roi_cm2: float
    notched: bool = False


LARGE = Model("acr-mr-large", 190.0, 148.0, 200.0)
MEDIUM = Model("acr-mr-medium", 165.0, 134.0, 160.0, notched=True)


@dataclass(frozen=True, slots=True)
class Phantom:
    """The eleven slices in the order of the guidance, each with roll and mirror."""

    model: Model
    frames: tuple[Frame, ...]
    tilt_deg: float
    bar_mm: float

    def slice(self, number: int) -> Frame:
        """Slice 1 to 11 of the guidance."""
        return self.frames[number - 1]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A dark shape inside of a slice: centre, length and width of the rectangle of equal moments (mm), direction."""

    x: float
    y: float
    length: float
    width: float
    angle: float
    area: float


def locate(slices: Sequence[Slice], decode: Frames, first_by_hand: Slice | None = None) -> Phantom:
    """The phantom in slices ordered along their normal; `first_by_hand` is slice 1 as a person chose it.

    AnalysisError `phantom_not_found` (no round outline), `phantom_cut`, `phantom_other` (without the inserts of slice
    1 or the disc of slice 11), `phantom_incomplete` (slices missing), `phantom_scale`, `phantom_tilted`,
    `hand_slice_unfit` when the slice chosen by hand does not show what slice 1 shows.
    """
    frames = _frames(slices, decode)
    first, turned, bar = _first(frames) if first_by_hand is None else _chosen(frames, first_by_hand)
    frames = [replace(f, roll=turned.roll, mirror=turned.mirror) if f is not None else None for f in frames]
    eleven = _eleven(frames, first)
    model = _model(eleven)
    tilt = _tilt(eleven)
    if tilt > TILT_LIMIT_DEG:
        raise AnalysisError("phantom_tilted", degrees=f"{tilt:.1f}", limit=f"{TILT_LIMIT_DEG:g}")
    return Phantom(model, tuple(eleven), tilt, bar)


def _frames(slices: Sequence[Slice], decode: Frames) -> list[Frame | None]:
    """The outline in each slice, None without one; refused when it is cut in any slice or is in none."""
    found: list[Frame | None] = []
    refused: AnalysisError | None = None
    for piece in slices:
        image = decode.image(piece)
        if image.spacing_mm is None:
            raise AnalysisError("missing_tag", tag="PixelSpacing")
        pixels = np.asarray(image.pixels, dtype=np.float64)
        try:
            found.append(Frame(piece, pixels, find_disc(pixels, image.spacing_mm)))
        except AnalysisError as error:
            found.append(None)
            if refused is None or refused.reason.values.get("why") == "nothing_bright":  # an empty slice tells little
                refused = error
    if refused is not None and (refused.reason.code == "phantom_cut" or not any(f is not None for f in found)):
        raise refused
    return found


def _first(frames: Sequence[Frame | None]) -> tuple[int, Frame, float]:
    """Index of slice 1, the slice turned, and the length of its bar in mm: the one with the largest block of holes."""
    there = [(i, frame) for i, frame in enumerate(frames) if frame is not None]
    for look in (_coarse, _whole):  # coarse pixels tell nearly always, in a fraction of the time
        seen = [(pattern[1], i) for i, frame in there if (pattern := _pattern(look(frame))) is not None]
        for _, i in sorted(seen, reverse=True):
            frame = frames[i]
            turned = _pattern(frame) if frame is not None else None
            if turned is not None:
                return i, turned[0], turned[2]
    raise AnalysisError("phantom_other", wanted="acr_mr", why="slice_1")


def _chosen(frames: Sequence[Frame | None], piece: Slice) -> tuple[int, Frame, float]:
    """As `_first`, of the slice that a person chose, or the same at its place."""
    for i, frame in enumerate(frames):
        if frame is None or frame.piece.position_mm != piece.position_mm:
            continue
        if (turned := _pattern(frame)) is not None:
            return i, turned[0], turned[2]
    raise AnalysisError("hand_slice_unfit", wanted="1")


def _whole(frame: Frame) -> Frame:
    return frame


def _coarse(frame: Frame) -> Frame:
    """The frame with only so many of its pixels that they are at most 2 mm apart."""
    rows, columns = frame.disc.spacing_mm
    step = max(1, int(COARSE_MM / max(rows, columns)))
    disc = replace(frame.disc, x=frame.disc.x / step, y=frame.disc.y / step, spacing_mm=(rows * step, columns * step))
    return replace(frame, pixels=frame.pixels[::step, ::step], disc=disc)


def _pattern(frame: Frame) -> tuple[Frame, float, float] | None:
    """The frame turned by its bar, insert and vial; the darkness of its insert in mm2; the length of its bar."""
    shapes = dark_shapes(frame)
    radius = frame.disc.radius_mm
    bars = [s for s in shapes if s.length > 1.5 * radius and s.width < 0.2 * radius and math.hypot(s.x, s.y) < 9]
    blocks = [s for s in shapes if 0.9 * radius < s.length < 1.6 * radius and 0.3 * radius < s.width < 0.6 * radius]
    vials = [s for s in shapes if 0.33 * radius < s.width <= s.length < 0.6 * radius]
    if not bars or not blocks or not vials:
        return None
    bar, block, vial = bars[0], blocks[0], vials[0]
    normal = (-math.sin(bar.angle), math.cos(bar.angle))
    side = math.copysign(1.0, normal[0] * (block.x - bar.x) + normal[1] * (block.y - bar.y))
    down = (side * normal[0], side * normal[1])
    roll = math.atan2(-down[0], down[1])
    across = math.cos(roll) * vial.x + math.sin(roll) * vial.y
    if down[0] * vial.x + down[1] * vial.y > 0 or abs(math.sin(block.angle - bar.angle)) > 0.1:
        return None
    return replace(frame, roll=roll, mirror=-1 if across > 0 else 1), block.area, bar.length


def dark_shapes(frame: Frame) -> list[_Shape]:
    """What is darker than half of the local signal inside of the outline, largest first (frame not turned yet)."""
    frame = frame.within(frame.disc.radius_mm)
    u, v = frame.coordinates()
    rows, columns = frame.disc.spacing_mm
    inside = u * u + v * v < (frame.disc.radius_mm - 3.0) ** 2
    dark = inside & (frame.pixels < DARK * shading(frame, inside))
    labels, found = regions(dark, SMALLEST_MM2 / (rows * columns))
    return [_shape(*_places(r, labels, u, v), rows * columns) for r in found]


def _places(region: Region, labels: NDArray[np.int32], u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Phantom coordinates of the pixels of a region."""
    left, top, width, height = region.box
    box = (slice(top, top + height), slice(left, left + width))
    own = labels[box] == region.label
    return u[box][own], v[box][own]


def shading(frame: Frame, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The water's signal as a parabola over the slice, fitted to what is not dark; shape of the picture."""
    u, v = frame.coordinates()
    a, b = u / frame.disc.radius_mm, v / frame.disc.radius_mm
    sample = np.zeros(inside.shape, dtype=bool)
    sample[::3, ::3] = True
    sample &= inside
    values, design = frame.pixels[sample], np.stack(_parabola(a[sample], b[sample]), axis=1)
    fit: NDArray[Any] = np.full(values.shape, 0.7 * frame.disc.signal)
    weights: NDArray[Any] = np.zeros(6)
    for _ in range(4):
        bright = values > DARK * fit
        if bright.sum() < 50:
            break
        weights = least_squares(design[bright], values[bright])
        fit = design @ weights
    w = weights
    return np.asarray(a * (w[3] * a + w[4] * b + w[1]) + b * (w[5] * b + w[2]) + w[0])


def _parabola(a: Floats, b: Floats) -> list[Floats]:
    return [np.ones_like(a), a, b, a * a, a * b, b * b]


def _shape(u: NDArray[np.float64], v: NDArray[np.float64], pixel_mm2: float) -> _Shape:
    values, vectors = np.linalg.eigh(np.cov(np.stack([u, v])))
    length, width = math.sqrt(12 * max(values[1], 0.0)), math.sqrt(12 * max(values[0], 0.0))
    angle = math.atan2(vectors[1, 1], vectors[0, 1])
    return _Shape(float(u.mean()), float(v.mean()), length, width, angle, u.size * pixel_mm2)


def _eleven(frames: Sequence[Frame | None], first: int) -> list[Frame]:
    """Slices 1 to 11, on the side of slice 1 where the disc of low contrast lies."""
    here = _position(frames[first])
    sides = {}
    for sign in (1, -1):
        wanted = [here + sign * STEP_MM * k for k in range(SLICES)]
        sides[sign] = [_at(frames, position) for position in wanted]
    chosen = max(sides.values(), key=lambda side: sum(frame is not None for frame in side))
    missing = [str(k + 1) for k, frame in enumerate(chosen) if frame is None]
    if missing:
        raise AnalysisError("phantom_incomplete", missing=", ".join(missing))
    eleven = [frame for frame in chosen if frame is not None]
    if not has_ring(eleven[-1]):
        raise AnalysisError("phantom_other", wanted="acr_mr", why="slice_11")
    return eleven


def _position(frame: Frame | None) -> float:
    position = frame.piece.position_mm if frame is not None else None
    if position is None:
        raise AnalysisError("not_a_volume", kinds="-")
    return position


def _at(frames: Sequence[Frame | None], position: float) -> Frame | None:
    known = [f for f in frames if f is not None]
    nearest = min(known, key=lambda f: abs(_position(f) - position))
    return nearest if abs(_position(nearest) - position) <= STEP_TOLERANCE_MM else None


def has_ring(frame: Frame) -> bool:
    """Whether the wall of the low-contrast disc is there: a dark ring of about half of the phantom's radius."""
    ring = [s for s in dark_shapes(frame) if s.width > 60.0 and s.length < 1.15 * s.width and s.area < 0.6 * s.width**2]
    return bool(ring)


def _model(frames: Sequence[Frame]) -> Model:
    diameter = 2 * float(np.median([f.disc.radius_mm for f in frames]))
    model = min((LARGE, MEDIUM), key=lambda m: abs(m.diameter_mm - diameter))
    if abs(model.diameter_mm - diameter) > SCALE_TOLERANCE_MM:
        raise AnalysisError(
            "phantom_scale",
            measured=f"{diameter:.1f}",
            expected=f"{LARGE.diameter_mm:g} / {MEDIUM.diameter_mm:g}",
        )
    return model


def _tilt(frames: Sequence[Frame]) -> float:
    """Angle in degrees between the phantom's axis and the normal of the slices, from the drift of the centres."""
    z = np.array([_position(f) for f in frames])
    slopes = []
    for axis in (0, 1):
        centre = [(f.disc.y, f.disc.x)[axis] * f.disc.spacing_mm[axis] for f in frames]
        slopes.append(float(np.polyfit(z, np.array(centre), 1)[0]))
    return math.degrees(math.atan(math.hypot(*slopes)))
