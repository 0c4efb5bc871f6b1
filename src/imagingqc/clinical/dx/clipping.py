"""Share of pixels at the ends of the stored range, outside of direct-exposure air and shutters, per image."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Slice
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import Image2D
from imagingqc.quantity import Measurement

NAME, VERSION = "dx.clipping", "1"
QUANTITIES = ("dx.clipping.low", "dx.clipping.high")
SMALLEST_FIELD = 0.05  # of the image; with less left there is no field to speak of

BoolArray = NDArray[np.bool_]


def clipped_share(image: Image2D) -> tuple[float, float]:
    """(low, high): share of the field in % that is stored at the lowest / highest storable value.  Lower is better.

    Saturated areas that reach the edge of the image or of its padding are direct exposure, shutter or mask and are
    no part of the field; saturated areas inside of it are.  The range is 0 ... 2^bits - 1, or the two's-complement
    range when a stored value is negative.
    Raises AnalysisError `no_field` when less than 5 % of the image is left.
    """
    stored = image.stored
    padding: BoolArray = np.zeros(stored.shape, bool) if image.padding is None else image.padding
    signed = bool((stored < 0).any())
    low_value = -(2 ** (image.bits_stored - 1)) if signed else 0
    high_value = low_value + 2**image.bits_stored - 1
    low, high = (stored <= low_value) & ~padding, (stored >= high_value) & ~padding
    low_outside, high_outside = _reaching_edge(low, padding), _reaching_edge(high, padding)
    field = ~(padding | low_outside | high_outside)
    size = int(field.sum())
    if size < SMALLEST_FIELD * stored.size:
        raise AnalysisError("no_field", share=f"{100 * size / stored.size:.1f}")
    return 100 * int((low & field).sum()) / size, 100 * int((high & field).sum()) / size


def _reaching_edge(mask: BoolArray, padding: BoolArray) -> BoolArray:
    """The connected parts of `mask` (4-neighbours) that touch the image edge or padding."""
    if not mask.any():
        return mask
    labels, _ = scipy.ndimage.label(mask)
    edge = scipy.ndimage.binary_dilation(padding) if padding.any() else padding.copy()
    edge[[0, -1], :] = True
    edge[:, [0, -1]] = True
    touching = np.unique(labels[edge & mask])
    wanted = np.zeros(int(labels.max()) + 1, bool)
    wanted[touching[touching > 0]] = True
    return np.asarray(wanted[labels], dtype=bool)


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    pieces = [piece for stack in images(stacks) for piece in stack.slices]
    return [m for piece in pieces for m in _measure(piece, reader)]


def _measure(piece: Slice, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), [piece])
    try:
        low, high = clipped_share(reader.image(piece))
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in QUANTITIES]
    return [record.value("dx.clipping.low", low), record.value("dx.clipping.high", high)]


METHOD = SeriesMethod(NAME, VERSION, frozenset({"DX", "CR"}), needs_pixels=True, quantities=QUANTITIES, run=_run)
