"""Global noise level of a CT stack."""

from __future__ import annotations

from statistics import median

from imagingqc.clinical.ct.body import outlined
from imagingqc.clinical.ct.sweep import require_body, slice_stacks, sweep
from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.quantity import Measurement

NAME, VERSION = "ct.noise", "1"
QUANTITY = "ct.noise.global"


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [_measure(stack, reader) for stack in slice_stacks(stacks)]


def _measure(stack: Stack, reader: PixelReader) -> Measurement:
    """Median over the slices that show enough soft tissue."""
    record = recorder((NAME, VERSION), stack.slices)
    try:
        looks = require_body(sweep(stack, reader))
    except (AnalysisError, DataError) as error:
        return record.refuse_for(QUANTITY, error.reason)
    levels = [(look.noise_hu, look) for look in looks if look.noise_hu is not None]
    if not levels:
        return record.refuse(QUANTITY, "no_soft_tissue")
    middle = median(level for level, _ in levels)
    shown = min(levels, key=lambda pair: abs(pair[0] - middle))[1]
    return record.value(QUANTITY, middle, evidence=outlined(shown))


METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=(QUANTITY,), run=_run)
