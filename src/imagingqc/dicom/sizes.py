"""Does the pixel data of a file hold what the header says?  Answered from sizes alone, without decoding."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from imagingqc.dicom.elements import UNDEFINED, PixelElement
from imagingqc.errors import DataError

MAX_FRAME_BYTES = 512 * 1024**2  # 16k x 16k at 16 bit
MAX_TOTAL_BYTES = 8 * 1024**3
# A flat picture compresses without bound, so only a large claim from a tiny file is refused.
_SUSPECT_BYTES = 256 * 1024**2
_SUSPECT_RATIO = 1000
_MAX_FRAGMENTS = 1_000_000

_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of the picture as the header declares it."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    photometric: str

    @property
    def frame_bytes(self) -> int:
        """Bytes of one decoded frame, at least a byte a sample."""
        return self.rows * self.columns * self.samples * max(1, self.bits_allocated // 8)

    @property
    def native_bytes(self) -> int:
        """Bytes of the whole native pixel data (PS3.5 8.1.1: 1-bit samples are packed, 4:2:2 halves the colour)."""
        samples = self.rows * self.columns * self.samples * self.frames
        if self.bits_allocated == 1:
            return (samples + 7) // 8
        if self.photometric == "YBR_FULL_422":
            return samples * (self.bits_allocated // 8) * 2 // 3
        return samples * (self.bits_allocated // 8)


def check_limits(shape: Shape, stored_bytes: int) -> None:
    """Refuse a picture that would take absurd memory: DataError `too_large` or `implausible_size`."""
    total = shape.frame_bytes * shape.frames
    if shape.frame_bytes > MAX_FRAME_BYTES or total > MAX_TOTAL_BYTES:
        raise DataError("too_large", bytes=total)
    if total > _SUSPECT_BYTES and total > _SUSPECT_RATIO * max(stored_bytes, 1):
        raise DataError("implausible_size", bytes=total, file=stored_bytes)


def check_complete(stream: BinaryIO, size: int, pixel: PixelElement, shape: Shape) -> None:
    """Refuse pixel data that ends too early: DataError `truncated`, `pixel_data_short` or `frames_missing`.

    `size` is the length of the stream in bytes.  The stream's position is not kept.
    """
    if pixel.length == UNDEFINED:
        _check_fragments(stream, size, pixel, shape.frames)
        return
    if pixel.offset + pixel.length > size:
        raise DataError("truncated", need=pixel.length, have=max(0, size - pixel.offset))
    if pixel.length < shape.native_bytes:
        raise DataError("pixel_data_short", need=shape.native_bytes, have=pixel.length)


def _check_fragments(stream: BinaryIO, size: int, pixel: PixelElement, frames: int) -> None:
    """Walk the items of encapsulated pixel data (PS3.5 A.4): offset table, fragments, delimiter."""
    offset, items = pixel.offset, 0
    while items <= _MAX_FRAGMENTS:
        stream.seek(offset)
        head = stream.read(8)
        if head[:4] == _DELIMITER or (items and not head):  # some writers leave the delimiter out
            break
        if len(head) < 8:
            raise DataError("truncated", need=offset + 8, have=size)
        if head[:4] != _ITEM:
            raise DataError("bad_fragments")
        length = struct.unpack("<L", head[4:])[0]
        offset += 8 + length
        items += 1
        if offset > size:
            raise DataError("truncated", need=offset, have=size)
    if items - 1 < frames:
        raise DataError("frames_missing", need=frames, have=max(0, items - 1))
