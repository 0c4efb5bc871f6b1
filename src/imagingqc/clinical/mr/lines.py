"""Lines in the air of MR pictures: zippers (interference of one frequency) and stripes of a spike in k-space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.mr.looks import Look, acquired, air_of, each, fine, looks, require_side
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import BoolArray, box_mean, median_along
from imagingqc.quantity import Evidence, Measurement, Recorder
from imagingqc.stats.baseline import SD_PER_MAD

NAME, VERSION = "mr.lines", "1"
ZIPPER, SPIKE = "mr.zipper.slices", "mr.spike.slices"
CLEAR = 8.0  # standard deviations: zippers
CLEAR_WAVE = 10.0  # and spikes; 8 is what noise and anatomy reach
IN_EACH_THIRD = 4.0  # and so many in each third of the line that lies in air
STRENGTH = 1.0  # of the spread of the air: a weaker line is not seen
WIDEST = 0.012  # of the picture's height: a zipper is a line, ghosts and edges are wider
FEWEST = 16  # pixels of air in a third of a line
SAME_PLACE = 2  # rows or columns
NEIGHBOURS = 31  # lines of the running median that is the air without zippers
BORDER = 0.03  # of the lines at either border: filters and correction of distortion spoil them
SMALLEST_SIDE = 128  # pixels: a running median of 31 lines needs room
RING, CORE = 11, 5  # bins around a frequency that it is compared with, without the nearest
PATTERN = 20  # places with a clear frequency: more are a grid in the object, not wrong samples
AXES, LOWEST = 3, 0.06  # bins beside the axes and cycles per pixel left out: edges and slow shading live there


@dataclass(frozen=True, slots=True)
class Line:
    """The clearest line: standard deviations above its neighbours, first row or column and how many, direction."""

    clarity: float
    start: int
    width: int
    axis: int


@dataclass(frozen=True, slots=True)
class Stripes:
    """The clearest single frequency of a picture: standard deviations above its neighbours; cycles per pixel.

    `places` is the number of tiles of 11 x 11 bins that hold a frequency as clear as a spike must be.
    """

    clarity: float
    down: float
    right: float
    places: int


def zipper(pixels: FloatArray, air: BoolArray) -> Line | None:
    """The clearest line of raised signal through the air along a row or column, None when none is clear.

    Mean of each row's air (values clipped 6 spreads above the median), less the running median of 31 rows, in units of
    its own scatter: above 8, above 4 in each third of the row with at least 16 pixels of air (two such thirds at
    least), at least one spread of the air high and at most 1.2 % of the picture wide.
    Source: own definition.
    """
    sample = pixels[::2, ::2][air[::2, ::2]]  # a quarter tells the spread as well
    middle = float(np.median(sample)) if sample.size else 0.0
    spread = SD_PER_MAD * float(np.median(np.abs(sample - middle))) if sample.size else 0.0
    if spread <= 0:
        return None
    clipped = np.where(air, np.minimum(pixels, middle + 6 * spread) - middle, 0.0).astype(np.float32)
    found = [_line(clipped if axis == 0 else clipped.T, air if axis == 0 else air.T, spread, axis) for axis in (0, 1)]
    known = [line for line in found if line is not None]
    return max(known, key=lambda line: line.clarity) if known else None


def _line(values: FloatArray, air: BoolArray, spread: float, axis: int) -> Line | None:
    counts = np.array([part.sum(axis=1) for part in np.array_split(air, 3, axis=1)])
    totals = np.array([part.sum(axis=1, dtype=np.float64) for part in np.array_split(values, 3, axis=1)])
    used = counts >= FEWEST
    seen = used.sum(axis=0) >= 2
    border = max(3, round(BORDER * seen.size))
    seen[:border] = seen[-border:] = False
    if int(seen.sum()) < 2 * NEIGHBOURS:
        return None
    rows = np.nonzero(seen)[0]
    clarity, height = _clarity(totals.sum(axis=0)[rows], counts.sum(axis=0)[rows])
    thirds = [_third(totals[i], counts[i], used[i] & seen)[rows] for i in range(3)]
    clear = (clarity > CLEAR) & (height > STRENGTH * spread) & (np.min(thirds, axis=0) > IN_EACH_THIRD)
    if not clear.any():
        return None
    best = int(np.argmax(np.where(clear, clarity, 0.0)))
    above = clarity > CLEAR / 2
    first, last = best, best
    while first > 0 and above[first - 1]:
        first -= 1
    while last + 1 < rows.size and above[last + 1]:
        last += 1
    width = int(rows[last] - rows[first]) + 1
    return Line(float(clarity[best]), int(rows[first]), width, axis) if width <= max(3, WIDEST * air.shape[0]) else None


def _clarity(totals: NDArray[np.float64], counts: NDArray[np.int_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many of its own standard deviations the mean of each line lies above its neighbours, and how far it does."""
    means = totals / counts
    height = means - median_along(means, NEIGHBOURS)
    weighted = height * np.sqrt(counts)
    scatter = SD_PER_MAD * float(np.median(np.abs(weighted)))
    return (weighted / scatter if scatter > 0 else np.zeros_like(weighted)), height


