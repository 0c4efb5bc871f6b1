"""Borders of the collimated field in a radiograph, per image."""

from __future__ import annotations

import math
from collections.abc import Mapping

from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Slice
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import Image2D
from imagingqc.imaging.borders import FOUND, Border, field_borders
from imagingqc.quantity import Evidence, Measurement

NAME, VERSION = "dx.collimation", "1"
SIDES, FIELD = "dx.collimation.sides", "dx.collimation.field"
SMALLEST = 128  # pixels of the shorter side
Point = tuple[float, float]


def seen_borders(image: Image2D) -> dict[str, Border]:
    """The borders that at least 70 % of their side show, by side.  AnalysisError `picture_too_small`."""
    rows, columns = image.pixels.shape
    if min(rows, columns) < SMALLEST:
        raise AnalysisError("picture_too_small", need=SMALLEST)
    step = 4 if min(rows, columns) >= 4 * SMALLEST else 1
    return {side: border for side, border in field_borders(image.pixels, step).items() if border.share >= FOUND}


def field_corners(borders: Mapping[str, Border], rows: int, columns: int) -> list[Point]:
    """Corners (x, y) of the field, clockwise from the upper left; the picture's edge where no border is seen."""
    edges = {
        "left": ((0.0, 0.0), (0.0, float(rows))),
        "right": ((float(columns), 0.0), (float(columns), float(rows))),
        "top": ((0.0, 0.0), (float(columns), 0.0)),
        "bottom": ((0.0, float(rows)), (float(columns), float(rows))),
    }
    lines = {side: borders[side].ends if side in borders else ends for side, ends in edges.items()}
    pairs = (("left", "top"), ("right", "top"), ("right", "bottom"), ("left", "bottom"))
    return [_crossing(lines[one], lines[other]) for one, other in pairs]


def _crossing(upright: tuple[Point, Point], level: tuple[Point, Point]) -> Point:
    """Where an upright line x = a + b y meets a level one y = c + d x; with tilts of a few degrees they always do."""
    (x0, y0), (x1, y1) = upright
    (u0, v0), (u1, v1) = level
    b, d = (x1 - x0) / (y1 - y0), (v1 - v0) / (u1 - u0)
    y = (v0 + d * (x0 - b * y0 - u0)) / (1 - d * b)
    return x0 + b * (y - y0), y


def area(corners: list[Point]) -> float:
    """Area of a polygon in square pixels."""
    following = corners[1:] + corners[:1]
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(corners, following, strict=True))) / 2


def inner_box(image: Image2D) -> tuple[int, int, int, int]:
    """(top, bottom, left, right): the largest upright box inside of the seen borders, in pixels; as `seen_borders`."""
    rows, columns = image.pixels.shape
    corners = field_corners(seen_borders(image), rows, columns)
    xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
    left, right = (min(columns, max(0, math.ceil(x))) for x in xs[1:3])
    top, bottom = (min(rows, max(0, math.ceil(y))) for y in ys[1:3])
    return top, bottom, left, right


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in images(stacks) for piece in stack.slices for m in _measure(piece, reader)]


def _measure(piece: Slice, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), [piece])
    try:
        image = reader.image(piece)
        borders = seen_borders(image)
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in (SIDES, FIELD)]
    rows, columns = image.pixels.shape
    corners = field_corners(borders, rows, columns)
    shape = {"kind": "polyline", "points": [list(corner) for corner in corners], "closed": True}
    shown = Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)
    return [
        record.value(SIDES, len(borders), evidence=shown),
        record.value(FIELD, min(100.0, 100 * area(corners) / (rows * columns)), evidence=shown),
    ]


METHOD = SeriesMethod(NAME, VERSION, frozenset({"DX", "CR"}), needs_pixels=True, quantities=(SIDES, FIELD), run=_run)
