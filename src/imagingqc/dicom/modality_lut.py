"""Grey pixels that a table turns into real units: the table is applied, and what is left is ordinary 16-bit pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filewriter import correct_ambiguous_vr

from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

# Here the table leads to what the detector saw and is not meant for the screen (PS3.3 C.8.7.1.1.2).
_NOT_FOR_DISPLAY = ("1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2")
_REPLACED = ("ModalityLUTSequence", "SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue",
             "PixelPaddingRangeLimit")  # fmt: skip
_MOST = 65536


def has_table(dataset: Dataset) -> bool:
    """Whether a table is to be applied before such an image is shown or measured by hand."""
    if str(dataset.get("SOPClassUID", "")).startswith(_NOT_FOR_DISPLAY):
        return False
    grey = str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    return grey and bool(dataset.get("ModalityLUTSequence"))


def through_table(header: Dataset, stored: AnyArray, *, little: bool) -> tuple[Dataset, NDArray[np.uint16]]:
    """The header of an image without its table and the pixels (rows, columns) in the unit of the table.

    Values outside of the table take its first or its last entry.  `little` is how the header was encoded; the new one
    can be written explicit little endian.  Raises DataError `decode_failed` for a table that is none.
    Source: PS3.3 C.11.1 (Modality LUT).
    """
    try:
        item = header.ModalityLUTSequence[0]
        signed = int(header.get("PixelRepresentation", 0)) == 1
        first, table = _table(item, signed=signed, little=little)
        unit = str(item.get("ModalityLUTType", "") or "US")
        made = Dataset()
        for element in correct_ambiguous_vr(header, is_little_endian=little):
            if element.keyword not in _REPLACED:
                made[element.tag] = element
    except PARSER_ERRORS as exc:
        raise DataError("decode_failed") from exc
    values = table[np.clip(stored.astype(np.int64) - first, 0, table.size - 1)]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, 0, unit
    return made, values


def _table(item: Dataset, *, signed: bool, little: bool) -> tuple[int, NDArray[np.uint16]]:
    """First stored value that the table knows, and its entries."""
    entries, first, _bits = (int(word) for word in _words(item["LUTDescriptor"].value, little=little)[:3])
    entries = entries or _MOST
    if signed and first > 0x7FFF:
        first -= _MOST
    value = item["LUTData"].value
    if isinstance(value, bytes) and entries <= len(value) < 2 * entries:
        return first, np.frombuffer(value, np.uint8)[:entries].astype(np.uint16)
    table = _words(value, little=little)[:entries]
    if table.size < entries:
        raise DataError("decode_failed")
    return first, table


def _words(value: Any, *, little: bool) -> NDArray[np.uint16]:
    """Values of 16 bits, from bytes or numbers; negative ones as they are written in 16 bits."""
    if isinstance(value, bytes):
        return np.frombuffer(value, "<u2" if little else ">u2").astype(np.uint16)
    return (np.atleast_1d(np.asarray(value, dtype=np.int64)) & 0xFFFF).astype(np.uint16)
