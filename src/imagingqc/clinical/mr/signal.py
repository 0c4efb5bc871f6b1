"""Signal-to-noise ratio of MR volumes, against the air and against the local texture, per stack."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from imagingqc.clinical.method import SeriesMethod, Stacks, volumes
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text, recorder
from imagingqc.dicom.model import Series, Slice, Stack
from imagingqc.errors import AnalysisError, DataError, Reason
from imagingqc.image import FloatArray, Image2D
from imagingqc.imaging.morphology import BoolArray, eroded, opened
from imagingqc.imaging.noise import local_noise
from imagingqc.imaging.roi import filled, outline, regions
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "mr.signal", "1"
AIR, LOCAL = "mr.snr.air", "mr.snr.local"
LOOKS = 11  # slices at most, evenly over the middle half of the stack
SMALLEST_SHARE = 0.02  # of the picture: foreground
CORNER = 0.1  # of the picture's sides: boxes of air
RAYLEIGH = math.sqrt(2 / (4 - math.pi))  # 1.526: signal over the SD of magnitude air, per SD of the true noise
RAYLEIGH_RATIO = math.sqrt(math.pi / (4 - math.pi))  # 1.913: mean over SD of magnitude air
RATIO_TOLERANCE = 0.25


def foreground(pixels: FloatArray) -> BoolArray:
    """The largest region above Otsu's threshold, opened and with its holes filled.

    Raises AnalysisError `no_foreground` when it is less than 2 % of the picture.
    Source: Otsu, IEEE Trans SMC 9 (1979) 62.
    """
    solid = opened(pixels > otsu(pixels))
    labels, found = regions(solid, SMALLEST_SHARE * pixels.size)
    if not found:
        raise AnalysisError("no_foreground")
    return filled(labels == found[0].label)


def otsu(pixels: FloatArray) -> float:
    """The threshold that parts the values best into dark and bright; infinite when all are equal.

    Source: Otsu, IEEE Trans SMC 9 (1979) 62, on a histogram of 256 bins.
    """
    counts, edges = np.histogram(pixels, bins=256)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts).astype(float)
    total, weight = float(below[-1]), np.cumsum(counts * middle)
    above = total - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (weight / below - (weight[-1] - weight) / above) ** 2
    return float(middle[int(np.nanargmax(between[:-1]))]) if np.isfinite(between[:-1]).any() else math.inf


def air_noise(pixels: FloatArray, body: BoolArray) -> float:
    """SD of the true noise from the corners of the picture that hold no body: SD of the air times 1.526.

    Raises AnalysisError `no_air` (fewer than two free corners) and `air_not_rayleigh`.
    Source: Dietrich et al., J Magn Reson Imaging 26 (2007) 375.
    """
    rows, columns = (max(4, round(CORNER * n)) for n in pixels.shape)
    places = [(down, right) for down in (slice(0, rows), slice(-rows, None))
              for right in (slice(0, columns), slice(-columns, None))]  # fmt: skip
    free = [pixels[place].astype(np.float64) for place in places if not body[place].any()]
    if len(free) < 2:
        raise AnalysisError("no_air")
    spread = median(float(box.std(ddof=1)) for box in free)
    ratio = median(float(box.mean()) for box in free) / spread if spread > 0 else 0.0
    if abs(ratio - RAYLEIGH_RATIO) > RATIO_TOLERANCE:
        raise AnalysisError("air_not_rayleigh", ratio=number_text(ratio))
    return spread * RAYLEIGH


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in volumes(stacks) for m in _measure(stack, reader)]


def _measure(stack: Stack, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), stack.slices)
    if "DERIVED" in {word.upper() for word in stack.slices[0].instance.texts("ImageType")[:1]}:
        return [record.refuse(quantity, "derived_map") for quantity in (AIR, LOCAL)]
    bodies: list[tuple[Slice, Image2D, BoolArray]] = []
    refused = Reason("no_foreground")
    for piece in _chosen(stack):
        try:
            image = reader.image(piece)
            bodies.append((piece, image, foreground(image.pixels)))
        except (AnalysisError, DataError) as error:
            refused = error.reason
    return [_settled(record, AIR, bodies, _air_ratio, refused), _settled(record, LOCAL, bodies, _local_ratio, refused)]


def _chosen(stack: Stack) -> Sequence[Slice]:
    n = len(stack.slices)
    middle = stack.slices[n // 4 : max(n // 4 + 1, n - n // 4)]
    return middle[:: max(1, math.ceil(len(middle) / LOOKS))]


def _air_ratio(image: Image2D, body: BoolArray) -> float:
    return float(image.pixels[body].mean(dtype=np.float64)) / air_noise(image.pixels, body)


def _local_ratio(image: Image2D, body: BoolArray) -> float:
    """Mean signal over the mode of the local SD inside of the body."""
    if image.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    noise = local_noise(image.pixels, eroded(body, 4), image.spacing_mm)
    if not noise:
        raise AnalysisError("no_foreground")
    return float(image.pixels[body].mean(dtype=np.float64)) / noise


def _settled(
    record: Recorder,
    quantity: str,
    bodies: Sequence[tuple[Slice, Image2D, BoolArray]],
    ratio_of: Callable[[Image2D, BoolArray], float],
    refused: Reason,
) -> Measurement:
    """Median over the slices that give a ratio, with the outline of the foreground in the slice nearest to it."""
    found: list[tuple[float, Slice, BoolArray]] = []
    for piece, image, body in bodies:
        try:
            found.append((ratio_of(image, body), piece, body))
        except AnalysisError as error:
            refused = error.reason
    if not found:
        return record.refuse_for(quantity, refused)
    value = median(ratio for ratio, _, _ in found)
    _, piece, body = min(found, key=lambda look: abs(look[0] - value))
    shape = {"kind": "polyline", "points": outline(body), "closed": True}
    shown = Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)
    return record.value(quantity, value, evidence=shown)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"MR"}), needs_pixels=True, quantities=(AIR, LOCAL), run=_run)
