"""An artificial slice for the gallery: a round object with three inserts and a stated grey window."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

SIDE = 256
COUNT = 24
WINDOWS = {"wide": (0.0, 2000.0), "soft": (40.0, 400.0), "bone": (400.0, 1800.0)}


@lru_cache(maxsize=128)
def slice_png(index: int, window: str) -> bytes:
    """Slice `index` as a PNG of 256 × 256; an unknown window raises KeyError."""
    centre, width = WINDOWS[window]
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    half = 108 * np.sqrt(1 - ((index - COUNT / 2) / COUNT) ** 2)
    picture = np.where(x**2 + y**2 < half**2, 40.0, -1000.0)
    picture[(x - 50) ** 2 + y**2 < 196] = 900.0
    picture[(x + 50) ** 2 + y**2 < 196] = -100.0
    picture[x**2 + (y + 50 - index) ** 2 < 144] = 300.0
    picture += np.random.default_rng(index).normal(0, 12, picture.shape)
    grey = np.clip((picture - (centre - width / 2)) / width, 0, 1) * 255
    out = BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()
