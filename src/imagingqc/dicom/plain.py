"""Values of plain elements from their bytes, equal to what pydicom makes of them; anything unusual is left to it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag
from pydicom.values import convert_value

from imagingqc.dicom.elements import OddError, encodings_of

# Character sets whose ASCII bytes mean ASCII whatever follows; others switch by escapes or differ in single places.
ASCII_SETS = frozenset({None, b"", b"ISO_IR 6", b"ISO_IR 6 ", b"ISO_IR 100", b"ISO_IR 192", b"GB18030 ", b"GBK "})

_DECIMAL = re.compile(r" *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})? *").fullmatch
_INTEGER = re.compile(r" *[+-]?[0-9]{1,12} *").fullmatch
_ESCAPE = 0x1B
_TEXTS = frozenset({b"PN", b"LO", b"SH", b"LT", b"ST", b"UT", b"UC"})
_NO_TAG = BaseTag(0)
_FORMATS = {b"US": "H", b"SS": "h", b"UL": "L", b"SL": "l", b"FL": "f", b"FD": "d", b"SV": "q", b"UV": "Q"}


def plain_value(vr: bytes, raw: bytes, charset: bytes | None) -> Any:
    """The value of an element that is not empty: text, number, or a list of them; OddError when it is not plain."""
    if (reader := _READERS.get(vr)) is not None:
        return reader(raw)
    if vr in _FORMATS:
        return _binary(raw, _FORMATS[vr])
    if vr in {b"LO", b"SH", b"LT", b"ST", b"UT"}:
        return _text(vr, raw, charset)
    raise OddError("VR")


def text_value(vr: bytes, raw: bytes, charset: bytes | None) -> Any:
    """The value of a text or name of any character set, by pydicom's converter; OddError for other VRs."""
    if vr not in _TEXTS:
        raise OddError("VR")
    element = RawDataElement(_NO_TAG, vr.decode(), len(raw), raw, 0, is_implicit_VR=False, is_little_endian=True)
    return convert_value(vr.decode(), element, list(encodings_of(charset or b"")))


def _one(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items


def _string(raw: bytes) -> Any:
    return _one(raw.decode("latin-1").rstrip(" \x00").split("\\"))


def _title(raw: bytes) -> Any:
    return _one([part.strip() for part in raw.decode("latin-1").split("\\")])


def _decimals(raw: bytes) -> Any:
    parts = raw.decode("latin-1").strip().rstrip(" \x00").split("\\")
    return _one([_number(part, _DECIMAL, float) for part in parts])


def _integers(raw: bytes) -> Any:
    parts = raw.decode("latin-1").rstrip(" \x00").split("\\")
    return _one([_number(part, _INTEGER, int) for part in parts])


def _number(part: str, form: Callable[[str], object], make: Callable[[str], float]) -> float | str:
    if part == "":
        return ""
    if not form(part):
        raise OddError("number")
    return make(part)


def _binary(raw: bytes, code: str) -> Any:
    count, rest = divmod(len(raw), struct.calcsize(f"<{code}"))
    if rest:
        raise OddError("length")
    return _one(list(struct.unpack(f"<{count}{code}", raw)))


def _text(vr: bytes, raw: bytes, charset: bytes | None) -> Any:
    if not raw.isascii() or _ESCAPE in raw or charset not in ASCII_SETS:
        raise OddError("character set")
    text = raw.decode("ascii")
    if vr in {b"LO", b"SH"}:
        return _one([part.rstrip("\0 ") for part in text.split("\\")])
    return text.rstrip("\0 ")


_READERS: dict[bytes, Callable[[bytes], Any]] = {
    **dict.fromkeys((b"AS", b"CS", b"DA", b"TM", b"DT", b"UI"), _string),
    b"AE": _title,
    b"DS": _decimals,
    b"IS": _integers,
}
