"""The patient's body in one axial CT slice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray, Image2D
from imagingqc.imaging.morphology import BoolArray, eroded, opened
from imagingqc.imaging.roi import filled, regions

AIR_HU = -1000.0
BODY_HU = -300.0  # above: body, blanket seams and table tops; the thin ones of them go with the opening
OPENING_MM = 2.0
SMALLEST_MM2 = 1000.0
SOLID_SHARE = 0.3  # of the filled region above BODY_HU: lungs leave more, a hollow table leaves less
FINE_PIXELS = 400  # from this many columns on, shapes are found on a grid of half the resolution


@dataclass(frozen=True, slots=True)
class Body:
    """The largest solid region of a slice with its holes filled.

    `mask` is True inside, on a grid of `step` x `step` image pixels; `area_mm2` its area; `mean_hu` the mean CT number
    in it; `x`, `y` the centroid of the filled shape in image pixels from the outer corner of the first pixel;
    `edge_share` the part (0-1) of its outline that lies on the edge of the reconstructed field; `second_share` the
    area of the next largest region over its own (both unfilled).
    """

    mask: BoolArray
    step: int
    area_mm2: float
    mean_hu: float
    x: float
    y: float
    edge_share: float
    second_share: float


@dataclass(frozen=True, slots=True)
class Coarse:
    """A slice on the grid that shapes are found on: HU (air outside of the field), where the field is, mm per pixel."""

    hu: NDArray[np.float32]
    field: BoolArray
    step: int
    spacing_mm: tuple[float, float]

    @property
    def pixel_mm2(self) -> float:
        return self.spacing_mm[0] * self.spacing_mm[1]

    def pixels(self, length_mm: float) -> int:
        """A length as a whole number of pixels, at least one."""
        return max(1, round(length_mm / ((self.spacing_mm[0] + self.spacing_mm[1]) / 2)))


def coarse(image: Image2D, spacing_mm: tuple[float, float]) -> Coarse:
    """The slice as block means of 2 x 2 pixels (1 x 1 for small matrices); padding counts as air."""
    step = 2 if image.pixels.shape[1] >= FINE_PIXELS else 1
    field = reconstructed_field(image)
    hu = np.asarray(image.pixels, dtype=np.float32)
    if not field.all():
        hu = np.where(field, hu, np.float32(AIR_HU))
    return Coarse(
        blocks(hu, step), blocks(field, step) > 0.5, step, (spacing_mm[0] * step, spacing_mm[1] * step)
    )  # fmt: skip


def blocks(values: FloatArray | BoolArray, step: int) -> NDArray[np.float32]:
    """Means of step x step pixels; rows and columns that fill no whole block are cut off."""
    if step == 1:
        return np.asarray(values, dtype=np.float32)
    rows, columns = (n // step * step for n in values.shape)
    cut = values[:rows, :columns].astype(np.float32, copy=False)
    total = sum(cut[i::step, j::step] for i in range(step) for j in range(step))
    return np.asarray(total / (step * step), dtype=np.float32)


def finer(mask: BoolArray, step: int, shape: tuple[int, ...]) -> BoolArray:
    """A mask of blocks of step x step pixels on the pixels of a picture of `shape`; False where no block reaches."""
    out = np.zeros(shape, dtype=bool)
    wide = mask if step == 1 else np.repeat(np.repeat(mask, step, axis=0), step, axis=1)
    out[: wide.shape[0], : wide.shape[1]] = wide
    return out


def reconstructed_field(image: Image2D) -> BoolArray:
    """Where the scanner reconstructed anything: not padding, and inside of the circle when the corners hold one value.

    Scanners that declare no padding still fill the corners outside of the reconstruction circle with a constant.
    """
    rows, columns = image.pixels.shape
    disc, corners = _circle(rows, columns)
    values = image.stored[corners]
    field = disc if values.size and (values == values[0]).all() else np.ones((rows, columns), dtype=bool)
    return field if image.padding is None else field & ~image.padding


@lru_cache(maxsize=4)
def _circle(rows: int, columns: int) -> tuple[BoolArray, BoolArray]:
    """The inscribed disc, and what lies clearly (2 %) outside of it."""
    down = np.arange(rows)[:, np.newaxis] - (rows - 1) / 2
    right = np.arange(columns)[np.newaxis, :] - (columns - 1) / 2
    radius, limit = np.hypot(down, right), min(rows, columns) / 2
    return radius <= limit, radius > 1.02 * limit


def find_body(grid: Coarse) -> Body | None:
    """The body in one slice, None when there is none (less than 10 cm2, or hollow as a table is).

    HU > -300, opening by 2 mm, largest region, holes filled.  Source: threshold and steps as usual for AAPM 220.
    """
    solid = opened(grid.hu > BODY_HU, grid.pixels(OPENING_MM))
    labels, found = regions(solid, SMALLEST_MM2 / grid.pixel_mm2 / 4)
    if not found:
        return None
    largest = labels == found[0].label
    mask = filled(largest)
    pixels = int(mask.sum())
    if pixels * grid.pixel_mm2 < SMALLEST_MM2 or found[0].area < SOLID_SHARE * pixels:
        return None
    down, right = np.nonzero(mask)
    return Body(
        mask=mask,
        step=grid.step,
        area_mm2=pixels * grid.pixel_mm2,
        mean_hu=float(grid.hu[mask].mean(dtype=np.float64)),
        x=(float(right.mean()) + 0.5) * grid.step,
        y=(float(down.mean()) + 0.5) * grid.step,
        edge_share=_edge_share(mask, grid.field),
        second_share=found[1].area / found[0].area if len(found) > 1 else 0.0,
    )


def _edge_share(mask: BoolArray, field: BoolArray) -> float:
    """Share of the outline's pixels that lie within two pixels of the edge of the field."""
    boundary = mask & ~eroded(mask)
    near = ~eroded(field, 2)
    return float((boundary & near).sum() / max(1, int(boundary.sum())))
