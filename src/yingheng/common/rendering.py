"""Slices as PNG pictures: for pages, thumbnails and reports."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from imagingqc.dicom.model import Instance
from imagingqc.dicom.pixels import decode, decode_rgb, display_8bit, header_window

Window = tuple[float, float]


def slice_png(
    instance: Instance, frame: int = 0, *, window: Window | None = None, max_side: int | None = None
) -> bytes:
    """One frame as PNG: grey through `window` (centre, width; else the header's, else percentiles), colour as it is.

    `max_side` shrinks the longer side to that many pixels.  Raises DataError when the pixels cannot be had.
    """
    grey = instance.text("PhotometricInterpretation") in {"MONOCHROME1", "MONOCHROME2", None}
    if grey:
        pixels = display_8bit(decode(instance, frame), window or header_window(instance, frame))
    else:
        pixels = decode_rgb(instance, frame)
    return _png(np.ascontiguousarray(pixels), max_side, instance.frames[frame].spacing_mm)


def _png(pixels: np.ndarray, max_side: int | None, spacing_mm: tuple[float, float] | None) -> bytes:
    image = Image.fromarray(pixels)
    if max_side is not None:
        # Pixels that are not square are shown in true proportion.
        row_mm, column_mm = spacing_mm or (1.0, 1.0)
        width, height = pixels.shape[1] * column_mm, pixels.shape[0] * row_mm
        scale = max_side / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = image.resize(size, Image.Resampling.BILINEAR)
    out = BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()
