"""What is measured in the modules of the ACR CT phantom 464: materials, low contrast, beads, bars and an edge.

Sizes and places as the phantom's maker and the accreditation programme describe them: inserts of 25 mm at about 63 mm
from the centre, a low-contrast rod of 25 mm at 60 mm, two beads 100 mm apart, eight bar patterns of 15 mm at 70 mm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.imaging.circle import Floats
from imagingqc.imaging.edge_spread import Mtf, distances_from_circle, edge_spread, mtf_of_edge
from imagingqc.imaging.morphology import blurred
from imagingqc.imaging.round_object import round_object
from imagingqc.phantom.ct.acr_find import Turn, insert_place
from imagingqc.phantom.ct.rounds import RoundSlice

MATERIALS: Mapping[str, float] = {"bone": -45.0, "air": 45.0, "acrylic": 135.0, "water": 180.0, "polyethylene": 225.0}
MATERIAL_MM = 8.0  # radius: 200 mm2
ROD_MM, ROD_DEG, BESIDE_DEG, ROD_SAMPLE_MM = 60.0, -90.0, -115.0, 5.64  # 100 mm2
EDGE_MM, EDGE_SAMPLE_MM = 66.0, 11.28  # 400 mm2, its rim one diameter from the surface
BEADS_MM, BEAD_RING_MM, BEAD_DEVIATIONS, BEAD_SMOOTH_MM = 100.0, (44.0, 56.0), 8.0, 2.5
BEADS_AGREE_MM = 4.0
BARS: Mapping[int, float] = {4: -135.0, 5: 180.0, 6: 135.0, 7: 90.0, 8: 45.0, 9: 0.0, 10: -45.0, 12: -90.0}
BAR_MM, BAR_SAMPLE_MM, BAR_LEAST_HU = 70.0, 6.0, 150.0
RESOLVED = 0.10
EDGE_HALF_MM, EDGE_BIN_MM = 7.0, 0.1
INSERT_RADIUS_MM = (11.0, 14.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """A mean in a disc: value in HU, where its centre lies (right, down) and its radius, mm."""

    value: float
    place: tuple[float, float]
    radius_mm: float


@dataclass(frozen=True, slots=True)
class Beads:
    """Distance of the two beads in mm and both places (right, down) in the slice that shows the first best."""

    distance_mm: float
    first: tuple[float, float]
    second: tuple[float, float]
    slice: RoundSlice


def materials(piece: RoundSlice, turn: Turn) -> dict[str, Sample]:
    """The five materials of module 1 in discs of 200 mm2."""
    out = {}
    for name, nominal in MATERIALS.items():
        at = turn.place(turn.insert_mm, nominal)
        out[name] = Sample(float(piece.disc(MATERIAL_MM, *at).mean()), at, MATERIAL_MM)
    return out


def contrast_to_noise(piece: RoundSlice, turn: Turn) -> tuple[float, Sample]:
    """CNR = |A - B| / SD of B: A in the rod of 25 mm, B beside it, discs of 100 mm2; and A."""
    at, beside = turn.place(ROD_MM, ROD_DEG), turn.place(ROD_MM, BESIDE_DEG)
    rod, around = piece.disc(ROD_SAMPLE_MM, *at), piece.disc(ROD_SAMPLE_MM, *beside)
    noise = float(around.std(ddof=1))
    if noise <= 0:
        raise AnalysisError("no_noise")
    sample = Sample(float(rod.mean()), at, ROD_SAMPLE_MM)
    return abs(sample.value - float(around.mean())) / noise, sample


def uniformity(piece: RoundSlice, turn: Turn) -> tuple[float, Sample]:
    """The mean at 12, 3, 6 or 9 o'clock that differs most from the centre's, less that; signed, and the disc."""
    centre = float(piece.disc(EDGE_SAMPLE_MM).mean())
    samples = []
    for nominal in (-90.0, 0.0, 90.0, 180.0):
        at = turn.place(EDGE_MM, nominal)
        samples.append(Sample(float(piece.disc(EDGE_SAMPLE_MM, *at).mean()), at, EDGE_SAMPLE_MM))
    worst = max(samples, key=lambda s: abs(s.value - centre))
    return worst.value - centre, worst


def beads(slices: Sequence[RoundSlice]) -> Beads:
    """The two beads of module 3, each in the slice that shows it best; AnalysisError `beads_not_found`."""
    found = [(height, at, s) for s in slices for height, at in _spots(s)]
    found.sort(key=lambda one: (-one[0], one[1]))
    for i, (_, a, piece) in enumerate(found[:40]):
        for _, b, _ in found[i + 1 : 40]:
            distance = math.hypot(a[0] - b[0], a[1] - b[1])
            middle = math.hypot(a[0] + b[0], a[1] + b[1]) / 2
            if abs(distance - BEADS_MM) < BEADS_AGREE_MM and middle < BEADS_AGREE_MM:
                return Beads(distance, a, b, piece)
    raise AnalysisError("beads_not_found")


def _spots(piece: RoundSlice) -> list[tuple[float, tuple[float, float]]]:
    """Bright spots in the ring where the beads lie: height over the noise and place (right, down) in mm."""
    values = piece.image.pixels
    smooth = blurred(values, (BEAD_SMOOTH_MM / piece.spacing_mm[0], BEAD_SMOOTH_MM / piece.spacing_mm[1]))
    away = piece.distances()
    ring = (away > BEAD_RING_MM[0]) & (away < BEAD_RING_MM[1])
    rest = np.where(ring, np.asarray(values - smooth, dtype=np.float64), 0.0)
    spread = 1.4826 * float(np.median(np.abs(rest[ring])))
    out: list[tuple[float, tuple[float, float]]] = []
    for _ in range(4):
        row, column = (int(v) for v in np.unravel_index(int(rest.argmax()), rest.shape))
        height = float(rest[row, column])
        if height <= BEAD_DEVIATIONS * max(spread, 1e-6):
            break
        box = (slice(max(0, row - 2), row + 3), slice(max(0, column - 2), column + 3))
        weight = np.maximum(rest[box], 0.0)
        y = float((weight.sum(axis=1) * np.arange(box[0].start, box[0].start + weight.shape[0])).sum() / weight.sum())
        x = float((weight.sum(axis=0) * np.arange(box[1].start, box[1].start + weight.shape[1])).sum() / weight.sum())
        right = (x + 0.5 - piece.found.x) * piece.spacing_mm[1]
        out.append((height / max(spread, 1e-6), (right, (y + 0.5 - piece.found.y) * piece.spacing_mm[0])))
        rest[box] = 0.0
    return out


def bar_modulations(piece: RoundSlice, turn: Turn) -> dict[int, float]:
    """Modulation (0-1) of each bar pattern by its line pairs per cm.

    M = (pi sqrt(2) / 4) sqrt(SD² - noise²) / M0, M0 half the difference of bar and space: twice the pattern's mean
    less the background is the bar, for bars and spaces of one width and spaces of the background's material.
    Source: Droege and Morin, Med Phys 9 (1982) 758.  AnalysisError `bars_not_found` when a pattern is not there.
    """
    centre = piece.disc(2.5 * BAR_SAMPLE_MM)
    background, noise = float(centre.mean()), float(centre.var(ddof=1))
    out = {}
    for pairs, nominal in BARS.items():
        values = piece.disc(BAR_SAMPLE_MM, *turn.place(BAR_MM, nominal))
        half = float(values.mean()) - background
        if half < BAR_LEAST_HU:
            raise AnalysisError("bars_not_found")
        signal = math.sqrt(max(0.0, float(values.var(ddof=1)) - noise))
        out[pairs] = min(1.0, math.pi * math.sqrt(2) / 4 * signal / half)
    return out


def resolved(modulations: Mapping[int, float]) -> int:
    """The finest pattern that keeps 10 % modulation, as do all wider ones; AnalysisError when none does."""
    best = 0
    for pairs in sorted(modulations):
        if modulations[pairs] < RESOLVED:
            break
        best = pairs
    if not best:
        raise AnalysisError("bars_unresolved", pairs=min(modulations))
    return best


def edge_mtf(piece: RoundSlice) -> Mtf:
    """MTF of the edge of the bone insert, in the slice measured; AnalysisError `edge_unfit`."""
    right, down = insert_place(piece, high=True)
    x, y = piece.place(right, down)
    half = [math.ceil((INSERT_RADIUS_MM[1] + EDGE_HALF_MM + 2) / s) for s in piece.spacing_mm]
    top, left = max(0, round(y) - half[0]), max(0, round(x) - half[1])
    cut = np.asarray(piece.image.pixels[top : round(y) + half[0], left : round(x) + half[1]], dtype=np.float64)
    inside = float(piece.disc(MATERIAL_MM, right, down).mean())
    level = (inside + float(np.median(piece.disc(2 * MATERIAL_MM)))) / 2
    found = round_object(cut, piece.spacing_mm, level, INSERT_RADIUS_MM[0])
    if found is None or not INSERT_RADIUS_MM[0] < found.circle.radius < INSERT_RADIUS_MM[1]:
        raise AnalysisError("edge_unfit")
    distance: Floats = distances_from_circle(cut.shape, (found.x, found.y), found.circle.radius, piece.spacing_mm)
    spread = edge_spread(distance, cut, EDGE_HALF_MM, EDGE_BIN_MM)
    mtf = mtf_of_edge(*spread) if spread is not None else None
    if mtf is None:
        raise AnalysisError("edge_unfit")
    return mtf
