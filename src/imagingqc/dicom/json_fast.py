"""The DICOM JSON model of a plain little endian file from its bytes; OddError for what only pydicom knows to read."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from imagingqc.dicom.elements import CHARACTER_SET, OddError, Place, item_places, items_of
from imagingqc.dicom.fast import Header, recall, remember
from imagingqc.dicom.json_values import JsonElement, is_left_out, json_element, key_of
from imagingqc.dicom.plain import plain_value, text_value

_PIXEL_REPRESENTATION = 0x00280103
_SIGNS = {b"\x00\x00": b"US", b"\x01\x00": b"SS"}
_BINARY = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"UN"})
_EITHER = {"US or SS": b"", "OB or OW": b"OW", "US or SS or OW": b"OW"}  # what implicit VR does not tell
_LUT_DESCRIPTORS = frozenset({0x00281101, 0x00281102, 0x00281103, 0x00283002})  # unsigned whatever their VR says
_LONG_UN = 0xFFFF  # bytes from which on a value written as UN stays so
_vrs: dict[int, bytes] = {}


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the elements of one data set or item need to know of it."""

    data: bytes
    places: Mapping[int, Place]
    implicit: bool
    charset: bytes | None
    above: str  # path of the item
    bulk_uri: Callable[[str], str]

    def raw(self, tag: int) -> bytes | None:
        place = self.places.get(tag)
        return None if place is None else self.data[place[1] : place[2]]


def json_of_header(header: Header, bulk_uri: Callable[[str], str]) -> dict[str, JsonElement]:
    """All elements of the header by their keys."""
    data, places, implicit = header.plain()
    scope = _Scope(data, places, implicit, header.raw(CHARACTER_SET), "", bulk_uri)
    return _dataset(scope)


def _dataset(scope: _Scope) -> dict[str, JsonElement]:
    found: dict[str, JsonElement] = {}
    data, charset = scope.data, scope.charset
    for tag in sorted(scope.places) if scope.above else scope.places:
        if is_left_out(tag):
            continue
        written, start, stop = scope.places[tag]
        vr = written if written is not None and written != b"UN" else _vr_of(scope, tag, written, stop - start)
        if vr == b"SQ":
            found[key_of(tag)] = _sequence(scope, tag, written)
        elif vr in _BINARY:
            found[key_of(tag)] = _binary(scope, tag, vr)
        else:
            key = ("json", tag, vr, charset, data[start:stop])
            element = recall(key)
            if element is None:
                element = _element(tag, vr, key[4], charset)
                remember(key, stop - start, element)
            found[key_of(tag)] = element
    return found


def _vr_of(scope: _Scope, tag: int, written: bytes | None, length: int) -> bytes:
    """The VR of an element that does not tell it."""
    if tag >> 16 & 1:
        return _private_vr(scope, tag)
    if written is not None and length >= _LONG_UN:
        return b"UN"
    vr = _dictionary_vr(tag)
    if vr == b"SQ" and written is not None:
        raise OddError("VR")
    if vr:
        return vr
    sign = None if scope.above else _SIGNS.get(scope.raw(_PIXEL_REPRESENTATION) or b"")
    if sign is None:
        raise OddError("VR")
    return sign


def _dictionary_vr(tag: int) -> bytes:
    """VR by the dictionary, UN for unknown attributes, empty where another element decides."""
    vr = _vrs.get(tag)
    if vr is None:
        try:
            name = dictionary_VR(tag)
        except KeyError:
            name = "UN"
        if name == "US or OW":
            raise OddError("VR")
        vr = _vrs[tag] = _EITHER.get(name, name.encode())
    return vr


def _private_vr(scope: _Scope, tag: int) -> bytes:
    number = tag & 0xFFFF
    if 0x10 <= number <= 0xFF:
        return b"LO"
    creator = scope.raw(tag >> 16 << 16 | number >> 8)
    if number < 0x1000 or not creator:
        return b"UN"
    name = plain_value(b"LO", creator, scope.charset)
    try:
        vr = private_dictionary_VR(tag, name).encode() if isinstance(name, str) else b""
    except KeyError:
        return b"UN"
    if len(vr) != 2 or vr == b"SQ":
        raise OddError("VR")
    return vr


def _sequence(scope: _Scope, tag: int, written: bytes | None) -> JsonElement:
    _, start, stop = scope.places[tag]
    above = f"{scope.above}{key_of(tag)}/"
    items = []
    for number, (begin, end) in enumerate(items_of(scope.data, start, stop, implicit=written is None), 1):
        places = item_places(scope.data, begin, end, implicit=written is None)
        inner = replace(scope, places=places, above=f"{above}{number}/")
        if CHARACTER_SET in places:
            inner = replace(inner, charset=inner.raw(CHARACTER_SET))
        items.append(_dataset(inner))
    return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}


def _binary(scope: _Scope, tag: int, vr: bytes) -> JsonElement:
    raw = scope.raw(tag)
    element = json_element(tag, vr.decode(), raw)
    return {"vr": vr.decode(), "BulkDataURI": scope.bulk_uri(scope.above + key_of(tag))} if element is None else element


def _element(tag: int, vr: bytes, raw: bytes, charset: bytes | None) -> JsonElement:
    if not raw and tag != CHARACTER_SET:
        return {"vr": vr.decode()}
    if tag in _LUT_DESCRIPTORS and vr != b"US":
        raise OddError("VR")
    if vr == b"AT":
        return {"vr": "AT", "Value": _tags(raw)}
    try:
        value = raw.decode("latin-1").rstrip() if vr == b"UR" else plain_value(vr, raw, charset)
    except OddError:
        value = text_value(vr, raw, charset)
    element = json_element(tag, vr.decode(), value)
    if element is None:
        raise OddError("VR")
    return element


def _tags(raw: bytes) -> list[str]:
    if len(raw) % 4:
        raise OddError("length")
    pairs = struct.iter_unpack("<HH", raw)
    return [f"{group << 16 | number:08X}" for group, number in pairs]
