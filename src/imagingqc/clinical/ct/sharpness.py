"""Sharpness of a CT stack by the edge between air and skin."""

from __future__ import annotations

from statistics import median

from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.sweep import require_body, sweep
from imagingqc.clinical.ct.walk import Trace, walk
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.skin_edge import SkinEdge
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.sharpness", "1"
SKIN = "ct.sharpness.skin"
FEWEST_SECTORS = 16  # in all slices
LARGEST_PIXEL_MM = 1.0


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    """Median over the slices that show enough free skin."""
    require_body(sweep(stack, reader))
    traces = walk(stack, reader)
    pixel = max(traces[0].spacing_mm)
    if pixel > LARGEST_PIXEL_MM:
        raise AnalysisError("pixel_too_large", size=f"{pixel:.3g}", limit=f"{LARGEST_PIXEL_MM:g}")
    edges = [(trace.edge, trace) for trace in traces if trace.edge is not None]
    sectors = sum(edge.sectors for edge, _ in edges)
    if sectors < FEWEST_SECTORS:
        raise AnalysisError("too_little_free_skin", n=sectors, need=FEWEST_SECTORS)
    middle = median(edge.f50_per_mm for edge, _ in edges)
    if middle > 0.5 / pixel:
        raise AnalysisError("sharper_than_pixels", value=f"{middle:.3g}", limit=f"{0.5 / pixel:.3g}")
    shown = min(edges, key=lambda pair: abs(pair[0].f50_per_mm - middle))
    return [record.value(SKIN, middle, evidence=_points(*shown))]


def _points(edge: SkinEdge, trace: Trace) -> Evidence:
    """Evidence: the middles of the pieces of skin that were used in the slice nearest to the median."""
    instance = trace.piece.instance
    shape = {"kind": "points", "points": [[round(x, 1), round(y, 1)] for x, y in edge.places]}
    return Evidence(instance.series_uid, instance.sop_uid, trace.piece.frame, shape)


_RUN = per_stack((NAME, VERSION), (SKIN,), _measure)
METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=(SKIN,), run=_RUN, pace="full"
)  # fmt: skip
