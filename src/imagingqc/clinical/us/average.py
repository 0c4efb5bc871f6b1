"""Mean and spread of many frames with the same layout, pixel by pixel, in two halves that check each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.us.picture import BoolArray, FloatArray


class Average:
    """Sums over frames of one shape (rows, columns); frames are counted alternately into two halves."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.n = 0
        self._sums = np.zeros((2, *shape), dtype=np.float64)
        self._squares = np.zeros(shape, dtype=np.float64)
        self._counts = np.zeros((2, *shape), dtype=np.int32)

    def add(self, grey: FloatArray, coloured: BoolArray) -> None:
        """One frame; where it is coloured it does not count."""
        half = self.n % 2
        plain = np.where(coloured, np.float32(0), grey)
        self._sums[half] += plain
        self._squares += plain.astype(np.float64) ** 2
        self._counts[half] += ~coloured
        self.n += 1

    def mean(self, half: int | None = None) -> NDArray[np.float64]:
        """Mean brightness 0 to 255 of all frames, or of one half; NaN where fewer than half of them count."""
        sums = self._sums.sum(axis=0) if half is None else self._sums[half]
        counts = self._counts.sum(axis=0) if half is None else self._counts[half]
        need = max(1, (self.n if half is None else self.n // 2) // 2)
        return np.asarray(np.where(counts >= need, sums / np.maximum(counts, 1), np.nan))

    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation from frame to frame, 0 where nothing ever counted."""
        counts = np.maximum(self._counts.sum(axis=0), 1)
        mean = self._sums.sum(axis=0) / counts
        return np.asarray(np.sqrt(np.maximum(self._squares / counts - mean**2, 0)))
