"""Global noise level of a CT stack."""

from __future__ import annotations

from statistics import median

from imagingqc.clinical.ct.body import outlined
from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.sweep import require_body, sweep
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Measurement, Recorder

NAME, VERSION = "ct.noise", "1"
QUANTITY = "ct.noise.global"


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    """Median over the slices that show enough soft tissue."""
    looks = require_body(sweep(stack, reader))
    levels = [(look.noise_hu, look) for look in looks if look.noise_hu is not None]
    if not levels:
        raise AnalysisError("no_soft_tissue")
    middle = median(level for level, _ in levels)
    shown = min(levels, key=lambda pair: abs(pair[0] - middle))[1]
    return [record.value(QUANTITY, middle, evidence=outlined(shown))]


_RUN = per_stack((NAME, VERSION), (QUANTITY,), _measure)
METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=(QUANTITY,), run=_RUN)
