"""How much of the signal of an MR picture lies where there is only air: QI1, entropy focus, energy ratio, ghosts."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median

import numpy as np

from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.mr.looks import Look, acquired, air_of, each, fine, looks, phase_axis
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Slice, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import FloatArray
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.morphology import BoolArray, opened
from imagingqc.imaging.roi import outline
from imagingqc.quantity import Evidence, Measurement, Recorder
from imagingqc.stats.baseline import SD_PER_MAD

NAME, VERSION = "mr.artefacts", "1"
QI1, EFC, FBER, GHOST = "mr.qi1", "mr.efc", "mr.fber", "mr.ghosting.phase"
OUTLYING = 4.0  # robust standard deviations above the median of the air
BLOCK, FEWEST_BLOCKS = 8, 8
STRIP_SHARE = 0.01  # of the picture: air wanted on the phase axis beside the body, and off it


def artefact_share(pixels: FloatArray, air: BoolArray) -> float:
    """Share (0-1) of the air that holds more than noise: above median + 4 robust SD, isolated pixels opened away.

    Median and scatter are those of the darkest quarter of the air, told by blocks of 8 x 8 pixels, for a ghost may
    cover more than half of it.  AnalysisError `air_flat` when it has no spread.
    Source: quality index QI1 of Mortamet et al., Magn Reson Med 62 (2009) 365, with this threshold instead of the mode
    of the histogram and a cross of 3 x 3 pixels in the plane.
    """
    quiet = pixels[_quiet(pixels, air)]
    middle = float(np.median(quiet)) if quiet.size else 0.0
    spread = SD_PER_MAD * float(np.median(np.abs(quiet - middle))) if quiet.size else 0.0
    if spread <= 0:
        raise AnalysisError("air_flat")
    raised = opened(air & (pixels > middle + OUTLYING * spread))
    return float(raised.sum()) / int(air.sum())


def _quiet(pixels: FloatArray, air: BoolArray) -> BoolArray:
    """The quarter of the air's whole blocks with the lowest mean; all air when there are fewer than eight blocks."""
    whole = blocks(air, BLOCK) == 1
    if int(whole.sum()) < FEWEST_BLOCKS:
        return air
    means = blocks(pixels, BLOCK)
    return fine(whole & (means <= np.quantile(means[whole], 0.25)), BLOCK, pixels.shape)


def entropy_focus(pixels: FloatArray) -> float:
    """Entropy of the picture over the largest possible, from 0 (one bright pixel) to 1 (all alike).

    Ghosts, motion and noise raise it.
    E = -sum((x / b) ln(x / b)) with b = sqrt(sum(x^2)), over sqrt(N) ln(sqrt(N)).
    Source: Atkinson et al., IEEE Trans Med Imaging 16 (1997) 903; normalised as in MRIQC.
    """
    values = np.abs(np.asarray(pixels, dtype=np.float64)).ravel()
    whole = math.sqrt(float((values * values).sum()))
    if whole == 0:
        raise AnalysisError("no_foreground")
    part = values[values > 0] / whole
    root = math.sqrt(values.size)
    return -float((part * np.log(part)).sum()) / (root * math.log(root))


def energy_ratio(pixels: FloatArray, signal: BoolArray, air: BoolArray) -> float:
    """Mean squared value of the signal over that of the air; higher is better.  AnalysisError `air_flat` for no energy.

    Source: foreground-background energy ratio, Shehzad et al., Front Neurosci 2015 (Preprocessed Connectomes).
    """
    outside = _energy(pixels, air)
    if outside == 0:
        raise AnalysisError("air_flat")
    return _energy(pixels, signal) / outside


def _energy(pixels: FloatArray, where: BoolArray) -> float:
    return float(np.square(pixels[where], dtype=np.float64).mean())


def ghost_share(pixels: FloatArray, signal: BoolArray, air: BoolArray, axis: int) -> float:
    """RMS signal of the air in line with the body along the phase axis beyond that of the rest, over the RMS signal.

    The energy of the air off the phase axis is taken off, and with it the noise floor of magnitude pictures; 0 when
    nothing is left.  A ghost of amplitude a that covers the share s of the strips gives a x sqrt(s).
    Raises AnalysisError `no_air_beside` when there is no air in line with the body, or none beside.
    Source: own definition after the ghosting ratio of the ACR MRI QC manual.
    """
    aligned = np.broadcast_to(signal.any(axis=axis, keepdims=True), signal.shape)
    beside, off = air & aligned, air & ~aligned
    if min(beside.mean(), off.mean()) < STRIP_SHARE:
        raise AnalysisError("no_air_beside")
    excess = _energy(pixels, beside) - _energy(pixels, off)
    return math.sqrt(max(0.0, excess) / _energy(pixels, signal))


def _qi1(look: Look, pixels: FloatArray) -> float:
    return 100.0 * artefact_share(pixels, _beyond(look, pixels))


def _efc(look: Look, pixels: FloatArray) -> float:
    air_of(look)
    return entropy_focus(pixels)


def _fber(look: Look, pixels: FloatArray) -> float:
    return energy_ratio(pixels, fine(look.bright, look.step, pixels.shape), _beyond(look, pixels))


def _ghost(look: Look, pixels: FloatArray) -> float:
    axis = phase_axis(look.piece)
    beyond = _beyond(look, pixels)
    return 100.0 * ghost_share(pixels, fine(look.bright, look.step, pixels.shape), beyond, axis)


def _beyond(look: Look, pixels: FloatArray) -> BoolArray:
    return fine(air_of(look, ghosts=True), look.step, pixels.shape)


WAYS: dict[str, Callable[[Look, FloatArray], float]] = {QI1: _qi1, EFC: _efc, FBER: _fber, GHOST: _ghost}


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in acquired(stacks) for m in _measure(stack, reader)]


def _measure(stack: Stack, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), stack.slices)
    return [_median(record, quantity, way, stack, reader) for quantity, way in WAYS.items()]


def _median(
    record: Recorder, quantity: str, way: Callable[[Look, FloatArray], float], stack: Stack, reader: PixelReader
) -> Measurement:
    """Median over the looks that give a value, with the outline of the signal in the one nearest to it."""
    try:
        found = each(looks(stack, reader), reader, way)
    except (AnalysisError, DataError) as error:
        return record.refuse_for(quantity, error.reason)
    value = median(number for _, number in found)
    look = min(found, key=lambda pair: abs(pair[1] - value))[0]
    return record.value(quantity, value, evidence=_outlined(look.piece, look))


def _outlined(piece: Slice, look: Look) -> Evidence:
    points = [[x * look.step, y * look.step] for x, y in outline(look.bright)]
    shape = {"kind": "polyline", "points": points, "closed": True}
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"MR"}), needs_pixels=True, quantities=tuple(WAYS), run=_run, pace="full"
)  # fmt: skip
