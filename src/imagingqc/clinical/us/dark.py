"""Columns of a probe that stay darker than their neighbours right below the skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.us.average import Average
from imagingqc.clinical.us.face import Face
from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import median_along, sampled
from imagingqc.stats.baseline import SD_PER_MAD

Numbers = NDArray[np.float64]

SAMPLES = 256  # along the face; probes have 64 to 256 elements
NEAR_MM = (1.0, 6.0)  # below the face; deeper, many elements share each beam and a dead one is filled in
NEAR_SHARE = (0.01, 0.08)  # of the depth, where the picture has no scale
SMALLEST_STRIP = 6  # pixels
LARGEST_SHARE = 0.25  # of the depth
WINDOW = 51  # samples: a fifth of the face, so that defects up to a tenth of it stand out
EDGE = 0.05  # of the face at either end: poor contact darkens it on every probe
DARK = 0.88  # of the neighbours
SURE, SURE_HALF = 6.0, 4.0  # robust standard deviations, in all frames and in either half of them
SMALLEST_SPREAD = 0.01  # of the brightness: a running median leaves smooth profiles without any
OVERLAY_STILL, OVERLAY_BRIGHT = 1.0, 30.0  # marks drawn on every frame do not move, and are no shadow
READABLE = 0.8  # of the columns


@dataclass(frozen=True, slots=True)
class Dark:
    """One dark place: where along the face (0 left to 1 right), and its darkest brightness over its neighbours'."""

    start: float
    end: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Brightness along the face just below it, over its own median: of all frames and of both halves."""

    whole: Numbers
    halves: tuple[Numbers, Numbers]


def near_strip(face: Face, spacing_mm: float | None) -> tuple[float, float]:
    """(from, to) in pixels below the face.  AnalysisError `us_face_unclear` when the tissue is not deep enough."""
    if spacing_mm:
        near, far = NEAR_MM[0] / spacing_mm, NEAR_MM[1] / spacing_mm
    else:
        near, far = NEAR_SHARE[0] * face.depth, NEAR_SHARE[1] * face.depth
    far = min(max(far, near + SMALLEST_STRIP), LARGEST_SHARE * face.depth)
    if far - near < SMALLEST_STRIP:
        raise AnalysisError("us_face_unclear")
    return near, far


def profile(average: Average, face: Face, strip: tuple[float, float]) -> Profile:
    """The brightness along the face in the strip.

    Raises AnalysisError `us_strip_hidden` when more than a fifth of the columns lies under marks or colour.
    """
    deviation, mean = average.deviation(), average.mean()
    drawn = (deviation < OVERLAY_STILL) & (mean > OVERLAY_BRIGHT)
    usable = ~drawn & np.isfinite(mean)
    rows = max(SMALLEST_STRIP, round(strip[1] - strip[0]))
    share = (np.arange(4 * SAMPLES) + 0.5) / (4 * SAMPLES)
    depth = np.linspace(strip[0], strip[1], rows)
    x, y = face.at(share[np.newaxis, :], depth[:, np.newaxis])
    y, x = np.broadcast_arrays(y, x)
    whole, *halves = (_along(average.mean(half), usable, (y, x)) for half in (None, 0, 1))
    return Profile(whole, (halves[0], halves[1]))


def _along(mean: Numbers, usable: NDArray[np.bool_], places: tuple[Numbers, Numbers]) -> Numbers:
    good = usable & np.isfinite(mean)
    weight = sampled(good.astype(np.float64), *places)
    value = sampled(np.where(good, mean, 0.0), *places)
    weight, value = (v.sum(axis=0).reshape(SAMPLES, 4).sum(axis=1) for v in (weight, value))
    seen = weight > 0.3 * 4 * len(places[0])
    if seen.mean() < READABLE:
        raise AnalysisError("us_strip_hidden")
    index = np.arange(SAMPLES)
    row = np.interp(index, index[seen], value[seen] / weight[seen])
    typical = float(np.median(row))
    if typical < OVERLAY_BRIGHT / 3:
        raise AnalysisError("us_strip_hidden")
    return np.asarray(row / typical)


def dark_places(found: Profile) -> list[Dark]:
    """Runs of samples that are darker than their neighbours in all frames and in both halves of them."""
    ratio, sure = _against_neighbours(found.whole)
    dark = (ratio < DARK) & (sure > SURE)
    for half in found.halves:
        dark &= _against_neighbours(half)[1] > SURE_HALF
    margin = round(EDGE * SAMPLES)
    dark[:margin] = dark[-margin:] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(int), [0]])))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [Dark(a / SAMPLES, b / SAMPLES, float(ratio[a:b].min())) for a, b in pairs]


def _against_neighbours(row: Numbers) -> tuple[Numbers, Numbers]:
    """(brightness over the running median, how many robust standard deviations below it)."""
    ratio = row / np.maximum(median_along(row, WINDOW), 1e-6)
    inner = ratio[round(EDGE * SAMPLES) : -round(EDGE * SAMPLES)]
    spread = max(SMALLEST_SPREAD, SD_PER_MAD * float(np.median(np.abs(inner - np.median(inner)))))
    return ratio, (1 - ratio) / spread
