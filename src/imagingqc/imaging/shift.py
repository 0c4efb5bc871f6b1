"""How far one picture of a body lies from another, in whole pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray

SEEN_HU = (-300.0, 20.0)  # fat, air and the edges between them: contrast medium and bone all look alike


def shift_of(first: FloatArray, second: FloatArray) -> tuple[int, int]:
    """Pixels (down, right) by which `second` (HU, rows x columns) is moved from `first`: the best correlation of edges.

    Contrast medium does not count.  (0, 0) for pictures without edges.
    """
    a, b = _edges(first), _edges(second)
    if not a.any() or not b.any():
        return 0, 0
    together = np.fft.irfft2(np.fft.rfft2(b) * np.conj(np.fft.rfft2(a)), s=a.shape)
    row, column = np.unravel_index(int(np.argmax(together)), together.shape)
    rows, columns = a.shape
    return int(row) - rows * (int(row) > rows // 2), int(column) - columns * (int(column) > columns // 2)


def _edges(hu: FloatArray) -> NDArray[np.float32]:
    seen = np.clip(np.asarray(hu, dtype=np.float32), *SEEN_HU)
    down, right = np.diff(seen, axis=0)[:, :-1], np.diff(seen, axis=1)[:-1]
    edges = np.hypot(down, right)
    return np.asarray(edges - edges.mean(), dtype=np.float32) if edges.any() else np.asarray(edges, np.float32)
