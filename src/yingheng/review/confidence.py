"""What a sample can tell about everything it was drawn from."""

from __future__ import annotations

import math
from typing import Any

from imagingqc.stats.confidence import detects, largest_unseen, proportion_margin
from imagingqc.stats.sampling import Draw

FAULTY = 0.05


def confidence_of(drawn: Draw) -> dict[str, Any]:
    """`n` of `size` were drawn; those of chance or quota are worth `effective` simply drawn ones.

    `margin` is the largest half width (0 to 1) of the 95 % interval of a share, `detects` the probability to see at
    least one faulty case when 5 % are, `unseen` the largest faulty share (95 % sure) when none is found.  All three
    are missing when some cases could not be drawn at all.  Unequal chances widen the interval: the effective number is
    (Σw)² / Σw² with w = 1 / p (Kish, Survey Sampling, 1965, section 11.7), and not more than `n`.
    """
    told: dict[str, Any] = {"n": len(drawn.units), "size": drawn.size, "covered": drawn.covered}
    if not drawn.covered:
        return told
    weights = [1 / unit.p for unit in drawn.units]
    kish = sum(weights) ** 2 / sum(weight**2 for weight in weights)
    whole = len(drawn.units) == drawn.size
    n = drawn.size if whole else max(1, min(len(drawn.units), math.floor(kish + 1e-9)))
    return told | {
        "effective": n,
        "margin": proportion_margin(n, drawn.size),
        "detects": detects(n, drawn.size, FAULTY),
        "unseen": largest_unseen(n, drawn.size),
    }
