"""Where the analyses get their pixels from."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom import pixels
from imagingqc.dicom.model import Slice
from imagingqc.image import Image2D
from imagingqc.imaging.text import TextReader


class PixelReader(Protocol):
    """Pixels of one slice; every method raises DataError when they cannot be had.

    `text_reader` reads text in them; None where no such component is installed.
    """

    @property
    def text_reader(self) -> TextReader | None: ...

    def image(self, piece: Slice) -> Image2D:
        """The decoded frame after rescale."""
        ...

    def colour(self, piece: Slice) -> NDArray[np.uint8]:
        """The frame as shown, (rows, columns, 3): for pictures that are stored in colour."""
        ...

    def pixel_hash(self, piece: Slice) -> str:
        """A digest of the stored values: equal exactly when two frames hold the same picture."""
        ...


class CachedReader:
    """Decodes every frame once; keeps the last `keep` frames and all digests."""

    def __init__(self, keep: int = 64, text_reader: TextReader | None = None) -> None:
        self._keep = keep
        self.text_reader = text_reader
        self._images: OrderedDict[tuple[str, str, int], Image2D] = OrderedDict()
        self._hashes: dict[tuple[str, str, int], str] = {}

    def image(self, piece: Slice) -> Image2D:
        key = _key(piece)
        if key in self._images:
            self._images.move_to_end(key)
            return self._images[key]
        image = pixels.decode(piece.instance, piece.frame)
        self._images[key] = image
        if len(self._images) > self._keep:
            self._images.popitem(last=False)
        return image

    def colour(self, piece: Slice) -> NDArray[np.uint8]:
        return pixels.decode_rgb(piece.instance, piece.frame)

    def pixel_hash(self, piece: Slice) -> str:
        key = _key(piece)
        if key not in self._hashes:
            self._hashes[key] = pixels.pixel_hash(piece.instance, piece.frame)
        return self._hashes[key]


def _key(piece: Slice) -> tuple[str, str, int]:
    return piece.instance.path, piece.instance.sop_uid, piece.frame
