"""Finding a CatPhan: housing, axis, which model, how it is turned, and where along the table its modules lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.imaging.cylinder import Cylinder, fit_cylinder
from imagingqc.imaging.morphology import interpolated
from imagingqc.phantom.ct.catphan import models
from imagingqc.phantom.ct.catphan.models import Model
from imagingqc.phantom.ct.rounds import round_slice
from imagingqc.phantom.frames import Frames

Floats = NDArray[np.float64]

ANY_MODEL = "CatPhan 504 / 604"
FEWEST_SLICES = 5
MOST_TILT_DEG = 3.0
STEPS = 720  # of a turn
LIKENESS = 0.8  # correlation with the pattern of inserts, 1 at best
PLATEAU = 0.9  # of the best likeness: slices within the module of the inserts
GAUGE_HU = 100.0  # mean above median on the circle of the line pairs
GAUGE_TOLERANCE_MM = 6.0
INSERT_HU, INSERT_SHARE = 150.0, 0.2  # a material further off than both together is another one
BONE_HU = 80.0  # above the background of the module


@dataclass(frozen=True, slots=True)
class Found:
    """A CatPhan in a stack.

    `roll_deg` turns the phantom's angles into the image's, after `mirrored` (seen from the other end) has turned
    them round.  `inserts_mm` is the middle of the module of the inserts along the normal, `side` (+1 or -1) the
    direction in which the line pairs lie, `gauge_mm` where they were seen (None: not scanned).
    `likeness` is the correlation with the pattern of inserts.
    """

    stack: Stack
    model: Model
    axis: Cylinder
    spacing_mm: tuple[float, float]
    roll_deg: float
    mirrored: bool
    inserts_mm: float
    side: int
    gauge_mm: float | None
    likeness: float

    def slice_at(self, z_mm: float) -> Slice | None:
        """The slice nearest to a position; None when the nearest is further away than one interval (or 2 mm)."""
        places = np.array([piece.position_mm for piece in self.stack.slices], dtype=float)
        off = np.abs(places - z_mm)
        interval = float(np.median(np.diff(places)))
        best = int(off.argmin())
        return self.stack.slices[best] if off[best] <= max(interval, 2.0) else None

    def place(self, piece: Slice, radius_mm: float, angle_deg: float) -> tuple[float, float]:
        """Where a point of the phantom lies in a slice: x, y in pixels from the outer corner of the first pixel."""
        x, y = self.axis.centre(position(piece))
        turned = math.radians(self.roll_deg + (180.0 - angle_deg if self.mirrored else angle_deg))
        x, y = x + radius_mm * math.cos(turned), y + radius_mm * math.sin(turned)
        return x / self.spacing_mm[1], y / self.spacing_mm[0]


def position(piece: Slice) -> float:
    """Position along the normal; slices of volumes have one."""
    if piece.position_mm is None:
        raise AnalysisError("not_a_volume", kinds="-")
    return piece.position_mm


def locate(stack: Stack, frames: Frames) -> Found:
    """The phantom in a volume; AnalysisError when there is none, it is another one, cut or tilted."""
    if stack.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    spacing = stack.spacing_mm
    axis = _axis(stack, frames)
    rings = _rings(stack, frames, spacing, axis)
    mirrored, roll, likeness = _turned(rings)
    z = np.array([position(piece) for piece in stack.slices])
    middle = _middle(z, likeness)
    gauge = _gauge(z, rings)
    side = -1 if mirrored else 1
    best = int(likeness.argmax())
    model = _model(rings, _within(z, likeness), roll, mirrored=mirrored)
    if gauge is not None:
        _require_order(model, gauge - middle, side)
    return Found(stack, model, axis, spacing, roll, mirrored, middle, side, gauge, float(likeness[best]))


def turned_by(found: Found, degrees: float, along_mm: float) -> Found:
    """The same phantom with what finer structures say of its roll and of its place along the table."""
    return replace(found, roll_deg=found.roll_deg + degrees, inserts_mm=found.inserts_mm + along_mm)


def _axis(stack: Stack, frames: Frames) -> Cylinder:
    """The line through the centres of the housing; slices where something else is seen are left out."""
    seen = []
    for piece in stack.slices[:: max(1, len(stack.slices) // 40)]:
        thing = round_slice(piece, stack, frames)
        if thing is not None:
            found = thing.found
            seen.append((position(piece), found.circle.x, found.circle.y, found.diameter_mm, found.cut))
    if len(seen) < FEWEST_SLICES:
        raise AnalysisError("phantom_not_found", why="few_slices")
    rows = np.array(seen)
    right = np.abs(rows[:, 3] - models.HOUSING_MM) <= models.HOUSING_TOLERANCE_MM
    if float(np.median(rows[right if right.any() else slice(None), 4])) > 0:
        raise AnalysisError("phantom_cut")
    if int(right.sum()) < FEWEST_SLICES:
        measured = round(float(np.median(rows[:, 3])), 1)
        raise AnalysisError("phantom_scale", measured=measured, expected=models.HOUSING_MM)
    axis = fit_cylinder(*rows[right, :4].T)
    if axis is None:
        raise AnalysisError("phantom_not_found", why="few_slices")
    if axis.tilt_deg > MOST_TILT_DEG:
        raise AnalysisError("phantom_tilted", degrees=round(axis.tilt_deg, 1), limit=MOST_TILT_DEG)
    return axis


@dataclass(frozen=True, slots=True)
class _Rings:
    """CT numbers round the axis, (slices, STEPS): on the circle of the inserts and on that of the line pairs."""

    inserts: Floats
    gauge: Floats


def _rings(stack: Stack, frames: Frames, spacing: tuple[float, float], axis: Cylinder) -> _Rings:
    angle: Floats = np.arange(STEPS, dtype=np.float64) * (2 * math.pi / STEPS)
    inserts, gauge = np.empty((len(stack.slices), STEPS)), np.empty((len(stack.slices), STEPS))
    for i, piece in enumerate(stack.slices):
        values, centre = frames.image(piece).pixels, axis.centre(position(piece))
        inserts[i] = _ring(values, centre, spacing, angle, models.INSERT_RADIUS_MM, 3.0)
        gauge[i] = _ring(values, centre, spacing, angle, models.GAUGE_RADIUS_MM, 1.0)
    return _Rings(inserts, gauge)


def _ring(
    values: FloatArray,
    centre: tuple[float, float],
    spacing: tuple[float, float],
    angle: Floats,
    radius: float,
    half: float,
) -> Floats:
    radii = radius + np.array([-half, 0.0, half])[:, np.newaxis]
    x = (centre[0] + radii * np.cos(angle)) / spacing[1] - 0.5
    y = (centre[1] + radii * np.sin(angle)) / spacing[0] - 0.5
    return np.asarray(interpolated(values, y, x).mean(axis=0))


def _pattern(model: Model) -> Floats:
    """CT numbers round the circle of the inserts, above the module's own; (STEPS,)."""
    out = np.zeros(STEPS)
    half = round(math.degrees(models.INSERT_MM / 2 / models.INSERT_RADIUS_MM) * STEPS / 360)
    for angle, (_material, hu) in model.inserts.items():
        at = round(angle * STEPS / 360)
        out[np.arange(at - half, at + half + 1) % STEPS] = hu - 100.0
    return out


