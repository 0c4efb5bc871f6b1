"""What an ultrasound picture is: its tissue region by the header, its grey values, and where colour lies on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Instance, Slice

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

FLAT, TISSUE, CENTIMETRES = 1, 1, 3  # Region Spatial Format 2D, Region Data Type tissue, unit cm (PS3.3 C.8.5.5.1)
COLOURED = 24  # of 255 between the highest and the lowest of red, green and blue: no grey any more
_KEYWORDS = (
    "RegionSpatialFormat", "RegionDataType", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection", "PhysicalDeltaX",
    "PhysicalDeltaY", "RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1",
)  # fmt: skip
UNUSED = frozenset({"", "UNUSED", "UNKNOWN", "NONE"})


@dataclass(frozen=True, slots=True)
class Region:
    """A two-dimensional part of the picture: box in pixels (both ends inside), mm per pixel (None: not in cm)."""

    box: tuple[int, int, int, int]  # x0, y0, x1, y1
    spacing_mm: tuple[float, float] | None  # across, down
    tissue: bool


def probe_name(instance: Instance) -> str | None:
    """Transducer Data (0018,5010): its values that say something, joined; None when none does."""
    named = [text.strip() for text in instance.texts("TransducerData") if text.strip().upper() not in UNUSED]
    return " ".join(named) or None


def flat_regions(instance: Instance) -> tuple[Region, ...] | None:
    """The two-dimensional regions (0018,6011) in their order; None when the header has no regions at all."""
    columns = [instance.facts.get(keyword) for keyword in _KEYWORDS]
    rows = list(zip(*(c for c in columns if isinstance(c, tuple)), strict=False))
    if not rows or any(not isinstance(c, tuple) for c in columns):
        return None
    return tuple(_region([float(v) for v in row]) for row in rows if float(row[0]) == FLAT)


def _region(row: list[float]) -> Region:
    _, kind, unit_x, unit_y, dx, dy, x0, y0, x1, y1 = row
    known = unit_x == CENTIMETRES and unit_y == CENTIMETRES and dx != 0 and dy != 0
    box = (int(min(x0, x1)), int(min(y0, y1)), int(max(x0, x1)), int(max(y0, y1)))
    return Region(box, (abs(dx) * 10, abs(dy) * 10) if known else None, kind == TISSUE)


def grey_of(piece: Slice, reader: PixelReader) -> tuple[FloatArray, BoolArray]:
    """(brightness 0 to 255, where the picture is coloured), both (rows, columns).

    Grey pictures are scaled by their bits, without any window; of colour pictures the mean of the three is taken.
    Raises AnalysisError and DataError as the reader does.
    """
    photometric = piece.instance.text("PhotometricInterpretation") or "MONOCHROME2"
    if photometric.startswith("MONOCHROME") and (piece.instance.number("SamplesPerPixel") or 1) == 1:
        image = reader.image(piece)
        top = float(2**image.bits_stored - 1)
        grey = np.asarray(image.stored, dtype=np.float32) * np.float32(255 / top)
        if photometric == "MONOCHROME1":
            grey = np.float32(255) - grey
        return grey, np.zeros(grey.shape, dtype=bool)
    rgb = reader.colour(piece)
    spread = rgb.max(axis=2).astype(np.int16) - rgb.min(axis=2)
    return rgb.mean(axis=2, dtype=np.float32), np.asarray(spread > COLOURED, dtype=bool)
