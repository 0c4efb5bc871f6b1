"""Where the elements of a little endian dataset lie, found without decoding any value.

Plain structure alone is walked (PS3.5 7): elements in ascending order that end where they say.  Whatever departs from
it raises OddError, which means "ask the full parser", never "refuse the file".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR
from pydicom.values import convert_string

UNDEFINED = 0xFFFFFFFF
PIXEL_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
CHARACTER_SET = 0x00080005
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())  # 16-bit length
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # two empty bytes, then a 32-bit length
MAX_DEPTH = 16

_FFFE = 0xFFFE0000
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_implicit_head = struct.Struct("<HHL").unpack_from
_explicit_head = struct.Struct("<HH2sH").unpack_from
_long_length = struct.Struct("<L").unpack_from

# VR as written (None in implicit VR), offset of the value, offset behind it; sequences of undefined length end behind
# their delimiter.
Place = tuple[bytes | None, int, int]


class OddError(Exception):
    """The bytes are not plain enough for the short way."""


class MoreError(Exception):
    """The walk needs bytes beyond those read so far."""


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data of a file lies: keyword, VR, offset of its value in bytes, declared length in bytes."""

    keyword: str
    vr: str | None
    offset: int
    length: int  # UNDEFINED when encapsulated


def walk(data: bytes, at: int, size: int, *, implicit: bool) -> tuple[dict[int, Place], PixelElement | None]:
    """Places of the elements from offset `at` on, by tag, up to the pixel data or the end of the file of `size` bytes.

    `data` are the first bytes of the file.  Raises MoreError when they are too few and OddError for everything unusual.
    """
    try:
        return (_walk_implicit if implicit else _walk_explicit)(data, at, size)
    except struct.error as exc:
        raise _short(data, size) from exc


def _short(data: bytes, size: int) -> Exception:
    return MoreError() if len(data) < size else OddError("cut")


def _walk_explicit(data: bytes, at: int, size: int) -> tuple[dict[int, Place], PixelElement | None]:
    places: dict[int, Place] = {}
    last, limit = -1, len(data)
    while at < size:
        group, element, vr, length = _explicit_head(data, at)
        tag, start = group << 16 | element, at + 8
        if not last < tag < _FFFE:
            raise OddError("order")
        if vr in LONG_VRS:
            length = _long_length(data, start)[0]
            start += 4
        elif vr not in SHORT_VRS:
            raise OddError("VR")
        if tag in PIXEL_KEYWORDS:
            return places, PixelElement(PIXEL_KEYWORDS[tag], vr.decode(), start, length)
        at = start + length if length != UNDEFINED else _end_of_undefined(data, start, tag, vr, 0)
        if at > limit:
            raise _short(data, size) if at <= size else OddError("cut")
        places[tag] = (vr, start, at)
        last = tag
    return places, None


def _walk_implicit(data: bytes, at: int, size: int) -> tuple[dict[int, Place], PixelElement | None]:
    places: dict[int, Place] = {}
    last, limit = -1, len(data)
    if data[at + 4 : at + 6].isupper():  # the full parser would take it for explicit VR
        raise OddError("VR")
    while at < size:
        group, element, length = _implicit_head(data, at)
        tag, start = group << 16 | element, at + 8
        if not last < tag < _FFFE:
            raise OddError("order")
        if tag in PIXEL_KEYWORDS:
            return places, PixelElement(PIXEL_KEYWORDS[tag], None, start, length)
        at = start + length if length != UNDEFINED else _end_of_undefined(data, start, tag, None, 0)
        if at > limit:
            raise _short(data, size) if at <= size else OddError("cut")
        places[tag] = (None, start, at)
        last = tag
    return places, None


def walk_meta(data: bytes, at: int) -> tuple[dict[int, Place], int]:
    """Places of the file meta elements (PS3.10 7.1, always explicit VR) and the offset of the dataset behind them."""
    places: dict[int, Place] = {}
    last = -1
    try:
        while True:
            group, element, vr, length = _explicit_head(data, at)
            if group != 0x0002:
                return places, at
            tag, start = group << 16 | element, at + 8
            if vr in LONG_VRS:
                length = _long_length(data, start)[0]
                start += 4
            elif vr not in SHORT_VRS:
                raise OddError("VR")
            at = start + length
            if tag <= last or at > len(data):
                raise OddError("order")
            places[tag] = (vr, start, at)
            last = tag
    except struct.error as exc:
        raise OddError("cut") from exc


