"""One frame of a stored object as a small DICOM file of its own: its pixels as they are, and only what drawing needs.

The header is made from a closed list of attributes, so that no name, number, date or free text of the object can be in
it, whatever the maker wrote and wherever; what multi-frame objects say frame by frame is lifted to the top, so that a
reader of classic objects understands it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import BinaryIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imagingqc.dicom.codecs import decode_frame
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.geometry import is_orientation
from imagingqc.dicom.header import declared_shape, region_spacing
from imagingqc.dicom.modality_lut import has_table, through_table
from imagingqc.dicom.sizes import Shape, check_complete, check_limits
from imagingqc.dicom.source import UNDEFINED, PixelElement, Source, open_source
from imagingqc.errors import DataError

VERSION = 2  # of the bytes: goes up whenever the same object would give others
_DRAWING = """
SOPClassUID Modality ImageType FrameType
SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns BitsAllocated BitsStored HighBit
PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue PixelPaddingRangeLimit
PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelAspectRatio SliceThickness
ImagePositionPatient ImageOrientationPatient PatientOrientation ImageLaterality FrameLaterality ViewPosition
WindowCenter WindowWidth VOILUTFunction RescaleIntercept RescaleSlope RescaleType PresentationLUTShape
RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor
RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
SegmentedRedPaletteColorLookupTableData SegmentedGreenPaletteColorLookupTableData
SegmentedBluePaletteColorLookupTableData LUTDescriptor LUTData ModalityLUTType
"""
_TABLES = ("ModalityLUTSequence", "VOILUTSequence")
_GROUPS = """
PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence PlanePositionVolumeSequence
PlaneOrientationVolumeSequence FrameVOILUTSequence PixelValueTransformationSequence FrameAnatomySequence
"""
_KEPT = frozenset(Tag(tag) for keyword in _DRAWING.split() if (tag := tag_for_keyword(keyword)) is not None)
_ITEM, _DELIMITER = 0xE000, 0xE0DD
_LONG_HEAD = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})


def single_frame(path: str, frame: int = 0) -> bytes:
    """Frame `frame` (0-based) of the object at `path` as a DICOM file of one frame, in the transfer syntax it has
    (deflated ones inflated), with the attributes of the closed list alone.  Where a table leads to real units, it is
    applied: such pixels become 16-bit values of that unit, explicit little endian.

    Raises DataError: `not_an_image`, `no_such_frame`, `no_pixel_data`, `unsupported_syntax` (frames of single bits that
    do not begin at a byte), and whatever `source.open_source`, `sizes.check_limits` and `sizes.check_complete` refuse.
    Source: PS3.5 8.2 and A.4 (native and encapsulated pixel data), PS3.10 7.1 (file meta), PS3.3 C.7.6.16 (frames),
    PS3.3 C.11.1 (tables).
    """
    known = Path(path)
    try:
        about = known.stat()
        outline = outline_of(path, about.st_mtime_ns, about.st_size)
    except OSError as exc:
        raise DataError("file_unreadable") from exc
    if not 0 <= frame < outline.shape.frames:
        raise DataError("no_such_frame", frame=frame)
    with open_source(path) as source:
        try:
            with quiet():
                return frame_file(outline, source, frame, header_of(outline, frame))
        except PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


@dataclass(frozen=True, slots=True)
class Outline:
    """What is the same for every frame, and what each frame says itself (empty for classic objects)."""

    common: Dataset
    own: tuple[Dataset, ...]
    shape: Shape
    pixel: PixelElement
    syntax: str


@lru_cache(maxsize=8)
def outline_of(path: str, modified: int, size: int) -> Outline:  # noqa: ARG001 - a file that changed is read anew
    """What all frames of a file share."""
    with open_source(path) as source:
        try:
            with quiet():
                return _read(source)
        except PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


def _read(source: Source) -> Outline:
    dataset, pixel = source.dataset, source.pixel
    rows, columns = _integer(dataset, "Rows"), _integer(dataset, "Columns")
    if pixel is None:
        raise DataError("no_pixel_data" if rows else "not_an_image")
    names = ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated")
    facts: dict[str, str | int] = {name: _integer(dataset, name) for name in names}
    facts["PhotometricInterpretation"] = str(dataset.get("PhotometricInterpretation", ""))
    shape = declared_shape(facts, pixel.keyword)
    if not rows or not columns:
        raise DataError("not_an_image")
    check_limits(shape, source.size)
    check_complete(source.stream, source.size, pixel, shape)
    common = Dataset()
    _copy(dataset, common)
    for keyword in _TABLES:
        for item in (dataset.get(keyword) or ())[:1]:
            table = Dataset()
            _copy(item, table)
            setattr(common, keyword, [table])
    for item in (dataset.get("SharedFunctionalGroupsSequence") or ())[:1]:
        _lift(item, common)
    if "PixelSpacing" not in common and (spacing := region_spacing(dataset)):
        common.PixelSpacing = [round(value, 8) for value in spacing]
    syntax = source.transfer_syntax
    if syntax == DeflatedExplicitVRLittleEndian:
        syntax = ExplicitVRLittleEndian
    return Outline(common, _own(dataset, shape.frames), shape, pixel, syntax)


def _own(dataset: Dataset, frames: int) -> tuple[Dataset, ...]:
    items = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    if len(items) < frames:
        return ()
    own = []
    for item in items[:frames]:
        lifted = Dataset()
        _lift(item, lifted)
        own.append(lifted)
    return tuple(own)


def _lift(groups: Dataset, target: Dataset) -> None:
    for keyword in _GROUPS.split():
        for item in (groups.get(keyword) or ())[:1]:
            _copy(item, target)


def _copy(source: Dataset, target: Dataset) -> None:
    """The elements of the closed list, as they were read: they are written in the encoding they came in."""
    for tag in _KEPT.intersection(source.keys()):
        target[tag] = source.get_item(tag)


def _integer(dataset: Dataset, keyword: str) -> int:
    value = dataset.get(keyword)
    return int(value) if value not in (None, "") else 0


# --- writing ------------------------------------------------------------------------------------


def header_of(outline: Outline, frame: int) -> Dataset:
    """The attributes of one frame, still encoded as they came."""
    header = Dataset()
    for part in (outline.common, *outline.own[frame : frame + 1]):
        for tag in list(part.keys()):
            header[tag] = part.get_item(tag)
    _drop_absurd(header)
    return header


def frame_file(outline: Outline, source: Source, frame: int, header: Dataset) -> bytes:
    """The file of one frame under that header, its pixels as they are."""
    little = outline.syntax != ExplicitVRBigEndian
    if has_table(header):
        header, values = through_table(header, decode_frame(source, outline.shape, frame).values, little=little)
        out = begun(ExplicitVRLittleEndian, header)
        data = values.astype("<u2").tobytes()
        out.write(struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OW", 0, len(data)) + data)
        return bytes(out.getvalue())
    out = begun(outline.syntax, header)
    order = "<" if little else ">"
    if outline.pixel.length == UNDEFINED:
        data = get_frame(_at(source, outline.pixel.offset), frame, number_of_frames=outline.shape.frames)
        out.write(_encapsulated(data))
    else:
        data = _native(outline, source, frame)
        implicit = outline.syntax == ImplicitVRLittleEndian
        out.write(_pixel_head(outline.pixel, len(data), order, implicit=implicit))
        out.write(data)
    return bytes(out.getvalue())


def begun(syntax: str, header: Dataset) -> DicomBytesIO:
    """The file up to its pixels."""
    out = DicomBytesIO()
    out.write(b"\0" * 128 + b"DICM")
    out.is_little_endian, out.is_implicit_VR = True, False
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0
    meta.TransferSyntaxUID = UID(syntax)
    write_file_meta_info(out, meta, enforce_standard=False)
    out.is_little_endian, out.is_implicit_VR = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    write_dataset(out, header)
    return out


def _drop_absurd(header: Dataset) -> None:
    """Take away geometry that nothing can be drawn by: spacings that are not positive, planes that are none."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        values = _numbers(header, keyword)
        if keyword in header and not (len(values) == 2 and all(0 < v < inf for v in values)):
            delattr(header, keyword)
    orientation = _numbers(header, "ImageOrientationPatient")
    if "ImageOrientationPatient" in header and not is_orientation(orientation):
        del header.ImageOrientationPatient
    if "ImagePositionPatient" in header and len(_numbers(header, "ImagePositionPatient")) != 3:
        del header.ImagePositionPatient


