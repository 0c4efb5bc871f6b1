"""Open one DICOM file up to its pixel data: the dataset before it, and where the pixel data lies.

Both header and pixels read through here, so that limits and refusals are the same.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imagingqc.dicom.elements import PIXEL_KEYWORDS, UNDEFINED, PixelElement
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.errors import DataError

__all__ = ["MAX_INFLATED_BYTES", "UNDEFINED", "PixelElement", "Source", "open_source"]

MAX_INFLATED_BYTES = 2 * 1024**3  # of a deflated file; 65 CT slices of 512 x 512 take 1/60 of it
_PREAMBLE = 128


@dataclass(slots=True)
class Source:
    """An open file: the dataset before the pixel data, and the stream (inflated if it was deflated) with its size."""

    dataset: Dataset
    meta: Dataset
    stream: BinaryIO
    size: int
    transfer_syntax: str
    pixel: PixelElement | None


class _Stop:
    """Ends reading at the pixel data and remembers what stood there."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.found: PixelElement | None = None

    def __call__(self, tag: BaseTag | int, vr: str | None, length: int) -> bool:
        keyword = PIXEL_KEYWORDS.get(int(tag))
        if keyword is None:
            return False
        self.found = PixelElement(keyword, vr, self.stream.tell(), length)
        return True


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """The file opened and parsed up to its pixel data.

    Raises DataError `file_unreadable` (no such file, no rights, not a regular file), `empty_file`, `not_dicom`,
    `inflated_too_large` and `parse_error`.
    """
    try:
        if not Path(path).is_file():
            raise DataError("file_unreadable")
        stream = Path(path).open("rb")  # noqa: SIM115 - closed below, after the caller is done
    except (OSError, ValueError) as exc:
        raise DataError("file_unreadable") from exc
    with stream:
        yield _parse(stream)


def _parse(stream: BinaryIO) -> Source:
    try:
        size = os.fstat(stream.fileno()).st_size
        if size == 0:
            raise DataError("empty_file")
        with quiet():
            return _parse_checked(stream, size)
    except PARSER_ERRORS as exc:
        raise DataError("parse_error", detail=type(exc).__name__) from exc


def _parse_checked(stream: BinaryIO, size: int) -> Source:
    base = _PREAMBLE + 4 if _has_preamble(stream) else 0
    if base == 0 and not _may_be_bare(stream):
        raise DataError("not_dicom")
    stream.seek(base)
    meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=_not_meta)
    syntax = str(meta.get("TransferSyntaxUID", "") or "")
    if syntax == DeflatedExplicitVRLittleEndian:
        stream.seek(_end_of_meta(stream, base))
        stream, size = _inflated(stream)
    stop = _Stop(stream)
    if syntax:
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        dataset = read_dataset(stream, is_implicit_VR=implicit, is_little_endian=little, stop_when=stop)
    else:
        stream.seek(0)
        guessed = read_partial(stream, stop_when=stop, force=True)
        dataset, syntax = guessed, _guessed_syntax(guessed)
    if len(dataset) == 0:
        raise DataError("not_dicom") if base == 0 else DataError("parse_error", detail="no elements")
    return Source(dataset, meta, stream, size, syntax, stop.found)


def _has_preamble(stream: BinaryIO) -> bool:
    head = stream.read(_PREAMBLE + 4)
    stream.seek(0)
    return head[_PREAMBLE:] == b"DICM"


def _may_be_bare(stream: BinaryIO) -> bool:
    """Whether the bytes can begin a dataset without preamble: group 0002 or 0008, either byte order, a low element."""
    head = stream.read(8)
    stream.seek(0)
    little = head[:2] in {b"\x02\x00", b"\x08\x00"} and len(head) == 8 and head[3] <= 0x21
    return little or (head[:2] == b"\x00\x08" and len(head) == 8 and head[4:6].isupper())


def _not_meta(tag: BaseTag | int, vr: str | None, length: int) -> bool:  # noqa: ARG001 - the signature is pydicom's
    return int(tag) >> 16 != 0x0002


def _guessed_syntax(dataset: FileDataset) -> str:
    """The transfer syntax that pydicom read by when the file names none: never a compressed one."""
    implicit, little = dataset.original_encoding
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def _inflated(stream: BinaryIO) -> tuple[BinaryIO, int]:
    """The rest of the stream inflated (PS3.5 A.5), never more than the limit of it, and its size."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = BytesIO()
    while block := stream.read(1 << 20):
        plain.write(inflater.decompress(block, MAX_INFLATED_BYTES - plain.tell() + 1))
        if plain.tell() > MAX_INFLATED_BYTES:
            raise DataError("inflated_too_large", limit=MAX_INFLATED_BYTES)
    size = plain.tell()
    plain.seek(0)
    return plain, size


def _end_of_meta(stream: BinaryIO, base: int) -> int:
    """Offset of the first byte after the file meta group, by its group length (0002,0000) (PS3.10 7.1)."""
    stream.seek(base)
    head = stream.read(12)
    if head[:4] != b"\x02\x00\x00\x00" or len(head) != 12:
        raise DataError("parse_error", detail="FileMetaInformationGroupLength")
    return base + 12 + int.from_bytes(head[8:], "little")
