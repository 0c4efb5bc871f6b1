"""Single attributes in the DICOM JSON model, from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

_NUMBERS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def tag_of(name: str) -> str:
    """The tag (eight hex digits, upper case) of a keyword or of a tag written so; "" when it is neither."""
    if len(name) == 8:
        try:
            return f"{int(name, 16):08X}"
        except ValueError:
            pass
    tag = tag_for_keyword(name) if name else None  # the dictionary has attributes without a keyword
    return "" if tag is None else f"{tag:08X}"


def keyword_of(name: str) -> str:
    """The keyword of a keyword or tag; "" when the dictionary has none."""
    tag = tag_of(name)
    return keyword_for_tag(int(tag, 16)) if tag else ""


def attribute_json(keyword: str, value: Any) -> tuple[str, dict[str, Any]]:
    """Tag and DICOM JSON of an attribute; None, "" and () give one without a value.  KeyError for an unknown keyword.

    Source: PS3.18 F.2.2 to F.2.5.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    vr = dictionary_VR(tag).split(" ")[0]
    values = value if isinstance(value, list | tuple) else [value]
    filled = [_value(vr, one) for one in values if one is not None and one != ""]
    return f"{tag:08X}", {"vr": vr, **({"Value": filled} if filled else {})}


def _value(vr: str, value: Any) -> Any:
    if vr == "PN":
        return {name: part for name, part in zip(_GROUPS, str(value).split("="), strict=False) if part}
    if vr in _NUMBERS and not isinstance(value, str):
        return int(value) if float(value).is_integer() and vr != "DS" else value
    return value if isinstance(value, dict) else str(value)


def attributes_json(values: Sequence[tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    """Attributes by keyword as one data set, tags ascending."""
    return dict(sorted((attribute_json(keyword, value) for keyword, value in values), key=lambda pair: pair[0]))
