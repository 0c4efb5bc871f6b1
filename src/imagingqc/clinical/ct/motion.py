"""Places in a CT stack that look as if the patient had moved: for a person to look at, never a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.region import ABDOMEN, CHEST, HEAD, require_region
from imagingqc.clinical.ct.sweep import require_body, sweep
from imagingqc.clinical.ct.walk import Trace, walk
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.movement import DIRECTIONS, Glimpse, dissimilarity
from imagingqc.quantity import Evidence, Measurement, Recorder
from imagingqc.stats.baseline import SD_PER_MAD

NAME, VERSION = "ct.motion", "1"
HEAD_EDGES, STEPS = "ct.motion.head", "ct.motion.steps"
QUANTITIES = (HEAD_EDGES, STEPS)

FEWEST_HEAD, FEWEST_SKULL = 6, 90  # slices through the vault of the skull, directions that show it
LARGE = 0.85  # of the largest section: nearer to the vertex the skull is cut aslant
WIDE, WIDE_SHARE, WIDE_MAD = 1.6, 0.25, 5.0

FEWEST_STEPS, WIDEST_MM = 20, 5.5
AROUND = 8  # neighbouring pairs on each side that tell what is usual
UNLIKE, UNLIKE_MAD, LEAST_SPREAD = 2.5, 5.0, 0.1
JUMP_MM, JUMP_MAD = 2.0, 5.0

Floats = NDArray[np.float64]


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    return [_tried(record, stack, reader, HEAD_EDGES), _tried(record, stack, reader, STEPS)]


def _tried(record: Recorder, stack: Stack, reader: PixelReader, quantity: str) -> Measurement:
    try:
        require_region(stack.slices[0].instance, *((HEAD,) if quantity == HEAD_EDGES else (HEAD, CHEST, ABDOMEN)))
        require_body(sweep(stack, reader))
        traces = walk(stack, reader)
        return _head(record, traces) if quantity == HEAD_EDGES else _steps(record, traces)
    except AnalysisError as error:
        return record.refuse_for(quantity, error.reason)


# --- the skull seen twice ------------------------------------------------------------------------


def _head(record: Recorder, traces: Sequence[Trace]) -> Measurement:
    """Slices in which far more of the skull's outer edge is wide than in the rest of the same head."""
    largest = max((trace.body.area_mm2 for trace in traces if trace.body), default=0.0)
    seen = [
        trace for trace in traces
        if trace.body and trace.skull_mm is not None and trace.body.area_mm2 >= LARGE * largest
        and int(np.isfinite(trace.skull_mm).sum()) >= FEWEST_SKULL
    ]  # fmt: skip
    if len(seen) < FEWEST_HEAD:
        raise AnalysisError("too_few_slices", n=len(seen), need=FEWEST_HEAD)
    ratios = _against_usual([trace.skull_mm for trace in seen if trace.skull_mm is not None])
    shares = [float((row[np.isfinite(row)] > WIDE).mean()) for row in ratios]
    middle = median(shares)
    spread = SD_PER_MAD * median(abs(share - middle) for share in shares)
    limit = middle + max(WIDE_SHARE, WIDE_MAD * spread)
    found = [i for i, share in enumerate(shares) if share > limit]
    if not found:
        return record.value(HEAD_EDGES, 0)
    worst = max(found, key=lambda i: shares[i])
    return record.value(HEAD_EDGES, len(found), evidence=_wide(seen[worst], ratios[worst], [seen[i] for i in found]))


def _against_usual(widths: Sequence[Floats]) -> list[Floats]:
    """Widths over those of the same direction in the other slices: thin and dense bone have edges of their own."""
    table = np.array(widths)
    known = np.isfinite(table).sum(axis=0) >= FEWEST_HEAD
    usual = np.full(table.shape[1], math.nan)
    usual[known] = np.nanmedian(table[:, known], axis=0)
    return list(table / usual)


def _wide(trace: Trace, ratios: Floats, all_: Sequence[Trace]) -> Evidence:
    """Evidence: points on a circle round the head where its edge is wide, in the worst slice; and all slices."""
    body, points = trace.body, []
    if body is not None:
        radius = math.sqrt(body.area_mm2 / math.pi)
        for k in np.nonzero(np.nan_to_num(ratios) > WIDE)[0]:
            angle = (k + 0.5) * (2 * math.pi / DIRECTIONS) - math.pi
            x = body.x + radius * math.cos(angle) / trace.spacing_mm[1]
            y = body.y + radius * math.sin(angle) / trace.spacing_mm[0]
            points.append([round(x, 1), round(y, 1)])
    return _shown(trace, {"kind": "points", "points": points}, all_)


