"""Round objects in the slices of a CT stack: what every test of a round phantom looks at first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D
from imagingqc.imaging.circle import Floats
from imagingqc.imaging.cylinder import Cylinder, fit_cylinder
from imagingqc.imaging.round_object import RoundObject, disc_values, round_object
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.hand import Circle as Drawn
from imagingqc.phantom.model import the_volume
from imagingqc.quantity import Evidence

AIR_HU = -1000.0
AIR_TO_WATER_HU = -500.0  # halfway: the outline lies where the object ends
SMALLEST_MM = 80.0
ROUND_KEPT = 0.65  # share of the outline that lies on the circle; a table may hide the rest
ROUND_RESIDUAL = 0.75  # pixels, at least
ROUND_RESIDUAL_MM = 0.6
MOST_CUT = 0.02
TILT_LIMIT_DEG = 5.0

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RoundSlice:
    """One slice with the largest object in it; `round` tells whether its outline is a circle."""

    piece: Slice
    image: Image2D
    spacing_mm: tuple[float, float]
    found: RoundObject

    @property
    def round(self) -> bool:
        limit = max(ROUND_RESIDUAL_MM, ROUND_RESIDUAL * max(self.spacing_mm))
        return self.found.circle.kept >= ROUND_KEPT and self.found.circle.residual <= limit

    @property
    def z_mm(self) -> float:
        """Position along the normal of the stack; 0 where there is none."""
        return self.piece.position_mm or 0.0

    @property
    def diameter_mm(self) -> float:
        return self.found.diameter_mm

    def place(self, right_mm: float, down_mm: float) -> tuple[float, float]:
        """x, y in image pixels of a place seen from the centre of the object."""
        return self.found.x + right_mm / self.spacing_mm[1], self.found.y + down_mm / self.spacing_mm[0]

    def distances(self, right_mm: float = 0.0, down_mm: float = 0.0) -> Floats:
        """Distance in mm of every pixel centre from a place seen from the centre of the object."""
        x, y = self.place(right_mm, down_mm)
        rows, columns = self.image.pixels.shape
        down = (np.arange(rows) + 0.5 - y)[:, np.newaxis] * self.spacing_mm[0]
        right = (np.arange(columns) + 0.5 - x)[np.newaxis, :] * self.spacing_mm[1]
        return np.asarray(np.hypot(down, right), dtype=np.float64)

    def disc(self, radius_mm: float, right_mm: float = 0.0, down_mm: float = 0.0) -> NDArray[np.float64]:
        """The CT numbers of the pixels whose centres lie in a disc."""
        return disc_values(self.image.pixels, self.place(right_mm, down_mm), radius_mm, self.spacing_mm)

    def circle_evidence(self, radius_mm: float, right_mm: float = 0.0, down_mm: float = 0.0) -> Evidence:
        """A circle in this slice, to look at."""
        x, y = self.place(right_mm, down_mm)
        pixel = math.sqrt(self.spacing_mm[0] * self.spacing_mm[1])
        shape = {"kind": "circle", "x": round(x, 2), "y": round(y, 2), "r": round(radius_mm / pixel, 2)}
        return Evidence(self.piece.instance.series_uid, self.piece.instance.sop_uid, self.piece.frame, shape)


def round_slice(piece: Slice, stack: Stack, frames: Frames, drawn: Drawn | None = None) -> RoundSlice | None:
    """The largest object of one slice, of what lies in the circle `drawn` by hand; None where there is only air.

    AnalysisError `not_hu` for pixels that are no CT numbers, `missing_tag` without a pixel spacing.
    """
    image = frames.image(piece)
    if image.unit != "HU":
        raise AnalysisError("not_hu", unit=image.unit)
    spacing = image.spacing_mm or stack.spacing_mm
    if spacing is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    looked_at = drawn.only(image.pixels, spacing, AIR_HU) if drawn else image.pixels
    found = round_object(looked_at, spacing, AIR_TO_WATER_HU, SMALLEST_MM)
    return None if found is None else RoundSlice(piece, image, spacing, found)


def require_round(slices: Sequence[RoundSlice]) -> list[RoundSlice]:
    """The slices whose object is round and whole.

    AnalysisError `phantom_not_found` without any object or without a round one, `phantom_cut` when the picture cuts
    more of the outlines than not.
    """
    if not slices:
        raise AnalysisError("phantom_not_found", why="only_air")
    if 2 * sum(s.found.cut > MOST_CUT for s in slices) > len(slices):
        raise AnalysisError("phantom_cut")
    good = [s for s in slices if s.round and s.found.cut <= MOST_CUT]
    if 2 * len(good) < len(slices):
        raise AnalysisError("phantom_not_found", why="not_round")
    return good


def require_axis(slices: Sequence[RoundSlice]) -> Cylinder | None:
    """The axis of the cylinder that the round slices show; None for one slice.

    AnalysisError `phantom_tilted` beyond 5 degrees.
    """
    axis = fit_cylinder(
        np.array([s.z_mm for s in slices]),
        np.array([s.found.circle.x for s in slices]),
        np.array([s.found.circle.y for s in slices]),
        np.array([s.diameter_mm for s in slices]),
    )
    if axis is not None and axis.tilt_deg > TILT_LIMIT_DEG:
        raise AnalysisError("phantom_tilted", degrees=round(axis.tilt_deg, 1), limit=TILT_LIMIT_DEG)
    return axis


def the_stack(stacks: Sequence[Stack]) -> Stack:
    """The volume to test, or the only slice where there is no volume.

    Errors are those of `the_volume`.
    """
    singles = [stack for stack in stacks if stack.kind == "single"]
    if len(singles) == 1 and not any(stack.kind == "volume" for stack in stacks):
        return singles[0]
    return the_volume(stacks)


def slice_thickness_mm(piece: Slice) -> float | None:
    """The nominal slice thickness that the header states; None when it states none."""
    geometry = piece.instance.frames[piece.frame]
    return geometry.thickness_mm or piece.instance.number("SliceThickness")


def isocentre(piece: Slice, spacing_mm: tuple[float, float]) -> tuple[float, float] | None:
    """The isocentre (0018,9313) as x, y in image pixels; None where the header does not say."""
    frame = piece.instance.frames[piece.frame]
    tag = "DataCollectionCenterPatient"
    place = frame.facts.get(tag, piece.instance.facts.get(tag))
    if not isinstance(place, tuple) or len(place) != 3 or frame.position_mm is None or frame.orientation is None:
        return None
    away = np.array([float(v) for v in place]) - np.array(frame.position_mm)
    right, down = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    return float(away @ right) / spacing_mm[1] + 0.5, float(away @ down) / spacing_mm[0] + 0.5
