"""Uniform block on a mammography receptor: uniformity, signal to noise, contrast to noise of aluminium, artefacts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.flat_field import FlatDefects, field_shape, flat_defects
from imagingqc.imaging.morphology import boxes, labelled
from imagingqc.phantom.dr.flat import Region, centred, require_flat
from imagingqc.phantom.dr.raw import LAW_PARAMETERS, UNPROCESSED, Floats32, Raw, linear_of, raw_images
from imagingqc.phantom.dr.uniformity import defect_evidence, every_evidence
from imagingqc.phantom.hand import IMAGE, Box, drawn_box
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, recorder
from imagingqc.quantity import Measurement, Recorder

NAME, VERSION = "mg.uniform", "1"
UNIFORMITY, SNR, CNR, SDNR = (f"mg.phantom.{key}" for key in ("uniformity", "snr", "cnr", "sdnr"))
PIXELS, LINES, BLOCKS = (f"mg.phantom.artefact.{kind}" for kind in ("pixels", "lines", "blocks"))
SIDE_MM, FROM_EDGE_MM = 20.0, 30.0  # regions, and the middles of the corner ones from the sides
CELL_MM = 2.0
OBJECT_MM2, OBJECT_DEPTH = (36.0, 700.0), (0.01, 0.35)  # of 0.2 mm Al; of the signal
OBJECT_BEYOND = 6.0  # robust SDs of the cells
COMPACT = 0.65  # of its own box
INSET_MM, GAP_MM, RING_MM = 2.5, 2.5, 9.0
PLACE = Parameter(
    "aluminium", "铝片所在区域（手工圈定：x, y, 宽, 高，像素）",
    "where the aluminium is (by hand: x, y, width, height in pixels)",
    kind="numbers", pick="rect",
)  # fmt: skip
PLACE_MM = 8.0  # smallest side of that place
Mask = NDArray[np.bool_]


def run(given: PhantomInput) -> PhantomFound:
    """Uniformity (largest difference of a corner from the centre, %), SNR of the centre, CNR and SDNR of 0.2 mm Al.

    Corner regions of 2 x 2 cm lie 3 cm from the sides.  CNR = |plain - Al| / sqrt((s_plain^2 + s_Al^2) / 2),
    SDNR with
    s_plain alone; SDs are about a plane, so that the heel is no noise.  Without aluminium both are not measured.
    In a place drawn by hand alone the aluminium is looked for; AnalysisError `mg_no_aluminium` when it is not there.
    Source: WS 76-2020 and EUREF 4th ed. (uniformity, CNR), on linearised values.
    """
    (raw,) = raw_images(given, 1, 1)
    signal = linear_of(raw, given).signal(raw.values)
    shape = require_flat(raw, signal)
    centre, corners = _regions(raw)
    middle = _mean(centre, signal)
    differences = [(_mean(region, signal) - middle) / middle * 100 for region in corners]
    target = find_object(raw, signal, _place(raw, given))
    defects = _without(flat_defects(signal), target)
    record = recorder((NAME, VERSION), [raw.piece])
    maps = defect_evidence(raw, defects)
    worst = max(range(len(corners)), key=lambda i: abs(differences[i]))
    measurements = [
        record.value(UNIFORMITY, differences[worst], evidence=raw.evidence(corners[worst].shape())),
        record.value(SNR, middle / _spread(centre.of(signal)), evidence=raw.evidence(centre.shape())),
        *_contrast(raw, signal, target, record),
        record.value(PIXELS, len(defects.pixels), evidence=maps.get("pixels")),
        record.value(LINES, len(defects.lines), evidence=maps.get("lines")),
        record.value(BLOCKS, len(defects.blocks), evidence=maps.get("blocks")),
    ]
    shown = [raw.evidence(region.shape()) for region in (centre, *corners)]
    checks = {"gradient_percent": shape.gradient_percent, "aluminium": float(target is not None)}
    return PhantomFound("uniform-block", tuple(measurements), (*shown, *every_evidence(raw, defects)), checks=checks)


def _place(raw: Raw, given: PhantomInput) -> Box | None:
    least = (PLACE_MM / raw.spacing_mm[0], PLACE_MM / raw.spacing_mm[1])
    return drawn_box(given, PLACE, raw.image.pixels.shape, least)


def find_object(raw: Raw, signal: Floats32, place: Box | None = None) -> Region | None:
    """The box of the aluminium square: one compact region a little darker than the field; None without one.

    With a `place` drawn by hand only what lies in it; AnalysisError `mg_no_aluminium` without one there.
    """
    step = max(1, round(CELL_MM / max(raw.spacing_mm)))
    departure = field_shape(signal, step).departure
    usual = max(robust_spread(departure), 1e-4)
    labels, count = labelled(departure < -max(OBJECT_BEYOND * usual, OBJECT_DEPTH[0]))
    cell = step * step * raw.spacing_mm[0] * raw.spacing_mm[1]
    found = []
    for number, (rows, columns) in enumerate(boxes(labels), start=1):
        region = labels[rows, columns] == number
        area, depth = float(region.sum()) * cell, -float(np.median(departure[rows, columns][region]))
        sides = sorted(region.shape)
        square = sides[0] >= 0.6 * sides[1] and float(region.mean()) >= COMPACT
        wanted = place is None or _lies_in(place, columns, rows, step)
        if wanted and square and OBJECT_MM2[0] <= area <= OBJECT_MM2[1] and OBJECT_DEPTH[0] <= depth <= OBJECT_DEPTH[1]:
            found.append(Region(columns.start * step, rows.start * step, sides_px(columns, step), sides_px(rows, step)))
    if place is not None and len(found) != 1:
        raise AnalysisError("mg_no_aluminium")
    return found[0] if len(found) == 1 and count else None


def _lies_in(place: Box, columns: slice, rows: slice, step: int) -> bool:
    """Whether a run of cells has its middle in a rectangle of pixels."""
    x, y = (columns.start + columns.stop) * step / 2, (rows.start + rows.stop) * step / 2
    return bool(place.x <= x <= place.x + place.width and place.y <= y <= place.y + place.height)


def sides_px(place: slice, step: int) -> int:
    """Length of a run of cells in pixels."""
    return int(place.stop - place.start) * step


def _regions(raw: Raw) -> tuple[Region, list[Region]]:
    rows, columns = raw.image.pixels.shape
    fy, fx = FROM_EDGE_MM / (rows * raw.spacing_mm[0]), FROM_EDGE_MM / (columns * raw.spacing_mm[1])
    corners = [centred(raw, SIDE_MM, x, y) for y in (fy, 1 - fy) for x in (fx, 1 - fx)]
    return centred(raw, SIDE_MM), corners


def _contrast(raw: Raw, signal: Floats32, target: Region | None, record: Recorder) -> list[Measurement]:
    if target is None:
        return [record.refuse(quantity, "mg_no_aluminium") for quantity in (CNR, SDNR)]
    inside, around = _places(raw, target)
    # The field about the object is a plane: taken off both, it is neither noise nor contrast.
    y, x = np.nonzero(around)
    terms = np.column_stack([np.ones(y.size), x - x.mean(), y - y.mean()])
    plane = np.linalg.lstsq(terms, signal[around].astype(np.float64), rcond=None)[0]
    v, u = np.nonzero(inside)
    under = plane[0] + plane[1] * (u - x.mean()) + plane[2] * (v - y.mean())
    plain = signal[around] - terms @ plane
    metal = signal[inside] - under
    contrast, noise, own = abs(float(metal.mean())), float(plain.std(ddof=3)), float(metal.std(ddof=1))
    shown = raw.evidence(target.shape())
    return [
        record.value(CNR, contrast / math.sqrt((noise**2 + own**2) / 2), evidence=shown),
        record.value(SDNR, contrast / noise, evidence=shown),
    ]


def _places(raw: Raw, target: Region) -> tuple[Mask, Mask]:
    """The inside of the aluminium and a frame around it, as masks of the picture."""
    down, right = raw.spacing_mm

    def grown(by_mm: float) -> tuple[slice, slice]:
        y, x = round(by_mm / down), round(by_mm / right)
        rows = slice(max(0, target.y - y), target.y + target.height + y)
        return rows, slice(max(0, target.x - x), target.x + target.width + x)

    inside, around = np.zeros(raw.image.pixels.shape, dtype=bool), np.zeros(raw.image.pixels.shape, dtype=bool)
    inside[grown(-INSET_MM)] = True
    around[grown(RING_MM)] = True
    around[grown(GAP_MM)] = False
    return inside, around


def _mean(region: Region, signal: Floats32) -> float:
    return float(region.of(signal).mean(dtype=np.float64))


def _spread(part: Floats32) -> float:
    """SD about a plane."""
    y, x = np.mgrid[: part.shape[0], : part.shape[1]]
    terms = np.column_stack([np.ones(part.size), x.ravel(), y.ravel()])
    values = part.ravel().astype(np.float64)
    left = values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]
    return float(left.std(ddof=3))


def _without(defects: FlatDefects, target: Region | None) -> FlatDefects:
    """The aluminium itself is no artefact."""
    if target is None:
        return defects
    low_x, low_y = target.x - 16, target.y - 16
    high_x, high_y = target.x + target.width + 16, target.y + target.height + 16
    blocks = [
        b for b in defects.blocks
        if b[0] + b[2] <= low_x or b[0] >= high_x or b[1] + b[3] <= low_y or b[1] >= high_y
    ]  # fmt: skip
    pixels = [p for p in defects.pixels if not (low_x <= p[0] <= high_x and low_y <= p[1] <= high_y)]
    return FlatDefects(tuple(pixels), defects.lines, tuple(blocks))


TEST = PhantomTest(
    NAME, VERSION, "乳腺均匀模体（均匀性、SNR、CNR、伪影）",
    "Mammography, uniform block (uniformity, SNR, CNR, artefacts)",
    frozenset({"MG"}), ("uniform-block",), (UNIFORMITY, SNR, CNR, SDNR, PIXELS, LINES, BLOCKS), run,
    (UNPROCESSED, *LAW_PARAMETERS, IMAGE, PLACE),
)  # fmt: skip
