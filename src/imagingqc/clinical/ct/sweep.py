"""One walk through the slices of a CT stack: every sampled slice is decoded once and leaves only small features."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.method import Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom import geometry
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D
from imagingqc.imaging.mask import Body, Coarse, coarse, find_body, finer, reconstructed_field
from imagingqc.imaging.morphology import BoolArray, box_mean, dilated, opened
from imagingqc.imaging.noise import global_noise_level
from imagingqc.imaging.roi import Region, regions
from imagingqc.imaging.streaks import metal_regions

STEP_MM = 5.0  # distance of the slices that are looked at; thicker slices are all looked at
FEWEST = 8
LUNG_HU = (-950.0, -500.0)
BONE_HU = 300.0
LUNG_MM2 = 100.0
STEADY_DICE = 0.5
WIDEST_STEP_MM = 20.0  # with less there is no telling where something ends, nor of following it
PARTED = 0.5
PROJECTIONS = frozenset({"MIP", "MINIP", "MAX_IP", "MIN_IP", "MAX IP", "MIN IP", "VRT", "PROJECTION IMAGE"})


@dataclass(frozen=True, slots=True)
class Look:
    """What one slice showed; lengths in mm, places in image pixels from the outer corner of the first pixel.

    `height_mm` grows towards the head.  `lung_box` (x, y, width, height) holds all lung regions.  `metal` is the
    largest metal region, `bone_mm2` the area above 300 HU in the body.  `vessels` are round bright regions that may be
    the aorta, each with its mean HU.
    """

    piece: Slice
    height_mm: float | None
    spacing_mm: tuple[float, float]
    body: Body | None
    noise_hu: float | None
    lung_mm2: float
    lung_box: tuple[float, float, float, float] | None
    metal: Region | None
    vessels: tuple[tuple[Region, float], ...]
    bone_mm2: float = 0.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """The looks at one stack, in the order of its slices, and how far apart they lie (mm, None for one slice)."""

    stack: Stack
    looks: tuple[Look, ...]
    step_mm: float | None

    @property
    def with_body(self) -> tuple[Look, ...]:
        return tuple(look for look in self.looks if look.body is not None)


SliceKey = tuple[str, str, int]
_SWEEPS: WeakKeyDictionary[PixelReader, dict[tuple[SliceKey, ...], Sweep]] = WeakKeyDictionary()


def slice_key(piece: Slice) -> SliceKey:
    """What tells one frame from all others, however often its series was split into stacks."""
    return piece.instance.path, piece.instance.sop_uid, piece.frame


def slice_stacks(stacks: Stacks) -> Stacks:
    """Stacks of axial CT slices; AnalysisError `no_images`, `axial_only`, `projection_of_slices`."""
    found = [stack for stack in stacks if stack.kind in {"volume", "single"}]
    if not found:
        raise AnalysisError("no_images", kinds=", ".join(sorted({stack.kind for stack in stacks})) or "-")
    axial = [s for s in found if s.orientation and geometry.plane(s.orientation).nearest == "axial"]
    if not axial:
        raise AnalysisError("axial_only")
    plain = [s for s in axial if not PROJECTIONS & _types(s.slices[0])]
    if not plain:
        raise AnalysisError("projection_of_slices")
    return tuple(plain)


def _types(piece: Slice) -> set[str]:
    return {word for text in piece.instance.texts("ImageType") for word in (text.upper(), text.upper().split(" ")[-1])}


def sweep(stack: Stack, reader: PixelReader) -> Sweep:
    """The features of a stack; kept as long as the reader lives, so that all methods share one walk.

    Raises DataError when a slice cannot be decoded, AnalysisError `not_hu` or `missing_tag` (PixelSpacing).
    """
    kept = _SWEEPS.setdefault(reader, {})
    key = tuple(slice_key(piece) for piece in stack.slices)
    if key not in kept:
        looks = tuple(_look(piece, reader.image(piece)) for piece in sampled(stack))
        heights = [look.height_mm for look in looks if look.height_mm is not None]
        steps = [abs(b - a) for a, b in pairwise(heights)]
        kept[key] = Sweep(stack, looks, median(steps) if steps else None)
    return kept[key]


def sampled(stack: Stack) -> list[Slice]:
    """About one slice each 5 mm, never fewer than eight of them, the first and the last always."""
    pieces = stack.slices
    places = [p.position_mm for p in pieces if p.position_mm is not None]
    length = abs(places[-1] - places[0]) if len(places) > 1 else 0.0
    interval = length / (len(pieces) - 1) if length else STEP_MM
    every = max(1, min(int(STEP_MM / max(interval, 1e-3) + 1e-6), (len(pieces) - 1) // (FEWEST - 1)))
    chosen = list(pieces[::every])
    return chosen if (len(pieces) - 1) % every == 0 else [*chosen, pieces[-1]]


def _look(piece: Slice, image: Image2D) -> Look:
    if image.unit != "HU":
        raise AnalysisError("not_hu", unit=image.unit)
    if image.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    grid = coarse(image, image.spacing_mm)
    body = find_body(grid)
    position = piece.instance.frames[piece.frame].position_mm
    height = position[2] if position else None
    if body is None:
        return Look(piece, height, image.spacing_mm, None, None, 0.0, None, None, ())
    noise = global_noise_level(image.pixels, finer(body.mask, body.step, image.pixels.shape), image.spacing_mm)
    lung, box = _lung(grid, body)
    return Look(
        piece, height, image.spacing_mm, body,
        noise,
        lung, box, _metal(image, body, image.spacing_mm), _vessels(grid, body, _left(piece), noise),
        float((body.mask & (grid.hu > BONE_HU)).sum()) * grid.pixel_mm2,
    )  # fmt: skip


def _left(piece: Slice) -> int:
    """+1 when the patient's left is on the right of the picture, -1 when the rows run the other way."""
    orientation = piece.instance.frames[piece.frame].orientation
    return -1 if orientation and orientation[0] < 0 else 1


