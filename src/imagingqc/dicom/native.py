"""Grey pixels that lie plainly in a file, read from there without a pydicom object for each element of its header.

Only the plainest files are read this way: little endian, not compressed, one sample of 8 or 16 bits.  All others, and
all in which anything is odd, are left to `codecs`, which also says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imagingqc.dicom.elements import UNDEFINED
from imagingqc.dicom.fast import NOT_PLAIN, FastSource, Header, fast_source
from imagingqc.dicom.faults import quiet
from imagingqc.dicom.header import declared_shape, object_uid
from imagingqc.dicom.model import Fact
from imagingqc.dicom.sizes import Shape, check_complete, check_limits
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

SYNTAXES = frozenset({str(ImplicitVRLittleEndian), str(ExplicitVRLittleEndian)})
_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS = 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011
_ALLOCATED, _STORED, _SIGNED = 0x00280100, 0x00280101, 0x00280103
_TYPES: dict[tuple[int | None, int | None], type[np.integer]] = {
    (8, 0): np.uint8,
    (8, 1): np.int8,
    (16, 0): np.uint16,
    (16, 1): np.int16,
}
_LEFT: tuple[type[BaseException], ...] = (DataError, *NOT_PLAIN)
_GREY = frozenset({b"MONOCHROME1", b"MONOCHROME2"})


def native_frame(path: str, sop_uid: str, facts: Mapping[str, Fact], frame: int) -> AnyArray | None:
    """Stored values (rows, columns) of one frame (0-based) of the object `sop_uid`: those of `codecs.decode_frame`.

    `facts` are what the header said when it was read.  None when the file is not plain, is another one or incomplete:
    then the full parser has to tell.  Source: PS3.5 8.1.1 (unused bits count for nothing), 8.2.1, A.1, A.2.
    """
    try:
        with quiet(), fast_source(path) as source:
            return _values(source, sop_uid, declared_shape(facts, "PixelData"), frame)
    except _LEFT:
        return None


def _values(source: FastSource, sop_uid: str, shape: Shape, frame: int) -> AnyArray | None:
    header, pixel = source.dataset, source.pixel
    kind = _TYPES.get((_short(header, _ALLOCATED), _short(header, _SIGNED)))
    stored = _short(header, _STORED) or 0
    if pixel is None or pixel.keyword != "PixelData" or pixel.vr not in {None, "OB", "OW"} or kind is None:
        return None
    if source.transfer_syntax not in SYNTAXES or pixel.length == UNDEFINED or _said(header) != _known(shape):
        return None
    if object_uid(source) != sop_uid or not 1 <= stored <= shape.bits_allocated:
        return None
    check_limits(shape, source.size)
    check_complete(source.stream, source.size, pixel, shape)
    values: NDArray[np.integer] = np.empty((shape.rows, shape.columns), dtype=np.dtype(kind).newbyteorder("<"))
    source.stream.seek(pixel.offset + frame * values.nbytes)
    if source.stream.readinto(values.data.cast("B")) != values.nbytes:  # type: ignore[attr-defined]
        return None
    unused = shape.bits_allocated - stored
    if unused:
        np.left_shift(values, unused, out=values)
        np.right_shift(values, unused, out=values)
    return values


def _said(header: Header) -> tuple[int | None, ...]:
    """What the file says now of samples, frames, rows, columns and bits; None for what is not plain."""
    photometric, frames = (header.raw(tag) or b"" for tag in (_PHOTOMETRIC, _FRAMES))
    grey = 1 if photometric.strip(b" \x00") in _GREY else None
    many = int(frames) if frames.strip().isdigit() else (None if frames.strip() else 1)
    return (grey, _short(header, _SAMPLES), many, _short(header, _ROWS), _short(header, _COLUMNS),
            _short(header, _ALLOCATED))  # fmt: skip


def _known(shape: Shape) -> tuple[int, ...]:
    return (
        (1, shape.samples, shape.frames, shape.rows, shape.columns, shape.bits_allocated) if shape.samples == 1 else ()
    )


def _short(header: Header, tag: int) -> int | None:
    """An unsigned short; None when there is none or more than one."""
    raw = header.raw(tag)
    return int.from_bytes(raw, "little") if raw is not None and len(raw) == 2 else None
