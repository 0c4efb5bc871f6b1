"""The ACR CT phantom 464 in a stack: which slices show which module, and how the phantom is turned."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.cylinder import Cylinder
from imagingqc.imaging.mask import blocks
from imagingqc.imaging.roi import regions
from imagingqc.phantom.ct.rounds import RoundSlice, require_axis, require_round, round_slice
from imagingqc.phantom.frames import Frames

DIAMETER_MM, DIAMETER_OFF_MM = 200.0, 6.0
MODULE_MM = 40.0
COARSE_MM = 6.0  # between the slices looked at first
BLOCK_MM = 2.0
LOOKED_AT_MM = 92.0
RING_MM = (50.0, 82.0)  # where inserts and bars lie
INSERT_MM2 = (250.0, 800.0)  # an insert of 25 mm has 491 mm2
CATPHAN_MM2 = (50.0, 240.0)  # its inserts of 12 mm have 117 mm2, and two of them hold air
LOW_HU, HIGH_HU, PATCH_HU = -500.0, 450.0, 200.0
PATCH_MM2, FEWEST_PATCHES = (90.0, 420.0), 6  # a bar pattern has 225 mm2
EVEN_SHARE, EVEN_HU = 0.985, 30.0  # of the blocks about their median, or within four robust standard deviations
BACKGROUND_2_HU, BACKGROUND_3_HU = (55.0, 140.0), (-45.0, 45.0)
INSERT_DISTANCE_MM, ANGLE_OFF_DEG = (57.0, 69.0), 6.0
SAMPLE_MM = 6.0
PLASTICS: Mapping[str, tuple[float, tuple[float, float]]] = {  # screen angle, CT numbers that it may have
    "acrylic": (135.0, (70.0, 190.0)),
    "polyethylene": (225.0, (-160.0, -50.0)),
}
BONE_DEG, AIR_DEG = -45.0, 45.0
WANTED = "acr_ct_464"

Kind = Literal["1", "2", "3", "4", "catphan", "-"]


@dataclass(frozen=True, slots=True)
class Turn:
    """How the phantom is turned in the picture: a place at a nominal screen angle lies at `angle` of it.

    `roll_deg` is clockwise; `mirrored` when it is seen from its other side.  `insert_mm` is the mean distance of bone
    and air from the centre.
    """

    roll_deg: float
    mirrored: bool
    insert_mm: float

    def angle(self, nominal_deg: float) -> float:
        return (180.0 - nominal_deg if self.mirrored else nominal_deg) + self.roll_deg

    def place(self, distance_mm: float, nominal_deg: float) -> tuple[float, float]:
        """(right, down) in mm from the centre."""
        turn = math.radians(self.angle(nominal_deg))
        return distance_mm * math.cos(turn), distance_mm * math.sin(turn)


@dataclass(frozen=True, slots=True)
class Located:
    """The phantom in the stack: for each module the slice to measure and all slices that show it, and the turn.

    `middle_mm` is where the middle of each module lies along the normal.  `direction` is 1 when the modules follow one
    another towards higher positions; `inner_mm` is the distance between the outer faces of modules 2 and 3 together,
    80 mm in truth.
    """

    chosen: Mapping[int, RoundSlice]
    inside: Mapping[int, tuple[Slice, ...]]
    middle_mm: Mapping[int, float]
    turn: Turn
    axis: Cylinder | None
    direction: int
    inner_mm: float


def locate(stack: Stack, frames: Frames, by_hand: Mapping[int, Slice] | None = None) -> Located:
    """Find all four modules by what they hold, and the turn by the inserts.

    `by_hand` are the slices of modules that a person chose: they are measured when they show their module
    (AnalysisError `hand_slice_unfit` else).

    AnalysisError `phantom_not_found`, `phantom_cut`, `phantom_scale`, `phantom_tilted`, `phantom_other` (with what it
    looks like) or `phantom_incomplete` (with the modules that are missing).
    """
    seen = require_round(_coarse(stack, frames))
    axis = require_axis(seen)
    measured = float(np.median([s.diameter_mm for s in seen]))
    kinds = [kind_of(s) for s in seen]
    _require_acr(kinds)
    if abs(measured - DIAMETER_MM) > DIAMETER_OFF_MM:
        raise AnalysisError("phantom_scale", measured=round(measured, 1), expected=DIAMETER_MM)
    spans = _spans(seen, kinds)
    direction = 1 if spans[4][0] > spans[1][0] else -1
    edges = _edges(spans, direction)
    inner = abs(edges[2] - edges[0])
    step = max(_steps(seen))
    if abs(inner - 2 * MODULE_MM) > step + 3.0 or abs(abs(edges[1] - edges[0]) - MODULE_MM) > step + 3.0:
        raise AnalysisError("phantom_scale", measured=round(inner, 1), expected=2 * MODULE_MM)
    middles = {
        1: edges[0] - direction * MODULE_MM / 2,
        2: (edges[0] + edges[1]) / 2,
        3: (edges[1] + edges[2]) / 2,
        4: edges[2] + direction * MODULE_MM / 2,
    }
    wanted = by_hand or {}
    chosen = {
        m: _shown(stack, frames, wanted[m], m) if m in wanted else _measurable(stack, frames, spans[m], middles[m], m)
        for m in middles
    }
    inside = {m: _within(stack, spans[m]) for m in middles}
    return Located(chosen, inside, middles, turn_of(chosen[1]), axis, direction, inner)


def _coarse(stack: Stack, frames: Frames) -> list[RoundSlice]:
    """Slices about 6 mm apart, those that show anything."""
    chosen: list[Slice] = []
    for piece in stack.slices:
        at = piece.position_mm or 0.0
        if not chosen or at - (chosen[-1].position_mm or 0.0) >= COARSE_MM - 0.01:
            chosen.append(piece)
    found = (round_slice(piece, stack, frames) for piece in chosen)
    return [one for one in found if one is not None]


def kind_of(piece: RoundSlice) -> Kind:
    """Which module a slice shows: "1" to "4", "catphan" for two air inserts, "-" for none of these."""
    step = max(1, round(BLOCK_MM / max(piece.spacing_mm)))
    values = blocks(piece.image.pixels, step)
    rows, columns = values.shape
    down = ((np.arange(rows) + 0.5) * step - piece.found.y)[:, np.newaxis] * piece.spacing_mm[0]
    right = ((np.arange(columns) + 0.5) * step - piece.found.x)[np.newaxis, :] * piece.spacing_mm[1]
    away = np.hypot(down, right)
    pixel = piece.spacing_mm[0] * piece.spacing_mm[1] * step * step
    ring = (away > RING_MM[0] - 14) & (away < RING_MM[1] + 8)
    background = float(np.median(values[away < LOOKED_AT_MM]))
    low = _counted(ring & (values < LOW_HU), pixel, INSERT_MM2)
    high = _counted(ring & (values > HIGH_HU), pixel, INSERT_MM2)
    patches = _counted(ring & (values > background + PATCH_HU), pixel, PATCH_MM2)
    if low == 1 and high == 1:
        return "1"
    if _counted(ring & (values < LOW_HU), pixel, CATPHAN_MM2) == 2:
        return "catphan"
    if low == 0 and patches >= FEWEST_PATCHES:
        return "4"
    inner = values[away < LOOKED_AT_MM]
    rest = np.abs(inner - background)
    if float((rest < max(EVEN_HU, 4 * 1.4826 * float(np.median(rest)))).mean()) < EVEN_SHARE:
        return "-"
    if BACKGROUND_2_HU[0] < background < BACKGROUND_2_HU[1]:
        return "2"
    return "3" if BACKGROUND_3_HU[0] < background < BACKGROUND_3_HU[1] else "-"


def looks_like(slices: Sequence[RoundSlice]) -> str | None:
    """The word for the phantom that round slices look like: "catphan" or "acr"; None for neither."""
    kinds = Counter(kind_of(s) for s in slices)
    if kinds["catphan"]:
        return "catphan"
    return "acr" if kinds["1"] or kinds["4"] else None


def _counted(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], pixel: float, area: tuple[float, float]) -> int:
    _, found = regions(mask, area[0] / pixel)
    return sum(r.area * pixel <= area[1] for r in found)


def _require_acr(kinds: Sequence[Kind]) -> None:
    """All four modules are there; else what the phantom looks like, or what is missing."""
    count = Counter(kinds)
    missing = [m for m in "1234" if not count[m]]  # type: ignore[index]
    if not missing:
        return
    if count["catphan"]:
        raise AnalysisError("phantom_other", wanted=WANTED, why="catphan")
    if not count["1"] and not count["4"]:
        even = count["2"] + count["3"] >= len(kinds) / 2
        raise AnalysisError("phantom_other", wanted=WANTED, why="water" if even else "no_inserts")
    raise AnalysisError("phantom_incomplete", missing=", ".join(missing))


def _spans(seen: Sequence[RoundSlice], kinds: Sequence[Kind]) -> dict[int, tuple[float, float]]:
    """First and last position of each module; AnalysisError `phantom_other` when they do not come in order."""
    order = [k for k in kinds if k in {"1", "2", "3", "4"}]
    changes = [k for i, k in enumerate(order) if i == 0 or k != order[i - 1]]
    if changes not in (["1", "2", "3", "4"], ["4", "3", "2", "1"]):
        raise AnalysisError("phantom_other", wanted=WANTED, why="modules_elsewhere")
    places = {m: [s.z_mm for s, k in zip(seen, kinds, strict=True) if k == str(m)] for m in (1, 2, 3, 4)}
    return {m: (min(at), max(at)) for m, at in places.items()}


def _edges(spans: Mapping[int, tuple[float, float]], direction: int) -> tuple[float, float, float]:
    """Positions of the faces 1|2, 2|3 and 3|4: halfway between the slices on both sides."""

    def face(a: int, b: int) -> float:
        return (spans[a][1] + spans[b][0]) / 2 if direction > 0 else (spans[a][0] + spans[b][1]) / 2

    return face(1, 2), face(2, 3), face(3, 4)


def _steps(seen: Sequence[RoundSlice]) -> list[float]:
    return [b.z_mm - a.z_mm for a, b in pairwise(seen)]


def _within(stack: Stack, span: tuple[float, float]) -> tuple[Slice, ...]:
    return tuple(s for s in stack.slices if span[0] <= (s.position_mm or 0.0) <= span[1])


def _measurable(stack: Stack, frames: Frames, span: tuple[float, float], middle: float, module: int) -> RoundSlice:
    """The slice of the span that is nearest to the module's middle."""
    piece = min(_within(stack, span), key=lambda s: abs((s.position_mm or 0.0) - middle))
    found = round_slice(piece, stack, frames)
    if found is None or not found.round:
        raise AnalysisError("phantom_incomplete", missing=str(module))
    return found