def _lung(grid: Coarse, body: Body) -> tuple[float, tuple[float, float, float, float] | None]:
    """Area of lung-like regions of at least 1 cm2 inside of the body, and the box around them in image pixels."""
    dark = body.mask & (grid.hu < LUNG_HU[1]) & (grid.hu > LUNG_HU[0])
    if not dark.any():
        return 0.0, None
    _, found = regions(opened(dark), LUNG_MM2 / grid.pixel_mm2)
    if not found:
        return 0.0, None
    x0, y0 = min(r.box[0] for r in found), min(r.box[1] for r in found)
    x1, y1 = max(r.box[0] + r.box[2] for r in found), max(r.box[1] + r.box[3] for r in found)
    box = tuple(float(v * grid.step) for v in (x0, y0, x1 - x0, y1 - y0))
    return sum(r.area for r in found) * grid.pixel_mm2, (box[0], box[1], box[2], box[3])


def _metal(image: Image2D, body: Body, spacing_mm: tuple[float, float]) -> Region | None:
    found = metal_regions(image.pixels, body, spacing_mm, reconstructed_field(image))[1]
    return found[0] if found else None


# The descending aorta with contrast: an even disc, brighter than most of what surrounds it (marrow is even too, but has
# a brighter shell), at the back of the body and not to the right of the midline.
VESSEL_HU, VESSEL_MM = (100.0, 600.0), (15.0, 40.0)
ROUND, ASIDE_MM, RIGHT_MM, FRONT_MM = 0.6, 60.0, 15.0, 10.0
EVEN_BOX, EVEN_HU = 3, 25.0  # local SD in a box of 3 x 3 coarse pixels
DARKER = 0.6


