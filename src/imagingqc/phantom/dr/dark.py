"""Dark noise: what a detector gives without radiation."""

from __future__ import annotations

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.imaging.flat_field import flat_defects
from imagingqc.imaging.mask import blocks
from imagingqc.phantom.dr.flat import BLOCKS, centred
from imagingqc.phantom.dr.raw import UNPROCESSED, Raw, raw_images
from imagingqc.phantom.dr.uniformity import LINES, PIXELS, defect_evidence
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, recorder

NAME, VERSION = "dr.dark", "1"
DARK, SPREAD = "dr.phantom.dark_noise", "dr.phantom.dark_noise.sd"
SIDE_MM = 100.0
LOW, EVEN = 0.10, 0.01  # of the range of pixel values: from its end, and between places
EXPOSED_EI = 50.0  # 0.5 µGy by IEC 62494-1
USE = Parameter("use", "以何者表示暗噪声", "what stands for the dark noise", kind="choice", default="pixel",
                choices=("pixel", "ddi"))  # fmt: skip


def run(given: PhantomInput) -> PhantomFound:
    """Mean and SD of the middle 10 x 10 cm of a picture without radiation, and what departs in it.

    With `use` "ddi" the Exposure Index of the header stands for the dark noise.
    Source: WS 76-2020, dark noise (closed collimator, 2 mm of lead, lowest settings; pixel value or DDI).
    """
    (raw,) = raw_images(given, 1, 1)
    _require_dark(raw)
    region = centred(raw, SIDE_MM)
    inside = region.of(raw.values).astype(np.float64)
    shown = raw.evidence(region.shape())
    level = float(inside.mean())
    if given.parameters.get(USE.key) == "ddi":
        index = raw.piece.instance.number("ExposureIndex")
        if index is None:
            raise AnalysisError("missing_tag", tag="ExposureIndex")
        level = index
    defects = flat_defects(raw.values, with_blocks=False)
    maps = defect_evidence(raw, defects)
    record = recorder((NAME, VERSION), [raw.piece])
    measurements = (
        record.value(DARK, level, evidence=shown),
        record.value(SPREAD, float(inside.std(ddof=1)), evidence=shown),
        record.value(PIXELS, len(defects.pixels), evidence=maps.get("pixels")),
        record.value(LINES, len(defects.lines), evidence=maps.get("lines")),
    )
    return PhantomFound("dark-field", measurements, (shown, *maps.values()))


def _require_dark(raw: Raw) -> None:
    """AnalysisError `xr_not_dark` when the picture was exposed: far from the end of the range, uneven, or by index.

    The end is the lowest value, or the highest where the header says that values fall with the exposure; where it says
    nothing, either will do.
    """
    full = float(2**raw.image.bits_stored)
    stored = np.asarray(raw.image.stored, dtype=np.float32)
    means = blocks(stored, max(2, min(stored.shape) // BLOCKS))
    level = float(np.median(means)) / full
    uneven = float(np.ptp(np.percentile(means, (1, 99)))) / full
    index = raw.piece.instance.number("ExposureIndex") or 0.0
    sign = raw.piece.instance.number("PixelIntensityRelationshipSign")  # of stored values
    from_end = {1.0: level, -1.0: 1 - level}.get(sign or 0.0, min(level, 1 - level))
    if from_end > LOW or uneven > EVEN or index > EXPOSED_EI:
        raise AnalysisError("xr_not_dark", level=round(100 * level, 1), uneven=round(100 * uneven, 1))


TEST = PhantomTest(
    NAME, VERSION, "DR 暗噪声", "DR dark noise", frozenset({"DX", "CR"}), ("dark-field",),
    (DARK, SPREAD, PIXELS, LINES), run, (USE, UNPROCESSED),
)  # fmt: skip
