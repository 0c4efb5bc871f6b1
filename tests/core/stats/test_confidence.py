"""What a sample can tell, against published numbers and exact counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.confidence import detects, largest_unseen, mean_margin, proportion_margin, size_for_margin

TWO_SIGMA = 0.9544997361036416  # level with z = 2


def test_it_gives_the_published_sample_size():
    """Cochran, Sampling Techniques, 3rd ed., section 4.4: ±5 % of 3200 islanders at p = 0.5 and z = 2 need 356."""
    assert size_for_margin(0.05, level=TWO_SIGMA) == 400
    assert size_for_margin(0.05, 3200, level=TWO_SIGMA) == 356


def test_the_monthly_sample_of_two_hundred_gives_seven_percent():
    assert proportion_margin(200) == pytest.approx(0.0693, abs=5e-5)
    assert proportion_margin(200, 1000) == pytest.approx(0.0620, abs=5e-5)
    assert proportion_margin(1000, 1000) == 0 == proportion_margin(1, 1)


@given(st.integers(2, 4000), st.floats(0.01, 0.4), st.floats(0.05, 0.95))
def test_the_size_for_a_margin_is_the_smallest(size, half, p):
    n = size_for_margin(half, size, p)
    assert proportion_margin(n, size, p) <= half + 1e-9
    assert n == 1 or proportion_margin(n - 1, size, p) > half - 1e-9


def test_fifty_nine_find_a_fault_of_five_percent():
    """The known number for 95 % certainty: 0.95^59 < 0.05."""
    assert detects(59, 10**7, 0.05) > 0.95 > detects(58, 10**7, 0.05)


@given(st.integers(1, 60).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size), st.integers(0, size))))
def test_it_counts_what_a_sample_sees(case):
    size, n, faulty = case
    none = math.comb(size - faulty, n) / math.comb(size, n)
    assert detects(n, size, faulty / size) == pytest.approx(1 - none, abs=1e-12)


@given(st.integers(1, 80).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_the_largest_unseen_share_is_the_largest(case):
    size, n = case
    most = round(largest_unseen(n, size) * size)
    assert math.comb(size - most, n) / math.comb(size, n) >= 0.05 - 1e-12
    assert math.comb(max(0, size - most - 1), n) / math.comb(size, n) < 0.05
    assert largest_unseen(size, size) == 0


def test_its_mean_margin_covers_the_mean_of_a_finite_frame():
    rng = np.random.default_rng(2)
    frame = rng.normal(90, 5, 120)
    covered = 0
    for _ in range(800):
        drawn = rng.choice(frame, 30, replace=False)
        covered += abs(drawn.mean() - frame.mean()) <= mean_margin(30, float(drawn.std(ddof=1)), 120)
    assert 0.93 < covered / 800 < 0.97
    assert mean_margin(10, 2.0) == pytest.approx(2.262157 * 2 / math.sqrt(10), rel=1e-6)


def test_it_refuses_what_is_no_sample():
    for call in (lambda: proportion_margin(0), lambda: detects(0, 5, 0.1), lambda: mean_margin(1, 2.0)):
        with pytest.raises(AnalysisError):
            call()
    for call in (
        lambda: proportion_margin(6, 5),
        lambda: proportion_margin(5, p=1.5),
        lambda: detects(2, 5, -0.1),
        lambda: mean_margin(5, -1.0),
        lambda: size_for_margin(0),
    ):
        with pytest.raises(ValueError, match=r"sample|share|deviation|above 0"):
            call()
