"""Is this an even field?  What stands in the way of measuring one is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.flat_field import FieldShape, Floats, field_shape
from imagingqc.imaging.lines import regular_lines
from imagingqc.phantom.dr.raw import Floats32, Raw

BLOCKS = 48  # along the shorter side
UNEXPOSED = 0.4  # of the signal in the middle: less along a side is a collimator's shadow
DEPARTS, MOST_DEPARTING = 0.08, 0.04  # of the signal; share of the blocks
STEEPEST_PERCENT = 90.0  # from the lowest to the highest place of the field
PLATEAU, HALF = 0.005, 0.5  # share of pixels at the lowest or highest value
NOISIEST = 0.5  # of the signal, pixel to pixel
LINES = 2.5  # ratio of the strongest lines to the neighbouring frequencies; without lines below 1.8
MARGIN = 0.05  # of each side: shading at the rim of a receptor


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of pixels."""

    x: int
    y: int
    width: int
    height: int

    def of(self, values: Floats32) -> Floats32:
        return values[self.y : self.y + self.height, self.x : self.x + self.width]

    def shape(self) -> dict[str, object]:
        return {"kind": "rect", "x": self.x, "y": self.y, "width": self.width, "height": self.height}


def require_flat(raw: Raw, signal: Floats32) -> FieldShape:
    """The smooth shape of an evenly exposed field that fills the receptor.

    AnalysisError: `xr_collimated` when a side lies in shadow, `xr_clipped` when values are cut off at an end of the
    range, `xr_too_faint` when there is more noise than signal, `xr_not_flat` when an object or a patient is in the
    field, `xr_grid_lines` when an anti-scatter grid shows.
    """
    step = max(2, min(signal.shape) // BLOCKS)
    shape = field_shape(signal, step)
    _require_uncollimated(shape.means)
    require_unclipped(raw)
    level = float(np.median(signal))
    if robust_spread(signal) > NOISIEST * level:
        raise AnalysisError("xr_too_faint", noise=round(100 * robust_spread(signal) / level))
    inner = _inner(shape.departure)
    off = float((np.abs(inner - np.median(inner)) > DEPARTS).mean())
    if off > MOST_DEPARTING or shape.fitted.min() <= 0 or shape.gradient_percent > STEEPEST_PERCENT:
        raise AnalysisError("xr_not_flat", share=round(100 * off), gradient=round(shape.gradient_percent))
    _require_no_lines(raw, signal)
    return shape


def require_unclipped(raw: Raw) -> None:
    """AnalysisError `xr_clipped` when more than 0.5 % of the pixels share the lowest or the highest value."""
    stored = raw.image.stored
    ends = (int(stored.min()), int(stored.max()))
    share = max(float((stored == end).mean()) for end in ends)
    top = float((stored == 2**raw.image.bits_stored - 1).mean())
    wide = float(np.ptp(np.percentile(stored[::3, ::3], (0.5, 99.5)))) > 6  # else one value holds many pixels anyway
    if max(top, share if wide else 0.0) > PLATEAU or share > HALF:
        raise AnalysisError("xr_clipped", share=round(100 * max(share, top), 1))


def centred(raw: Raw, side_mm: float, fx: float = 0.5, fy: float = 0.5) -> Region:
    """A square of `side_mm` about the place (fx, fy) as fractions of the picture; AnalysisError `receptor_small`."""
    rows, columns = raw.image.pixels.shape
    height, width = round(side_mm / raw.spacing_mm[0]), round(side_mm / raw.spacing_mm[1])
    region = Region(round(fx * columns - width / 2), round(fy * rows - height / 2), width, height)
    inside = region.x >= 0 and region.y >= 0 and region.x + width <= columns and region.y + height <= rows
    if not inside:
        raise AnalysisError("receptor_small", side=f"{side_mm:g}")
    return region


def _inner(grid: Floats) -> Floats:
    y, x = (max(1, round(MARGIN * n)) for n in grid.shape)
    return grid[y:-y, x:-x]


def _require_uncollimated(means: Floats) -> None:
    """Each side's rim, without its outermost blocks, against the middle of the field."""
    rows, columns = means.shape
    middle = float(np.median(means[rows // 3 : -(rows // 3), columns // 3 : -(columns // 3)]))
    y, x = max(1, round(MARGIN * rows)), max(1, round(MARGIN * columns))
    along_y, along_x = slice(rows // 5, rows - rows // 5), slice(columns // 5, columns - columns // 5)
    rims = {"top": means[y, along_x], "bottom": means[-1 - y, along_x], "left": means[along_y, x],
            "right": means[along_y, -1 - x]}  # fmt: skip
    dark = [side for side, rim in rims.items() if float(np.median(rim)) < UNEXPOSED * middle]
    if dark:
        raise AnalysisError("xr_collimated", sides=", ".join(dark))


def _require_no_lines(raw: Raw, signal: Floats32) -> None:
    rows, columns = signal.shape
    part = signal[rows // 10 : -(rows // 10), columns // 10 : -(columns // 10)]
    lines = regular_lines(part, raw.spacing_mm)
    if lines is not None and lines.ratio > LINES:
        raise AnalysisError("xr_grid_lines", frequency=round(lines.frequency_per_mm, 2), ratio=round(lines.ratio, 1))
