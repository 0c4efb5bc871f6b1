"""Presampled MTF of a detector from a slanted edge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.edge_spread import Mtf, distances_from_line, edge_spread, mtf_of_edge
from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.mask import blocks, finer
from imagingqc.imaging.morphology import boxes, labelled
from imagingqc.imaging.straight_edge import StraightEdge, plate_edges
from imagingqc.phantom.dr.raw import Floats32, Raw

BLOCK_MM = 1.0
LEAST_CONTRAST = 0.5  # of the field: a thick plate lets little through
SMALLEST_MM2 = 400.0
STRAIGHT = 0.35  # pixels, SD of the edge about its line
TILT_DEG = (0.8, 12.0)
SHORTEST_MM = 15.0
HALF_MM = 6.0  # of the edge spread, to either side
FINE = 8  # bins per pixel
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EdgeMtf:
    """The MTF across one edge."""

    edge: StraightEdge
    mtf: Mtf


def edge_mtfs(raw: Raw, signal: Floats32) -> list[EdgeMtf]:
    """The MTF across every usable side of the plate, at most one upright and one level side.

    The signal has to be linear in dose.  Usable sides are straight (SD below 0.35 pixels), at least 25 mm long and
    turned by 0.8 to 12 degrees against the pixels.
    AnalysisError: `edge_none` without a dark plate in a bright field, `edge_not_straight`, `edge_angle` when no side is
    turned enough, `edge_short`.
    Source: IEC 62220-1 (edge of 1.5 to 3 degrees, oversampled edge spread, presampled MTF).
    """
    plate, level = _plate(raw, signal)
    sides = plate_edges(signal, plate, level)
    straight = [edge for edge in sides if edge.residual <= STRAIGHT]
    if not straight:
        raise AnalysisError("edge_not_straight" if sides else "edge_none")
    turned = [edge for edge in straight if TILT_DEG[0] <= edge.tilt_deg <= TILT_DEG[1]]
    if not turned:
        best = max(edge.tilt_deg for edge in straight)
        raise AnalysisError("edge_angle", degrees=round(best, 1), low=TILT_DEG[0], high=TILT_DEG[1])
    long_enough = [edge for edge in turned if edge.length * max(raw.spacing_mm) >= SHORTEST_MM]
    measured = [(edge, _mtf(raw, signal, edge)) for edge in long_enough]
    known = [EdgeMtf(edge, mtf) for edge, mtf in measured if mtf is not None]
    if not known:
        raise AnalysisError("edge_short", need=f"{SHORTEST_MM / 0.6:.0f}")
    best_of = [[one for one in known if one.edge.upright is upright] for upright in (True, False)]
    return [min(group, key=lambda one: one.edge.residual) for group in best_of if group]


def _plate(raw: Raw, signal: Floats32) -> tuple[Mask, float]:
    """Mask of the plate on pixels, and the level halfway between plate and field."""
    step = max(1, round(BLOCK_MM / max(raw.spacing_mm)))
    means = blocks(signal, step).astype(np.float64)
    dark, bright = (float(v) for v in np.percentile(means, (2, 98)))
    level = (dark + bright) / 2
    if not bright > 0 or (bright - dark) / bright < LEAST_CONTRAST:
        raise AnalysisError("edge_none")
    low, high = means[means < level], means[means >= level]
    # Two levels and little between: a patient has all of them.
    between = float(((means > dark + 0.2 * (bright - dark)) & (means < bright - 0.35 * (bright - dark))).mean())
    spread = max(robust_spread(high), robust_spread(low)) / (bright - dark)
    labels, count = labelled(means < level)
    sizes = np.bincount(labels.ravel())[1:] if count else np.zeros(1)
    best = int(np.argmax(sizes)) + 1
    cell = step * step * raw.spacing_mm[0] * raw.spacing_mm[1]
    if between > 0.12 or spread > 0.12 or sizes[best - 1] * cell < SMALLEST_MM2:
        raise AnalysisError("edge_none")
    rows, columns = boxes(labels)[best - 1]
    if float((labels[rows, columns] == best).mean()) < 0.5:
        raise AnalysisError("edge_not_straight")
    return finer(labels == best, step, signal.shape), level


def _mtf(raw: Raw, signal: Floats32, edge: StraightEdge) -> Mtf | None:
    """MTF in 1/mm from the pixels within 6 mm of the middle part of the edge."""
    down, right = raw.spacing_mm
    normal = math.atan2(math.sin(edge.normal) / down, math.cos(edge.normal) / right)
    distance = distances_from_line(signal.shape, edge.point, normal, raw.spacing_mm)
    along = distances_from_line(signal.shape, edge.point, normal + math.pi / 2, raw.spacing_mm)
    pitch = min(raw.spacing_mm)
    near = (np.abs(distance) < HALF_MM + pitch) & (np.abs(along) < 0.5 * edge.length * pitch)
    spread = edge_spread(distance[near], signal[near], HALF_MM, pitch / FINE)
    return None if spread is None else mtf_of_edge(*spread)