def _third(totals: NDArray[np.float64], counts: NDArray[np.int_], used: BoolArray) -> NDArray[np.float64]:
    """Clarity within one third, infinite where the third holds too little air to object."""
    out = np.full(totals.size, np.inf)
    if int(used.sum()) >= 2 * NEIGHBOURS:
        out[used] = _clarity(totals[used], counts[used])[0]
    return out


def stripes(pixels: FloatArray) -> Stripes:
    """The frequency that stands out most from its neighbours in the whole picture.

    A single wrong sample of k-space is one wave over the whole picture; the magnitude shows it where there is signal.
    Amplitude of the Fourier transform (Hann window both ways) less the mean, over the SD, of the 11 x 11 bins around
    without the inner 5 x 5; frequencies below 0.06 cycles per pixel and three bins beside the axes are left out.
    Noise alone and anatomy give 3 to 8.  Source: own definition.
    """
    rows, columns = pixels.shape
    window, wanted = _filter(rows, columns)
    values = np.asarray(pixels - pixels.mean(dtype=np.float64), dtype=np.float32) * window
    amplitude = np.abs(scipy.fft.rfft2(values)).astype(np.float32, copy=False)
    amplitude /= max(float(amplitude.max()), 1e-30)
    mean, spread = _ring(amplitude)
    clarity = (amplitude - mean) / spread
    clarity = np.where(wanted, clarity, 0.0)
    at = np.unravel_index(int(np.argmax(clarity)), clarity.shape)
    clear = np.argwhere(clarity > CLEAR_WAVE) // RING
    places = len(np.unique(clear, axis=0))
    return Stripes(float(clarity[at]), float(np.fft.fftfreq(rows)[at[0]]), float(at[1]) / columns, places)


@lru_cache(maxsize=4)
def _filter(rows: int, columns: int) -> tuple[NDArray[np.float32], BoolArray]:
    """The window of a picture and the frequencies that are looked at."""
    down, right = np.fft.fftfreq(rows)[:, np.newaxis], np.fft.rfftfreq(columns)[np.newaxis, :]
    wanted = (np.hypot(down, right) > LOWEST) & (np.abs(down) * rows > AXES) & (right * columns > AXES)
    wanted &= (np.abs(down) < 0.5 - AXES / rows) & (right < 0.5 - AXES / columns)
    window = np.hanning(rows)[:, np.newaxis] * np.hanning(columns)[np.newaxis, :]
    return np.asarray(window, dtype=np.float32), np.asarray(wanted, dtype=bool)


