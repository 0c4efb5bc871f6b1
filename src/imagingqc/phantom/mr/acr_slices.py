"""Slice thickness and slice position of the ACR phantom, from the ramps and wedges of slices 1 and 11."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.peak_width import peak_width
from imagingqc.phantom.mr.frame import Frame

Floats = NDArray[np.float64]

SLOPE = 10.0  # mm along a ramp for each mm of slice
RAMP_MM, RAMP_HALF_MM = 2.6, 1.2  # from the middle of the bar to the middle of a ramp, and half of what is averaged
REACH = 0.84  # of the radius: how far along the bar is looked
BASE_MM = 62.0  # farther out there is no ramp signal for slices up to 10 mm
SMOOTH_MM = 4.0
WEDGE_MM = 2.9  # from the middle between the wedges to the middle of one
WEDGE_HALF_MM = 1.0
WEDGE_DARK_MM, WEDGE_FROM_MM, WEDGE_TO_MM = (11.0, 19.0), 11.0, 51.0  # from the upper edge of the outline
LARGEST_DIFFERENCE_MM = 25.0
STEP_MM = 0.25


@dataclass(frozen=True, slots=True)
class Ramps:
    """Full widths at half maximum (mm) of the two ramps and the thickness that they give.

    `profiles` are (u, upper, lower): mm, signal; `v` is the height of the bar's middle in phantom coordinates.
    """

    thickness_mm: float
    upper: tuple[float, float]
    lower: tuple[float, float]
    v: float
    profiles: tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Wedges:
    """Where the left and the right bar end (v, mm); `difference_mm` is positive when the right bar is the longer."""

    left_mm: float
    right_mm: float
    middle_mm: float

    @property
    def difference_mm(self) -> float:
        return self.right_mm - self.left_mm


def thickness(frame: Frame) -> Ramps:
    """0.2 x top x bottom / (top + bottom), widths at half maximum over the level beside the ramps (slice 1).

    AnalysisError `ramp_not_found` when a ramp does not rise above the bar or its signal reaches the bar's ends.
    """
    middle = _bar_middle(frame)
    reach = REACH * frame.disc.radius_mm
    u = np.arange(-reach, reach + STEP_MM / 2, STEP_MM)
    across = np.arange(-RAMP_HALF_MM, RAMP_HALF_MM + 0.1, 0.2)[:, np.newaxis]
    lines = [frame.at(u, middle + side * RAMP_MM + across).mean(axis=0) for side in (-1, 1)]
    spans = [_ramp(u, _smoothed(line)) for line in lines]
    top, bottom = (end - start for start, end in spans)
    return Ramps(2 * top * bottom / (top + bottom) / SLOPE, spans[0], spans[1], middle, (u, lines[0], lines[1]))


def _smoothed(line: Floats) -> Floats:
    width = round(SMOOTH_MM / STEP_MM) | 1
    padded = np.pad(line, width // 2, mode="edge")
    return np.asarray(np.convolve(padded, np.ones(width) / width, mode="valid"))


def _ramp(u: Floats, line: Floats) -> tuple[float, float]:
    """Both crossings of half of a ramp's plateau over the level of the bar beside it."""
    beside = line[np.abs(u) > BASE_MM]
    base = float(np.median(beside))
    spread = 1.4826 * float(np.median(np.abs(beside - base)))
    highest = float(line.max())
    plateau = line[line > base + 0.8 * (highest - base)]
    level = float(np.median(plateau))
    if level - base < 3 * spread or level < 1.3 * base:
        raise AnalysisError("ramp_not_found")
    peak = peak_width(u, line, base, top=level)
    if peak is None or peak.start < -BASE_MM or peak.end > BASE_MM:
        raise AnalysisError("ramp_not_found")
    return peak.start, peak.end


def _bar_middle(frame: Frame) -> float:
    """Height (v, mm) of the middle of the dark bar that holds the ramps."""
    v = np.arange(-14.0, 14.05, 0.1)
    ends = np.arange(30.0, 0.8 * frame.disc.radius_mm)
    u = np.concatenate([-ends, ends])
    line = frame.at(u, v[:, np.newaxis]).mean(axis=1)
    water = float(np.median(np.concatenate([line[:30], line[-30:]])))
    dark = _longest_run(np.nonzero(line < (water + float(line.min())) / 2)[0])
    height = float(v[dark[-1]] - v[dark[0]]) if dark.size else 0.0
    if not 7.0 < height < 15.0:
        raise AnalysisError("ramp_not_found")
    return float(v[dark[0]] + v[dark[-1]]) / 2


def _longest_run(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of ascending places in steps of 0.1 mm those of the longest run, across gaps of up to a millimetre."""
    return max(np.split(places, np.nonzero(np.diff(places) > 10)[0] + 1), key=len)


def position(frame: Frame, size: float = 1.0) -> Wedges:
    """Ends of the two crossed wedges in slice 1 or 11; AnalysisError `wedge_not_found` when one has none in reach.

    `size` is the phantom's diameter over that of the large one: how far down is looked.
    """
    middle = _wedge_middle(frame)
    v = np.arange(WEDGE_FROM_MM, WEDGE_TO_MM * size, 0.1) - frame.disc.radius_mm
    across = np.arange(-WEDGE_HALF_MM, WEDGE_HALF_MM + 0.1, 0.25)
    left, right = (_end(v, frame.at(middle + side * WEDGE_MM + across, v[:, np.newaxis]).mean(axis=1))
                   for side in (-1, 1))  # fmt: skip
    found = Wedges(left, right, middle)
    if abs(found.difference_mm) > LARGEST_DIFFERENCE_MM:
        raise AnalysisError("wedge_not_found")
    return found


def _wedge_middle(frame: Frame) -> float:
    """Middle (u, mm) of the two bars beside each other, from their outer edges where both are there."""
    u = np.arange(-14.0, 14.05, 0.1)
    v = np.arange(*WEDGE_DARK_MM, 0.5)[:, np.newaxis] - frame.disc.radius_mm
    line = frame.at(u, v).mean(axis=0)
    water = float(np.percentile(line, 90))
    dark = np.nonzero(line < (water + float(line.min())) / 2)[0]
    width = float(u[dark[-1]] - u[dark[0]]) if dark.size else 0.0
    if not 8.0 < width < 16.0 or float(line.min()) > 0.4 * water:
        raise AnalysisError("wedge_not_found")
    return float(u[dark[0]] + u[dark[-1]]) / 2


def _end(v: Floats, line: Floats) -> float:
    """The height where a bar's dark gives way to half of the water's signal below it."""
    dark = float(np.median(line[:40]))
    water = float(np.median(line[-40:]))
    level = (dark + water) / 2
    above = np.nonzero(line > level)[0]
    if water < 2 * dark or above.size == 0 or above[0] == 0:
        raise AnalysisError("wedge_not_found")
    k = int(above[0])
    part = (level - line[k - 1]) / (line[k] - line[k - 1])
    return float(v[k - 1] + part * (v[k] - v[k - 1]))