def _turned(rings: _Rings) -> tuple[bool, float, Floats]:
    """Whether the phantom is seen from the other end, its roll in degrees, and the likeness of every slice so turned.

    Raises AnalysisError `phantom_other` when no slice looks like the inserts of a CatPhan.
    """
    best: tuple[float, bool, int, Floats] | None = None
    level = np.median(rings.inserts, axis=1, keepdims=True)
    seen = np.clip(rings.inserts - level, -1100, 1100)
    for model in models.MODELS:
        for mirrored in (False, True):
            pattern = _pattern(model)
            if mirrored:  # 180° - angle
                pattern = np.roll(pattern[::-1], STEPS // 2 + 1)
            likeness = _likeness(seen, pattern)
            i, k = np.unravel_index(int(likeness.argmax()), likeness.shape)
            if best is None or likeness[i, k] > best[0]:
                best = float(likeness[i, k]), mirrored, int(k), likeness[:, int(k)]
    if best is None or best[0] < LIKENESS:
        raise AnalysisError("phantom_other", wanted=ANY_MODEL, why="no_inserts")
    roll = best[2] * 360 / STEPS
    return best[1], roll - 360 if roll > 180 else roll, best[3]


def _likeness(seen: Floats, pattern: Floats) -> Floats:
    """Correlation of every slice with the pattern at every turn, (slices, STEPS)."""
    a = seen - seen.mean(axis=1, keepdims=True)
    b = pattern - pattern.mean()
    product = np.fft.irfft(np.fft.rfft(a, axis=1) * np.conj(np.fft.rfft(b)), n=STEPS, axis=1)
    norm = np.sqrt((a**2).sum(axis=1, keepdims=True) * (b**2).sum())
    return np.asarray(product / np.maximum(norm, 1e-9))


def _within(z: Floats, likeness: Floats) -> NDArray[np.intp]:
    """The slices about the best one, without a break, that look nearly as much like the inserts."""
    good = likeness >= PLATEAU * likeness.max()
    best = int(likeness.argmax())
    first = last = best
    while first > 0 and good[first - 1]:
        first -= 1
    while last + 1 < len(z) and good[last + 1]:
        last += 1
    return np.arange(first, last + 1)


def _middle(z: Floats, likeness: Floats) -> float:
    inside = z[_within(z, likeness)]
    return float(inside.min() + inside.max()) / 2


def _gauge(z: Floats, rings: _Rings) -> float | None:
    """Where the line pairs lie along the normal: bright bars lift the mean of their circle above its median."""
    lift = rings.gauge.mean(axis=1) - np.median(rings.gauge, axis=1)
    if float(lift.max()) < GAUGE_HU:
        return None
    near = lift > 0.5 * lift.max()
    return float((z[near] * lift[near]).sum() / lift[near].sum())


def _model(rings: _Rings, within: NDArray[np.intp], roll: float, *, mirrored: bool) -> Model:
    """Which model the inserts are of; every insert has to be what it should be.

    Raises AnalysisError `phantom_other` naming the first insert that is not.
    """
    ring = rings.inserts[within[len(within) // 2]]
    level = float(np.median(ring))

    def at(angle: float) -> float:
        turned = roll + (180.0 - angle if mirrored else angle)
        k = round(turned * STEPS / 360)
        return float(np.median(ring[np.arange(k - 4, k + 5) % STEPS]))

    bones = [at(angle) - level > BONE_HU for angle in models.BONE_ANGLES]
    if any(bones) and not all(bones):
        raise AnalysisError("phantom_other", wanted=ANY_MODEL, why="inserts_elsewhere")
    model = models.CATPHAN_604 if all(bones) else models.CATPHAN_504
    for angle, (material, nominal) in model.inserts.items():
        measured = at(angle)
        if abs(measured - nominal) > INSERT_HU + INSERT_SHARE * abs(nominal):
            raise AnalysisError("phantom_other", wanted=model.name, why=f"{material} {measured:.0f} HU")
    return model


def _require_order(model: Model, distance: float, side: int) -> None:
    """The line pairs lie where this model has them, on the side from which its inserts look as they do."""
    if abs(abs(distance) - model.gauge_mm) > GAUGE_TOLERANCE_MM:
        raise AnalysisError("phantom_other", wanted=model.name, why="modules_elsewhere")
    if distance * side < 0:
        raise AnalysisError("phantom_order")
