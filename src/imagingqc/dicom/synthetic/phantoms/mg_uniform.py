"""Synthetic unprocessed mammograms of a uniform block with a square of aluminium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, FlatFaults, dr_raw

RECEPTOR = Detector(rows=960, columns=768, spacing=0.3, a=50.0, b=8.0, noise=0.15, electronic=0.5)


def mg_uniform(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    kerma: float = 80.0,
    aluminium: float | None = 0.08,
    at_mm: tuple[float, float] = (-60.0, 0.0),
    side: float = 10.0,
    heel: float = 0.15,
    detector: Detector | None = None,
    faults: FlatFaults | None = None,
    seed: int = 0,
    **header: Any,
) -> Path:
    """Write one picture and give its path.

    The aluminium takes away the share `aluminium` of the signal (None: there is none) in a square of `side` mm around
    (down, right) mm from the middle; the field falls by `heel` from the upper to the lower side.
    """
    detector, faults = detector or RECEPTOR, faults or FlatFaults()
    field = detector.flat(kerma, heel)
    if aluminium is not None:
        down, right = detector.place()
        metal = (np.abs(down - at_mm[0]) <= side / 2) & (np.abs(right - at_mm[1]) <= side / 2)
        field = field * (1 - aluminium * metal)
    values = faults.on_pixels(detector.pixels(faults.on_kerma(field, detector), ("mg", seed)))
    more = {"modality": "MG", "key": "mg-uniform"} | header
    return dr_raw(folder, values, spacing=detector.spacing, bits=detector.bits, **more)
