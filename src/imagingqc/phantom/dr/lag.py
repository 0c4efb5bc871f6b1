"""Ghost image: what an earlier exposure of a lead square leaves in a later blank one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.mask import blocks, finer
from imagingqc.imaging.morphology import BoolArray, boxes, labelled, near
from imagingqc.phantom.dr.raw import UNPROCESSED, Raw, raw_images, require_sign, seconds
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, recorder

NAME, VERSION = "dr.lag", "1"
LAG = "dr.phantom.lag"
BLOCK_MM = 2.0
SIDE = Parameter("side", "铅块边长", "side of the lead square", "mm", default=40.0)
SIZE = (0.85, 1.35)  # of the side: lead a little above the receptor looks larger
SQUARE = 0.8  # share of its own smallest box that a square fills when it lies straight; 0.5 when turned by 45 degrees
STANDS_OUT = 10.0  # robust SDs of the block means
INSET_MM, GAP_MM, RING_MM = 5.0, 8.0, 25.0
LATEST_S = 90.0
LEFT_IN = 0.5  # of the contrast of the lead itself: then the lead is still there
UNEVEN, MOST_UNEVEN = 0.08, 0.05
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Square:
    """The shadow of the lead: its mask on pixels, side in mm, and how far it departs from the field."""

    mask: Mask
    side_mm: float
    contrast: float
    box: tuple[int, int, int, int]  # x, y, width, height


def run(given: PhantomInput) -> PhantomFound:
    """(ghost - surroundings) / surroundings x 100 in the last picture, inside the outline of the lead before.

    Two pictures: the exposure with the lead, then the blank one; or three, with a blank one first, whose difference
    between both places is taken off.  The blank one has to follow within 90 s where the header tells.
    Source: WS 76-2020, ghost image (4 x 4 cm of 4 mm lead, 5 µGy at 70 kV, third picture within 1.5 min).
    """
    images = raw_images(given, 2, 3)
    if any(raw.sign < 0 for raw in images):
        raise AnalysisError("xr_sign_falling")
    exposed, after = images[-2], images[-1]
    gap = _gap(exposed, after)
    square = find_square(exposed, given.number(SIDE.key) or 40.0)
    inside, around = _places(square, exposed.spacing_mm)
    _require_even(after, square)
    ghost, surroundings = _means(after, inside, around)
    if surroundings == 0:
        raise AnalysisError("signal_not_positive", law="blank")
    if len(images) == 3:
        before_inside, before_around = _means(images[0], inside, around)
        ghost -= before_inside - before_around
    if abs(ghost - surroundings) > LEFT_IN * square.contrast:
        raise AnalysisError("lag_lead_left")
    x, y, width, height = square.box
    shown = after.evidence({"kind": "rect", "x": x, "y": y, "width": width, "height": height})
    record = recorder((NAME, VERSION), [raw.piece for raw in images])
    value = (ghost - surroundings) / surroundings * 100
    checks = {"side_mm": round(square.side_mm, 2)} | ({} if gap is None else {"seconds": gap})
    return PhantomFound("lead-square", (record.value(LAG, value, evidence=shown),), (shown,), checks=checks)


def find_square(raw: Raw, side_mm: float) -> Square:
    """The lead square in its exposure.

    AnalysisError `lag_no_lead` when nothing square stands out of an even field, `phantom_scale` when it has another
    size than `side_mm`, `phantom_cut` when it lies at the edge of the picture.
    """
    step = max(1, round(BLOCK_MM / max(raw.spacing_mm)))
    means = blocks(raw.values, step).astype(np.float64)
    level = float(np.median(means))
    departure = means - level
    extreme = float(departure.flat[int(np.argmax(np.abs(departure)))])
    if abs(extreme) < STANDS_OUT * robust_spread(means):
        raise AnalysisError("lag_no_lead")
    require_sign([raw], -extreme)  # lead takes exposure away
    labels, count = labelled(departure / extreme > 0.5)
    sizes = np.bincount(labels.ravel())[1:]
    best = int(np.argmax(sizes)) + 1 if count else 0
    rows, columns = boxes(labels)[best - 1]
    region = labels == best
    if sizes.sum() > 1.2 * sizes[best - 1]:
        raise AnalysisError("lag_no_lead")
    if min(rows.start, columns.start) == 0 or rows.stop == means.shape[0] or columns.stop == means.shape[1]:
        raise AnalysisError("phantom_cut")
    _require_square(region[rows, columns])
    pixel = step * math.sqrt(raw.spacing_mm[0] * raw.spacing_mm[1])
    side = math.sqrt(float(sizes[best - 1])) * pixel
    if not SIZE[0] * side_mm <= side <= SIZE[1] * side_mm:
        raise AnalysisError("phantom_scale", measured=round(side, 1), expected=side_mm)
    box = (
        columns.start * step,
        rows.start * step,
        (columns.stop - columns.start) * step,
        (rows.stop - rows.start) * step,
    )
    return Square(finer(region, step, raw.image.pixels.shape), side, abs(extreme), box)


def _require_square(region: Mask) -> None:
    """Filled like a square at some angle: the second moments of a square of its area, the same along every axis."""
    y, x = np.nonzero(region)
    wanted = region.sum() / 12
    moments = np.linalg.eigvalsh(np.cov(np.stack([y, x]).astype(float)))
    if not (SQUARE * wanted <= moments[0] and moments[1] <= wanted / SQUARE):
        raise AnalysisError("lag_no_lead")


def _places(square: Square, spacing_mm: tuple[float, float]) -> tuple[BoolArray, BoolArray]:
    """The inside of the outline, and a ring around it."""
    inside = square.mask & ~near(~square.mask, INSET_MM, spacing_mm)
    around = near(square.mask, RING_MM, spacing_mm) & ~near(square.mask, GAP_MM, spacing_mm)
    return inside, around


def _means(raw: Raw, inside: BoolArray, around: BoolArray) -> tuple[float, float]:
    values = raw.values
    return float(values[inside].mean(dtype=np.float64)), float(values[around].mean(dtype=np.float64))


def _gap(exposed: Raw, after: Raw) -> float | None:
    first, second = seconds(exposed.piece.instance), seconds(after.piece.instance)
    if first is None or second is None:
        return None
    gap = (second - first) % 86400
    if gap > LATEST_S:
        raise AnalysisError("lag_late", seconds=round(gap), latest=round(LATEST_S))
    return gap


def _require_even(raw: Raw, square: Square) -> None:
    """Outside of the ghost the blank picture is even; AnalysisError `xr_not_flat`."""
    step = max(2, min(raw.image.pixels.shape) // 48)
    means = blocks(raw.values, step).astype(np.float64)
    free = blocks(square.mask, step) == 0
    level = float(np.median(means[free]))
    limit = max(UNEVEN * abs(level), 6 * robust_spread(means[free]))
    share = float((np.abs(means[free] - level) > limit).mean())
    spread = float(np.ptp(np.percentile(means[free], (2, 98))))
    if share > MOST_UNEVEN or spread > 0.5 * square.contrast:
        gradient = round(100 * spread / max(abs(level), 1e-6))
        raise AnalysisError("xr_not_flat", share=round(100 * share), gradient=gradient)


TEST = PhantomTest(
    NAME, VERSION, "DR 残影", "DR ghost image", frozenset({"DX", "CR"}), ("lead-square",), (LAG,), run,
    (SIDE, UNPROCESSED),
)  # fmt: skip
