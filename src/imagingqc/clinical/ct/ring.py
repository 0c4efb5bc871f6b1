"""Rings about the isocentre that run through several slices of a CT stack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.ct.isocentre import is_tilted, isocentre
from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.sweep import require_body, sweep
from imagingqc.clinical.ct.walk import Trace, walk
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.rings import RingProfile
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.ring", "1"
PEAK = "ct.ring.peak"
SLICES = 3  # that must show it at the same radius

Floats = NDArray[np.float64]


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    """The largest z, at any radius and of either sign, that at least three slices reach."""
    piece = stack.slices[0]
    isocentre(piece)
    if is_tilted(piece):
        raise AnalysisError("tilted_gantry")
    require_body(sweep(stack, reader))
    seen = [(trace.ring, trace) for trace in walk(stack, reader) if trace.ring is not None]
    if len(seen) < SLICES:
        raise AnalysisError("too_few_slices", n=len(seen), need=SLICES)
    table = _table([ring for ring, _ in seen])
    best, radius, place = max(_third(table), _third(-table))
    ring, trace = seen[place]
    return [record.value(PEAK, best, evidence=_circle(trace, radius * ring.pixel_mm))]


def _table(rings: list[RingProfile]) -> Floats:
    """z by slice and radius, NaN where nothing was seen."""
    out = np.full((len(rings), max(len(ring.z) for ring in rings)), np.nan)
    for row, ring in zip(out, rings, strict=True):
        row[: len(ring.z)] = ring.z
    return out


def _third(table: Floats) -> tuple[float, int, int]:
    """(z, radius in pixels, slice) of the ring that the third best slice shows best; radii may differ by one pixel."""
    known = np.pad(np.where(np.isnan(table), -np.inf, table), ((0, 0), (1, 1)), constant_values=-np.inf)
    wide = np.maximum(np.maximum(known[:, :-2], known[:, 1:-1]), known[:, 2:])
    order = np.argsort(-wide, axis=0)[SLICES - 1]
    third = wide[order, np.arange(wide.shape[1])]
    radius = int(np.argmax(third))
    return float(third[radius]), radius, int(order[radius])


def _circle(trace: Trace, radius_mm: float) -> Evidence:
    """Evidence: the ring in the slice that shows it third best."""
    x, y = trace.centre or (0.0, 0.0)
    instance = trace.piece.instance
    shape = {"kind": "circle", "x": x, "y": y, "r": radius_mm / min(trace.spacing_mm)}
    return Evidence(instance.series_uid, instance.sop_uid, trace.piece.frame, shape)


_RUN = per_stack((NAME, VERSION), (PEAK,), _measure)
METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=(PEAK,), run=_RUN, pace="full"
)  # fmt: skip
