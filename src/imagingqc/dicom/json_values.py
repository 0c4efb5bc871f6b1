"""One element of the DICOM JSON model from its value (PS3.18 F.2)."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from pydicom.valuerep import PersonName

from imagingqc.dicom.elements import CHARACTER_SET

JsonElement: TypeAlias = dict[str, Any]

MAX_INLINE = 768  # bytes of a binary value that stand in the model itself: 1024 characters of Base64
_INTEGERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_FLOATS = frozenset({"DS", "FL", "FD"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW"})
_PERSON = ("Alphabetic", "Ideographic", "Phonetic")
_FILE_META, _PADDING = 0x0002, 0xFFFCFFFC


def is_left_out(tag: int) -> bool:
    """Whether the model has no place for an element: file meta and below, group lengths, padding."""
    return tag >> 16 <= _FILE_META or not tag & 0xFFFF or tag == _PADDING


@lru_cache(maxsize=8192)
def key_of(tag: int) -> str:
    """The name of an attribute in the model: eight hexadecimal digits."""
    return f"{tag:08X}"


def json_element(tag: int, vr: str, value: Any) -> JsonElement | None:
    """The element for a value that is no sequence; None when it is too long to stand inline."""
    if tag == CHARACTER_SET:
        return {"vr": "CS", "Value": ["ISO_IR 192"]}
    if vr in _BINARY or isinstance(value, bytes):
        return _binary(vr if vr in _BINARY else "UN", value)
    values = _listed(value)
    found: list[Any]
    if vr in _INTEGERS:
        found = [_integer(v) for v in values]
    elif vr in _FLOATS:
        found = [_float(v) for v in values]
    elif vr == "PN":
        found = [_person(v) for v in values]
    elif vr == "AT":
        found = [f"{int(v):08X}" for v in values]
    else:
        found = [str(v) or None for v in values]
    if all(v is None for v in found):
        return {"vr": vr}
    return {"vr": vr, "Value": found}


def _binary(vr: str, value: Any) -> JsonElement | None:
    vr = {"OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}.get(vr, vr)
    if not isinstance(value, bytes) or not value:
        return {"vr": vr}
    if len(value) > MAX_INLINE:
        return None
    return {"vr": vr, "InlineBinary": base64.b64encode(value).decode("ascii")}


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)


def _integer(value: Any) -> int | None:
    return None if value in {None, ""} else int(value)


def _float(value: Any) -> float | None:
    """A number that JSON knows; infinity and NaN have no place in it."""
    if value in {None, ""}:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _person(value: Any) -> dict[str, str] | None:
    """The groups of a person's name that are not empty (F.2.2)."""
    groups = value.components if isinstance(value, PersonName) else str(value).split("=")
    found = {name: str(group) for name, group in zip(_PERSON, groups, strict=False) if group}
    return found or None
