"""Do two files with one SOP Instance UID hold the same object?

Senders write their own file meta (AE title, implementation) around one data set, and archives write it again with
other lengths of sequences, in another uncompressed transfer syntax or with padding at its end: all of this is the same
object.  Any other value, element or compression is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from pydicom import dcmread
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imagingqc.dicom.elements import PIXEL_KEYWORDS, OddError, walk_meta
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.errors import Reason

MAX_BYTES = 1024**3  # larger objects of other bytes are not taken apart: they count as different
_UNCOMPRESSED = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)
_META_BYTES, _BLOCK = 64 * 1024, 1024**2
_PREAMBLE = 132
_PADDING = frozenset({0x00000000, 0xFFFCFFFC})  # zeros behind the data set, Data Set Trailing Padding (PS3.10 7.2)
_WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


def same_object(a: str | Path, b: str | Path) -> bool:
    """Whether two files hold the same object; False also when one cannot be read."""
    return difference(a, b) is None


def difference(a: str | Path, b: str | Path) -> Reason | None:
    """The first difference of two objects, None when they are the same.

    Codes: `object_other_syntax` (the compression differs), `object_element_missing` and `object_other_value` (with the
    path of keywords in `tag`), `object_other_pixels`, `object_not_comparable`.  No value of either object is in it.
    """
    try:
        if _same_bytes(Path(a), Path(b)):
            return None
        with quiet():
            return _compared(Path(a), Path(b))
    except PARSER_ERRORS:
        return Reason("object_not_comparable")


def _same_bytes(a: Path, b: Path) -> bool:
    """Whether transfer syntax and data set agree byte for byte; False when that cannot be told quickly."""
    try:
        with a.open("rb") as first, b.open("rb") as second:
            return _syntax(first) == _syntax(second) and _same_rest(first, second)
    except OddError:
        return False


def _syntax(stream: BinaryIO) -> bytes:
    """Transfer syntax of a file as its bytes; leaves the stream where the data set begins."""
    head = stream.read(_META_BYTES)
    if head[_PREAMBLE - 4 : _PREAMBLE] != b"DICM":
        raise OddError("preamble")
    places, end = walk_meta(head, _PREAMBLE)
    if 0x00020010 not in places:
        raise OddError("transfer syntax")
    stream.seek(end)
    _, start, stop = places[0x00020010]
    return head[start:stop].rstrip(b"\x00 ")


def _same_rest(first: BinaryIO, second: BinaryIO) -> bool:
    while True:
        block = first.read(_BLOCK)
        if block != second.read(_BLOCK):
            return False
        if not block:
            return True


def _compared(a: Path, b: Path) -> Reason | None:
    if max(a.stat().st_size, b.stat().st_size) > MAX_BYTES:
        return Reason("object_not_comparable")
    first, second = dcmread(a, force=True), dcmread(b, force=True)
    syntaxes = {str(ds.file_meta.get("TransferSyntaxUID", "")) for ds in (first, second)}
    if len(syntaxes) > 1 and not syntaxes <= _UNCOMPRESSED:
        return Reason("object_other_syntax")
    found = _first_difference(first, second, ())
    if found is None:
        return None
    tag = "/".join(found[1])
    if found[1][-1] in PIXEL_KEYWORDS.values():
        return Reason("object_other_pixels", {"tag": tag})
    return Reason(found[0], {"tag": tag})


def _first_difference(a: Dataset, b: Dataset, above: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """Code and path of the first difference of two data sets, by ascending tag."""
    mine, other = _tags(a), _tags(b)
    for tag in sorted(mine | other):
        path = (*above, _name(tag))
        if tag not in mine or tag not in other:
            return "object_element_missing", path
        if _same_raw(a.get_item(tag), b.get_item(tag)):
            continue
        one, two = a[tag], b[tag]
        if one.VR == "SQ" and two.VR == "SQ":
            found = _of_items(one.value, two.value, path)
            if found is not None:
                return found
        elif not _same_value(one, two, a, b):
            return "object_other_value", path
    return None


def _of_items(a: Sequence[Dataset], b: Sequence[Dataset], path: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    if len(a) != len(b):
        return "object_other_value", path
    return next((d for x, y in zip(a, b, strict=True) if (d := _first_difference(x, y, path)) is not None), None)


def _tags(dataset: Dataset) -> set[BaseTag]:
    """The tags that say something: no group lengths, no padding."""
    return {tag for tag in dataset.keys() if tag & 0xFFFF and int(tag) not in _PADDING}  # noqa: SIM118


def _name(tag: BaseTag) -> str:
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _same_raw(a: Any, b: Any) -> bool:
    """Whether two elements have the same bytes, so that their values need not be made."""
    if not isinstance(a, RawDataElement) or not isinstance(b, RawDataElement):
        return False
    if a.is_little_endian != b.is_little_endian or a.value != b.value:
        return False
    return a.VR == b.VR or (a.is_implicit_VR != b.is_implicit_VR and "SQ" not in {a.VR, b.VR})


def _same_value(a: DataElement, b: DataElement, of_a: Dataset, of_b: Dataset) -> bool:
    one, two = a.value, b.value
    if not isinstance(one, bytes) or not isinstance(two, bytes):
        empty: tuple[Any, ...] = (None, "", b"", [])
        return bool(one == two) or (one in empty and two in empty)
    if _is_little(of_a) != _is_little(of_b):
        if a.keyword in PIXEL_KEYWORDS.values():
            return bool(np.array_equal(of_a.pixel_array, of_b.pixel_array))
        one, two = _little(one, a.VR, of_a), _little(two, b.VR, of_b)
    return one == two or (one.rstrip(b"\x00") == two.rstrip(b"\x00") and abs(len(one) - len(two)) == 1)


def _is_little(dataset: Dataset) -> bool:
    return dataset.original_encoding[1] is not False


def _little(value: bytes, vr: str, dataset: Dataset) -> bytes:
    """Words of a value in little endian order."""
    size = _WORD_BYTES.get(vr, 1)
    if _is_little(dataset) or size == 1 or len(value) % size:
        return value
    return np.frombuffer(value, f">u{size}").astype(f"<u{size}").tobytes()