def _vessels(grid: Coarse, body: Body, left: int, noise_hu: float | None) -> tuple[tuple[Region, float], ...]:
    mean = box_mean(grid.hu, EVEN_BOX)
    bright = body.mask & (mean > VESSEL_HU[0]) & (mean < VESSEL_HU[1])
    if not bright.any():
        return ()
    variance = box_mean(np.square(grid.hu - VESSEL_HU[0]), EVEN_BOX) - np.square(mean - VESSEL_HU[0])
    even = bright & (variance < max(EVEN_HU, noise_hu or 0.0) ** 2)
    core = opened(even, grid.pixels(3.0))
    labels, found = regions(core, (VESSEL_MM[0] / 2) ** 2 / grid.pixel_mm2)
    measured = ((r, _vessel_hu(labels == r.label, mean)) for r in found if _may_be_aorta(r, grid, body, left))
    return tuple((_scaled(region, grid.step), hu) for region, hu in measured if hu is not None)


def _may_be_aorta(region: Region, grid: Coarse, body: Body, left: int) -> bool:
    """Size, roundness and place.  The region is the inside of the vessel: one box narrower than it on each side."""
    spacing = (grid.pixel_mm2) ** 0.5
    across = (2 * region.radius + EVEN_BOX) * spacing
    width, height = region.box[2], region.box[3]
    aside = left * (region.x - body.x / grid.step) * grid.spacing_mm[1]
    behind = (region.y - body.y / grid.step) * grid.spacing_mm[0]
    return (
        VESSEL_MM[0] <= across <= VESSEL_MM[1]
        and max(width, height) <= 1.6 * min(width, height)
        and region.area >= ROUND * np.pi * (max(width, height) / 2) ** 2
        and -RIGHT_MM <= aside <= ASIDE_MM
        and behind >= -FRONT_MM
    )


def _vessel_hu(region: BoolArray, hu: NDArray[np.float32]) -> float | None:
    """Mean HU of the region; None unless 60 % of the ring 2 to 4 pixels outside of it are clearly darker."""
    middle = float(hu[region].mean(dtype=np.float64))
    ring = dilated(region, 4) & ~dilated(region, 2)
    return middle if float((hu[ring] < 0.8 * middle).mean()) >= DARKER else None


def _scaled(region: Region, step: int) -> Region:
    x, y, width, height = region.box
    return Region(region.label, region.x * step, region.y * step, region.area * step * step,
                  (x * step, y * step, width * step, height * step))  # fmt: skip


def require_body(found: Sweep) -> tuple[Look, ...]:
    """The looks that show a body, at least one and steady from slice to slice.

    Raises AnalysisError `no_body`, `body_in_parts` (legs, two objects) and `body_unsteady` (what is largest differs
    between neighbouring slices: hollow phantoms, loose objects).
    """
    bodies = [look.body for look in found.looks if look.body is not None]
    if not bodies:
        raise AnalysisError("no_body")
    if median(body.second_share for body in bodies) >= PARTED:
        raise AnalysisError("body_in_parts")
    overlaps = [
        2.0 * int((a.mask & b.mask).sum()) / (int(a.mask.sum()) + int(b.mask.sum()))
        for a, b in pairwise(bodies) if a.mask.shape == b.mask.shape
    ]  # fmt: skip
    if overlaps and median(overlaps) < STEADY_DICE:
        raise AnalysisError("body_unsteady")
    return found.with_body


def in_order(found: Sweep, fewest: int) -> list[tuple[float, Look]]:
    """The looks from the feet up.  AnalysisError `too_few_slices`, `missing_tag`, `slices_too_far_apart`."""
    if len(found.looks) < fewest:
        raise AnalysisError("too_few_slices", n=len(found.looks), need=fewest)
    looks = [(look.height_mm, look) for look in found.looks if look.height_mm is not None]
    if len(looks) < len(found.looks):
        raise AnalysisError("missing_tag", tag="ImagePositionPatient")
    looks.sort(key=lambda pair: pair[0])
    widest = max(b[0] - a[0] for a, b in pairwise(looks))
    if widest > WIDEST_STEP_MM:
        raise AnalysisError("slices_too_far_apart", distance=f"{widest:.3g}", limit=f"{WIDEST_STEP_MM:g}")
    return looks