def _shown(stack: Stack, frames: Frames, piece: Slice, module: int) -> RoundSlice:
    """The slice that a person chose for a module."""
    found = round_slice(piece, stack, frames)
    if found is None or not found.round or kind_of(found) != str(module):
        raise AnalysisError("hand_slice_unfit", wanted=str(module))
    return found


def turn_of(piece: RoundSlice) -> Turn:
    """Roll and side of the phantom by bone and air in module 1, proved by acrylic and polyethylene.

    AnalysisError `phantom_other` when distances, angles or materials are not those of the phantom.
    """
    bone, air = insert_place(piece, high=True), insert_place(piece, high=False)
    distances = [math.hypot(*at) for at in (bone, air)]
    turn = math.degrees(math.atan2(air[1], air[0]) - math.atan2(bone[1], bone[0]))
    turn = (turn + 180.0) % 360.0 - 180.0
    mirrored = turn < 0
    right = all(INSERT_DISTANCE_MM[0] < d < INSERT_DISTANCE_MM[1] for d in distances)
    if not right or abs(abs(turn) - (AIR_DEG - BONE_DEG)) > ANGLE_OFF_DEG:
        raise AnalysisError("phantom_other", wanted=WANTED, why="inserts_elsewhere")
    rolls = []
    for (x, y), nominal in ((bone, BONE_DEG), (air, AIR_DEG)):
        drawn = 180.0 - nominal if mirrored else nominal
        rolls.append((math.degrees(math.atan2(y, x)) - drawn + 180.0) % 360.0 - 180.0)
    mean = math.atan2(sum(math.sin(math.radians(r)) for r in rolls), sum(math.cos(math.radians(r)) for r in rolls))
    found = Turn(math.degrees(mean), mirrored, sum(distances) / 2)
    for nominal, (low, high) in PLASTICS.values():
        value = float(piece.disc(SAMPLE_MM, *found.place(found.insert_mm, nominal)).mean())
        if not low < value < high:
            raise AnalysisError("phantom_other", wanted=WANTED, why="inserts_elsewhere")
    return found


def insert_place(piece: RoundSlice, *, high: bool) -> tuple[float, float]:
    """(right, down) in mm of the bone (high) or air insert: the centroid of its pixels."""
    values = piece.image.pixels
    away = piece.distances()
    ring = (away > RING_MM[0] - 14) & (away < RING_MM[1] + 8)
    pixel = piece.spacing_mm[0] * piece.spacing_mm[1]
    _, found = regions(ring & ((values > HIGH_HU) if high else (values < LOW_HU)), INSERT_MM2[0] / pixel)
    if not found:
        raise AnalysisError("phantom_other", wanted=WANTED, why="no_inserts")
    return (
        (found[0].x - piece.found.x) * piece.spacing_mm[1],
        (found[0].y - piece.found.y) * piece.spacing_mm[0],
    )
