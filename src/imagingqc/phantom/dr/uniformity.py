"""Response uniformity of a detector and the artefact map of one even field."""

from __future__ import annotations

from statistics import fmean, stdev

import numpy as np

from imagingqc.imaging.flat_field import FlatDefects, flat_defects
from imagingqc.phantom.dr.flat import Region, centred, require_flat
from imagingqc.phantom.dr.raw import LAW_PARAMETERS, UNPROCESSED, Raw, linear_of, raw_images
from imagingqc.phantom.hand import IMAGE, drawn_box
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, recorder
from imagingqc.quantity import Evidence

NAME, VERSION = "dr.uniformity", "1"
CV, GRADIENT = "dr.phantom.uniformity.cv", "dr.phantom.uniformity.gradient"
PIXELS, LINES, BLOCKS = (f"dr.phantom.artefact.{kind}" for kind in ("pixels", "lines", "blocks"))
SIDE_MM = 40.0
PLACES = ((0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
FIELD = Parameter(
    "field", "照射野（手工圈定：x, y, 宽, 高，像素）", "field (by hand: x, y, width, height in pixels)",
    kind="numbers", pick="rect",
)  # fmt: skip
FIELD_SHARE = 0.5  # of either side of the receptor: less is no test of the detector
MOST_SHOWN = 500  # points of one map


def five_regions(raw: Raw) -> tuple[Region, ...]:
    """Squares of 4 x 4 cm: the middle of the picture, then the middles of its quadrants."""
    return tuple(centred(raw, SIDE_MM, fx, fy) for fx, fy in PLACES)


def run(given: PhantomInput) -> PhantomFound:
    """CV of five regions of the linearised field, its gradient, and departing pixels, lines and blocks.

    Of a field drawn by hand, at least half of either side of the receptor, that part alone.
    Source: WS 76-2020, response uniformity (five regions of about 4 x 4 cm, SD / mean).
    """
    raw = _part(raw_images(given, 1, 1)[0], given)
    signal = linear_of(raw, given).signal(raw.values)
    shape = require_flat(raw, signal)
    regions = five_regions(raw)
    means = [float(region.of(signal).mean(dtype=np.float64)) for region in regions]
    defects = flat_defects(signal)
    record = recorder((NAME, VERSION), [raw.piece])
    shown = [raw.evidence(region.shape()) for region in regions]
    maps = defect_evidence(raw, defects)
    measurements = (
        record.value(CV, stdev(means) / fmean(means) * 100, evidence=shown[0]),
        record.value(GRADIENT, shape.gradient_percent),
        record.value(PIXELS, len(defects.pixels), evidence=maps.get("pixels")),
        record.value(LINES, len(defects.lines), evidence=maps.get("lines")),
        record.value(BLOCKS, len(defects.blocks), evidence=maps.get("blocks")),
    )
    checks = {"field_departing": float(np.percentile(np.abs(shape.departure), 95) * 100)}
    evidence = (*shown, *every_evidence(raw, defects))
    return PhantomFound("flat-field", measurements, evidence, checks=checks)


def _part(raw: Raw, given: PhantomInput) -> Raw:
    rows, columns = raw.image.pixels.shape
    return raw.part(drawn_box(given, FIELD, (rows, columns), (FIELD_SHARE * rows, FIELD_SHARE * columns)))


def defect_evidence(raw: Raw, defects: FlatDefects) -> dict[str, Evidence]:
    """One picture for each kind that there is."""
    found: dict[str, Evidence] = {}
    if defects.pixels:
        points = [list(point) for point in defects.pixels[:MOST_SHOWN]]
        found["pixels"] = raw.evidence({"kind": "points", "points": points})
    if defects.lines:
        ends = [list(point) for point in defects.lines[0]]
        found["lines"] = raw.evidence({"kind": "polyline", "points": ends, "closed": False})
    if defects.blocks:
        found["blocks"] = raw.evidence(Region(*defects.blocks[0]).shape())
    return found


def every_evidence(raw: Raw, defects: FlatDefects) -> list[Evidence]:
    """All pixels in one picture, then every line and every block."""
    found = [e for kind, e in defect_evidence(raw, defects).items() if kind == "pixels"]
    found += [
        raw.evidence({"kind": "polyline", "points": [list(p) for p in line], "closed": False})
        for line in defects.lines[:MOST_SHOWN]
    ]
    return found + [raw.evidence(Region(*block).shape()) for block in defects.blocks[:MOST_SHOWN]]


TEST = PhantomTest(
    NAME, VERSION, "DR 响应均匀性与伪影", "DR response uniformity and artefacts", frozenset({"DX", "CR"}),
    ("flat-field",), (CV, GRADIENT, PIXELS, LINES, BLOCKS), run,
    (UNPROCESSED, *LAW_PARAMETERS, IMAGE, FIELD), general=True,
)  # fmt: skip
