"""Which slice of which acquisition shows the uniform phantom, and which other acquisition was taken alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import blurred
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.hand import Circle, chosen_image, drawn_circle
from imagingqc.phantom.model import PhantomInput
from imagingqc.phantom.mr.acr_find import shading
from imagingqc.phantom.mr.acr_series import label
from imagingqc.phantom.mr.frame import Floats, Frame
from imagingqc.phantom.mr.outline import find_disc

LOOKS = 11  # slices at most, evenly over the stack
INSIDE = 0.82  # of the radius: farther out there may be a filling hole or a bubble
UNEVEN, UNEVEN_SHARE = 0.2, 0.01  # of the local signal, and of the pixels inside
LARGEST_SHADE_ERROR = 0.08
ALIKE_MM = 0.1


@dataclass(frozen=True, slots=True)
class Chosen:
    """The slice to measure, and the same slice of a second acquisition where there is one."""

    frame: Frame
    second: Frame | None
    unevenness: float


def choose(given: PhantomInput) -> Chosen:
    """The slice of the parameter `slice`, else the widest even one, of the only acquisition or of two taken alike.

    Choices made by hand (`phantom.hand`): `image`, the slice to measure, which is of one acquisition, and `outline`,
    the circle in which the phantom is looked for.

    AnalysisError `not_a_volume` without slices (mosaics, projections), `phantom_choose_series` (several acquisitions
    that are not two alike), `phantom_series_unknown`, `phantom_not_found`, `phantom_cut`, `phantom_other` (uneven).
    """
    stacks = [stack for stack in given.stacks if stack.kind in ("volume", "single")]
    if not stacks:
        kinds = ", ".join(sorted({stack.kind for stack in given.stacks})) or "-"
        raise AnalysisError("not_a_volume", kinds=kinds)
    one = _first(stacks, given)
    others = [stack for stack in stacks if stack is not one and alike(one, stack)]
    frame, unevenness = _widest(one, given)
    second = None
    if len(others) == 1:
        second = _same_place(frame.piece, others[0], given)
    return Chosen(frame, second, unevenness)


def _first(stacks: Sequence[Stack], given: PhantomInput) -> Stack:
    if (by_hand := chosen_image(given)) is not None:
        if not any(by_hand[0] is stack for stack in stacks):
            raise AnalysisError("not_a_volume", kinds=by_hand[0].kind)
        return by_hand[0]
    ordered = sorted(stacks, key=lambda s: (s.slices[0].instance.number("SeriesNumber") or 0.0, label(s)))
    names = "; ".join(label(stack) for stack in ordered)
    wanted = given.parameters.get("series")
    if wanted:
        called = [s for s in ordered if str(wanted) in _names(s)]
        if not called:
            raise AnalysisError("phantom_series_unknown", series=str(wanted), names=names)
        return called[0]
    if len(ordered) > 2 or (len(ordered) == 2 and not alike(*ordered)):
        raise AnalysisError("phantom_choose_series", names=names)
    return ordered[0]


def _names(stack: Stack) -> set[str]:
    first = stack.slices[0].instance
    number = first.number("SeriesNumber")
    return {label(stack), first.series_uid, first.text("SeriesDescription") or "", f"{number or 0:.0f}"} - {""}


def alike(one: Stack, two: Stack) -> bool:
    """Whether two stacks of one exam have the same orientation, spacing, matrix, TE, TR and flip angle."""
    a, b = one.slices[0].instance, two.slices[0].instance
    if a.study_uid != b.study_uid or one.spacing_mm != two.spacing_mm or (a.rows, a.columns) != (b.rows, b.columns):
        return False
    if one.normal is None or two.normal is None or abs(float(np.dot(one.normal, two.normal))) < 0.999:
        return False
    return all(a.number(key) == b.number(key) for key in ("EchoTime", "RepetitionTime", "FlipAngle"))


def _widest(stack: Stack, given: PhantomInput) -> tuple[Frame, float]:
    drawn = drawn_circle(given)
    wanted = _wanted(stack, given)
    if wanted is not None:
        return _agreeing(_even(_frame(wanted, given.frames, drawn)), drawn)
    step = max(1, math.ceil(len(stack.slices) / LOOKS))
    middle = (len(stack.slices) - 1) / 2
    found: list[tuple[float, float, Frame, float]] = []
    refused: AnalysisError | None = None
    for i in range((len(stack.slices) - 1) % step // 2, len(stack.slices), step):
        try:
            frame, unevenness = _even(_frame(stack.slices[i], given.frames, drawn))
            found.append((-round(frame.disc.radius_mm), abs(i - middle), frame, unevenness))
        except AnalysisError as error:
            refused = error if refused is None or error.reason.code == "phantom_other" else refused
    if not found:
        raise refused or AnalysisError("phantom_not_found", why="nothing_bright")
    best = min(found, key=lambda f: f[:2])
    return _agreeing((best[2], best[3]), drawn)


def _wanted(stack: Stack, given: PhantomInput) -> Slice | None:
    """The slice that a person typed or chose in the images; both at once have to be the same."""
    typed, chosen = given.number("slice"), chosen_image(given)
    if typed is not None and not 1 <= round(typed) <= len(stack.slices):
        raise AnalysisError("parameter_bad", parameter="slice", value=f"{typed:g}")
    by_number = None if typed is None else stack.slices[round(typed) - 1]
    if by_number is not None and chosen is not None and chosen[1] != by_number:
        number = stack.slices.index(chosen[1]) + 1
        raise AnalysisError("hand_slice_twice", slice=f"{typed:g}", image=number)
    return by_number if chosen is None else chosen[1]


def _agreeing(found: tuple[Frame, float], drawn: Circle | None) -> tuple[Frame, float]:
    if drawn is not None:
        disc = found[0].disc
        drawn.require_agrees(disc.x + 0.5, disc.y + 0.5, disc.radius_mm, disc.spacing_mm)
    return found


def _frame(piece: Slice, decode: Frames, drawn: Circle | None) -> Frame:
    image = decode.image(piece)
    if image.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    pixels = np.asarray(image.pixels, dtype=np.float64)
    looked_at = drawn.only(pixels, image.spacing_mm, 0.0) if drawn else pixels
    return Frame(piece, pixels, find_disc(np.asarray(looked_at, dtype=np.float64), image.spacing_mm))


def _even(frame: Frame) -> tuple[Frame, float]:
    """The frame, and the RMS of what its shading does not explain; AnalysisError `phantom_other` when it is uneven."""
    u, v = frame.coordinates()
    inside = np.hypot(u, v) < INSIDE * frame.disc.radius_mm
    trend = shading(frame, inside)[inside]
    if float(trend.min()) <= 0:
        raise AnalysisError("phantom_other", wanted="uniform_phantom", why="not_even_mr")
    off = smooth(frame)[inside] / trend - 1
    rms = float(np.sqrt((off**2).mean()))
    if float((np.abs(off) > UNEVEN).mean()) > UNEVEN_SHARE or rms > LARGEST_SHADE_ERROR:
        raise AnalysisError("phantom_other", wanted="uniform_phantom", why="not_even_mr")
    return frame, rms


def smooth(frame: Frame) -> Floats:
    """The picture after a Gaussian of 1.5 mm: what is left is structure, not noise."""
    rows, columns = frame.disc.spacing_mm
    return np.asarray(blurred(frame.pixels, (1.5 / rows, 1.5 / columns)), dtype=np.float64)


def _same_place(piece: Slice, stack: Stack, given: PhantomInput) -> Frame | None:
    """The slice of `stack` at the place of `piece`, None without one."""
    if len(stack.slices) == 1 or piece.position_mm is None:
        near = list(stack.slices[:1])
    else:
        near = [
            s for s in stack.slices if s.position_mm is not None and abs(s.position_mm - piece.position_mm) < ALIKE_MM
        ]
    return _frame(near[0], given.frames, drawn_circle(given)) if near else None
