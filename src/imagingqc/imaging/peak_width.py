"""Width of a peak along a line, between the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imagingqc.imaging.circle import Floats


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a profile crosses a level on both sides of its highest point, in the unit of its positions."""

    start: float
    end: float
    height: float

    @property
    def width(self) -> float:
        return self.end - self.start

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


def peak_width(
    position: Floats, values: Floats, base: float, share: float = 0.5, top: float | None = None
) -> Peak | None:
    """Full width of the highest peak of `values` over `base` at `share` of its height; 0.5 is the FWHM.

    position, values : (n,), rising positions.  `top` is the value of the peak where it is known better than by its
    largest sample (a plateau's mean).  Crossings are linear between the samples and are those next to the peak.
    None when the peak is not above the base or does not come down on both sides.
    """
    best = int(np.argmax(values))
    height = (float(values[best]) if top is None else top) - base
    if not height > 0:
        return None
    level = base + share * height
    if values[best] <= level:
        return None
    below = values <= level
    before, after = np.nonzero(below[:best])[0], np.nonzero(below[best:])[0]
    if before.size == 0 or after.size == 0:
        return None
    i, j = int(before[-1]), best + int(after[0])
    start = _crossing(position, values, i, i + 1, level)
    end = _crossing(position, values, j - 1, j, level)
    return Peak(start, end, height)


def _crossing(position: Floats, values: Floats, i: int, j: int, level: float) -> float:
    share = (level - values[i]) / (values[j] - values[i])
    return float(position[i] + share * (position[j] - position[i]))
