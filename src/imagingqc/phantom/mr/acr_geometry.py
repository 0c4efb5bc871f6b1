"""Diameters of the ACR phantom in slices 1 and 5, and how far they are from the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imagingqc.errors import AnalysisError
from imagingqc.phantom.mr.acr_find import SCALE_TOLERANCE_MM, Phantom
from imagingqc.phantom.mr.frame import Frame
from imagingqc.quantity import Evidence

PREFIX = "mr.phantom.geometry"
# Quantity, slice, and direction in phantom coordinates (degrees from right towards down)
DIAMETERS = (
    (f"{PREFIX}.horizontal.slice_1", 1, 0.0),
    (f"{PREFIX}.vertical.slice_1", 1, 90.0),
    (f"{PREFIX}.horizontal.slice_5", 5, 0.0),
    (f"{PREFIX}.vertical.slice_5", 5, 90.0),
    (f"{PREFIX}.diagonal_falling.slice_5", 5, 45.0),
    (f"{PREFIX}.diagonal_rising.slice_5", 5, -45.0),
)


@dataclass(frozen=True, slots=True)
class Diameter:
    """One diameter in mm, with the line that shows it."""

    quantity: str
    mm: float
    evidence: Evidence


def diameters(phantom: Phantom) -> list[Diameter]:
    """All six; AnalysisError `phantom_scale` when one is off by more than 10 mm although the outline is round."""
    found = [_diameter(phantom.slice(number), quantity, degrees) for quantity, number, degrees in DIAMETERS]
    for diameter in found:
        if abs(diameter.mm - phantom.model.diameter_mm) > SCALE_TOLERANCE_MM:
            expected = f"{phantom.model.diameter_mm:g}"
            raise AnalysisError("phantom_scale", measured=f"{diameter.mm:.1f}", expected=expected)
    return found


def _diameter(frame: Frame, quantity: str, degrees: float) -> Diameter:
    angle = math.radians(degrees)
    # Edges are kept by the image's angle; a line through the centre has the same direction both ways.
    ends = [frame.disc.radius_at(frame.direction(angle + turn)) for turn in (0.0, math.pi)]
    u, v = math.cos(angle), math.sin(angle)
    line = frame.line([(ends[0] * u, ends[0] * v), (-ends[1] * u, -ends[1] * v)])
    return Diameter(quantity, sum(ends), line)