def _ring(amplitude: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and SD of the bins around each bin, those next to it left out."""
    outer, inner = RING * RING, CORE * CORE
    mean = (outer * box_mean(amplitude, RING) - inner * box_mean(amplitude, CORE)) / (outer - inner)
    squares = amplitude * amplitude
    square = (outer * box_mean(squares, RING) - inner * box_mean(squares, CORE)) / (outer - inner)
    spread = np.asarray(np.sqrt(np.maximum(square - mean * mean, 1e-24)), dtype=np.float32)
    return np.asarray(mean, dtype=np.float32), spread


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in acquired(stacks) for m in _measure(stack, reader)]


def _measure(stack: Stack, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), stack.slices)
    return [_zippers(record, stack, reader), _spikes(record, stack, reader)]


def _zippers(record: Recorder, stack: Stack, reader: PixelReader) -> Measurement:
    try:
        found = each(looks(stack, reader), reader, _line_of)
    except (AnalysisError, DataError) as error:
        return record.refuse_for(ZIPPER, error.reason)
    hits = _repeated([(look, line) for look, line in found if line is not None], len(found))
    return _share(record, ZIPPER, [(line.clarity, look, _line_shape(look, line)) for look, line in hits], len(found))


def _spikes(record: Recorder, stack: Stack, reader: PixelReader) -> Measurement:
    try:
        found = each(looks(stack, reader), reader, _stripes_of)
    except (AnalysisError, DataError) as error:
        return record.refuse_for(SPIKE, error.reason)
    hits = [(look, wave) for look, wave in found if 0 < wave.places <= PATTERN]
    return _share(record, SPIKE, [(wave.clarity, look, _wave_shape(look, wave)) for look, wave in hits], len(found))


def _repeated(hits: list[tuple[Look, Line]], looked: int) -> list[tuple[Look, Line]]:
    """Lines at one place in two looks at least: interference keeps its frequency, edges of objects come and go."""
    if looked < 3:
        return hits
    return [
        (look, line) for look, line in hits
        if sum(other.axis == line.axis and abs(other.start - line.start) <= SAME_PLACE for _, other in hits) > 1
    ]  # fmt: skip


def _line_of(look: Look, pixels: FloatArray) -> Line | None:
    require_side(pixels, SMALLEST_SIDE)
    return zipper(pixels, fine(air_of(look), look.step, pixels.shape))


def _stripes_of(_look: Look, pixels: FloatArray) -> Stripes:
    require_side(pixels, SMALLEST_SIDE)
    return stripes(pixels)


def _share(
    record: Recorder, quantity: str, hits: Sequence[tuple[float, Look, dict[str, object]]], looked: int
) -> Measurement:
    """Percentage of the looks that show it, with the clearest of them as evidence."""
    if not hits:
        return record.value(quantity, 0.0)
    clarity, look, shape = max(hits, key=lambda hit: hit[0])
    instance = look.piece.instance
    every = [hit[1].piece.instance.sop_uid for hit in hits]
    shown = shape | {"kind": "rect", "clarity": round(clarity, 1), "slices": every, "looked_at": looked}
    place = Evidence(instance.series_uid, instance.sop_uid, look.piece.frame, shown)
    return record.value(quantity, 100.0 * len(hits) / looked, evidence=place)


def _line_shape(look: Look, line: Line) -> dict[str, object]:
    rows, columns = look.piece.instance.rows, look.piece.instance.columns
    if line.axis == 0:
        return {"x": 0, "y": line.start, "width": columns, "height": line.width}
    return {"x": line.start, "y": 0, "width": line.width, "height": rows}


def _wave_shape(look: Look, wave: Stripes) -> dict[str, object]:
    rows, columns = look.piece.instance.rows, look.piece.instance.columns
    cycles = [round(wave.down, 4), round(wave.right, 4)]
    return {"x": 0, "y": 0, "width": columns, "height": rows, "cycles_per_pixel": cycles}


METHOD = SeriesMethod(NAME, VERSION, frozenset({"MR"}), needs_pixels=True, quantities=(ZIPPER, SPIKE), run=_run)
