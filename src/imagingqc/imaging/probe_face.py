"""Where the face of an ultrasound probe lies along the upper edge of a scanned area: straight or an arc."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import BoolArray, boxes

Numbers = NDArray[np.float64]

SMALLEST_FACE = 0.10  # of the picture's width: sector probes start from a point
SMALLEST_SHARE = 0.25  # of the scanned width
NEAR_PX, FITTED = 2.0, 0.8  # the share of the face that must lie this near to the fitted line
TRIMMED_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Face:
    """The line the beams start from, in pixels of the cut-out picture (x right, y down).

    Straight: from (left, y) to (right, y + slope * width), `centre` None.  Curved: an arc around `centre` with
    `radius`, between the angles `left` and `right` (radians from straight down, right positive).
    """

    left: float
    right: float
    y: float
    slope: float
    centre: tuple[float, float] | None
    radius: float
    depth: float  # pixels of tissue below the face

    def at(self, share: Numbers, depth: Numbers) -> tuple[Numbers, Numbers]:
        """(x, y) of a place: `share` along the face (0 left to 1 right), `depth` in pixels below it."""
        along = self.left + share * (self.right - self.left)
        if self.centre is None:
            return along, self.y + self.slope * (along - self.left) + depth
        reach = self.radius + depth
        return self.centre[0] + reach * np.sin(along), self.centre[1] + reach * np.cos(along)


def find_face(area: BoolArray) -> Face:
    """The face of the probe along the upper edge of the scan area.

    Raises AnalysisError `us_sector` when the face is narrower than a tenth of the picture (sector probes, whose beams
    all start from one point) and `us_face_unclear` when it is neither a line nor an arc, or
    a quarter of the scanned width or less.
    """
    rows = boxes(area.astype(np.int32))[0][0]
    columns = np.flatnonzero(area.any(axis=0)).astype(np.float64)
    if len(columns) < SMALLEST_FACE * area.shape[1]:
        raise AnalysisError("us_sector")
    top = area.argmax(axis=0)[columns.astype(int)].astype(np.float64)
    x, y = _upper_edge(columns, top)
    if x[-1] - x[0] < SMALLEST_FACE * area.shape[1]:
        raise AnalysisError("us_sector")
    if x[-1] - x[0] < SMALLEST_SHARE * len(columns):  # text that changes, right above the tissue
        raise AnalysisError("us_face_unclear")
    bottom = float(rows.stop)
    straight = _line(x, y)
    if straight is not None:
        start, slope = straight
        depth = bottom - start
        return Face(float(x[0]), float(x[-1]), start, slope, None, 0.0, depth)
    arc = _arc(x, y)
    if arc is None:
        raise AnalysisError("us_face_unclear")
    xc, yc, radius = arc
    ends = [float(np.arctan2(x[i] - xc, y[i] - yc)) for i in (0, -1)]
    return Face(ends[0], ends[1], 0.0, 0.0, (xc, yc), radius, bottom - yc - radius)


def _upper_edge(x: Numbers, top: Numbers) -> tuple[Numbers, Numbers]:
    """The part of the outline between its highest points left and right: beyond them are the sides of a sector."""
    middle = len(x) // 2
    left = int(np.flatnonzero(top[:middle] <= top[:middle].min() + 1)[0])
    right = middle + int(np.flatnonzero(top[middle:] <= top[middle:].min() + 1)[-1])
    return x[left : right + 1], top[left : right + 1]


def _trimmed(design: Numbers, target: Numbers, misfit: float) -> Numbers:
    """Least squares, again and again without the points that lie far off (dark elements are notches in the edge)."""
    kept = np.ones(len(target), dtype=bool)
    answer = np.linalg.lstsq(design, target, rcond=None)[0]
    for _ in range(TRIMMED_ROUNDS):
        off = np.abs(design @ answer - target)
        limit = max(misfit, 2.5 * float(np.median(off)))
        kept = off <= limit
        answer = np.linalg.lstsq(design[kept], target[kept], rcond=None)[0]
    return np.asarray(answer)


def _line(x: Numbers, y: Numbers) -> tuple[float, float] | None:
    start, slope = _trimmed(np.stack([np.ones_like(x), x - x[0]], axis=1), y, NEAR_PX)
    near = np.abs(start + slope * (x - x[0]) - y) <= NEAR_PX
    return (float(start), float(slope)) if near.mean() >= FITTED and abs(slope) < 0.05 else None


def _arc(x: Numbers, y: Numbers) -> tuple[float, float, float] | None:
    """Centre and radius of the circle (x - a)^2 + (y - b)^2 = r^2 through the edge, None when it does not fit."""
    middle, scale = float(x.mean()), float(x[-1] - x[0])
    u, v = (x - middle) / scale, y / scale
    design = np.stack([u, v, np.ones_like(u)], axis=1)
    a, b, c = _trimmed(design, u**2 + v**2, 2 * NEAR_PX / scale)
    square = c + a**2 / 4 + b**2 / 4
    if square <= 0:
        return None
    xc, yc, radius = middle + scale * a / 2, scale * b / 2, scale * float(np.sqrt(square))
    near = np.abs(np.hypot(x - xc, y - yc) - radius) <= NEAR_PX
    above = yc < float(y.min()) and radius > scale / 2
    return (float(xc), float(yc), radius) if above and near.mean() >= FITTED else None
