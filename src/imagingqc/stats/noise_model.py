"""Noise that the size of the patient and the dose do not explain: a robust fit over the exams of one device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagingqc.errors import AnalysisError
from imagingqc.stats.baseline import SD_PER_MAD

Floats: TypeAlias = NDArray[np.float64]

FEWEST = 50  # exams of one device and protocol
HUBER = 1.345  # standard deviations from which on a residual weighs less: 95 % as sharp as least squares on clean data
ROUNDS, SETTLED = 100, 1e-9
ROOM_CM, ROOM_DOSE = 1.0, 1.1  # how far beyond the exams of the fit it may be used: by this length, by this factor


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """ln(noise / HU) = intercept + per_cm * diameter / cm + dose_power * ln(CTDIvol / mGy).

    `spread` is the robust standard deviation of ln(noise) about the fit; `n` the exams fitted.  `diameters_mm` and
    `doses_mgy` are the smallest and the largest of them: where the fit may be used.
    """

    intercept: float
    per_cm: float
    dose_power: float
    spread: float
    n: int
    diameters_mm: tuple[float, float]
    doses_mgy: tuple[float, float]

    def expected_hu(self, diameter_mm: ArrayLike, dose_mgy: ArrayLike) -> Floats:
        """The noise in HU that the fit expects; shapes as given, broadcast."""
        diameter, dose = np.asarray(diameter_mm, dtype=np.float64), np.asarray(dose_mgy, dtype=np.float64)
        return np.asarray(np.exp(self.intercept + self.per_cm * diameter / 10 + self.dose_power * np.log(dose)))


def fit_noise_model(noise_hu: ArrayLike, diameter_mm: ArrayLike, dose_mgy: ArrayLike) -> NoiseModel:
    """Fit noise over water-equivalent diameter and CTDIvol of exams of one device and protocol.

    noise_hu, diameter_mm, dose_mgy : shape (n,), one value of each exam (quantities `ct.noise.global`,
    `ct.body.water_diameter` and the CTDIvol).  Exams with a value that is missing (NaN), infinite or not above zero
    are left out.  Source: Huber's M-estimate by reweighted least squares; the form after the physics of CT noise
    (exponential in the diameter, power of the dose, minus one half for plain back projection).

    Raises AnalysisError `baseline_too_few` with fewer than 50 exams and `baseline_without_spread` when they leave no
    residual to measure by; ValueError for shapes that differ.
    """
    noise, diameter, dose = _columns(noise_hu, diameter_mm, dose_mgy)
    usable = _usable(noise, diameter, dose)
    n = int(usable.sum())
    if n < FEWEST:
        raise AnalysisError("baseline_too_few", n=n, need=FEWEST)
    size, strength, target = diameter[usable] / 10, np.log(dose[usable]), np.log(noise[usable])
    middle = (float(size.mean()), float(strength.mean()))
    design = np.column_stack([np.ones(n), size - middle[0], strength - middle[1]])
    found, spread = _huber(design, target)
    level, per_cm, power = (float(v) for v in found)
    return NoiseModel(
        level - per_cm * middle[0] - power * middle[1], per_cm, power, spread, n,
        (float(diameter[usable].min()), float(diameter[usable].max())),
        (float(dose[usable].min()), float(dose[usable].max())),
    )  # fmt: skip


def residuals(model: NoiseModel, noise_hu: ArrayLike, diameter_mm: ArrayLike, dose_mgy: ArrayLike) -> Floats:
    """Robust z of each exam, shape (n,): above 0 is noisier than size and dose explain; lower is better.

    NaN where a value is missing or not above zero, and where diameter or dose lie beyond the exams of the fit (by more
    than 1 cm or 10 %): there the model has seen nothing.  ValueError for shapes that differ.
    """
    noise, diameter, dose = _columns(noise_hu, diameter_mm, dose_mgy)
    inside = _usable(noise, diameter, dose)
    inside &= (diameter >= model.diameters_mm[0] - 10 * ROOM_CM) & (diameter <= model.diameters_mm[1] + 10 * ROOM_CM)
    inside &= (dose >= model.doses_mgy[0] / ROOM_DOSE) & (dose <= model.doses_mgy[1] * ROOM_DOSE)
    out = np.full(noise.shape, math.nan)
    expected = model.expected_hu(diameter[inside], dose[inside])
    out[inside] = np.log(noise[inside] / expected) / model.spread
    return out


def _columns(*values: ArrayLike) -> tuple[Floats, Floats, Floats]:
    noise, diameter, dose = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in values)
    if noise.ndim != 1 or not noise.shape == diameter.shape == dose.shape:
        raise ValueError(f"three rows of equal length wanted, got {noise.shape}, {diameter.shape}, {dose.shape}")
    return noise, diameter, dose


def _usable(*columns: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.logical_and.reduce([np.isfinite(c) & (c > 0) for c in columns]), dtype=bool)


def _huber(design: Floats, target: Floats) -> tuple[Floats, float]:
    """Coefficients and robust spread.

    Predictors that hardly vary get a small coefficient rather than a wild one (least norm).
    """
    weights = np.ones(len(target))
    found: Floats = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        root = np.sqrt(weights)
        after: Floats = np.asarray(np.linalg.lstsq(design * root[:, np.newaxis], target * root, rcond=1e-8)[0])
        rest = target - design @ after
        spread = SD_PER_MAD * float(np.median(np.abs(rest - np.median(rest))))
        if spread < SETTLED:
            raise AnalysisError("baseline_without_spread")
        settled = float(np.abs(after - found).max()) < SETTLED
        found = after
        if settled:
            break
        weights = 1.0 / np.maximum(1.0, np.abs(rest) / (HUBER * spread))
    return found, spread
