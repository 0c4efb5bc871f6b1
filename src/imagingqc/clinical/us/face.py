"""Where the probe's face lies in the pictures, from what changes from frame to frame: straight or an arc."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.us.picture import BoolArray
from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import closed_across, labelled, opened
from imagingqc.imaging.probe_face import Face, find_face

__all__ = ["Face", "find_face", "scan_area"]

Numbers = NDArray[np.float64]

MOVING = 4.0  # of 255: pixels whose brightness varies less than this from patient to patient show no tissue
SMALLEST_AREA = 0.04  # of the picture


def scan_area(deviation: Numbers) -> BoolArray:
    """The largest connected area that changes from frame to frame, narrow dark stripes in it closed.

    Raises AnalysisError `us_no_scan_area`.
    """
    width = deviation.shape[1]
    moving = closed_across(opened(deviation >= MOVING), max(2, width // 60))
    labels, count = labelled(moving)
    if count == 0:
        raise AnalysisError("us_no_scan_area")
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    area: BoolArray = labels == int(np.argmax(sizes))
    if area.sum() < SMALLEST_AREA * area.size:
        raise AnalysisError("us_no_scan_area")
    return area
