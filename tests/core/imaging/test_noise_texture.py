"""The noise power spectrum of an even region: its level, its mean frequency, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.imaging.noise_texture import noise_texture

SPACING = (0.45, 0.45)
CENTRE = (200.0, 200.0)


def white(seed, sd=10.0, side=400):
    return np.random.default_rng(seed).normal(0.0, sd, (side, side))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 99), st.floats(2.0, 30.0), st.floats(-1000.0, 1000.0))
def test_it_finds_white_noise_even_at_all_frequencies(seed, sd, level):
    found = noise_texture(white(seed, sd) + level, CENTRE, 80.0, SPACING)
    assert found.mean_per_mm == pytest.approx(0.25 / 0.45, rel=0.08)  # half of the Nyquist frequency
    fine = found.power[found.power.size // 4 :]  # of the coarsest rings there are few values
    assert float(fine.mean()) == pytest.approx(sd**2 * 0.45**2, rel=0.1)


@pytest.mark.parametrize("blur_mm", [0.3, 0.5])
def test_it_follows_noise_of_a_reconstruction(blur_mm):
    """Power as f exp(-a f²), as of a ramp filter with a soft kernel: its mean is sqrt(pi / a) / 2."""
    n, a = 400, (2 * math.pi * blur_mm) ** 2
    frequency = np.hypot(np.fft.fftfreq(n, 0.45)[:, None], np.fft.fftfreq(n, 0.45))
    shaped = np.fft.fft2(white(3)) * np.sqrt(frequency * np.exp(-a * frequency**2))
    found = noise_texture(np.fft.ifft2(shaped).real, CENTRE, 80.0, SPACING)
    assert found.mean_per_mm == pytest.approx(math.sqrt(math.pi / a) / 2, rel=0.05)


def test_it_finds_the_peak_of_coarse_grain_and_leaves_shading_out():
    rng, n = np.random.default_rng(5), 400
    frequency = np.hypot(np.fft.fftfreq(n, 0.45)[:, None], np.fft.fftfreq(n, 0.45))
    ring = np.exp(-0.5 * ((frequency - 0.4) / 0.05) ** 2)
    grain = np.fft.ifft2(np.fft.fft2(rng.normal(0, 10, (n, n))) * ring).real
    y, x = np.indices((n, n)) / n - 0.5
    found = noise_texture(grain + 80 * (x**2 + y**2) + 30 * x, CENTRE, 80.0, SPACING)
    assert found.peak_per_mm == pytest.approx(0.4, abs=0.05)


def test_it_refuses_too_small_a_disc_and_a_picture_without_noise():
    with pytest.raises(AnalysisError) as few:
        noise_texture(white(1), CENTRE, 25.0, SPACING)
    assert few.value.reason.code == "noise_regions_few"
    with pytest.raises(AnalysisError) as none:
        noise_texture(np.zeros((400, 400)), CENTRE, 80.0, SPACING)
    assert none.value.reason.code == "no_noise"
