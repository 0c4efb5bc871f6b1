"""Round bright spots of a map: what stands out from its surroundings as the section of a vessel does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.imaging.morphology import dilated
from imagingqc.imaging.roi import Region, regions

HALF = 0.5  # of its highest value: where a spot ends
ROUND, LONG = 0.7, 1.6  # share of the ellipse in its box, and longer by shorter side
TRIED = 24

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spot:
    """A region above half of its highest value, with that value; `width_mm` is the mean of its two sides."""

    region: Region
    height: float
    width_mm: float


def round_spots(
    values: Floats, spacing_mm: tuple[float, float], least: float, across_mm: tuple[float, float]
) -> list[Spot]:
    """The round spots of `values` (rows, columns) at least `least` high and as wide as `across_mm`, highest first.

    From the highest value down, each region above half of its highest value is looked at once and then left out.
    Spots that touch the edge of the picture are not round.
    """
    left = np.array(values, dtype=np.float32)
    rows, columns = left.shape
    found: list[Spot] = []
    for _ in range(TRIED):
        place = int(np.argmax(left))
        row, column = divmod(place, columns)
        height = float(left[row, column])
        if height < least:
            break
        mask = left > HALF * height
        labels, several = regions(mask)
        region = next(r for r in several if r.label == labels[row, column])
        spot = Spot(region, height, _width(region, spacing_mm))
        if across_mm[0] <= spot.width_mm <= across_mm[1] and _is_round(region, rows, columns, spacing_mm):
            found.append(spot)
        left[dilated(labels == region.label, 2)] = -np.inf
    return found


def _width(region: Region, spacing_mm: tuple[float, float]) -> float:
    return (region.box[2] * spacing_mm[1] + region.box[3] * spacing_mm[0]) / 2


def _is_round(region: Region, rows: int, columns: int, spacing_mm: tuple[float, float]) -> bool:
    x, y, width, height = region.box
    sides = (width * spacing_mm[1], height * spacing_mm[0])
    inside = x > 0 and y > 0 and x + width < columns and y + height < rows
    return inside and max(sides) <= LONG * min(sides) and region.area >= ROUND * np.pi / 4 * width * height
