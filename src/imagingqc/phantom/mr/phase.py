"""Phase images to a field: the scale of their values, the difference of two echoes, and its unwrapping in a sphere."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import BoolArray

Floats = NDArray[np.float64]

# What scanners write for a phase of -pi and of pi: radians, milliradians, 12 bits with and without an offset
SCALES = ((-math.pi, math.pi), (-3141.6, 3141.6), (-4096.0, 4094.0), (-2048.0, 2047.0), (0.0, 4095.0))
SCALE_AGREES = 0.02  # of the full range
STEEPEST = 0.5 * math.pi  # between neighbours: beyond it a step may be a wrap of its own
STEEP_SHARE = 0.001


def radians(values: Floats) -> Floats:
    """Stored phase as radians; the noise outside of the phantom fills the whole range and so tells the scale.

    AnalysisError `phase_scale_unknown` when lowest and highest value are of none of SCALES (within 2 %).
    """
    low, high = float(values.min()), float(values.max())
    for start, end in SCALES:
        span = end - start
        if abs(low - start) <= SCALE_AGREES * span and abs(high - end) <= SCALE_AGREES * span:
            return np.asarray((values - (start + end) / 2) * (2 * math.pi / span))
    raise AnalysisError("phase_scale_unknown", low=f"{low:.0f}", high=f"{high:.0f}")


def wrapped(values: Floats) -> Floats:
    """Angles brought to -pi to pi."""
    return np.asarray((values + math.pi) % (2 * math.pi) - math.pi)


def unwrapped(phase: Floats, inside: BoolArray, centre: tuple[int, int, int]) -> Floats:
    """Phase without wraps in a convex region about `centre`; shape (slices, rows, columns), radians, NaN outside.

    Steps between neighbours are followed from the centre along the slices, then the rows, then the columns.
    AnalysisError `phase_unsafe` when more than a thousandth of the steps inside is steeper than half a turn's half, or
    when the steps round any square of four neighbours do not add up to nothing: then the way would decide.
    Source: Itoh, Appl Opt 21 (1982) 2470; residues as in Goldstein et al., Radio Sci 23 (1988) 713.
    """
    steps = [wrapped(np.diff(phase, axis=axis)) for axis in range(3)]
    both = [_both(inside, axis) for axis in range(3)]
    steep = sum(int((np.abs(s[b]) > STEEPEST).sum()) for s, b in zip(steps, both, strict=True))
    if steep > STEEP_SHARE * sum(int(b.sum()) for b in both) or _residues(steps, inside):
        raise AnalysisError("phase_unsafe")
    k, i, _ = centre
    out = np.full(phase.shape, np.nan)
    spine = _followed(steps[0][:, i, centre[2]], both[0][:, i, centre[2]], k)
    for a in np.nonzero(np.isfinite(spine))[0]:
        rib = spine[a] + _followed(steps[1][a, :, centre[2]], both[1][a, :, centre[2]], i)
        for b in np.nonzero(np.isfinite(rib))[0]:
            out[a, b] = rib[b] + _followed(steps[2][a, b], both[2][a, b], centre[2])
    return np.where(inside, out + phase[centre], np.nan)


def _both(inside: BoolArray, axis: int) -> BoolArray:
    """Where a voxel and its next neighbour along an axis are inside."""
    first = [slice(None)] * 3
    second = [slice(None)] * 3
    first[axis], second[axis] = slice(None, -1), slice(1, None)
    return np.asarray(inside[tuple(first)] & inside[tuple(second)], dtype=bool)


def _followed(steps: Floats, both: BoolArray, start: int) -> Floats:
    """Sum of the steps from `start` both ways until one leaves the region; NaN beyond, 0 at the start."""
    out = np.full(steps.size + 1, np.nan)
    out[start] = 0.0
    ahead = np.where(np.cumprod(both[start:]), np.cumsum(steps[start:]), np.nan)
    back = np.where(np.cumprod(both[:start][::-1]), -np.cumsum(steps[:start][::-1]), np.nan)
    out[start + 1 :], out[:start] = ahead, back[::-1]
    return out


def _residues(steps: list[Floats], inside: BoolArray) -> bool:
    """Whether the wrapped steps round any square of four voxels inside add up to a turn."""
    for one, two in ((0, 1), (0, 2), (1, 2)):
        across, down = steps[one], steps[two]
        turn = _cut(across, two, 0) + _cut(down, one, 1) - _cut(across, two, 1) - _cut(down, one, 0)
        square = _both(inside, one)
        whole = _cut_mask(square, two)
        if (np.abs(turn[whole]) > math.pi).any():
            return True
    return False


def _cut(values: Floats, axis: int, which: int) -> Floats:
    """All but the last (0) or the first (1) along an axis."""
    chosen = [slice(None)] * 3
    chosen[axis] = slice(None, -1) if which == 0 else slice(1, None)
    return values[tuple(chosen)]


def _cut_mask(mask: BoolArray, axis: int) -> BoolArray:
    first = [slice(None)] * 3
    second = [slice(None)] * 3
    first[axis], second[axis] = slice(None, -1), slice(1, None)
    return np.asarray(mask[tuple(first)] & mask[tuple(second)], dtype=bool)
