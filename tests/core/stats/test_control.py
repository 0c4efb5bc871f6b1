"""Control charts of single values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.control import Broken, individuals, westgard


def test_it_gives_the_limits_of_the_handbook():
    # e-Handbook 6.3.2.2: ten flow rates, mean 50.81, mean moving range 1.8778, limits 45.816 and 55.804
    flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    chart = individuals(flow)
    assert chart.middle == pytest.approx(50.81, abs=0.005)
    assert (chart.lower, chart.upper) == (pytest.approx(45.816, abs=0.01), pytest.approx(55.804, abs=0.01))


def test_it_finds_the_spread_of_normal_values():
    values = np.random.default_rng(1).normal(100, 2, 5000)
    assert individuals(list(values)).sd == pytest.approx(2, rel=0.05)


def test_a_slow_drift_widens_its_limits_little():
    values = [0.1 * i + (-1) ** i for i in range(100)]
    assert individuals(values).sd < 0.7 * float(np.std(values))


@pytest.mark.parametrize(
    ("values", "code"), [([1, 2, 3, 4], "too_few_values"), ([1, 2, 3, 4, math.nan], "value_not_finite")]
)
def test_it_refuses(values, code):
    with pytest.raises(AnalysisError) as caught:
        individuals(values)
    assert caught.value.reason.code == code


@pytest.mark.parametrize(
    ("z", "broken"),
    [
        ([0, 1.9, -2.9], []),
        ([3.1], [Broken(0, "1_3s")]),
        ([-3.1], [Broken(0, "1_3s")]),
        ([2.1, 2.1], [Broken(1, "2_2s")]),
        ([-2.1, -2.5], [Broken(1, "2_2s")]),
        ([2.1, 0, 2.1], []),
        ([2.1, -2.1], [Broken(1, "R_4s")]),
        ([2.1, 3.5], [Broken(1, "1_3s"), Broken(1, "2_2s")]),
    ],
)
def test_it_knows_the_rules(z, broken):
    assert list(westgard(z)) == broken


@given(st.lists(st.floats(-2, 2), max_size=50))
def test_what_stays_within_two_breaks_nothing(z):
    assert westgard(z) == ()
