"""JPEG Extended with 12-bit samples: the one syntax that pydicom leaves to nobody, decoded with GDCM directly."""

from __future__ import annotations

from typing import Any

import gdcm as _gdcm
import numpy as np

from imagingqc.dicom.sizes import Shape
from imagingqc.errors import DataError
from imagingqc.image import AnyArray

gdcm: Any = _gdcm  # the binding has no types
_ROOM_BITS, _HIGHEST = 14, 4095
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"


def decode_extended(data: bytes, shape: Shape, *, signed: bool) -> AnyArray:
    """Stored values (rows, columns), 0 to 4095, of one grey frame coded by JPEG process 2 or 4 (ISO/IEC 10918-1).

    Raises DataError `decode_failed`, also for signed pixels: what a lossy sample below zero means is not defined.
    """
    if shape.samples != 1 or shape.bits_allocated != 16 or signed:
        raise DataError("decode_failed")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((shape.columns, shape.rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(JPEG_EXTENDED)))
    # GDCM does not clamp what the inverse transform gives beyond the range but cuts it to the declared bits, so that
    # -1 would become 4095.  Declared as signed with room to spare, the value survives and is clamped here.
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, _ROOM_BITS, _ROOM_BITS - 1, 1))
    raw = image.GetBuffer().encode("utf-8", "surrogateescape")  # the binding gives bytes as text
    if len(raw) != shape.frame_bytes:
        raise DataError("decode_failed")
    values = np.frombuffer(raw, dtype="<i2").reshape(shape.rows, shape.columns)
    return np.asarray(np.clip(values, 0, _HIGHEST), dtype=np.uint16)
