"""Stored objects as others ask for them: frames as they are or decoded, explicit little endian copies, bulk values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from imagingqc.dicom.codecs import DECODERS, Decoded, decode_frame
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.header import declared_shape
from imagingqc.dicom.sizes import Shape, check_complete, check_limits
from imagingqc.dicom.source import UNDEFINED, PixelElement, Source, open_source
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

NATIVE = str(ExplicitVRLittleEndian)
_PIXEL_TAGS = frozenset({"7FE00008", "7FE00009", "7FE00010"})
_WORD_BYTES = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """Bytes of one frame and the transfer syntax they are in; `NATIVE` for uncompressed ones, little endian."""

    data: bytes
    syntax: str


def is_native(syntax: str) -> bool:
    """Whether frames of a transfer syntax lie uncompressed in the file."""
    return DECODERS.get(syntax) == ()


def stored_frames(path: str, frames: Sequence[int], *, native: bool) -> Iterator[StoredFrame]:
    """The frames (0-based) in the order asked for; `native` decodes compressed ones, colour then as RGB by pixel.

    Raises DataError: `not_an_image`, `no_such_frame` and whatever `source.open_source`, the checks of size and
    `codecs.decode_frame` refuse.   Source: PS3.5 8.2 and A.4 (pixel data), PS3.18 8.7.3.3 (bulk data of frames).
    """
    with open_source(path) as source:
        pixel, shape = _picture(source)
        for frame in frames:
            if not 0 <= frame < shape.frames:
                raise DataError("no_such_frame", frame=frame)
            try:
                with quiet():
                    one = _frame(source, pixel, shape, frame, native=native)
            except PARSER_ERRORS as exc:
                raise DataError("decode_failed") from exc
            yield one


def explicit_little(path: str) -> bytes:
    """The whole object as a DICOM file in explicit VR little endian, its pixels decoded (colour as RGB).

    Raises DataError as `stored_frames`.   Source: PS3.5 A.2, PS3.18 8.7.3.5.2 (default transfer syntax).
    """
    with open_source(path) as source:
        syntax = source.transfer_syntax
        decoded = [] if is_native(syntax) or source.pixel is None else _decoded(source)
    try:
        with quiet():
            dataset = dcmread(path, force=True)
            if decoded:
                _pixels_replace(dataset, decoded)
            elif syntax == ExplicitVRBigEndian:
                _swap(dataset)
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            out = BytesIO()
            dcmwrite(out, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
            return out.getvalue()
    except PARSER_ERRORS as exc:
        raise DataError("parse_error", detail=type(exc).__name__) from exc


def bulk_value(path: str, tags: Sequence[str]) -> Iterator[bytes]:
    """The value of an element by its path: tags of eight hex digits, with item numbers (from 1) between them.

    Native pixel data come in blocks.  Raises DataError `missing_tag` when there is no such value; pixel data that are
    compressed are asked for by frames: `unsupported_syntax`.
    """
    if len(tags) == 1 and tags[0] in _PIXEL_TAGS:
        yield from _pixel_blocks(path)
        return
    try:
        with quiet():
            yield _value(dcmread(path, force=True, stop_before_pixels=True), tags)
    except PARSER_ERRORS as exc:
        raise DataError("missing_tag", tag="/".join(tags)[:64]) from exc


def is_pixel_tag(tags: Sequence[str]) -> bool:
    """Whether the path is that of the pixel data."""
    return len(tags) == 1 and tags[0] in _PIXEL_TAGS


# --- inside -------------------------------------------------------------------------------------


def _picture(source: Source) -> tuple[PixelElement, Shape]:
    try:
        with quiet():
            pixel, dataset = source.pixel, source.dataset
            if pixel is None or "Rows" not in dataset:
                raise DataError("not_an_image")
            names = ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated")
            facts: dict[str, str | int] = {name: int(dataset.get(name) or 0) for name in names}
            facts["PhotometricInterpretation"] = str(dataset.get("PhotometricInterpretation", ""))
            shape = declared_shape(facts, pixel.keyword)
            check_limits(shape, source.size)
            check_complete(source.stream, source.size, pixel, shape)
            return pixel, shape
    except PARSER_ERRORS as exc:
        raise DataError("parse_error", detail=type(exc).__name__) from exc


def _frame(source: Source, pixel: PixelElement, shape: Shape, frame: int, *, native: bool) -> StoredFrame:
    syntax = source.transfer_syntax
    if is_native(syntax):
        if syntax == ExplicitVRBigEndian:
            return StoredFrame(_bytes_of(decode_frame(source, shape, frame).values, shape), NATIVE)
        if shape.bits_allocated == 1:
            return StoredFrame(_bits(source, pixel, shape, frame), NATIVE)
        size = shape.native_bytes // shape.frames
        source.stream.seek(pixel.offset + frame * size)
        return StoredFrame(source.stream.read(size), NATIVE)
    if native:
        return StoredFrame(_bytes_of(decode_frame(source, shape, frame, as_rgb=True).values, shape), NATIVE)
    source.stream.seek(pixel.offset)
    return StoredFrame(get_frame(source.stream, frame, number_of_frames=shape.frames), syntax)


def _bits(source: Source, pixel: PixelElement, shape: Shape, frame: int) -> bytes:
    """A frame of single bits: frames follow each other without a gap, so one may begin within a byte."""
    size = shape.rows * shape.columns * shape.samples
    first, last = frame * size, (frame + 1) * size
    source.stream.seek(pixel.offset + first // 8)
    data = np.frombuffer(source.stream.read((last + 7) // 8 - first // 8), np.uint8)
    bits = np.unpackbits(data, bitorder="little")[first % 8 : first % 8 + size]
    return np.packbits(bits, bitorder="little").tobytes()


def _bytes_of(values: AnyArray, shape: Shape) -> bytes:
    """Little endian bytes, samples of one bit packed from the lowest (PS3.5 8.1.1)."""
    if shape.bits_allocated == 1:
        return np.packbits(values.ravel().astype(np.uint8), bitorder="little").tobytes()
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()


def _decoded(source: Source) -> list[Decoded]:
    _pixel, shape = _picture(source)
    with quiet():
        return [decode_frame(source, shape, frame, as_rgb=True) for frame in range(shape.frames)]


def _pixels_replace(dataset: Dataset, decoded: Sequence[Decoded]) -> None:
    data = b"".join(
        np.ascontiguousarray(one.values, dtype=one.values.dtype.newbyteorder("<")).tobytes() for one in decoded
    )
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if decoded[0].values.itemsize == 1 else "OW"
    dataset["PixelData"].is_undefined_length = False
    dataset.PhotometricInterpretation = decoded[0].photometric
    if decoded[0].values.ndim == 3:
        dataset.PlanarConfiguration = 0
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in dataset:
            delattr(dataset, keyword)


def _swap(dataset: Dataset) -> None:
    """Words of big endian binary values in little endian order; the writer turns all others."""
    for element in dataset.iterall():
        size = _WORD_BYTES.get(element.VR, 0)
        if element.keyword == "PixelData" and element.VR == "OW":
            size = max(2, int(dataset.BitsAllocated) // 8)
        if size and isinstance(element.value, bytes) and len(element.value) % size == 0:
            element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()


def _pixel_blocks(path: str) -> Iterator[bytes]:
    with open_source(path) as source:
        pixel = source.pixel
        if pixel is None:
            raise DataError("missing_tag", tag="PixelData")
        if pixel.length == UNDEFINED or source.transfer_syntax == ExplicitVRBigEndian:
            raise DataError("unsupported_syntax", uid=source.transfer_syntax)
        source.stream.seek(pixel.offset)
        left = pixel.length
        while left > 0 and (block := source.stream.read(min(left, _BLOCK))):
            left -= len(block)
            yield block


def _index(item: str) -> int:
    if int(item) < 1:
        raise KeyError(item)
    return int(item) - 1


def _value(dataset: Dataset, tags: Sequence[str]) -> bytes:
    for tag, item in zip(tags[:-1:2], tags[1::2], strict=True):
        dataset = dataset[int(tag, 16)].value[_index(item)]
    value = dataset[int(tags[-1], 16)].value
    if isinstance(value, bytes):
        return value
    raise KeyError(tags[-1])


__all__ = [
    "NATIVE",
    "StoredFrame",
    "bulk_value",
    "explicit_little",
    "is_native",
    "is_pixel_tag",
    "stored_frames",
]
