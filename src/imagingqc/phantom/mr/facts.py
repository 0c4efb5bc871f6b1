"""What the limits for MR ask about the scanner and the slice."""

from __future__ import annotations

from imagingqc.dicom.model import Slice

GAUSS = 100.0  # a field strength above this many tesla was written in gauss


def device_facts(piece: Slice) -> dict[str, str | float]:
    """Field strength (T) and nominal slice thickness (mm) where the header has them."""
    found: dict[str, str | float] = {}
    field = piece.instance.number("MagneticFieldStrength")
    if field is not None and field > 0:
        found["field_strength"] = round(float(field / 10000 if field > GAUSS else field), 4)
    thickness = thickness_mm(piece)
    if thickness is not None:
        found["slice_thickness"] = thickness
    return found


def thickness_mm(piece: Slice) -> float | None:
    """Nominal slice thickness of one frame, mm; None when the header gives none."""
    own = piece.instance.frames[piece.frame].thickness_mm if piece.frame < len(piece.instance.frames) else None
    return own if own is not None else piece.instance.number("SliceThickness")
