"""One walk through all slices of a CT stack at full resolution: each is decoded once and leaves only small features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.ct.isocentre import in_picture, is_tilted, isocentre, upward
from imagingqc.clinical.ct.region import HEAD, regions_of
from imagingqc.clinical.ct.sweep import SliceKey, Sweep, sampled, slice_key, sweep
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray, Image2D
from imagingqc.imaging.mask import AIR_HU, Body, coarse, find_body, reconstructed_field
from imagingqc.imaging.morphology import BoolArray
from imagingqc.imaging.movement import Glimpse, glimpse, skull_widths
from imagingqc.imaging.rings import RingProfile, ring_profile
from imagingqc.imaging.skin_edge import SkinEdge, skin_edge
from imagingqc.imaging.streaks import Streaks, metal_regions, streaks

T = TypeVar("T")

NOT_AIR_HU = 0.0  # beyond the field: an edge there is no skin
EDGES = 24  # slices that are looked at for skin and rings
REFERENCES = 12  # slices without metal that those with metal are held against


@dataclass(frozen=True, slots=True)
class Trace:
    """What one slice left; None where it was not looked at or showed nothing.

    `streaks` are those round the metal where `metal` is true, else the unrest of all soft tissue.  `centre` is the
    isocentre (x, y) in image pixels.
    """

    piece: Slice
    height_mm: float | None
    spacing_mm: tuple[float, float]
    body: Body | None
    glimpse: Glimpse | None = None
    skull_mm: NDArray[np.float64] | None = None
    edge: SkinEdge | None = None
    ring: RingProfile | None = None
    centre: tuple[float, float] | None = None
    metal: bool = False
    streaks: Streaks | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for in a slice."""

    edge: bool
    skull: bool
    streaks: bool
    metal: bool


_WALKS: WeakKeyDictionary[PixelReader, dict[tuple[SliceKey, ...], tuple[Trace, ...]]] = WeakKeyDictionary()


def walk(stack: Stack, reader: PixelReader) -> tuple[Trace, ...]:
    """The traces of all slices of a stack in their order; kept as long as the reader lives.

    Raises as `sweep` does, and AnalysisError `no_body`, `body_in_parts`, `body_unsteady`.
    """
    kept = _WALKS.setdefault(reader, {})
    key = tuple(slice_key(piece) for piece in stack.slices)
    if key not in kept:
        found = sweep(stack, reader)
        plan = _plan(found)
        kept[key] = tuple(_trace(piece, reader.image(piece), plan[slice_key(piece)]) for piece in stack.slices)
    return kept[key]


def _plan(found: Sweep) -> dict[SliceKey, _Wanted]:
    """Edges and rings in some slices of the sweep; streaks in those of it with metal and in some without."""
    looked = {slice_key(piece) for piece in _spread(sampled(found.stack), EDGES)}
    metal = {slice_key(look.piece) for look in found.looks if look.metal is not None}
    plain = [slice_key(look.piece) for look in found.with_body if look.metal is None]
    plain = _spread(plain, REFERENCES) if metal else []
    skull = _is_head(found.stack)
    out = {}
    for piece in found.stack.slices:
        key = slice_key(piece)
        out[key] = _Wanted(key in looked, skull, key in metal or key in plain, key in metal)
    return out


def _spread(items: list[T], most: int) -> list[T]:
    """At most so many of them, evenly spread."""
    return items[:: max(1, -(-len(items) // most))]


def _is_head(stack: Stack) -> bool:
    try:
        return HEAD in regions_of(stack.slices[0].instance)
    except AnalysisError:
        return False


def _trace(piece: Slice, image: Image2D, wanted: _Wanted) -> Trace:
    if image.unit != "HU":
        raise AnalysisError("not_hu", unit=image.unit)
    if image.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="PixelSpacing")
    spacing = image.spacing_mm
    grid = coarse(image, spacing)
    body = find_body(grid)
    position = piece.instance.frames[piece.frame].position_mm
    height = position[2] if position else None
    if body is None:
        return Trace(piece, height, spacing, None)
    if not (wanted.edge or wanted.skull or wanted.streaks):
        return Trace(piece, height, spacing, body, glimpse(grid, body))
    field = reconstructed_field(image)
    hu, guarded = _edges_of_field(image, field)
    centre = _centre(piece, spacing)
    metal = _metal(hu, body, spacing, field) if wanted.metal else None
    return Trace(
        piece, height, spacing, body,
        glimpse(grid, body),
        skull_widths(hu, body, grid, spacing) if wanted.skull else None,
        skin_edge(guarded, body, spacing, upward(piece)) if wanted.edge else None,
        ring_profile(hu, body, spacing, centre) if wanted.edge and centre else None,
        centre,
        metal is not None,
        streaks(hu, body, spacing, metal) if wanted.streaks else None,
    )  # fmt: skip


def _metal(hu: FloatArray, body: Body, spacing_mm: tuple[float, float], field: BoolArray) -> BoolArray | None:
    mask, found = metal_regions(hu, body, spacing_mm, field)
    return mask if found else None


def _edges_of_field(image: Image2D, field: BoolArray) -> tuple[FloatArray, FloatArray]:
    """The picture in HU with air beyond the field, and with what is no air there."""
    hu = np.asarray(image.pixels, dtype=np.float32)
    if field.all():
        return hu, hu
    return np.where(field, hu, np.float32(AIR_HU)), np.where(field, hu, np.float32(NOT_AIR_HU))


def _centre(piece: Slice, spacing_mm: tuple[float, float]) -> tuple[float, float] | None:
    """The isocentre in the picture; None when the header does not tell, or when the slice leans."""
    if is_tilted(piece):
        return None
    try:
        return in_picture(piece, spacing_mm, isocentre(piece))
    except AnalysisError:
        return None
