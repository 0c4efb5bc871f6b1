"""Where a picture of an MR stack shows signal and where air: found once for each slice, shared by all methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from imagingqc.clinical.method import Stacks
from imagingqc.clinical.mr.signal import otsu
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError, DataError, Reason
from imagingqc.image import FloatArray, Image2D
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import BoolArray, dilated, opened
from imagingqc.imaging.roi import filled, regions

LOOKS = 30  # slices at most, evenly over the stack
GRID = 128  # pixels at least along the shorter side of the grid that shapes are found on
SMALLEST_SIDE = 64
SMALLEST_SHARE = 0.02  # of the picture: signal
LOW = (0.25, 0.5)  # of Otsu's threshold, as the noise allows: dim parts of the body are no air
ABOVE_NOISE = 4.0  # standard deviations above the mean of the darkest corner
CORNER = 0.08  # of the sides
FEWEST = 0.05  # of the picture: air
UNSURE = 0.3  # of the air around the bright body: signal
BLANKED = 0.25  # share of zeros from which on the air was altered
MARGIN = 0.04  # of the shorter side, kept between signal and air
IN_A_ROW = 3  # neighbouring looks that must show a thing: one slice at the end of a stack says little

PHASE_AXIS = {"ROW": 1, "COL": 0, "COLUMN": 0}  # the array axis along which the phase is encoded

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Look:
    """One slice: `signal` and `air` on a grid of `step` x `step` image pixels, neither between the two.

    Signal is all that stands out of the noise, air the rest.  `bright` is the body without its dim parts and without
    ghosts, `beyond` what lies around it and may hold ghosts.  `zeroed` is the share (0-1) of the air that holds exactly
    zero; blank areas belong neither to `air` nor to `beyond`.
    """

    piece: Slice
    step: int
    signal: BoolArray
    air: BoolArray
    bright: BoolArray
    beyond: BoolArray
    zeroed: float


_LOOKS: WeakKeyDictionary[PixelReader, dict[tuple[tuple[str, str, int], ...], tuple[Look, ...] | Reason]] = (
    WeakKeyDictionary()
)


def acquired(stacks: Stacks) -> Stacks:
    """Stacks of plain slices; AnalysisError `no_images` when there are none (scout, mosaic, capture, projection)."""
    found = tuple(stack for stack in stacks if stack.kind in {"volume", "single"})
    if not found:
        raise AnalysisError("no_images", kinds=", ".join(sorted({stack.kind for stack in stacks})) or "-")
    return found


def looks(stack: Stack, reader: PixelReader) -> tuple[Look, ...]:
    """The looks at a stack in the order of its slices, kept as long as the reader lives; slices without signal go.

    Raises AnalysisError `derived_map`, `picture_too_small` (shorter side below 64), `no_foreground`, and whatever kept
    the last slice from being read when none could be.
    """
    kept = _LOOKS.setdefault(reader, {})
    key = tuple((p.instance.path, p.instance.sop_uid, p.frame) for p in stack.slices)
    if key not in kept:
        kept[key] = _walk(stack, reader)
    found = kept[key]
    if isinstance(found, Reason):
        raise AnalysisError(found.code, **found.values)
    return found


def _walk(stack: Stack, reader: PixelReader) -> tuple[Look, ...] | Reason:
    kind = {word.upper() for word in stack.slices[0].instance.texts("ImageType")}
    if kind & {"DERIVED", "P", "PHASE", "PHASE MAP", "R", "REAL", "I", "IMAGINARY"}:
        return Reason("derived_map")
    out, refused = [], Reason("no_foreground")
    every = max(1, math.ceil(len(stack.slices) / LOOKS))
    for piece in stack.slices[::every]:
        try:
            out.append(_look(piece, reader.image(piece)))
        except (AnalysisError, DataError) as error:
            refused = error.reason
    return tuple(out) or refused


def _look(piece: Slice, image: Image2D) -> Look:
    require_side(image.pixels, SMALLEST_SIDE)
    side = min(image.pixels.shape)
    step = max(1, side // GRID)
    grid = blocks(image.pixels, step)
    level = otsu(grid)
    if not regions(opened(grid > level), SMALLEST_SHARE * grid.size)[1]:
        raise AnalysisError("no_foreground")
    zeros = blocks(image.pixels == 0, step)
    void = opened(zeros > 0.5)
    if image.padding is not None:
        void |= blocks(image.padding, step) > 0
    signal = filled(opened(grid > min(LOW[1] * level, max(LOW[0] * level, _noise_level(grid)))))
    bright = _largest(opened(grid > LOW[1] * level))
    margin = max(2, math.ceil(MARGIN * side / step))
    around = _around(signal, margin)
    zeroed = float(zeros[around].mean()) if around.any() else 0.0
    return Look(piece, step, signal, around & ~void, bright, _around(bright, margin) & ~void, zeroed)


def _largest(mask: BoolArray) -> BoolArray:
    labels, found = regions(mask, SMALLEST_SHARE * mask.size)
    return filled(labels == found[0].label) if found else mask


def _around(body: BoolArray, margin: int) -> BoolArray:
    return ~dilated(body, margin) & ~_enclosed(body)


def _noise_level(grid: FloatArray) -> float:
    """What noise hardly reaches: mean + 4 SD of the darkest corner."""
    rows, columns = (max(4, round(CORNER * n)) for n in grid.shape)
    corners = [grid[down, right] for down in (slice(0, rows), slice(-rows, None))
               for right in (slice(0, columns), slice(-columns, None))]  # fmt: skip
    alive = [box for box in corners if box.any()]  # a blanked corner tells nothing
    return min((float(box.mean() + ABOVE_NOISE * box.std()) for box in alive), default=0.0)


def _enclosed(signal: BoolArray) -> BoolArray:
    """What has signal on three of its four sides: holes of a phantom, sinuses, the gap between two legs."""
    before = [np.logical_or.accumulate(signal, axis=axis) for axis in (0, 1)]
    after = [np.flip(np.logical_or.accumulate(np.flip(signal, axis), axis=axis), axis) for axis in (0, 1)]
    sides = np.sum([*before, *after], axis=0)
    return np.asarray(sides >= 3, dtype=bool)


def require_side(pixels: FloatArray, need: int) -> None:
    """AnalysisError `picture_too_small` unless the shorter side has `need` pixels."""
    if min(pixels.shape) < need:
        raise AnalysisError("picture_too_small", need=need)


def fine(mask: BoolArray, step: int, shape: tuple[int, ...]) -> BoolArray:
    """A mask of the grid in image pixels; rows and columns beyond the last whole block are False."""
    out = np.zeros(shape, dtype=bool)
    wide = np.repeat(np.repeat(mask, step, axis=0), step, axis=1)
    out[: wide.shape[0], : wide.shape[1]] = wide
    return out


def air_of(look: Look, *, ghosts: bool = False) -> BoolArray:
    """The air of a look, with what ghosts fill of it when asked.

    AnalysisError `air_zeroed` (more than 25 % is exactly zero), `no_air` (less than 5 % of the picture) and, with
    ghosts, `air_unsure` (30 % of what lies around the bright body stands out of the noise: dim parts of the body far
    from a surface coil, or a ghost as strong as they are).
    """
    if look.zeroed > BLANKED:
        raise AnalysisError("air_zeroed", share=f"{100 * look.zeroed:.0f}")
    air = look.beyond if ghosts else look.air
    if air.mean() < FEWEST:
        raise AnalysisError("no_air")
    if ghosts and (look.signal & air).sum() > UNSURE * air.sum():
        raise AnalysisError("air_unsure")
    return air


def phase_axis(piece: Slice) -> int:
    """0 when the phase is encoded down the columns, 1 along the rows; AnalysisError `missing_tag`, `unknown_value`."""
    frame = piece.instance.frames[piece.frame].facts
    written = frame.get("InPlanePhaseEncodingDirection") or piece.instance.text("InPlanePhaseEncodingDirection")
    if not written:
        raise AnalysisError("missing_tag", tag="InPlanePhaseEncodingDirection")
    axis = PHASE_AXIS.get(str(written).strip().upper())
    if axis is None:
        raise AnalysisError("unknown_value", tag="InPlanePhaseEncodingDirection", value=str(written))
    return axis


def each(
    seen: Sequence[Look], reader: PixelReader, measure: Callable[[Look, FloatArray], Found]
) -> list[tuple[Look, Found]]:
    """What `measure` finds in each look; the reason of the last that could not be measured when none could."""
    found, refused = [], Reason("no_foreground")
    for look in seen:
        try:
            found.append((look, measure(look, reader.image(look.piece).pixels)))
        except (AnalysisError, DataError) as error:
            refused = error.reason
    if not found:
        raise AnalysisError(refused.code, **refused.values)
    return found


def lasting(values: Sequence[float]) -> tuple[float, int]:
    """The highest value that three neighbours reach (all of them when there are fewer), and where the middle one is."""
    width = min(IN_A_ROW, len(values))
    runs = [min(values[i : i + width]) for i in range(len(values) - width + 1)]
    best = int(np.argmax(runs))
    return runs[best], best + width // 2
