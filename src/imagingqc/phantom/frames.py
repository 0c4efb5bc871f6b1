"""Pixels for the performance tests: every frame decoded once."""

from __future__ import annotations

from collections import OrderedDict

from imagingqc.dicom import pixels
from imagingqc.dicom.model import Slice
from imagingqc.image import Image2D


class Frames:
    """Decodes frames and keeps the last `keep` of them; DataError when the pixels of one cannot be had."""

    def __init__(self, keep: int = 32) -> None:
        self._keep = keep
        self._images: OrderedDict[tuple[str, str, int], Image2D] = OrderedDict()

    def image(self, piece: Slice) -> Image2D:
        """The decoded frame after rescale."""
        key = (piece.instance.path, piece.instance.sop_uid, piece.frame)
        if key in self._images:
            self._images.move_to_end(key)
            return self._images[key]
        image = pixels.decode(piece.instance, piece.frame)
        self._images[key] = image
        if len(self._images) > self._keep:
            self._images.popitem(last=False)
        return image
