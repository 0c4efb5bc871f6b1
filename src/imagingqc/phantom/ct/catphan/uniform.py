"""The uniform module and the low-contrast details."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.imaging.round_object import disc_values
from imagingqc.phantom.ct.catphan import models
from imagingqc.phantom.ct.catphan.locate import Found
from imagingqc.phantom.frames import Frames

Floats = NDArray[np.float64]

REGION_MM = 15.0  # 10 % of the diameter of the disc
FROM_EDGE_MM = 10.0  # between disc and region, WS 519-2019
NOISE_MM = 60.0  # 40 % of the diameter of the disc
CONTRAST_SCALE_HU = 1000.0
REFERENCE_MM = 10.0  # thickness that the noise is told for
CLOCK = {"12": 270.0, "3": 0.0, "6": 90.0, "9": 180.0}
UNIFORM_HU = 100.0  # further apart the regions are no uniform module
CERTAIN = 3.29  # standard deviations: 95 % on either side, Chao et al., Med Phys 27 (2000) 1307
DETAIL_SHARE = 0.7  # of the diameter of a detail is measured
FIELD_MM = 100.0  # within it the means of regions are compared
SMALLEST_MM, LARGEST_MM, STEP_MM = 2.0, 10.0, 0.1


@dataclass(frozen=True, slots=True)
class Uniform:
    """Mean CT numbers at the clock positions and in the middle, and the noise of the middle, all in HU."""

    edges: dict[str, float]
    centre: float
    noise: float

    @property
    def difference(self) -> float:
        """The edge that differs most from the middle, with its sign."""
        return max((edge - self.centre for edge in self.edges.values()), key=abs)

    @property
    def integral(self) -> float:
        """Integral non-uniformity: (max - min) / (max + min + 2000)."""
        means = [*self.edges.values(), self.centre]
        return (max(means) - min(means)) / (max(means) + min(means) + 2 * CONTRAST_SCALE_HU)


def uniform(found: Found, frames: Frames, piece: Slice) -> Uniform:
    """Regions of the uniform module; AnalysisError `phantom_module` when it is not uniform, so another module."""
    values = frames.image(piece).pixels
    radius = models.DISC_MM / 2 - FROM_EDGE_MM - REGION_MM / 2

    def mean(radius_mm: float, angle: float) -> float:
        # clock positions are those of the picture, whatever way the phantom is turned
        turned = angle - found.roll_deg
        place = found.place(piece, radius_mm, 180 - turned if found.mirrored else turned)
        return float(disc_values(values, place, REGION_MM / 2, found.spacing_mm).mean())

    edges = {clock: mean(radius, angle) for clock, angle in CLOCK.items()}
    middle = disc_values(values, found.place(piece, 0, 0), NOISE_MM / 2, found.spacing_mm)
    out = Uniform(edges, mean(0, 0), float(middle.std(ddof=1)))
    if abs(out.difference) > UNIFORM_HU:
        raise AnalysisError("phantom_module", what="CTP486 / CTP729")
    return out


def noise_percent(noise_hu: float, thickness_mm: float) -> float:
    """Noise as WS 519-2019 tells it: SD sqrt(T / 10 mm) / 1000 HU in %."""
    return noise_hu * math.sqrt(thickness_mm / REFERENCE_MM) / CONTRAST_SCALE_HU * 100


def thick(frames: Frames, pieces: Sequence[Slice]) -> FloatArray:
    """The mean of neighbouring slices: one slice as thick as all of them."""
    return np.asarray(np.mean([frames.image(piece).pixels for piece in pieces], axis=0), dtype=np.float32)


def smallest_detail(found: Found, values: FloatArray, piece: Slice) -> tuple[float | None, bool]:
    """Diameter in mm of the smallest visible 1 % detail, of those without a gap from the largest; and whether all are.

    `values` is the picture at `piece`.  Visible: the mean of the detail lies above those of its neighbourhood by at
    least 3.29 standard deviations of means of regions of its size in the same picture.
    """
    last: float | None = None
    for diameter, angle in sorted(models.DETAILS.items(), reverse=True):
        size = DETAIL_SHARE * diameter
        inside, outwards, inwards = (
            float(disc_values(values, place, size / 2, found.spacing_mm).mean())
            for place in (found.place(piece, models.DETAIL_RADIUS_MM + off, angle) for off in (0, diameter, -diameter))
        )
        beside = (outwards + inwards) / 2
        spread = spread_of_means(found, values, piece, size) * math.sqrt(1.5)  # of a mean less the mean of two
        if inside - beside < CERTAIN * spread:
            return last, False
        last = diameter
    return last, True


def smallest_by_statistics(found: Found, values: FloatArray, piece: Slice) -> float | None:
    """Smallest diameter in mm at which a contrast of 1 % (10 HU) exceeds 3.29 SD of means; None beyond 10 mm."""
    for diameter in np.arange(SMALLEST_MM, LARGEST_MM + STEP_MM / 2, STEP_MM):
        contrast = models.CONTRAST_PERCENT / 100 * CONTRAST_SCALE_HU
        if contrast >= CERTAIN * spread_of_means(found, values, piece, float(diameter)):
            return round(float(diameter), 1)
    return None


def spread_of_means(found: Found, values: FloatArray, piece: Slice, diameter_mm: float) -> float:
    """Standard deviation in HU of the means of regions side by side that are as large as a disc of this diameter.

    Squares of the same area in the middle of the picture, each row and column freed of its slow course, so that cupping
    is not taken for noise.
    """
    side = max(1, round(math.sqrt(math.pi / 4) * diameter_mm / math.sqrt(math.prod(found.spacing_mm))))
    x, y = found.place(piece, 0, 0)
    half_x, half_y = (round(FIELD_MM / 2 / s / math.sqrt(2)) for s in (found.spacing_mm[1], found.spacing_mm[0]))
    part = np.asarray(values, dtype=np.float64)[
        round(y) - half_y : round(y) + half_y, round(x) - half_x : round(x) + half_x
    ]
    rows, columns = part.shape[0] // side, part.shape[1] // side
    means = part[: rows * side, : columns * side].reshape(rows, side, columns, side).mean(axis=(1, 3))
    flat = means - _course(means)
    return float(np.sqrt((flat**2).sum() / max(1, flat.size - 6)))


def _course(means: Floats) -> Floats:
    """The paraboloid through the means of regions."""
    v, u = (g.ravel() - g.mean() for g in np.indices(means.shape, dtype=float))
    design = np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])
    solved = np.linalg.lstsq(design, means.ravel(), rcond=None)[0]
    return np.asarray((design @ solved).reshape(means.shape))