def items_of(data: bytes, start: int, stop: int, *, implicit: bool) -> list[tuple[int, int]]:
    """First and last offset of the contents of every item of a sequence value (PS3.5 7.5), delimiters left out."""
    items: list[tuple[int, int]] = []
    at = start
    try:
        while at < stop:
            tag, length = _head(data, at)
            at += 8
            if tag == _END_OF_SEQUENCE and at == stop:
                return items
            if tag != _ITEM:
                raise OddError("item")
            end = _end_of_item(data, at, length, 0, implicit=implicit)
            items.append((at, end if length != UNDEFINED else end - 8))
            at = end
    except struct.error as exc:
        raise OddError("cut") from exc
    if at != stop:
        raise OddError("item")
    return items


def item_places(data: bytes, start: int, stop: int, *, implicit: bool) -> dict[int, Place]:
    """Places of the elements of one item whose contents lie from `start` to `stop`, by tag."""
    places: dict[int, Place] = {}
    at = start
    try:
        while at < stop:
            tag, vr, begin, size = _element(data, at, implicit=implicit)
            if tag >= _FFFE or tag in places:
                raise OddError("item")
            at = begin + size if size != UNDEFINED else _end_of_undefined(data, begin, tag, vr, 0)
            places[tag] = (vr, begin, at)
    except struct.error as exc:
        raise OddError("cut") from exc
    if at != stop:
        raise OddError("item")
    return places


def _head(data: bytes, at: int) -> tuple[int, int]:
    group, element, length = _implicit_head(data, at)
    return group << 16 | element, length


def _end_of_undefined(data: bytes, at: int, tag: int, vr: bytes | None, depth: int) -> int:
    """Offset behind an element of undefined length: a sequence, in the same VR encoding, or nothing plain."""
    if depth > MAX_DEPTH or not (_is_sequence(data, at, tag) if vr is None else vr == b"SQ"):
        raise OddError("undefined length")
    while True:
        mark, length = _head(data, at)
        at += 8
        if mark == _END_OF_SEQUENCE:
            return at
        if mark != _ITEM:
            raise OddError("item")
        at = _end_of_item(data, at, length, depth, implicit=vr is None)


def _is_sequence(data: bytes, at: int, tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return _head(data, at)[0] == _ITEM


def _end_of_item(data: bytes, at: int, length: int, depth: int, *, implicit: bool) -> int:
    """Offset behind an item whose contents begin at `at`; its elements must fill it exactly."""
    stop = at + length
    while length == UNDEFINED or at < stop:
        tag, vr, start, size = _element(data, at, implicit=implicit)
        if tag == _END_OF_ITEM:
            if length != UNDEFINED:
                raise OddError("item")
            return start
        if tag >= _FFFE:
            raise OddError("item")
        at = start + size if size != UNDEFINED else _end_of_undefined(data, start, tag, vr, depth + 1)
        if tag == CHARACTER_SET:
            encodings_of(data[start:at])
    if at != stop:
        raise OddError("item")
    return at


def _element(data: bytes, at: int, *, implicit: bool) -> tuple[int, bytes | None, int, int]:
    """Tag, VR, offset and declared length of the value of one element inside of an item."""
    tag, size = _head(data, at)
    if implicit or (tag == _END_OF_ITEM and size == 0):
        return tag, None, at + 8, size
    vr = data[at + 4 : at + 6]
    if vr in SHORT_VRS:
        return tag, vr, at + 8, size >> 16
    if vr not in LONG_VRS:
        raise OddError("VR")
    return tag, vr, at + 12, _long_length(data, at + 8)[0]


@lru_cache(maxsize=256)
def encodings_of(raw: bytes) -> tuple[str, ...]:
    """Python's names of the character sets in (0008,0005); OddError for what is none."""
    try:
        return tuple(convert_encodings(convert_string(raw, True)))  # noqa: FBT003 - pydicom's signature
    except (LookupError, ValueError, TypeError, AttributeError) as exc:
        raise OddError("character set") from exc
