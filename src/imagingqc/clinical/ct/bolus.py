"""How fast contrast medium arrives: the time-enhancement curve of a test bolus or of bolus tracking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.ct.bolus_series import Watched, injected, watched
from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Slice
from imagingqc.errors import AnalysisError, Reason
from imagingqc.imaging.mask import AIR_HU, coarse, find_body, reconstructed_field
from imagingqc.imaging.morphology import BoolArray, box_mean
from imagingqc.imaging.shift import shift_of
from imagingqc.imaging.spots import Spot, round_spots
from imagingqc.quantity import Evidence, Measurement, Recorder
from imagingqc.stats.baseline import SD_PER_MAD
from imagingqc.stats.bolus import BEFORE, LEAST_HU, Passage, passage

NAME, VERSION = "ct.bolus", "1"
PEAK, INJECTED = "ct.bolus.peak_time", "ct.bolus.injection_to_peak"
THRESHOLD, ENHANCEMENT = "ct.bolus.threshold_time", "ct.bolus.enhancement"
QUANTITIES = (PEAK, INJECTED, THRESHOLD, ENHANCEMENT)

MOST = 200  # images
ACROSS_MM = (8.0, 40.0)
INNER = 0.6  # of the radius of the vessel: the disc that is read
AROUND = 3  # images whose mean is looked at for the vessel
BLUR_MM = 3.0
RESOLVED = 6.0  # pixels of correlated noise that count as one
FURTHEST_MM = 15.0  # movement of the body that the disc follows
UNSTEADY = 3.0  # times its usual spread: the disc has left its vessel
# The descending aorta lies left of the midline in the back half of the body.
ASIDE_MM, RIGHT_MM, FRONT_MM = 60.0, 15.0, 10.0

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Pictures:
    """The images in HU (n, rows, columns), moved back to where the body lay first, and by how much (mm)."""

    hu: Floats
    moved_mm: float
    spacing_mm: tuple[float, float]
    field: BoolArray


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    found = watched(stacks, reader)
    if len(found.pieces) > MOST:
        raise AnalysisError("bolus_many_images", n=len(found.pieces), most=MOST)
    pictures = _pictures(found.pieces, reader)
    spot = _vessel(pictures, found.pieces[0], reader)
    curve, spread = _curve(pictures, spot)
    noise = float(np.median(spread)) / math.sqrt(max(1.0, _disc(pictures, spot).sum() / RESOLVED))
    said = passage(found.seconds, curve, noise)
    _require_steady(spread, said)
    record = recorder((NAME, VERSION), found.pieces)
    shown = _shown(found, spot, curve, said.highest)
    return _measurements(record, found, said, shown)


def _measurements(record: Recorder, found: Watched, said: Passage, shown: Evidence) -> list[Measurement]:
    since: float | Reason
    if isinstance(said.peak_s, Reason):
        since = said.peak_s
    else:
        try:
            since = said.peak_s + injected(found.pieces[0].instance, found.start)
        except AnalysisError as error:
            since = error.reason
    values = ((PEAK, said.peak_s), (INJECTED, since), (THRESHOLD, said.threshold_s), (ENHANCEMENT, said.enhancement_hu))
    return [
        record.refuse_for(q, value, shown) if isinstance(value, Reason) else record.value(q, value, evidence=shown)
        for q, value in values
    ]


def _pictures(pieces: Sequence[Slice], reader: PixelReader) -> _Pictures:
    """AnalysisError `not_hu`, `missing_tag`, `bolus_moved`."""
    images = [reader.image(piece) for piece in pieces]
    first = images[0]
    if first.unit != "HU":
        raise AnalysisError("not_hu", unit=first.unit)
    if first.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    field = reconstructed_field(first)
    hu = np.stack([np.where(field, image.pixels, AIR_HU).astype(np.float32) for image in images])
    furthest = 0.0
    for i in range(1, len(hu)):
        down, right = shift_of(hu[0], hu[i])
        away = math.hypot(down * first.spacing_mm[0], right * first.spacing_mm[1])
        if away > FURTHEST_MM:
            raise AnalysisError("bolus_moved", mm=round(away), most=f"{FURTHEST_MM:g}")
        if down or right:
            hu[i] = np.roll(hu[i], (-down, -right), axis=(0, 1))
        furthest = max(furthest, away)
    return _Pictures(hu, furthest, first.spacing_mm, field)


def _vessel(pictures: _Pictures, first: Slice, reader: PixelReader) -> Spot:
    """The round region whose enhancement rises most; the aorta where one of them lies as it does.

    AnalysisError `bolus_no_vessel`.
    """
    size = [max(1, round(BLUR_MM / s)) for s in pictures.spacing_mm]
    before = pictures.hu[:BEFORE].mean(axis=0)
    n = len(pictures.hu)
    highest = np.full(before.shape, -np.inf, dtype=np.float32)
    for i in range(n - AROUND + 1):
        np.maximum(highest, pictures.hu[i : i + AROUND].mean(axis=0), out=highest)
    rise = box_mean(np.where(pictures.field, highest - before, 0.0).astype(np.float32), size)
    spots = round_spots(rise, pictures.spacing_mm, LEAST_HU, ACROSS_MM)
    if not spots:
        raise AnalysisError("bolus_no_vessel", least=f"{LEAST_HU:g}", low=f"{ACROSS_MM[0]:g}", high=f"{ACROSS_MM[1]:g}")
    image = reader.image(first)
    body = find_body(coarse(image, pictures.spacing_mm))
    if body is None:
        return spots[0]
    orientation = first.instance.frames[first.frame].orientation
    left = -1 if orientation and orientation[0] < 0 else 1
    at_back = [s for s in spots if _as_the_aorta(s, (body.x, body.y), left, pictures.spacing_mm)]
    return (at_back or spots)[0]


def _as_the_aorta(spot: Spot, centre: tuple[float, float], left: int, spacing_mm: tuple[float, float]) -> bool:
    aside = left * (spot.region.x - centre[0]) * spacing_mm[1]
    behind = (spot.region.y - centre[1]) * spacing_mm[0]
    return -RIGHT_MM <= aside <= ASIDE_MM and behind >= -FRONT_MM


def _disc(pictures: _Pictures, spot: Spot) -> BoolArray:
    """The inner disc of the vessel, at least the pixels next to its centre."""
    rows, columns = pictures.hu.shape[1:]
    down = (np.arange(rows)[:, np.newaxis] + 0.5 - spot.region.y) * pictures.spacing_mm[0]
    right = (np.arange(columns)[np.newaxis, :] + 0.5 - spot.region.x) * pictures.spacing_mm[1]
    return np.asarray(np.hypot(down, right) <= max(INNER * spot.width_mm / 2, 1.5 * max(pictures.spacing_mm)))


def _curve(pictures: _Pictures, spot: Spot) -> tuple[list[float], NDArray[np.float64]]:
    """Median of the disc in every image, and its robust spread there."""
    inside = pictures.hu[:, _disc(pictures, spot)].astype(np.float64)
    middle = np.median(inside, axis=1)
    spread = SD_PER_MAD * np.median(np.abs(inside - middle[:, np.newaxis]), axis=1)
    return [float(v) for v in middle], np.asarray(spread)


def _require_steady(spread: NDArray[np.float64], said: Passage) -> None:
    """With contrast medium the disc is as even as without, unless something else came into it."""
    usual = max(float(np.median(spread[: said.arrival])), 5.0)
    worst = float(spread[max(0, said.highest - 1) : said.highest + 2].max())
    if worst > UNSTEADY * usual:
        raise AnalysisError("bolus_unsteady", hu=round(worst), usual=round(usual))


def _shown(found: Watched, spot: Spot, curve: Sequence[float], highest: int) -> Evidence:
    """The disc in the brightest image, with the curve of all."""
    piece, region = found.pieces[highest], spot.region
    points = [[round(s, 2), round(v, 1)] for s, v in zip(found.seconds, curve, strict=True)]
    pixels = (region.box[2] + region.box[3]) / 4
    shape = {"kind": "circle", "x": region.x, "y": region.y, "r": max(3.0, INNER * pixels), "curve": points}
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_run)
