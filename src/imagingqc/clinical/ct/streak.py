"""Streaks round metal in a CT stack."""

from __future__ import annotations

from statistics import median

from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.sweep import require_body, sweep
from imagingqc.clinical.ct.walk import Trace, walk
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.streaks import Streaks
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.streak", "1"
SEVERITY, DARK = "ct.streak.severity", "ct.streak.dark"
QUANTITIES = (SEVERITY, DARK)
REFERENCES = 3

Found = list[tuple[Streaks, Trace]]


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    require_body(sweep(stack, reader))
    seen = [(trace.streaks, trace) for trace in walk(stack, reader) if trace.streaks is not None]
    metal: Found = [(found, trace) for found, trace in seen if trace.metal]
    plain: Found = [(found, trace) for found, trace in seen if not trace.metal]
    if not metal:
        raise AnalysisError("no_metal")
    return [_severity(record, metal, plain), _dark(record, metal)]


def _severity(record: Recorder, metal: Found, plain: Found) -> Measurement:
    """Median unrest near the metal over that of the slices without any, so that noise and kernel fall out."""
    if len(plain) < REFERENCES:
        return record.refuse(SEVERITY, "no_slices_without_metal", n=len(plain), need=REFERENCES)
    usual = median(found.deviation_hu for found, _ in plain)
    if usual <= 0:
        return record.refuse(SEVERITY, "reference_zero")
    middle = median(found.deviation_hu for found, _ in metal)
    shown = min(metal, key=lambda pair: abs(pair[0].deviation_hu - middle))
    return record.value(SEVERITY, middle / usual, evidence=_box(*shown))


def _dark(record: Recorder, metal: Found) -> Measurement:
    middle = median(found.dark for found, _ in metal)
    shown = min(metal, key=lambda pair: abs(pair[0].dark - middle))
    return record.value(DARK, 100 * middle, evidence=_box(*shown))


def _box(found: Streaks, trace: Trace) -> Evidence:
    """Evidence: the box round the tissue that was measured."""
    x, y, width, height = found.box
    instance = trace.piece.instance
    shape = {"kind": "rect", "x": x, "y": y, "width": width, "height": height}
    return Evidence(instance.series_uid, instance.sop_uid, trace.piece.frame, shape)


_RUN = per_stack((NAME, VERSION), QUANTITIES, _measure)
METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_RUN, pace="full"
)  # fmt: skip
