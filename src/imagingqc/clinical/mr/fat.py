"""Evenness of fat suppression: how bright the rim of the body is, sector by sector."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.mr.looks import IN_A_ROW, Look, acquired, each, looks
from imagingqc.clinical.mr.sequence import classify
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import FloatArray
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import BoolArray, eroded
from imagingqc.imaging.roi import outline, regions
from imagingqc.quantity import Evidence, Measurement

NAME, VERSION = "mr.fat_suppression", "1"
QUANTITY = "mr.fat_suppression.brightest_sector"
SECTORS = 12  # of 30 degrees
RIM_MM = (2.0, 8.0)  # below the outline: skin is left out, fat wanted
INSIDE_MM = 15.0
FEWEST = 8  # sectors of a slice whose outline lies in the picture
AT_BORDER = 0.2  # of a sector's outline on the border of the picture: the body goes on beyond it
SMALLEST = 6  # pixels of rim in a sector
SMALLEST_INSIDE = 100
UNSUPPRESSED = frozenset({"localizer", "ADC", "derived", "PWI", "SWI"})


@dataclass(frozen=True, slots=True)
class Rim:
    """Brightness of the rim over that of the inside, by sector (NaN: not measured), and the rim itself on the grid.

    Sector 0 begins at the right of the picture; the numbers go clockwise on the screen.
    """

    sectors: NDArray[np.float64]
    mask: BoolArray
    number: NDArray[np.int_]


def rim(pixels: FloatArray, look: Look, spacing_mm: tuple[float, float]) -> Rim:
    """Median of the rim (2 to 8 mm below the outline) of each sector of 30 degrees over the median deeper than 15 mm.

    Raises AnalysisError `no_foreground` (body too small for a rim and an inside) and `rim_cut` (more than four sectors
    cut by the border of the picture).
    """
    grid = blocks(pixels, look.step)
    labels, found = regions(look.signal)
    if not found:
        raise AnalysisError("no_foreground")
    body = np.asarray(labels == found[0].label, dtype=bool)
    pixel = look.step * (spacing_mm[0] + spacing_mm[1]) / 2
    skin, depth, inside = (max(1, round(mm / pixel)) for mm in (*RIM_MM, INSIDE_MM))
    band = eroded(body, skin) & ~eroded(body, max(depth, skin + 2))
    core = eroded(body, max(inside, depth + 1))
    if int(core.sum()) < SMALLEST_INSIDE:
        raise AnalysisError("no_foreground")
    number = _sector_numbers(body)
    known = _uncut(body, number)
    level = float(np.median(grid[core]))
    parts = [grid[band & (number == i)] for i in range(SECTORS)]
    ratios = np.array([
        float(np.median(part)) / level if known[i] and part.size >= SMALLEST and level > 0 else math.nan
        for i, part in enumerate(parts)
    ])  # fmt: skip
    if int(np.isfinite(ratios).sum()) < FEWEST:
        raise AnalysisError("rim_cut")
    return Rim(ratios, band, number)


def _sector_numbers(body: BoolArray) -> NDArray[np.int_]:
    down, right = np.nonzero(body)
    y, x = np.indices(body.shape)
    turn = np.arctan2(y - down.mean(), x - right.mean()) % (2 * math.pi)
    return np.asarray((turn * SECTORS / (2 * math.pi)).astype(np.int_) % SECTORS)


def _uncut(body: BoolArray, number: NDArray[np.int_]) -> list[bool]:
    """Whether the outline of each sector lies inside of the picture."""
    edge = body & ~eroded(body)
    border = np.ones_like(body)
    border[1:-1, 1:-1] = False
    known = []
    for i in range(SECTORS):
        own = edge & (number == i)
        known.append(bool(own.any()) and float((own & border).sum()) <= AT_BORDER * float(own.sum()))
    return known


def _run(series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    kind = classify(series, stacks)
    if not kind.fat_suppressed or kind.name in UNSUPPRESSED:
        raise AnalysisError("not_fat_suppressed")
    return [_measure(stack, reader) for stack in acquired(stacks)]


def _measure(stack: Stack, reader: PixelReader) -> Measurement:
    """The brightest sector that stays so bright in three neighbouring looks (in all when there are fewer)."""
    record = recorder((NAME, VERSION), stack.slices)
    spacing = stack.slices[0].instance.frames[stack.slices[0].frame].spacing_mm
    if spacing is None:
        return record.refuse(QUANTITY, "missing_tag", tag="PixelSpacing")
    try:
        found = each(looks(stack, reader), reader, lambda look, pixels: rim(pixels, look, spacing))
    except (AnalysisError, DataError) as error:
        return record.refuse_for(QUANTITY, error.reason)
    table = np.array([one.sectors for _, one in found])
    width = min(IN_A_ROW, len(found))
    lows = np.array([table[i : i + width].min(axis=0) for i in range(len(found) - width + 1)])
    if not np.isfinite(lows).any():
        return record.refuse(QUANTITY, "rim_cut")
    at = np.unravel_index(int(np.nanargmax(lows)), lows.shape)
    look, one = found[int(at[0]) + width // 2]
    return record.value(QUANTITY, float(lows[at]), evidence=_evidence(look, one, int(at[1])))


def _evidence(look: Look, one: Rim, sector: int) -> Evidence:
    points = [[x * look.step, y * look.step] for x, y in outline(one.mask & (one.number == sector))]
    shape = {
        "kind": "polyline", "points": points, "closed": True, "sector": sector,
        "ratios": [None if math.isnan(v) else round(v, 3) for v in one.sectors.tolist()],
    }  # fmt: skip
    return Evidence(look.piece.instance.series_uid, look.piece.instance.sop_uid, look.piece.frame, shape)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"MR"}), needs_pixels=True, quantities=(QUANTITY,), run=_run)
