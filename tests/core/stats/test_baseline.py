"""A baseline is the robust middle and spread of what a device did."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.baseline import RobustBaseline, robust_baseline, robust_z

numbers = st.floats(-1e6, 1e6, allow_nan=False)


def test_it_gives_the_median_and_the_median_deviation():
    # deviations from 3: 2, 1, 0, 1, 97 -> median 1
    assert robust_baseline([1, 2, 3, 4, 100]) == RobustBaseline(5, 3.0, 1.0)
    assert robust_baseline([7.5]) == RobustBaseline(1, 7.5, 0.0)


def test_it_finds_the_spread_of_normal_values():
    rng = np.random.default_rng(20260305)
    found = robust_baseline(rng.normal(12.0, 1.5, 20_000).tolist())
    assert found.median == pytest.approx(12.0, abs=0.03)
    assert found.sd == pytest.approx(1.5, rel=0.02)


def test_it_does_not_mind_a_third_of_wild_values():
    rng = np.random.default_rng(4)
    sound = rng.normal(10.0, 1.0, 200).tolist()
    spoilt = sound + [1e9] * 100
    assert abs(robust_baseline(spoilt).median - 10.0) < 1.0
    assert robust_baseline(spoilt).sd < 3.0


@given(st.lists(numbers, min_size=1, max_size=60), st.randoms())
def test_the_order_does_not_matter(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert robust_baseline(shuffled) == robust_baseline(values)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40), st.integers(-500, 500), st.integers(1, 50))
def test_it_moves_and_stretches_with_its_values(values, shift, scale):
    plain, moved = robust_baseline(values), robust_baseline([scale * v + shift for v in values])
    assert moved.median == pytest.approx(scale * plain.median + shift)
    assert moved.mad == pytest.approx(scale * plain.mad)


def test_a_robust_z_counts_standard_deviations():
    known = RobustBaseline(30, 10.0, 2.0)
    assert robust_z(10.0 + 3 * 1.4826 * 2.0, known) == pytest.approx(3.0)
    assert robust_z(4.0, known) < 0
    assert robust_z(11.0, RobustBaseline(30, 10.0, 0.0)) is None


@pytest.mark.parametrize(("values", "code"), [([], "baseline_no_values"), ([1.0, math.nan], "value_not_finite")])
def test_it_refuses_what_has_no_middle(values, code):
    with pytest.raises(AnalysisError) as refused:
        robust_baseline(values)
    assert refused.value.reason.code == code
