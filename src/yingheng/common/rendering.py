"""Slices as PNG pictures: for pages, thumbnails and reports."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from imagingqc.dicom.deidentify_rules import Box
from imagingqc.dicom.model import Instance
from imagingqc.dicom.pixels import decode, decode_rgb, display_8bit, header_window

Window = tuple[float, float]


def slice_png(
    instance: Instance,
    frame: int = 0,
    *,
    window: Window | None = None,
    max_side: int | None = None,
    covers: Sequence[Box] = (),
) -> bytes:
    """One frame as PNG: grey through `window` (centre, width; else the header's, else percentiles), colour as it is.

    `max_side` shrinks the longer side to that many pixels; `covers` are rectangles painted black.  Raises DataError
    when the pixels cannot be had.
    """
    grey = instance.text("PhotometricInterpretation") in {"MONOCHROME1", "MONOCHROME2", None}
    if grey:
        pixels = display_8bit(decode(instance, frame), window or header_window(instance, frame))
    else:
        pixels = decode_rgb(instance, frame)
    pixels = np.ascontiguousarray(pixels)
    for box in covers:
        pixels[max(0, box.y) : max(0, box.y + box.height), max(0, box.x) : max(0, box.x + box.width)] = 0
    return _png(pixels, max_side, instance.frames[frame].spacing_mm)


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
