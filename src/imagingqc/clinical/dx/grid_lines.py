"""Lines of the anti-scatter grid in a radiograph, per image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Slice
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import Image2D
from imagingqc.imaging.lines import Lines, regular_lines
from imagingqc.quantity import Evidence, Measurement

NAME, VERSION = "dx.grid_lines", "1"
QUANTITY = "dx.grid_lines.ratio"
INNER = 0.1  # of the field's sides left out on each side: borders of collimators are lines too
VARIED = 0.5  # share of a row or column that differs from the darkest and brightest stored value


def grid_lines(image: Image2D) -> Lines:
    """The strongest regular lines in the inner part of the exposed field.

    Raises AnalysisError `missing_tag` without a pixel spacing and `lines_unresolved` when the field is smaller than
    256 pixels or the pixels are too large to show lines above 0.5/mm.
    """
    if image.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="ImagerPixelSpacing")
    top, bottom, left, right = _field(image)
    found = regular_lines(image.pixels[top:bottom, left:right], image.spacing_mm)
    if found is None:
        raise AnalysisError("lines_unresolved")
    return found


def _field(image: Image2D) -> tuple[int, int, int, int]:
    """Rows and columns (top, bottom, left, right) of the inner part of what was exposed."""
    stored = image.stored
    live = (stored > stored.min()) & (stored < stored.max())
    if image.padding is not None:
        live &= ~image.padding
    (top, bottom), (left, right) = _inner(live.mean(axis=1)), _inner(live.mean(axis=0))
    return top, bottom, left, right


def _inner(share: NDArray[np.float64]) -> tuple[int, int]:
    lively = np.nonzero((share > 0) & (share >= VARIED * share.max(initial=0.0)))[0]
    if lively.size == 0:
        return 0, 0
    first, last = int(lively[0]), int(lively[-1]) + 1
    margin = round(INNER * (last - first))
    return first + margin, last - margin


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [_measure(piece, reader) for stack in images(stacks) for piece in stack.slices]


def _measure(piece: Slice, reader: PixelReader) -> Measurement:
    record = recorder((NAME, VERSION), [piece])
    try:
        image = reader.image(piece)
        found = grid_lines(image)
    except (AnalysisError, DataError) as error:
        return record.refuse_for(QUANTITY, error.reason)
    return record.value(QUANTITY, found.ratio, evidence=_evidence(piece, image, found))


def _evidence(piece: Slice, image: Image2D, found: Lines) -> Evidence:
    """The field that was searched, with the frequency and the direction of the lines beside it."""
    top, bottom, left, right = _field(image)
    shape = {
        "kind": "rect", "x": left, "y": top, "width": right - left, "height": bottom - top,
        "frequency_per_mm": round(found.frequency_per_mm, 4), "lines": "vertical" if found.vertical else "horizontal",
    }  # fmt: skip
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"DX", "CR"}), needs_pixels=True, quantities=(QUANTITY,), run=_run)