def _shown(trace: Trace, shape: dict[str, object], all_: Sequence[Trace]) -> Evidence:
    instance = trace.piece.instance
    shape["instances"] = [t.piece.instance.sop_uid for t in all_]
    return Evidence(instance.series_uid, instance.sop_uid, trace.piece.frame, shape)


# --- steps from slice to slice -------------------------------------------------------------------


def _steps(record: Recorder, traces: Sequence[Trace]) -> Measurement:
    """Neighbouring slices that are unlike each other and whose outline jumps, both far beyond their surroundings."""
    ordered = _in_order(traces)
    pairs = [(a, b) for a, b in pairwise(ordered) if a.glimpse is not None and b.glimpse is not None]
    unlike = [_unlike(a.glimpse, b.glimpse) for a, b in pairs if a.glimpse and b.glimpse]
    jumps = [_moved(a.glimpse, b.glimpse) for a, b in pairs if a.glimpse and b.glimpse]
    if len(pairs) < FEWEST_STEPS - 1:
        raise AnalysisError("too_few_slices", n=len(pairs) + 1, need=FEWEST_STEPS)
    aside = [[abs(jump[k] - _usual(jumps, i, k)) for i, jump in enumerate(jumps)] for k in range(3)]
    found = [
        (unlike[i], b) for i, (_, b) in enumerate(pairs)
        if _stands_out(unlike, i, math.log(UNLIKE), (UNLIKE_MAD, LEAST_SPREAD))
        and any(_stands_out(side, i, JUMP_MM, (JUMP_MAD, 0.0)) for side in aside)
    ]  # fmt: skip
    if not found:
        return record.value(STEPS, 0)
    worst = max(found, key=lambda pair: pair[0])[1]
    return record.value(STEPS, len(found), evidence=_outlined(worst, [trace for _, trace in found]))


def _in_order(traces: Sequence[Trace]) -> list[Trace]:
    """From the feet up.  AnalysisError `too_few_slices`, `missing_tag`, `slices_too_far_apart`."""
    if len(traces) < FEWEST_STEPS:
        raise AnalysisError("too_few_slices", n=len(traces), need=FEWEST_STEPS)
    placed = [(trace.height_mm, trace) for trace in traces if trace.height_mm is not None]
    if len(placed) < len(traces):
        raise AnalysisError("missing_tag", tag="ImagePositionPatient")
    placed.sort(key=lambda pair: pair[0])
    widest = max(b[0] - a[0] for a, b in pairwise(placed))
    if widest > WIDEST_MM:
        raise AnalysisError("slices_too_far_apart", distance=f"{widest:.3g}", limit=f"{WIDEST_MM:g}")
    return [trace for _, trace in placed]


def _unlike(a: Glimpse, b: Glimpse) -> float:
    """Logarithm of the dissimilarity: equal ratios become equal differences."""
    return math.log(max(dissimilarity(a, b) or 0.0, 1e-6))


def _moved(a: Glimpse, b: Glimpse) -> tuple[float, float, float]:
    """How far the left, right and top ends of the body moved from slice to slice, mm; the bottom is the table's."""
    return b.ends_mm[0] - a.ends_mm[0], b.ends_mm[1] - a.ends_mm[1], b.ends_mm[2] - a.ends_mm[2]


def _usual(moves: Sequence[tuple[float, float, float]], i: int, k: int) -> float:
    return median(move[k] for move in moves[max(0, i - AROUND) : i + AROUND + 1])


def _stands_out(values: Sequence[float], i: int, least: float, spread: tuple[float, float]) -> bool:
    """Above its neighbours by `least` and by `spread[0]` robust standard deviations (never below `spread[1]`)."""
    near = [values[j] for j in range(max(0, i - AROUND), min(len(values), i + AROUND + 1)) if j != i]
    middle = median(near)
    deviation = max(spread[1], SD_PER_MAD * median(abs(v - middle) for v in near))
    return values[i] - middle > max(least, spread[0] * deviation)


def _outlined(trace: Trace, all_: Sequence[Trace]) -> Evidence:
    """Evidence: the box of the body in the slice after the greatest step; and all such slices."""
    ends = trace.glimpse.ends_mm if trace.glimpse else (0.0, 0.0, 0.0, 0.0)
    down, across = trace.spacing_mm
    shape: dict[str, object] = {
        "kind": "rect", "x": ends[0] / across, "y": ends[2] / down,
        "width": (ends[1] - ends[0]) / across, "height": (ends[3] - ends[2]) / down,
    }  # fmt: skip
    return _shown(trace, shape, all_)


_RUN = per_stack((NAME, VERSION), QUANTITIES, _measure)
METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_RUN, pace="full"
)  # fmt: skip
