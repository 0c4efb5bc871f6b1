"""Text burned into pictures that leave: found, blacked out and looked for again, or the picture is not released.

Sources: PS3.15 E.3.1 (Clean Pixel Data Option), PS3.3 C.8.5.5 (ultrasound regions), C.7.6.1 (Burned In Annotation).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imagingqc.dicom.deidentify_rules import Box, Profile, word_lists
from imagingqc.dicom.stored import is_native
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

READ_FRAMES = 5  # of a run of frames, evenly spread: what is burned in stands in all of them
SURE = 0.3  # confidence from which a piece of text is blacked out; low, for one too many costs little
_MARGIN = 0.3  # of the height of a piece of text, added around it
_SECONDARY = ("SECONDARY", "SCREEN SAVE", "CAPTURE")


class Piece(Protocol):
    """A piece of text in a picture: how sure (0 to 1) and where, in pixels."""

    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...


class Reader(Protocol):
    """Reads text in grey pictures (rows, columns), uint8, white high."""

    def read(self, image8: NDArray[np.uint8], /) -> Sequence[Piece]:
        """Finds and reads all pieces of text."""
        ...


def is_lettered(dataset: Dataset) -> bool:
    """Whether a picture of this kind tends to carry text, or its header says so."""
    kind = " ".join(str(v) for v in (dataset.get("ImageType") or ())).upper()
    burned = str(dataset.get("BurnedInAnnotation", "")).upper()
    return (
        str(dataset.get("Modality", "")) in word_lists()["lettered"]
        or burned == "YES"
        or any(word in kind for word in _SECONDARY)
        or bool(dataset.get("ConversionType"))
    )


def replace_pixels(dataset: Dataset, profile: Profile, reader: Reader | None, *, pictured: bool) -> list[Box]:
    """Clean the pixels of a whole object in place; the rectangles that went black.  Raises as `clean_pixels`."""
    if not pictured:
        return []
    native = is_native(str(dataset.file_meta.TransferSyntaxUID)) and "PixelData" in dataset
    values = _values(dataset) if native else None
    if values is None:
        if profile.blank or (is_lettered(dataset) and not profile.looked_at):
            raise DataError("release_text_unknown", modality=str(dataset.get("Modality", "")) or "?")
        return []
    boxes = clean_pixels(dataset, values, profile, reader)
    data = values.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    return boxes


def _values(dataset: Dataset) -> AnyArray | None:
    """Stored values (frames, rows, columns[, samples]) without what hides above the highest bit.

    None for layouts that are left alone: single bits, halved colour.
    """
    bits, samples = int(dataset.BitsAllocated), int(dataset.get("SamplesPerPixel", 1))
    if bits not in {8, 16, 32} or "422" in str(dataset.PhotometricInterpretation):
        return None
    signed = int(dataset.get("PixelRepresentation", 0) or 0) == 1
    shape = (int(dataset.get("NumberOfFrames", 1) or 1), int(dataset.Rows), int(dataset.Columns))
    stored = np.frombuffer(
        dataset.PixelData, dtype=f"<{'i' if signed else 'u'}{bits // 8}", count=int(np.prod(shape)) * samples
    )
    values: AnyArray
    if samples > 1 and int(dataset.get("PlanarConfiguration", 0) or 0) == 1:
        values = np.moveaxis(stored.reshape(shape[0], samples, *shape[1:]), 1, -1).copy()
        dataset.PlanarConfiguration = 0
    else:
        values = stored.reshape((*shape, samples) if samples > 1 else shape).copy()
    above = bits - 1 - int(dataset.get("HighBit", bits - 1))
    if above > 0:  # old overlays live there (PS3.5 8.1.2)
        values = np.right_shift(np.left_shift(values, above), above)
    return values


def clean_pixels(dataset: Dataset, values: AnyArray, profile: Profile, reader: Reader | None) -> list[Box]:
    """Black out text in decoded `values` (frames, rows, columns[, samples]) in place; returns the rectangles.

    Everything outside of the ultrasound regions goes when the header tells them, then `profile.blank`, then what the
    reader finds.  Raises DataError `release_text_left` when text is still read afterwards, `release_text_unknown` when
    nothing can tell whether there is text in a kind of picture that tends to have some.
    """
    black = _black(dataset, values)
    boxes = [*outside_regions(dataset, values.shape[1:3]), *profile.blank]
    _fill(values, boxes, black)
    if reader is not None:
        found = _read(dataset, values, reader)
        _fill(values, found, black)
        boxes += found
        if found and _read(dataset, values, reader) and not profile.looked_at:
            raise DataError("release_text_left")
    elif is_lettered(dataset) and not profile.looked_at:
        raise DataError("release_text_unknown", modality=str(dataset.get("Modality", "")) or "?")
    return boxes


def _black(dataset: Dataset, values: AnyArray) -> int:
    """The stored value that shows black."""
    if values.ndim == 4:
        return 0
    high = str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1"
    return int(values.max() if high else values.min())


def _fill(values: AnyArray, boxes: Sequence[Box], black: int) -> None:
    for box in boxes:
        rows = slice(max(0, box.y), max(0, box.y + box.height))
        columns = slice(max(0, box.x), max(0, box.x + box.width))
        values[:, rows, columns] = black


def outside_regions(dataset: Dataset, shape: Sequence[int]) -> list[Box]:
    """The four bands around the rectangle that holds all ultrasound regions; none without regions."""
    rows, columns = int(shape[0]), int(shape[1])
    corners = []
    for region in dataset.get("SequenceOfUltrasoundRegions") or ():
        corner = [region.get(f"RegionLocation{k}") for k in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if not all(isinstance(v, int) for v in corner):
            return []
        corners.append(cast("list[int]", corner))
    if not corners:
        return []
    left, top = min(c[0] for c in corners), min(c[1] for c in corners)
    right, bottom = max(c[2] for c in corners) + 1, max(c[3] for c in corners) + 1
    bands = (
        Box(0, 0, columns, top),
        Box(0, bottom, columns, rows - bottom),
        Box(0, 0, left, rows),
        Box(right, 0, columns - right, rows),
    )
    return [band for band in bands if band.width > 0 and band.height > 0]


def _read(dataset: Dataset, values: AnyArray, reader: Reader) -> list[Box]:
    """Rectangles of the pieces of text in some of the frames, a margin around each."""
    frames = np.unique(np.linspace(0, len(values) - 1, min(READ_FRAMES, len(values))).round().astype(int))
    inverse = str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1"
    boxes: dict[Box, None] = {}
    for frame in frames:
        for piece in reader.read(grey_of(values[frame], inverse=inverse)):
            if piece.confidence >= SURE and sum(map(str.isalnum, piece.text)) > 0:
                boxes[around(piece)] = None
    return list(boxes)


def around(piece: Piece) -> Box:
    """The rectangle of a piece of text with its margin."""
    margin = max(2.0, _MARGIN * piece.height)
    x, y = int(piece.x - margin), int(piece.y - margin)
    right, bottom = int(piece.x + piece.width + margin) + 1, int(piece.y + piece.height + margin) + 1
    return Box(max(0, x), max(0, y), right - max(0, x), bottom - max(0, y))


def grey_of(frame: AnyArray, *, inverse: bool) -> NDArray[np.uint8]:
    """A frame as a reader wants it: its whole range of values, so that no text is lost beyond a window."""
    real = frame.astype(np.float32)
    if real.ndim == 3:
        real = real.mean(axis=2)
    low, high = float(real.min()), float(real.max())
    grey: NDArray[np.uint8] = np.rint((real - low) / max(high - low, 1e-6) * 255).astype(np.uint8)
    return (255 - grey).astype(np.uint8) if inverse else grey
