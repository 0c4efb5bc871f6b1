"""Noise over size and dose: simulated exams whose law is known, with some that are noisier than it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.noise_model import fit_noise_model, residuals

PER_CM, POWER, SPREAD = 0.055, -0.5, 0.08


def exams(n=200, seed=1, power=POWER):
    """Adults of 22 to 42 cm at doses that follow the size loosely; (noise, diameter, dose) of each."""
    rng = np.random.default_rng(seed)
    diameter = np.clip(rng.normal(310, 40, n), 220, 420)
    dose = 8 * np.exp(0.04 * (diameter - 310) / 10 + rng.normal(0, 0.3, n))
    noise = np.exp(2.0 + PER_CM * diameter / 10 + power * np.log(dose) + rng.normal(0, SPREAD, n)) / 4
    return noise, diameter, dose


@pytest.mark.parametrize("power", [-0.5, -0.3])
def test_it_recovers_the_law_of_the_exams(power):
    """Twenty groups of 200 exams: each within four standard errors, their mean nearly exact."""
    models = [fit_noise_model(*exams(seed=seed, power=power)) for seed in range(20)]
    for model in models:
        assert model.n == 200
        assert model.per_cm == pytest.approx(PER_CM, abs=0.007)
        assert model.dose_power == pytest.approx(power, abs=0.08)
        assert model.spread == pytest.approx(SPREAD, rel=0.25)
        truth = math.exp(2.0 + PER_CM * 31 + power * math.log(8)) / 4
        assert float(model.expected_hu(310, 8)) == pytest.approx(truth, rel=0.03)
    assert np.mean([model.per_cm for model in models]) == pytest.approx(PER_CM, abs=0.002)
    assert np.mean([model.dose_power for model in models]) == pytest.approx(power, abs=0.02)


def test_it_finds_noisy_exams_that_the_bare_noise_hides():
    """Six of two hundred with 49 % more noise, in ten groups of exams: nine of ten found, no more than 0.2 % false."""
    found = raised = hidden = 0
    for seed in range(10):
        noise, diameter, dose = exams(seed=seed)
        planted = np.random.default_rng(seed + 100).choice(200, 6, replace=False)
        noise[planted] *= 1.49
        z = residuals(fit_noise_model(noise, diameter, dose), noise, diameter, dose)
        found += int((z[planted] > 3.5).sum())
        raised += int((np.delete(z, planted) > 3.5).sum())
        bare = (noise - np.median(noise)) / (1.4826 * np.median(np.abs(noise - np.median(noise))))
        hidden += int((bare[planted] > 3.5).sum())
    assert found >= 52
    assert raised <= 4
    assert hidden < found / 2


def test_it_is_not_bent_by_the_noisy_ones():
    noise, diameter, dose = exams()
    noise[:20] *= 3.0
    model = fit_noise_model(noise, diameter, dose)
    assert (model.per_cm, model.dose_power) == pytest.approx((PER_CM, POWER), abs=0.06)


@given(st.floats(0.1, 10.0))
def test_it_gives_the_same_residuals_when_all_noise_is_scaled(factor):
    noise, diameter, dose = exams(80)
    plain = residuals(fit_noise_model(noise, diameter, dose), noise, diameter, dose)
    scaled = residuals(fit_noise_model(noise * factor, diameter, dose), noise * factor, diameter, dose)
    assert scaled == pytest.approx(plain, abs=1e-4)


def test_it_leaves_out_exams_with_a_missing_value():
    noise, diameter, dose = exams(60)
    noise[0], diameter[1], dose[2] = math.nan, math.nan, 0.0
    model = fit_noise_model(noise, diameter, dose)
    assert model.n == 57
    z = residuals(model, noise, diameter, dose)
    assert np.isnan(z).tolist() == [True] * 3 + [False] * 57


def test_it_says_nothing_of_sizes_and_doses_it_never_saw():
    noise, diameter, dose = exams(60)
    model = fit_noise_model(noise, diameter, dose)
    beyond = residuals(model, [20, 20, 20], [diameter.max() + 11, 310, 310], [8, dose.max() * 1.2, dose.min() / 1.2])
    assert np.isnan(beyond).all()


def test_it_stays_calm_when_the_dose_never_varies():
    noise, diameter, _ = exams(60)
    dose = np.full(60, 8.0)
    model = fit_noise_model(noise, diameter, dose)
    assert model.dose_power == pytest.approx(0, abs=1e-6)
    assert np.abs(residuals(model, noise, diameter, dose)).max() < 20


def test_it_refuses_too_few_exams_and_exams_without_any_spread():
    with pytest.raises(AnalysisError) as few:
        fit_noise_model(*exams(49))
    assert few.value.reason.code == "baseline_too_few"
    assert dict(few.value.reason.values) == {"n": 49, "need": 50}
    with pytest.raises(AnalysisError) as flat:
        fit_noise_model([10.0] * 60, [300.0] * 60, [8.0] * 60)
    assert flat.value.reason.code == "baseline_without_spread"


def test_it_refuses_rows_of_unequal_length():
    with pytest.raises(ValueError, match="equal length"):
        fit_noise_model([1.0] * 60, [300.0] * 59, [8.0] * 60)
