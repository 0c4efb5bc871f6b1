"""Decode one frame of stored values: which decoder for which transfer syntax, and what to check before trusting it.

The order of decoders is fixed here, so that the same file gives the same numbers on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID

from imagingqc.dicom.elements import PixelElement
from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.dicom.jpeg12 import JPEG_EXTENDED, decode_extended
from imagingqc.dicom.sizes import Shape
from imagingqc.dicom.source import Source
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

# Transfer syntax -> decoder plugins of pydicom, tried in this order; () is native data, no decoder needed.
DECODERS: dict[str, tuple[str, ...]] = {
    uid.ImplicitVRLittleEndian: (),
    uid.ExplicitVRLittleEndian: (),
    uid.ExplicitVRBigEndian: (),
    uid.DeflatedExplicitVRLittleEndian: (),
    uid.RLELossless: ("pydicom",),  # pylibjpeg-rle is faster but panics on damaged segments, past every except
    uid.JPEGBaseline8Bit: ("pillow", "gdcm"),
    uid.JPEGExtended12Bit: ("pillow", "gdcm"),  # 8-bit samples; 12-bit ones go to jpeg12
    uid.JPEGLossless: ("gdcm",),
    uid.JPEGLosslessSV1: ("gdcm",),
    uid.JPEGLSLossless: ("pyjpegls",),
    uid.JPEGLSNearLossless: ("pyjpegls",),
    uid.JPEG2000Lossless: ("pylibjpeg",),  # pylibjpeg-openjpeg
    uid.JPEG2000: ("pylibjpeg",),
    uid.HTJ2KLossless: ("pylibjpeg",),
    uid.HTJ2KLosslessRPCL: ("pylibjpeg",),
    uid.HTJ2K: ("pylibjpeg",),
}
# Syntaxes that always lose: JPEG baseline and extended, MPEG-2, MPEG-4, HEVC (PS3.5 annex A.4).
# JPEG 2000, HTJ2K and JPEG-LS near-lossless are not among them: these may hold a lossless stream, the header decides.
LOSSY_SYNTAXES = frozenset(
    [f"1.2.840.10008.1.2.4.{n}" for n in ("50", "51", "100", "101", "102", "103", "104", "105", "106", "107", "108")]
)
_J2K = frozenset({uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K})


@dataclass(frozen=True, slots=True)
class Decoded:
    """Stored values of one frame, (rows, columns) or (rows, columns, samples), and their colour space."""

    values: AnyArray
    photometric: str


def missing_decoders() -> list[str]:
    """Names of the transfer syntaxes that this installation cannot decode: none of their decoders is there."""
    return [
        UID(syntax).name
        for syntax, plugins in DECODERS.items()
        if plugins and not set(plugins) & set(get_decoder(UID(syntax)).available_plugins)
    ]


def decode_frame(source: Source, shape: Shape, frame: int, *, as_rgb: bool = False) -> Decoded:
    """Stored values of one frame (0-based).  The caller keeps the parser quiet.

    Raises DataError `unsupported_syntax`, `no_pixel_data`, `codestream_mismatch`, `decode_failed`.
    """
    syntax, pixel = source.transfer_syntax, source.pixel
    if pixel is None:
        raise DataError("no_pixel_data")
    plugins = DECODERS.get(syntax)
    if plugins is None:
        raise DataError("unsupported_syntax", uid=syntax[:64])
    try:
        options = _options(source, pixel)
        if plugins:
            data = _encoded(source, pixel, shape, frame)
            _check_codestream(data, syntax, shape)
            if syntax == JPEG_EXTENDED and shape.bits_allocated == 16:
                signed = bool(options["pixel_representation"])
                return Decoded(decode_extended(data, shape, signed=signed), shape.photometric)
    except PARSER_ERRORS as exc:
        raise DataError("decode_failed") from exc
    for plugin in plugins or ("",):
        try:
            source.stream.seek(pixel.offset)
            values, about = get_decoder(syntax).as_array(
                source.stream, index=frame, validate=True, raw=not as_rgb, decoding_plugin=plugin, **options
            )
        except PARSER_ERRORS:
            continue
        expected = (shape.rows, shape.columns) if shape.samples == 1 else (shape.rows, shape.columns, shape.samples)
        if values.shape == expected:
            return Decoded(np.asarray(values), str(about.get("photometric_interpretation", shape.photometric)))
    raise DataError("decode_failed")


def _options(source: Source, pixel: PixelElement) -> dict[str, Any]:
    options = dict(as_pixel_options(source.dataset))
    options["transfer_syntax_uid"] = UID(source.transfer_syntax)
    options["pixel_keyword"] = pixel.keyword
    if pixel.vr is not None:
        options["pixel_vr"] = pixel.vr
    return options


def _encoded(source: Source, pixel: PixelElement, shape: Shape, frame: int) -> bytes:
    source.stream.seek(pixel.offset)
    return get_frame(source.stream, frame, number_of_frames=shape.frames)


def _check_codestream(data: bytes, syntax: str, shape: Shape) -> None:
    """The size inside the compressed picture must be that of the header: a decoder trusts the codestream and would
    take memory for whatever it says."""
    if syntax == uid.RLELossless:
        return
    found = _j2k_size(data) if syntax in _J2K else _jpeg_size(data)
    if found is None:
        raise DataError("decode_failed")
    if found != (shape.rows, shape.columns):
        raise DataError("codestream_mismatch")


def _j2k_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns from the SIZ marker (ISO/IEC 15444-1 A.5.1), which comes right after the start."""
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)  # behind a JP2 header, if somebody left one in
    if start < 0 or len(data) < start + 24:
        return None
    width, height, left, top = (int.from_bytes(data[start + 8 + 4 * i : start + 12 + 4 * i], "big") for i in range(4))
    return height - top, width - left


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns from the frame header SOFn (ISO/IEC 10918-1 B.2.2) or SOF55 (ISO/IEC 14495-1 C.2.2)."""
    offset = 2
    while data[:2] == b"\xff\xd8" and offset + 9 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xFF:  # fill byte
            offset += 1
        elif marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}):
            return int.from_bytes(data[offset + 5 : offset + 7], "big"), int.from_bytes(
                data[offset + 7 : offset + 9], "big"
            )
        else:
            offset += 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
    return None
