"""Straight borders of an exposed field: one nearly upright line per side of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.mask import blocks

TILT_DEG, TILT_STEP_DEG = 6.0, 0.5
OUTER = 0.45  # of the picture on each side in which its border is looked for
EDGE_NOISE = 4.0  # times the usual step between neighbouring pixels: an edge
FOUND = 0.7  # share of the side's length that must show the edge


@dataclass(frozen=True, slots=True)
class Border:
    """The strongest straight edge near one side.

    `share` (0-1) of the side shows it, `tilt_deg` is its angle to the side, `ends` its two ends (x, y) in pixels from
    the outer corner of the first pixel.
    """

    share: float
    tilt_deg: float
    ends: tuple[tuple[float, float], tuple[float, float]]


def field_borders(pixels: FloatArray, step: int = 4) -> dict[str, Border]:
    """The strongest border near each side: "left", "right", "top", "bottom"; none is left out for being weak.

    Block means of step x step pixels, logarithm, difference of neighbours; where it is a local extreme of one sign and
    beyond four times the median difference it votes for the lines through it, in steps of half a degree up to 6
    degrees.  Source: Hough's vote for straight lines, one sign at a time.
    """
    small = blocks(pixels, step).astype(np.float64)
    small = np.log1p(np.maximum(small - min(0.0, float(small.min())), 0.0))
    turned = {"left": small, "right": small[:, ::-1], "top": small.T, "bottom": small[::-1].T}
    found = {}
    for side, picture in turned.items():
        share, tilt, foot = _strongest(picture)
        rows, columns = picture.shape
        ends = [(foot, 0.0), (foot + rows * math.tan(math.radians(tilt)), float(rows))]
        placed = [_back(side, x * step, y * step, columns * step) for x, y in ends]
        found[side] = Border(share, tilt, (placed[0], placed[1]))
    return found


def _back(side: str, x: float, y: float, depth: float) -> tuple[float, float]:
    """From a picture turned so that the side is its left one, to the picture as it is."""
    return {"left": (x, y), "right": (depth - x, y), "top": (y, x), "bottom": (y, depth - x)}[side]


def _strongest(picture: NDArray[np.float64]) -> tuple[float, float, float]:
    """(share of the rows, tilt in degrees, distance at the first row) of the best line near the left side."""
    rows, columns = picture.shape
    step = np.diff(picture, axis=1)
    limit = EDGE_NOISE * float(np.median(np.abs(step))) + 1e-6
    step = step[:, : max(3, round(OUTER * columns))]
    best = (0.0, 0.0, 0.0)
    for sign in (1.0, -1.0):
        signed = sign * step
        crest = np.zeros(step.shape, dtype=bool)
        crest[:, 1:-1] = (signed[:, 1:-1] >= signed[:, :-2]) & (signed[:, 1:-1] > signed[:, 2:])
        crest[:, 0] = signed[:, 0] > signed[:, 1]
        y, x = np.nonzero(crest & (signed > limit))
        for tilt in np.arange(-TILT_DEG, TILT_DEG + 1e-9, TILT_STEP_DEG):
            best = max(best, _vote(x, y, float(tilt), (rows, columns)), key=lambda vote: (vote[0], -abs(vote[1])))
    return best


def _vote(x: NDArray[np.intp], y: NDArray[np.intp], tilt: float, size: tuple[int, int]) -> tuple[float, float, float]:
    """The best foot for one tilt: rows with an edge within a pixel of the line.

    Votes of two neighbouring feet are added; a row never votes for both, for its crests are no neighbours.
    """
    if x.size == 0:
        return (0.0, tilt, 0.0)
    rows, columns = size
    foot = np.floor(x + 1.0 - (y + 0.5) * math.tan(math.radians(tilt))).astype(np.intp)
    inside = (foot >= 0) & (foot <= columns)
    counts = np.bincount(foot[inside], minlength=columns + 2).astype(float)
    pairs = counts[:-1] + counts[1:]
    best = int(np.argmax(pairs))
    place = best + float(counts[best + 1]) / max(1.0, float(pairs[best]))
    return min(1.0, float(pairs[best]) / rows), tilt, place