def _numbers(header: Dataset, keyword: str) -> tuple[float, ...]:
    """The values as numbers; () when they are none."""
    try:
        value = header.get(keyword)
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return tuple(float(v) for v in values)
    except PARSER_ERRORS:
        return ()


def _at(source: Source, offset: int) -> BinaryIO:
    source.stream.seek(offset)
    return source.stream


def _native(outline: Outline, source: Source, frame: int) -> bytes:
    shape, pixel = outline.shape, outline.pixel
    bits = shape.rows * shape.columns * shape.samples * shape.bits_allocated
    if shape.bits_allocated == 1 and bits % 8 and shape.frames > 1:
        raise DataError("unsupported_syntax", uid=outline.syntax)
    size = bits * 2 // 3 // 8 if shape.photometric == "YBR_FULL_422" else (bits + 7) // 8
    data = bytes(_at(source, pixel.offset + frame * size).read(size))
    return data + b"\0" * (len(data) % 2)


def _pixel_head(pixel: PixelElement, length: int, order: str, *, implicit: bool) -> bytes:
    group, element = 0x7FE0, {"FloatPixelData": 8, "DoubleFloatPixelData": 9}.get(pixel.keyword, 0x10)
    if implicit:
        return struct.pack("<HHL", group, element, length)
    vr = pixel.vr if pixel.vr in _LONG_HEAD - {"UN"} else "OW"
    return struct.pack(f"{order}HH2sHL", group, element, str(vr).encode("ascii"), 0, length)


def _encapsulated(data: bytes) -> bytes:
    """Pixel data of one frame in one fragment, after an empty offset table (PS3.5 A.4)."""
    data += b"\0" * (len(data) % 2)
    head = struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OB", 0, UNDEFINED)
    items: Iterable[bytes] = (
        struct.pack("<HHL", 0xFFFE, _ITEM, 0),
        struct.pack("<HHL", 0xFFFE, _ITEM, len(data)),
        data,
        struct.pack("<HHL", 0xFFFE, _DELIMITER, 0),
    )
    return head + b"".join(items)
