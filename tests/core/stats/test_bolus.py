"""Curves of a contrast bolus with a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.dicom.synthetic.ct_bolus import Bolus
from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.bolus import passage

TIMES = np.arange(8.0, 40.0, 2.0)


def curve(bolus, times=TIMES, noise=0.0, seed=0):
    values = np.array([45.0 + bolus.at(t) for t in times])
    return values + np.random.default_rng(seed).normal(0, noise, len(values)) if noise else values


def read(bolus=None, times=TIMES, noise=0.0, seed=0):
    return passage([t - times[0] for t in times], list(curve(bolus or Bolus(), times, noise, seed)), noise or 1.0)


@given(
    rise=st.floats(6, 14), alpha=st.floats(1.5, 6), height=st.floats(100, 400), arrival=st.floats(12.5, 16),
    step=st.floats(1, 2.5),
)  # fmt: skip
def test_it_finds_the_peak_of_a_gamma_variate(rise, alpha, height, arrival, step):
    times = np.arange(8.0, 60.0, step)
    found = read(Bolus(arrival, arrival + rise, height, alpha), times)
    assert found.peak_s == pytest.approx(arrival + rise - 8.0, abs=0.6)
    assert found.baseline_hu == pytest.approx(45.0, abs=7.0)
    assert found.enhancement_hu <= height + 1e-6
    assert found.enhancement_hu >= 0.85 * height


@pytest.mark.parametrize("seed", range(6))
def test_noise_moves_it_little(seed):
    assert read(noise=6.0, seed=seed).peak_s == pytest.approx(12.0, abs=0.8)


def test_few_images_round_the_peak_give_a_parabola():
    times = np.arange(4.0, 44.0, 5.0)
    assert read(Bolus(11, 20, 200, 4), times).peak_s == pytest.approx(16.0, abs=1.0)


def test_the_threshold_lies_on_the_line_between_two_images():
    bolus = Bolus()
    found = read(bolus)
    after = next(t for t in TIMES if bolus.at(t) >= 100)
    share = (100 - bolus.at(after - 2)) / (bolus.at(after) - bolus.at(after - 2))
    assert found.threshold_s == pytest.approx(after - 2 + 2 * share - 8.0)


def code(value):
    assert isinstance(value, Reason)
    assert value.text("zh")
    assert value.text("en")
    return value.code


def test_a_curve_that_does_not_fall_has_no_peak():
    for n in range(6, 9):
        found = read(times=TIMES[:n])
        assert code(found.peak_s) == "bolus_no_peak"
        assert isinstance(found.threshold_s, float)


def test_what_is_too_little_to_reach_the_threshold_says_how_far_it_came():
    found = read(Bolus(height_hu=80.0))
    assert code(found.threshold_s) == "bolus_below_threshold"
    assert found.threshold_s.values["hu"] == pytest.approx(80, abs=2)
    assert isinstance(found.peak_s, float)


def test_images_far_apart_give_no_time():
    assert code(read(times=np.arange(4.0, 60.0, 8.0)).peak_s) == "bolus_sampling"


def test_a_curve_of_another_shape_gives_no_time():
    rising = [45, 45, 245, 244, 243, 242, 246, 120, 60, 45]
    assert code(passage([2.0 * i for i in range(10)], rising, 1.0).peak_s) == "bolus_shape"


@pytest.mark.parametrize(
    ("times", "bolus", "expected"),
    [
        (TIMES[:4], Bolus(), "bolus_few_images"),
        (TIMES, Bolus(height_hu=20.0), "bolus_no_enhancement"),
        (TIMES + 7.0, Bolus(), "bolus_no_baseline"),
        (TIMES + 14.0, Bolus(), "bolus_no_baseline"),
    ],
)
def test_it_refuses_what_is_no_bolus(times, bolus, expected):
    with pytest.raises(AnalysisError) as error:
        read(bolus, times)
    assert error.value.reason.code == expected
