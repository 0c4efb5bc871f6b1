"""Pictures of frames as a requester wants them: window, part and size, media type.

Source: PS3.18 8.3.5 (parameters of rendered resources), PS3.3 C.11.2.1.2 and C.11.2.1.3 (window functions).
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from django.http import QueryDict
from PIL import Image

from imagingqc.dicom.header import read_instance
from imagingqc.dicom.model import Instance
from imagingqc.dicom.pixels import decode, decode_rgb, display_8bit, header_window
from imagingqc.image import Image2D
from yingheng.common.errors import Invalid

JPEG, PNG = "image/jpeg", "image/png"
OFFERED = (JPEG, PNG)
THUMBNAIL_SIDE = 200
_FORMATS = {JPEG: "JPEG", PNG: "PNG"}
_MOST_SIDE = 8192
_FUNCTIONS = frozenset({"linear", "linear-exact", "sigmoid"})


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw: `window` (centre, width, function), `part` of the picture (left, top, width, height in its pixels),
    the box (width, height) to fit it into, and quality from 1 to 100."""

    window: tuple[float, float, str] | None = None
    part: tuple[float, float, float, float] | None = None
    box: tuple[int, int] | None = None
    quality: int = 90


def drawing_read(asked: QueryDict, *, thumbnail: bool = False) -> Drawing:
    """The parameters `window`, `viewport` and `quality`.  Invalid `api.bad_parameter`."""
    viewport = asked.get("viewport", "")
    box, part = _viewport(viewport) if viewport else ((THUMBNAIL_SIDE, THUMBNAIL_SIDE) if thumbnail else None, None)
    quality = asked.get("quality", "90")
    if not quality.isdecimal() or not 1 <= int(quality[:4]) <= 100:
        raise Invalid("api.bad_parameter", name="quality")
    return Drawing(_window(asked.get("window", "")), part, box, int(quality))


def drawn(path: str, frame: int, how: Drawing, media: str) -> bytes:
    """A frame (0-based) as picture.  Raises DataError or AnalysisError when its pixels cannot be had."""
    instance = read_instance(path)
    grey = instance.text("PhotometricInterpretation") in {"MONOCHROME1", "MONOCHROME2", None}
    pixels = _grey(instance, frame, how.window) if grey else decode_rgb(instance, frame)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    spacing_mm = instance.frames[frame].spacing_mm if instance.frames else None
    out = BytesIO()
    _sized(image, how, spacing_mm).save(out, _FORMATS[media], **_options(media, how))
    return out.getvalue()


def _options(media: str, how: Drawing) -> dict[str, int]:
    return {"quality": how.quality} if media == JPEG else {"compress_level": 3}


def _grey(instance: Instance, frame: int, window: tuple[float, float, str] | None) -> np.ndarray:
    image = decode(instance, frame)
    if window is None:
        return display_8bit(image, header_window(instance, frame))
    centre, width, function = window
    if function == "sigmoid":
        return _sigmoid(image, centre, width)
    if function == "linear":  # from one half below the centre, one narrower (C.11.2.1.2.1)
        centre, width = centre - 0.5, max(width - 1, 1.0)
    return display_8bit(image, (centre, width))


def _sigmoid(image: Image2D, centre: float, width: float) -> np.ndarray:
    exponent = np.clip(-4 * (image.pixels.astype(np.float64) - centre) / width, -700, 700)
    grey = np.rint(255 / (1 + np.exp(exponent))).astype(np.uint8)
    if image.photometric == "MONOCHROME1":
        grey = 255 - grey
    if image.padding is not None:
        grey[image.padding] = 0
    return grey


def _sized(image: Image.Image, how: Drawing, spacing_mm: tuple[float, float] | None) -> Image.Image:
    if how.part is not None:
        left, top, width, height = how.part
        width, height = width or image.width - left, height or image.height - top
        box = (round(left), round(top), round(left + width), round(top + height))
        if not (0 <= box[0] < box[2] <= image.width and 0 <= box[1] < box[3] <= image.height):
            raise Invalid("api.bad_parameter", name="viewport")
        image = image.crop(box)
    if how.box is None:
        return image
    row_mm, column_mm = spacing_mm or (1.0, 1.0)  # pixels that are not square are shown in true proportion
    width_mm, height_mm = image.width * column_mm, image.height * row_mm
    scale = min(how.box[0] / width_mm, how.box[1] / height_mm)
    size = (max(1, round(width_mm * scale)), max(1, round(height_mm * scale)))
    return image.resize(size, Image.Resampling.BILINEAR)


def _window(text: str) -> tuple[float, float, str] | None:
    if not text:
        return None
    parts = text.split(",")
    function = parts[2] if len(parts) == 3 else "linear"
    found = _numbers(parts[:2], "window")
    if len(parts) not in {2, 3} or function not in _FUNCTIONS or found[1] < 1:
        raise Invalid("api.bad_parameter", name="window")
    return found[0], found[1], function


def _viewport(text: str) -> tuple[tuple[int, int], tuple[float, float, float, float] | None]:
    parts = text.split(",")
    if len(parts) not in {2, 6}:
        raise Invalid("api.bad_parameter", name="viewport")
    numbers = _numbers([part or "0" for part in parts], "viewport")
    box = (int(numbers[0]), int(numbers[1]))
    if not all(1 <= side <= _MOST_SIDE for side in box) or any(number < 0 for number in numbers):
        raise Invalid("api.bad_parameter", name="viewport")
    return box, (numbers[2], numbers[3], numbers[4], numbers[5]) if len(numbers) == 6 else None


def _numbers(parts: list[str], name: str) -> list[float]:
    try:
        numbers = [float(part) for part in parts]
    except ValueError as exc:
        raise Invalid("api.bad_parameter", name=name) from exc
    if not all(abs(number) < 1e7 for number in numbers):  # no NaN either
        raise Invalid("api.bad_parameter", name=name)
    return numbers
