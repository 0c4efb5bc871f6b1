"""Streaks that metal throws into the soft tissue of a CT slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.mask import Body, finer
from imagingqc.imaging.morphology import BoolArray, blurred, boxes, dilated, near, opened
from imagingqc.imaging.roi import Region, regions

NEAR_MM = 50.0
FINE_MM, COARSE_MM = 1.0, 4.0  # of the two Gaussians of the band pass
MARGIN = 20  # pixels, for the filters
METAL_HU, METAL_MM2, METAL_NEAR_MM = 2500.0, 5.0, 10.0
METAL_RIM_MM, ORGAN_RIM_MM, BODY_RIM_MM = 3.0, 4.0, 6.0
BONE_HU, GAS_HU, CORE_MM = 300.0, -500.0, 1.5
DARK_HU = -150.0  # below fat
FEWEST_MM2 = 300.0


@dataclass(frozen=True, slots=True)
class Streaks:
    """SD of the band-passed tissue in HU, share (0-1) of it that is darker than fat, its area, its box in pixels."""

    deviation_hu: float
    dark: float
    area_mm2: float
    box: tuple[float, float, float, float]


def streaks(hu: FloatArray, body: Body, spacing_mm: tuple[float, float], metal: BoolArray | None) -> Streaks | None:
    """Unrest of the soft tissue within 5 cm of `metal` (rows, columns), or of all of it without; lower is better.

    hu : (rows, columns) in HU with padding as air.  Soft tissue is the body less its outer 6 mm, metal, solid bone
    above 300 HU and regions of gas, each with a rim.  Band pass: Gaussian mean of the tissue alone over 1 mm minus that
    over 4 mm.
    None with less than 3 cm2 of such tissue.  Source: own definition.
    """
    cut = _window(body, spacing_mm, metal)
    values = np.asarray(hu[cut], dtype=np.float32)
    tissue = _tissue(values, finer(body.mask, body.step, hu.shape)[cut], spacing_mm)
    if metal is not None:
        own = metal[cut]
        tissue &= near(own, NEAR_MM, spacing_mm) & ~near(own, METAL_RIM_MM, spacing_mm)
    area = int(tissue.sum()) * spacing_mm[0] * spacing_mm[1]
    if area < FEWEST_MM2:
        return None
    fine, coarse = (_smoothed(values, tissue, length, spacing_mm) for length in (FINE_MM, COARSE_MM))
    band = (fine - coarse)[tissue]
    rows, columns = boxes(tissue.astype(np.int32))[0]
    box = (
        float(columns.start + cut[1].start), float(rows.start + cut[0].start),
        float(columns.stop - columns.start), float(rows.stop - rows.start),
    )  # fmt: skip
    return Streaks(float(band.std(dtype=np.float64)), float((values[tissue] < DARK_HU).mean()), area, box)


def _smoothed(
    values: NDArray[np.float32], tissue: BoolArray, length_mm: float, spacing_mm: tuple[float, float]
) -> NDArray[np.float32]:
    """Gaussian mean of the tissue alone: what lies beside it has no part in it."""
    sigma = (length_mm / spacing_mm[0], length_mm / spacing_mm[1])
    weight = tissue.astype(np.float32)
    return np.asarray(blurred(values * weight, sigma) / np.maximum(blurred(weight, sigma), np.float32(1e-6)))


def metal_regions(
    hu: FloatArray, body: Body, spacing_mm: tuple[float, float], field: BoolArray
) -> tuple[BoolArray, list[Region]]:
    """Where there is metal, and its regions, largest first: above 2500 HU, 5 mm2, in the body or within 1 cm of it.

    Regions within 1 cm of the edge of the `field` (rows, columns) are none: a body that is cut there has a bright rim.
    """
    bright = hu > METAL_HU
    if not bright.any():
        return np.zeros(bright.shape, dtype=bool), []
    reach = max(1, round(METAL_NEAR_MM / (body.step * (spacing_mm[0] + spacing_mm[1]) / 2)))
    bright &= finer(dilated(body.mask, reach), body.step, bright.shape)
    labels, found = regions(bright, METAL_MM2 / (spacing_mm[0] * spacing_mm[1]))
    if found and not field.all():
        rim = set(np.unique(labels[near(~field, METAL_NEAR_MM, spacing_mm)]).tolist())
        found = [region for region in found if region.label not in rim]
    return np.isin(labels, [region.label for region in found]), found


def _tissue(values: NDArray[np.float32], inside: BoolArray, spacing_mm: tuple[float, float]) -> BoolArray:
    """The body less its rim, bone and gas with theirs; what is thinner than 3 mm is noise or streak and stays."""
    core = max(1, round(CORE_MM / ((spacing_mm[0] + spacing_mm[1]) / 2)))
    bone, gas = opened(inside & (values > BONE_HU), core), opened(inside & (values < GAS_HU), core)
    return (
        inside
        & ~near(~inside, BODY_RIM_MM, spacing_mm)
        & ~near(bone | gas, ORGAN_RIM_MM, spacing_mm)
    )  # fmt: skip


def _window(body: Body, spacing_mm: tuple[float, float], metal: BoolArray | None) -> tuple[slice, slice]:
    """The box around the body and a margin; with metal only as far as its surroundings reach."""
    rows, columns = boxes(body.mask.astype(np.int32))[0]
    cut = [slice(max(0, (s.start - 2) * body.step), (s.stop + 2) * body.step) for s in (rows, columns)]
    if metal is not None:
        for axis, place in enumerate(boxes(metal.astype(np.int32))[0]):
            margin = int(NEAR_MM / spacing_mm[axis]) + MARGIN
            cut[axis] = slice(max(cut[axis].start, place.start - margin), min(cut[axis].stop, place.stop + margin))
    return cut[0], cut[1]
