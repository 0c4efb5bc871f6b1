"""Mean and peak frequency of the noise of an even module: whether noise was made coarse, which its SD cannot tell.

No standard at hand limits them: they are measured for the course of a device and to compare kernels.
"""

from __future__ import annotations

from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.imaging.noise_texture import noise_texture
from imagingqc.phantom.ct.rounds import RoundSlice
from imagingqc.phantom.model import recorder
from imagingqc.quantity import Evidence, Measurement, Recorder

MEAN, PEAK = "ct.phantom.nps.mean_frequency", "ct.phantom.nps.peak_frequency"
QUANTITIES = (MEAN, PEAK)
PER_CM = 10.0


def of_round(test: tuple[str, str], piece: RoundSlice, radius_mm: float) -> list[Measurement]:
    """The same of the inner disc of a round slice, by the test of this name and version."""
    centre, shown = (piece.found.x, piece.found.y), piece.circle_evidence(radius_mm)
    record = recorder(test, [piece.piece])
    return spectrum(record, piece.image.pixels, centre, radius_mm, piece.spacing_mm, shown)


def spectrum(
    record: Recorder,
    pixels: FloatArray,
    centre: tuple[float, float],
    radius_mm: float,
    spacing_mm: tuple[float, float],
    shown: Evidence,
) -> list[Measurement]:
    """Both frequencies in line pairs per cm, of the disc of `radius_mm` about `centre` (x, y in pixels)."""
    try:
        found = noise_texture(pixels, centre, radius_mm, spacing_mm)
    except AnalysisError as error:
        return [record.refuse_for(name, error.reason, shown) for name in QUANTITIES]
    values = {MEAN: found.mean_per_mm, PEAK: found.peak_per_mm}
    return [record.value(name, round(PER_CM * value, 3), evidence=shown) for name, value in values.items()]
