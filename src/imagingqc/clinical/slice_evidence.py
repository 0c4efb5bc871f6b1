"""Copies among slices, and the evidence of a slice geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.slices import Place, SliceGeometry
from imagingqc.dicom.model import Stack
from imagingqc.errors import DataError


def identical(place: Place, reader: PixelReader) -> bool | None:
    """Do the slices at one place hold the same pixels?  None when the pixels cannot be read."""
    try:
        return len({reader.pixel_hash(piece) for piece in place.members}) == 1
    except DataError:
        return None


def slices_shape(geometry: SliceGeometry, copies: Sequence[bool | None], stack: Stack) -> dict[str, Any]:
    """Evidence shape `slices` of one stack; `copies` says of each of `geometry.copies` whether its pixels agree."""
    gaps = [
        {
            "from_mm": gap.before.position_mm,
            "to_mm": gap.after.position_mm,
            "missing": gap.missing,
            "before": gap.before.uids[0],
            "after": gap.after.uids[0],
            "before_number": gap.before.number,
            "after_number": gap.after.number,
            "numbered": gap.numbered,
        }
        for gap in geometry.gaps
    ]
    duplicates = [
        {"position_mm": place.position_mm, "instances": place.uids, "identical": same}
        for place, same in zip(geometry.copies, copies, strict=True)
    ]
    irregular = [
        {"from_mm": geometry.places[i].position_mm, "to_mm": geometry.places[i + 1].position_mm}
        for i in geometry.irregular
    ]
    return {
        "kind": "slices",
        "stack": {k: list(v) if isinstance(v, tuple) else v for k, v in stack.key.items()},
        "positions_mm": [place.position_mm for place in geometry.places],
        "gaps": gaps,
        "duplicates": duplicates,
        "irregular": irregular,
        "intervals_mm": list(geometry.intervals_mm),
        "numbering": geometry.numbering,
        "number_holes": list(geometry.hole_numbers[:200]),
    }
