"""Signal-to-noise ratio of MR: recovered from known noise, refused where the air says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, only, series_of, stack_of

from imagingqc.clinical.mr.signal import air_noise, foreground
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import MRSequence, mr_series
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D

N = 192


def rician(signal=500.0, sd=10.0, radius=60, seed=0, channels=1):
    down, right = np.mgrid[:N, :N] - N / 2
    true = np.where(np.hypot(down, right) < radius, signal, 0.0)
    noise = np.random.default_rng(seed).normal(0, sd, (2 * channels, N, N))
    noise[0] += true
    return np.sqrt((noise**2).sum(axis=0))


def measured(pictures, spacing=(1.0, 1.0), **kwargs):
    stack = stack_of([5.0 * i for i in range(len(pictures))], modality="MR", **kwargs)
    images = {
        p.instance.sop_uid: Image2D(x.astype(np.float32), x.astype(np.int16), "US", spacing, 12, "MONOCHROME2", None)
        for p, x in zip(stack.slices, pictures, strict=True)
    }
    return measure_series(series_of(stack), (stack,), FakeReader(images))


@pytest.mark.parametrize("snr", [15, 50, 150])
def test_it_recovers_the_ratio_both_ways(snr):
    found = measured([rician(sd=500 / snr, seed=i) for i in range(6)])
    assert only(found, "mr.snr.air").value == pytest.approx(snr, rel=0.08)
    assert only(found, "mr.snr.local").value == pytest.approx(snr, rel=0.12)
    points = np.array(only(found, "mr.snr.air").evidence.shape["points"])
    assert np.ptp(points, axis=0) == pytest.approx([120, 120], abs=3)


@settings(deadline=None, max_examples=10)
@given(st.floats(0.05, 8), st.integers(0, 50))
def test_it_does_not_depend_on_gain(gain, seed):
    picture = rician(seed=seed)
    body = foreground(picture)
    assert (foreground(picture * gain) == body).mean() > 0.999
    assert air_noise(picture * gain, body) == pytest.approx(gain * air_noise(picture, body), rel=1e-6)


def test_it_halves_when_the_noise_of_a_series_doubles(tmp_path):
    values = []
    for noise in (8.0, 16.0):
        folder = tmp_path / str(noise)
        mr_series(folder, MRSequence("t2_tse_tra", 4500, 100), n=8, rows=192, noise=noise)
        series = scan([folder], 1).exams[0].series[0]
        values.append(only(measure_series(series, split_stacks(series), CachedReader()), "mr.snr.air").value)
    assert values[0] / values[1] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.where(rician() < 60, 0.0, rician()), "air_not_rayleigh"),
        (rician(channels=8), "air_not_rayleigh"),
        (rician(radius=120), "no_air"),
        (np.zeros((N, N)), "no_foreground"),
    ],
)
def test_it_refuses_air_that_is_not_what_the_formula_assumes(picture, reason):
    assert code(only(measured([picture] * 4), "mr.snr.air")) == reason


def test_it_still_measures_locally_where_there_is_no_air():
    found = measured([rician(radius=120, seed=i) for i in range(4)])
    assert only(found, "mr.snr.local").value == pytest.approx(50, rel=0.12)


def test_it_refuses_maps_and_pictures_without_scale():
    computed = measured([rician()] * 4, ImageType=("DERIVED", "PRIMARY", "DIFFUSION", "ADC"))
    assert code(only(computed, "mr.snr.air")) == code(only(computed, "mr.snr.local")) == "derived_map"
    assert code(only(measured([rician()] * 4, spacing=None), "mr.snr.local")) == "missing_tag"


def test_it_says_so_in_its_own_error():
    with pytest.raises(AnalysisError):
        air_noise(rician(), np.ones((N, N), dtype=bool))
