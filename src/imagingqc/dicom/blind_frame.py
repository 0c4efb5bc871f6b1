"""One frame for somebody who may not know whose it is: where letters are burned in is found, and painted over.

The header is that of `single_frame` (a closed list), less what makers write of themselves into the image type.  The
pixels are as they are, or, where something is to be covered, decoded and written anew.
Sources: PS3.15 E.3.1 (Clean Pixel Data Option), PS3.3 C.8.5.5 (ultrasound regions), C.7.6.1 (Burned In Annotation).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filewriter import correct_ambiguous_vr
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from imagingqc.dicom.codecs import decode_frame
from imagingqc.dicom.deidentify_pixels import READ_FRAMES, Reader, around, grey_of, is_lettered, outside_regions
from imagingqc.dicom.deidentify_pixels import SURE as SURE_TEXT
from imagingqc.dicom.deidentify_rules import Box
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.modality_lut import has_table, through_table
from imagingqc.dicom.single_frame import Outline, begun, frame_file, header_of, outline_of
from imagingqc.dicom.source import Source, open_source
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

BLIND_VERSION = 1  # of the bytes and of the search: goes up whenever the same object would give others
_TOLD = "LOCALIZER"  # the one word of an image type by which a picture is drawn
_BLACK_OF_COLOUR = 0


@dataclass(frozen=True, slots=True)
class Lettering:
    """Rectangles to cover in every frame of an object, and whether it could be told where its letters are.

    `is_known` is false for a kind of picture that tends to carry text, of which nothing said where.
    """

    boxes: tuple[Box, ...]
    is_known: bool


def lettering(path: str, reader: Reader | None, spare: Callable[[str], bool]) -> Lettering:
    """Where letters are burned into the object at `path`: outside of the regions of an ultrasound picture, and each
    piece of text that `reader` finds in up to 5 of its frames, with a margin; `spare` keeps what is meant to be read
    (side markers).

    Raises DataError as `single_frame` does.
    """
    outline = _outline(path)
    with open_source(path) as source:
        try:
            with quiet():
                shape = (outline.shape.rows, outline.shape.columns)
                boxes = outside_regions(source.dataset, shape)
                if not is_lettered(source.dataset):
                    return Lettering(tuple(boxes), is_known=True)
                if reader is None:
                    return Lettering(tuple(boxes), is_known=bool(boxes))
                found = _found(outline, source, reader, spare)
                return Lettering((*boxes, *found), is_known=True)
        except PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


def blind_frame(path: str, frame: int, boxes: Sequence[Box]) -> bytes:
    """Frame `frame` (0-based) as `single_frame` gives it, with the rectangles painted black.

    Covered grey frames keep their stored values and bits, covered colour becomes RGB of 8 bits; both explicit little
    endian.  Raises DataError as `single_frame` and, where something is to be covered, as `codecs.decode_frame` do.
    """
    outline = _outline(path)
    if not 0 <= frame < outline.shape.frames:
        raise DataError("no_such_frame", frame=frame)
    with open_source(path) as source:
        try:
            with quiet():
                header = _plain(header_of(outline, frame))
                if not boxes:
                    return frame_file(outline, source, frame, header)
                return _covered(outline, source, frame, header, boxes)
        except PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


def _outline(path: str) -> Outline:
    try:
        about = Path(path).stat()
    except OSError as exc:
        raise DataError("file_unreadable") from exc
    return outline_of(path, about.st_mtime_ns, about.st_size)


def _plain(header: Dataset) -> Dataset:
    """Without the words of the maker in the types of image and frame, but for the one that drawing asks for."""
    for keyword in ("ImageType", "FrameType"):
        if keyword in header:
            localizer = _TOLD in str(header.get(keyword)).upper()
            delattr(header, keyword)
            if localizer:
                setattr(header, keyword, ["ORIGINAL", "PRIMARY", _TOLD])
    return header


def _found(outline: Outline, source: Source, reader: Reader, spare: Callable[[str], bool]) -> list[Box]:
    frames = outline.shape.frames
    inverse = outline.shape.photometric == "MONOCHROME1"
    boxes: dict[Box, None] = {}
    for frame in np.unique(np.linspace(0, frames - 1, min(READ_FRAMES, frames)).round().astype(int)):
        values = decode_frame(source, outline.shape, int(frame), as_rgb=outline.shape.samples > 1).values
        for piece in reader.read(grey_of(values, inverse=inverse)):
            if piece.confidence >= SURE_TEXT and any(map(str.isalnum, piece.text)) and not spare(piece.text):
                boxes[around(piece)] = None
    return list(boxes)


def _covered(outline: Outline, source: Source, frame: int, header: Dataset, boxes: Sequence[Box]) -> bytes:
    colour = outline.shape.samples > 1 or outline.shape.photometric == "PALETTE COLOR"
    decoded = decode_frame(source, outline.shape, frame, as_rgb=outline.shape.samples > 1).values
    little = outline.syntax != ExplicitVRBigEndian
    if colour:
        made, values = _as_rgb(header, decoded, little=little)
    elif has_table(header):
        made, values = through_table(header, decoded, little=little)
    else:
        made, values = _explicit(header, little=little), np.array(decoded)
        if values.dtype.kind not in "iu":
            raise DataError("unsupported_syntax", uid=outline.syntax)
        made.BitsAllocated = values.dtype.itemsize * 8
    high = not colour and outline.shape.photometric == "MONOCHROME1"
    black = _BLACK_OF_COLOUR if colour else int(values.max() if high else values.min())
    for box in boxes:
        values[max(0, box.y) : max(0, box.y + box.height), max(0, box.x) : max(0, box.x + box.width)] = black
    data = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))).tobytes()
    out = begun(ExplicitVRLittleEndian, made)
    data += b"\0" * (len(data) % 2)
    out.write(struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OW", 0, len(data)) + data)
    return bytes(out.getvalue())


def _explicit(header: Dataset, *, little: bool) -> Dataset:
    """The header read out, so that it can be written in another encoding."""
    made = Dataset()
    for element in correct_ambiguous_vr(header, is_little_endian=little):
        made[element.tag] = element
    return made


def _as_rgb(header: Dataset, values: AnyArray, *, little: bool) -> tuple[Dataset, AnyArray]:
    made = _explicit(header, little=little)
    rgb = apply_color_lut(values, made) if values.ndim == 2 else np.array(values[..., :3])
    if rgb.dtype != np.uint8:
        bits = int(rgb.max()).bit_length()
        rgb = np.right_shift(rgb, max(0, bits - 8)).astype(np.uint8)
    for element in list(made):
        if "Palette" in element.keyword:
            del made[element.tag]
    made.PhotometricInterpretation, made.SamplesPerPixel, made.PlanarConfiguration = "RGB", 3, 0
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    return made, np.array(rgb)
