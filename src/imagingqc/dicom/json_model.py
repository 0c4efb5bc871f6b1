"""A stored object as the DICOM JSON model has it (PS3.18 annex F): its header, bulk data by address.

Two roads with one result: `json_fast` walks plain files, pydicom reads the others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from imagingqc.dicom.elements import PixelElement
from imagingqc.dicom.fast import NOT_PLAIN, fast_source
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.json_fast import json_of_header
from imagingqc.dicom.json_values import MAX_INLINE, JsonElement, is_left_out, json_element, key_of
from imagingqc.dicom.source import open_source
from imagingqc.errors import DataError

BulkAddress = Callable[[str], str]


def instance_json(path: str | Path, bulk_uri: BulkAddress) -> dict[str, JsonElement]:
    """Header of the DICOM file at `path` by "GGGGEEEE": {"vr": ..., "Value" | "InlineBinary" | "BulkDataURI": ...}.

    `bulk_uri` gets the place of each pixel data element and of each binary value beyond MAX_INLINE bytes - its key,
    below sequences "SEQUENCE/ITEM/KEY" with items from 1 - and returns the address to write down.  File meta, group
    lengths and padding are left out; text is Unicode, so (0008,0005) says ISO_IR 192.  What cannot be read stays as
    bytes of VR UN.  The inner lists may be shared between objects: copy before changing them.
    Raises DataError as `source.open_source`.
    """
    try:
        with quiet(), fast_source(str(path)) as source:
            found = json_of_header(source.dataset, bulk_uri)
            return found if source.pixel is None else found | pixel_entry(source.pixel, bulk_uri)
    except NOT_PLAIN:
        return json_in_full(path, bulk_uri)


def json_in_full(path: str | Path, bulk_uri: BulkAddress) -> dict[str, JsonElement]:
    """As `instance_json` by the full parser alone: what it gives for every file, only slower."""
    with open_source(str(path)) as source:
        try:
            with quiet():
                found = _dataset(source.dataset, "", bulk_uri)
                if source.pixel is not None:
                    found |= pixel_entry(source.pixel, bulk_uri)
                return found
        except PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


def pixel_entry(pixel: PixelElement, bulk_uri: BulkAddress) -> dict[str, JsonElement]:
    """The pixel data element, always by address."""
    key = {"FloatPixelData": "7FE00008", "DoubleFloatPixelData": "7FE00009", "PixelData": "7FE00010"}[pixel.keyword]
    implied = {"7FE00008": "OF", "7FE00009": "OD", "7FE00010": "OW"}[key]
    return {key: {"vr": pixel.vr or implied, "BulkDataURI": bulk_uri(key)}}


def _dataset(dataset: Dataset, above: str, bulk_uri: BulkAddress) -> dict[str, JsonElement]:
    return {
        key_of(tag): _element(dataset, tag, above + key_of(tag), bulk_uri)
        for tag in sorted(int(t) for t in dataset.keys())  # noqa: SIM118 - a Dataset iterates over elements
        if not is_left_out(tag)
    }


def _element(dataset: Dataset, tag: int, place: str, bulk_uri: BulkAddress) -> JsonElement:
    raw = dataset.get_item(tag)
    try:
        element = dataset[tag]
        if element.VR == "SQ":
            items = [_dataset(item, f"{place}/{n}/", bulk_uri) for n, item in enumerate(element.value, 1)]
            return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
        vr, value = str(element.VR), element.value
        found = json_element(tag, vr, value)
    except PARSER_ERRORS:
        vr, value = "UN", raw.value if isinstance(raw, RawDataElement) else b""
        found = json_element(tag, vr, value)
    if found is None:
        return {"vr": vr, "BulkDataURI": bulk_uri(place)}
    return found


__all__ = ["MAX_INLINE", "BulkAddress", "JsonElement", "instance_json"]
