"""Images of a run with what was found drawn on them, as one picture of tiles for paper."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from imagingqc.dicom.header import read_instance
from imagingqc.errors import AnalysisError, DataError
from yingheng.catalog.models import Instance
from yingheng.catalog.storage import default_storage
from yingheng.common.rendering import slice_png
from yingheng.phantomqc.models import PhantomRun

TILES = 6  # images that a report shows of one run
ACROSS, SIDE, GAP, HEAD = 3, 420, 12, 30  # pixels
WIDTHS_MM = {1: 80.0, 2: 125.0, 3: 170.0}  # on paper, by the number of images side by side
_COLOUR, _GROUND, _WORDS = (255, 196, 0), (255, 255, 255), (28, 37, 48)
_SHAPES = ("rect", "circle", "polyline", "points")

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """One image and the shapes on it."""

    instance: Instance
    frame: int
    shapes: tuple[Found, ...]

    @property
    def label(self) -> str:
        place = f"{self.instance.position_mm:.1f} mm" if self.instance.position_mm is not None else ""
        number = f"#{self.instance.number}" if self.instance.number is not None else ""
        return "   ".join(filter(None, (number, place)))


def run_picture(run: PhantomRun) -> tuple[bytes, float]:
    """The images of a run that carry evidence, as one PNG, and its width on paper in mm; no bytes without any image."""
    drawn = [picture for tile in tiles_of(run) if (picture := _drawn(tile)) is not None]
    if not drawn:
        return b"", 0.0
    across = min(ACROSS, len(drawn))
    rows = math.ceil(len(drawn) / across)
    sheet = Image.new("RGB", (across * (SIDE + GAP) - GAP, rows * (SIDE + HEAD + GAP) - GAP), _GROUND)
    for n, picture in enumerate(drawn):
        sheet.paste(picture, (n % across * (SIDE + GAP), n // across * (SIDE + HEAD + GAP)))
    out = BytesIO()
    sheet.save(out, "PNG", compress_level=6)
    return out.getvalue(), WIDTHS_MM[across]


def tiles_of(run: PhantomRun) -> list[Tile]:
    """The images with most evidence, in the order of their place; without any evidence none."""
    by_image: dict[tuple[str, int], dict[str, Found]] = {}
    for one in evidence_of(run):
        shape = one.get("shape") or {}
        for part in shape.get("shapes") or [shape]:
            if part.get("kind") in _SHAPES and one.get("instance"):
                by_image.setdefault((one["instance"], one.get("frame") or 0), {})[repr(part)] = part
    chosen = [key for key, _n in Counter({k: len(v) for k, v in by_image.items()}).most_common(TILES)]
    rows = Instance.objects.filter(sop_uid__in={uid for uid, _frame in chosen}, series__in=run.series)
    known = {row.sop_uid: row for row in rows}
    found = [Tile(known[uid], frame, tuple(by_image[uid, frame].values())) for uid, frame in chosen if uid in known]
    return sorted(found, key=lambda t: (t.instance.position_mm or 0.0, t.instance.number or 0, t.frame))


def evidence_of(run: PhantomRun) -> list[Found]:
    """Every shape of a run: those of the run itself, and those behind single numbers."""
    behind = [m["evidence"] for m in run.result.get("measurements") or () if m.get("evidence")]
    return [*(run.result.get("evidence") or ()), *behind]


def _drawn(tile: Tile) -> Image.Image | None:
    """One tile with its head line; None where the pixels are gone or cannot be read: the report says how many."""
    try:
        header = read_instance(str(default_storage().local_path(tile.instance.storage_key)))
        plain = Image.open(BytesIO(slice_png(header, tile.frame))).convert("RGB")
    except (DataError, AnalysisError, OSError):
        return None
    scale = SIDE / max(plain.size)
    size = (max(1, round(plain.width * scale)), max(1, round(plain.height * scale)))
    plain = plain.resize(size, Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(plain)
    for shape in tile.shapes:
        _draw(pen, shape, scale)
    whole = Image.new("RGB", (SIDE, SIDE + HEAD), _GROUND)
    ImageDraw.Draw(whole).text((0, 4), tile.label, fill=_WORDS, font=_font())
    whole.paste(plain, ((SIDE - plain.width) // 2, HEAD))
    return whole


def _draw(pen: ImageDraw.ImageDraw, shape: Found, scale: float) -> None:
    """A shape in pixels of the image, counted from its outer corner, on the enlarged picture."""

    def at(x: float, y: float) -> tuple[float, float]:
        return x * scale, y * scale

    kind = shape["kind"]
    if kind == "rect":
        left, top = shape["x"], shape["y"]
        corners = (left * scale, top * scale, (left + shape["width"]) * scale, (top + shape["height"]) * scale)
        pen.rectangle(corners, outline=_COLOUR, width=2)
    elif kind == "circle":
        x, y = at(shape["x"], shape["y"])
        r = shape["r"] * scale
        pen.ellipse((x - r, y - r, x + r, y + r), outline=_COLOUR, width=2)
    elif kind == "polyline":
        points = [at(*point[:2]) for point in shape["points"]]
        pen.line([*points, points[0]] if shape.get("closed") and len(points) > 2 else points, fill=_COLOUR, width=2)
    else:
        for x, y in (at(*point[:2]) for point in shape["points"]):
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), outline=_COLOUR, width=2)


@cache
def _font() -> ImageFont.FreeTypeFont:
    font = files("yingheng.documents.report") / "fonts" / "NotoSansSC-Regular.otf"
    return ImageFont.truetype(BytesIO(font.read_bytes()), 19)
