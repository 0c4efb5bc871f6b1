"""Means and shares of the frame from samples drawn with unequal chances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import wilson
from imagingqc.stats.sampled import sampled_mean, sampled_share
from imagingqc.stats.sampling import Plan, Unit, draw

STRATUM = st.lists(st.integers(50, 100), min_size=2, max_size=9)


@given(st.lists(st.tuples(STRATUM, st.integers(0, 40)), min_size=2, max_size=4))
def test_it_is_the_stratified_mean_of_the_textbook(strata):
    """Cochran (1977), theorem 5.3: Σ W ȳ and Σ W² (1 − f) s² / n."""
    sizes = [len(values) + more for values, more in strata]
    total = sum(sizes)
    mean = sum(size / total * np.mean(values) for (values, _), size in zip(strata, sizes, strict=True))
    variance = sum(
        (size / total) ** 2 * (1 - len(values) / size) * np.var(values, ddof=1) / len(values)
        for (values, _), size in zip(strata, sizes, strict=True)
    )
    flat = [
        (v, len(values) / size, f"s{i}")
        for i, ((values, _), size) in enumerate(zip(strata, sizes, strict=True))
        for v in values
    ]
    if len(flat) < 5 and total > len(flat):
        return
    found = sampled_mean(*(list(part) for part in zip(*flat, strict=True)))
    assert found.value == pytest.approx(mean)
    assert found.se == pytest.approx(math.sqrt(variance), abs=1e-9)


def test_a_simple_sample_has_its_plain_interval():
    found = sampled_mean([88.0, 92.0, 95.0, 79.0, 90.0, 84.0], [0.1] * 6)
    assert found.value == pytest.approx(88)
    half = 2.570582 * np.std([88, 92, 95, 79, 90, 84], ddof=1) * math.sqrt(0.9 / 6)
    assert found.interval == pytest.approx((88 - half, 88 + half), rel=1e-6)
    share = sampled_share([True] * 12 + [False] * 8, [1e-9] * 20)
    assert share.effective == pytest.approx(19, rel=1e-6)  # s² has divisor n − 1
    assert share.interval == pytest.approx(wilson(0.6 * 19, 19), rel=1e-6)


def test_the_whole_frame_leaves_no_doubt():
    found = sampled_mean([90.0, 80.0], [1.0, 1.0])
    assert (found.value, found.interval, found.effective) == (85, (85, 85), None)
    assert sampled_share([True, False], [1, 1]).interval == (0.5, 0.5)


def test_none_seen_is_no_proof_and_equal_values_give_no_interval():
    found = sampled_share([False] * 30, [0.1] * 30)
    assert found.value == 0
    assert found.effective == pytest.approx(30 / 0.9)
    assert found.interval == pytest.approx(wilson(0, 30 / 0.9))
    assert sampled_mean([95.0] * 8, [0.2] * 8).interval is None


def test_it_recovers_the_frame_from_a_draw_by_risk():
    """Poor images are four times as likely to be drawn; the mean of the sample is off, the weighted one is not."""
    rng = np.random.default_rng(5)
    score = rng.normal(90, 5, 700) + np.arange(700) % 5
    units = [Unit(f"u{i}", (f"d{i % 5}",), float(score[i] < 88)) for i in range(700)]
    covered_mean = covered_share = 0
    means, plain = [], []
    for seed in range(80):
        drawn = draw(units, Plan("balanced", 120, risk_share=0.4), str(seed)).units
        y = [float(score[int(one.key[1:])]) for one in drawn]
        p, strata = [one.p for one in drawn], [one.stratum[0] for one in drawn]
        mean, share = sampled_mean(y, p, strata), sampled_share([v >= 95 for v in y], p, strata)
        covered_mean += mean.interval[0] <= score.mean() <= mean.interval[1]
        covered_share += share.interval[0] <= (score >= 95).mean() <= share.interval[1]
        means.append(mean.value)
        plain.append(np.mean(y))
    assert covered_mean >= 71
    assert covered_share >= 71
    assert abs(np.mean(means) - score.mean()) < 0.15
    assert np.mean(plain) < score.mean() - 0.5


def test_a_stratum_with_one_unit_is_not_without_error():
    """It counts by its distance from the mean of all: (1 − p) (z² + the variance of the others)."""
    found = sampled_mean([90.0, 80.0, 90.0, 90.0, 100.0], [0.1] * 5, list("aaaab"))
    assert found.value == 90
    others = 4 / 3 * (3 * 2.5**2 + 7.5**2)
    assert found.se == pytest.approx(math.sqrt(0.9 * (10**2 + others)) / 5)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: sampled_mean([], []), "few_cases"),
        (lambda: sampled_mean([1, 2, 3, 4], [0.5] * 4), "few_cases"),
        (lambda: sampled_mean([1, 2, 3, 4, float("nan")], [0.5] * 5), "value_not_finite"),
        (lambda: sampled_share([True] * 6, [0.5] * 6, ["a"] * 6, frame={"a": 12, "b": 3}), "stratum_unseen"),
    ],
)
def test_it_refuses_rather_than_gives_a_number(call, code):
    with pytest.raises(AnalysisError) as refused:
        call()
    assert refused.value.reason.code == code


def test_it_wants_a_chance_for_each_value():
    for chances in ([0.5] * 5, [0.5] * 5 + [0.0], [0.5] * 5 + [1.1]):
        with pytest.raises(ValueError, match="chance"):
            sampled_mean([1, 2, 3, 4, 5, 6], chances)
