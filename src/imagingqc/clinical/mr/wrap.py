"""Wrap-around along the phase-encoding direction of MR stacks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.mr.looks import Look, acquired, each, fine, lasting, looks, phase_axis, require_side
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import BoolArray, box_mean, labelled
from imagingqc.quantity import Evidence, Measurement

NAME, VERSION = "mr.wrap", "1"
QUANTITY = "mr.wrap.similarity"
STRIP = 2  # pixels deep
SMALLEST_SIDE = 128
FEWEST = 12  # pixels of a border that show signal
SMOOTH = 0.1  # of the border's length: what is smoother than this counts for nothing
SHIFT = 2  # pixels that correction of distortion may have moved the two borders against each other
STEADY = 0.5  # similarity of neighbouring strips inside of the picture, below which a border says nothing


def seam_similarity(pixels: FloatArray, signal: BoolArray, axis: int) -> float:
    """How well the picture goes on across its own border along `axis`: 0 (not at all, or no signal there) to 1.

    A picture that is the Fourier transform of its samples is periodic: what reaches beyond the field at one border
    comes in at the other, so its last lines fit its first ones as any two neighbouring lines fit.  The value is the
    normalised correlation of the outermost two lines of both borders, where either shows signal, smooth parts removed,
    over that of the outermost and the next two lines of the same border (at most 1).  AnalysisError `border_unclear`
    when those do not fit either (below 0.5).
    Source: own definition; the similarity of border strips is a usual sign of wrap-around.
    """
    lines = pixels if axis == 0 else pixels.T
    shown = signal if axis == 0 else signal.T
    near = np.asarray(shown[:STRIP].any(axis=0), dtype=bool)
    far = np.asarray(shown[-STRIP:].any(axis=0), dtype=bool)
    if min(int(near.sum()), int(far.sum())) < FEWEST:
        return 0.0
    first, second = _strip(lines[:STRIP]), _strip(lines[STRIP : 2 * STRIP])
    last, before = _strip(lines[-STRIP:]), _strip(lines[-2 * STRIP : -STRIP])
    within = min(_alike(first, second, near), _alike(last, before, far))
    if within < STEADY:
        raise AnalysisError("border_unclear")
    across = max(_alike(first, np.roll(last, shift), near | far) for shift in range(-SHIFT, SHIFT + 1))
    return min(1.0, max(0.0, across / within))


def without_through(signal: BoolArray, axis: int) -> BoolArray:
    """`signal` without the regions that reach from border to border along `axis`.

    A limb or trunk that runs through the picture is alike at both borders without any wrap-around.
    """
    labels, _ = labelled(signal)
    ends = labels if axis == 0 else labels.T
    through = np.intersect1d(ends[:STRIP], ends[-STRIP:])
    return np.asarray(signal & ~np.isin(labels, through), dtype=bool)


def _strip(lines: FloatArray) -> NDArray[np.float64]:
    profile = np.asarray(lines.mean(axis=0, dtype=np.float64))
    smooth = box_mean(profile.astype(np.float32)[np.newaxis], [1, max(5, round(SMOOTH * profile.size))])[0]
    return np.asarray(profile - smooth)


def _alike(a: NDArray[np.float64], b: NDArray[np.float64], where: BoolArray) -> float:
    a, b = a[where] - a[where].mean(), b[where] - b[where].mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [_measure(stack, reader) for stack in acquired(stacks)]


def _measure(stack: Stack, reader: PixelReader) -> Measurement:
    record = recorder((NAME, VERSION), stack.slices)
    try:
        axis = phase_axis(stack.slices[0])
        found = each(looks(stack, reader), reader, lambda look, pixels: _similarity(look, pixels, axis))
    except (AnalysisError, DataError) as error:
        return record.refuse_for(QUANTITY, error.reason)
    values = [similarity for _, similarity in found]
    if 2 * sum(value is None for value in values) > len(values):
        return record.refuse(QUANTITY, "border_unclear")
    value, at = lasting([similarity or 0.0 for similarity in values])
    return record.value(QUANTITY, value, evidence=_evidence(found[at][0], axis))


def _similarity(look: Look, pixels: FloatArray, axis: int) -> float | None:
    """None for a border of mere noise or plain tissue."""
    require_side(pixels, SMALLEST_SIDE)
    loose = without_through(look.signal, axis)
    try:
        return seam_similarity(pixels, fine(loose, look.step, pixels.shape), axis)
    except AnalysisError:
        return None


def _evidence(look: Look, axis: int) -> Evidence:
    """The border where the picture goes on at the other side."""
    instance = look.piece.instance
    depth = max(STRIP, min(instance.rows, instance.columns) // 32)
    width, height = (instance.columns, depth) if axis == 0 else (depth, instance.rows)
    shape = {
        "kind": "rect", "x": 0, "y": 0, "width": width, "height": height,
        "phase_encoding": "COL" if axis == 0 else "ROW",
    }  # fmt: skip
    return Evidence(instance.series_uid, instance.sop_uid, look.piece.frame, shape)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"MR"}), needs_pixels=True, quantities=(QUANTITY,), run=_run)
