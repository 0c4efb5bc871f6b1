"""Where the isocentre and the directions of the patient lie in a CT slice."""

from __future__ import annotations

from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError

Point = tuple[float, ...]
TILT_SINE = 0.02  # about one degree

# Where up is in patient coordinates (axis, sign), for the positions of PS3.3 C.7.3.1.1.2 without head or feet first.
UP = {"S": (1, -1.0), "P": (1, 1.0), "DR": (0, 1.0), "DL": (0, -1.0)}


def isocentre(piece: Slice) -> Point:
    """Data Collection Center (Patient) (0018,9313), mm; the centre of the image is a choice of display, not a place.

    AnalysisError `missing_tag` when there is none.
    """
    tag = "DataCollectionCenterPatient"
    frame = piece.instance.frames[piece.frame].facts
    value = frame.get(tag, piece.instance.facts.get(tag))
    if not isinstance(value, tuple) or len(value) != 3:
        raise AnalysisError("missing_tag", tag=tag)
    return tuple(float(v) for v in value)


def axes(piece: Slice, spacing_mm: tuple[float, float]) -> tuple[Point, Point, Point]:
    """Position of the first pixel's centre (mm), and the steps along a row and down a column (mm per pixel).

    AnalysisError `missing_tag` when the header places the slice nowhere.
    """
    frame = piece.instance.frames[piece.frame]
    if frame.position_mm is None or frame.orientation is None:
        raise AnalysisError("missing_tag", tag="ImagePositionPatient, ImageOrientationPatient")
    right = tuple(v * spacing_mm[1] for v in frame.orientation[:3])
    down = tuple(v * spacing_mm[0] for v in frame.orientation[3:])
    return frame.position_mm, right, down


def in_picture(piece: Slice, spacing_mm: tuple[float, float], place: Point) -> tuple[float, float]:
    """(x, y) in image pixels of a place in patient coordinates, by its x and y: the isocentre is an axis along z."""
    origin, right, down = axes(piece, spacing_mm)
    determinant = right[0] * down[1] - right[1] * down[0]
    dx, dy = place[0] - origin[0], place[1] - origin[1]
    x = (dx * down[1] - dy * down[0]) / determinant + 0.5
    y = (right[0] * dy - right[1] * dx) / determinant + 0.5
    return x, y


def upward(piece: Slice) -> tuple[float, float] | None:
    """Direction (x, y in the picture) away from the table; None when the header does not tell how the patient lies."""
    name = (piece.instance.text("PatientPosition") or "").strip().upper()
    up = UP.get(name[2:]) if name[:2] in {"HF", "FF"} else None
    orientation = piece.instance.frames[piece.frame].orientation
    if up is None or orientation is None:
        return None
    axis, sign = up
    return sign * orientation[axis], sign * orientation[3 + axis]


def is_tilted(piece: Slice) -> bool:
    """Whether the slice leans by more than about one degree against the table."""
    orientation = piece.instance.frames[piece.frame].orientation
    return orientation is not None and max(abs(orientation[2]), abs(orientation[5])) > TILT_SINE
