"""A limit is suggested where the data carry it, with how sure it is."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.suggestion import limit_suggestion


def two_groups(rng, faulty=60, sound=140):
    values = np.concatenate([rng.normal(30, 3, faulty), rng.normal(22, 3, sound)])
    return values.tolist(), [True] * faulty + [False] * sound


def test_it_finds_the_limit_between_two_normal_groups():
    """Equal spreads: Youden's limit lies halfway, at 26, and the area is Φ(8 / (3 √2)) = 0.970."""
    found = limit_suggestion(*two_groups(np.random.default_rng(1)))
    assert found.youden.limit == pytest.approx(26, abs=1.5)
    assert found.youden.interval[0] <= 26 <= found.youden.interval[1]
    assert found.area_interval[0] <= 0.970 <= found.area_interval[1]
    assert found.youden.sensitivity == pytest.approx(0.909, abs=0.07)
    assert found.wanted.sensitivity >= 0.95
    assert found.wanted.limit <= found.youden.limit + 1e-9
    assert found.wanted.specificity == pytest.approx(
        1 - next(point.false_alarm_rate for point in found.roc if point.limit == found.wanted.limit)
    )


def test_what_the_best_limit_would_do_covers_the_truth():
    """Faulty at 1.5 ± 1, sound at 0 ± 1: what the chosen limit really does is known.  On the cases that chose it the
    sensitivity would look 7 points better, and its percentiles would hold the truth in three quarters of runs."""
    standard, caught, passed, off, runs = NormalDist(), 0, 0, 0.0, 80
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        values = [*rng.normal(1.5, 1, 20), *rng.normal(0, 1, 60)]
        found = limit_suggestion(values, [True] * 20 + [False] * 60, seed=seed).youden
        true = (1 - standard.cdf(found.limit - 1.5), standard.cdf(found.limit))
        caught += found.sensitivity_interval[0] <= true[0] <= found.sensitivity_interval[1]
        passed += found.specificity_interval[0] <= true[1] <= found.specificity_interval[1]
        off += found.sensitivity + found.specificity - sum(true)
    assert caught / runs >= 0.88
    assert passed / runs >= 0.88
    assert abs(off / runs) < 0.045


def test_the_area_is_that_of_mann_and_whitney():
    values, bad = [1, 2, 2, 3, 5, 5, 6] * 4, [False, False, True, False, True, False, True] * 4
    worse = [v for v, b in zip(values, bad, strict=True) if b]
    better = [v for v, b in zip(values, bad, strict=True) if not b]
    pairs = [(w > b) + 0.5 * (w == b) for w in worse for b in better]
    assert limit_suggestion(values, bad).area == pytest.approx(np.mean(pairs))


def test_lower_may_be_worse():
    values, bad = two_groups(np.random.default_rng(2))
    up, down = limit_suggestion(values, bad), limit_suggestion([-v for v in values], bad, worse="lower")
    assert down.youden.limit == pytest.approx(-up.youden.limit)
    assert down.youden.interval == pytest.approx((-up.youden.interval[1], -up.youden.interval[0]))
    assert [p.limit for p in down.roc] == pytest.approx([-p.limit for p in up.roc])
    assert down.area == up.area


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.booleans()), min_size=20, max_size=40))
@settings(max_examples=10, deadline=None)
def test_a_weight_is_as_many_equal_cases(cases):
    values, weights, bad = (list(part) for part in zip(*cases, strict=True))
    if not 5 <= sum(bad) <= len(bad) - 5 or len(set(values)) < 2:
        return
    many = [(v, b) for v, w, b in cases for _ in range(w)]
    found, plain = limit_suggestion(values, bad, weights), limit_suggestion([v for v, _ in many], [b for _, b in many])
    assert [(p.sensitivity, p.false_alarm_rate) for p in found.roc] == [
        (pytest.approx(p.sensitivity), pytest.approx(p.false_alarm_rate)) for p in plain.roc
    ]
    assert found.youden.limit == plain.youden.limit
    assert found.area == pytest.approx(plain.area)


def test_it_says_when_a_wanted_sensitivity_cannot_be_told():
    values, bad = two_groups(np.random.default_rng(3), faulty=12)
    few = limit_suggestion(values, bad)
    assert few.wanted is None
    assert few.reason.text("en") == "only 12 cases were held to be faulty; this sensitivity needs at least 20"
    assert limit_suggestion(values, bad, sensitivity=0.9).wanted is not None
    low = limit_suggestion([1.0] * 15 + [5.0] * 15 + [1.0] * 10, [True] * 30 + [False] * 10)
    assert low.wanted is None
    assert low.reason.code == "limit_not_reached"


def test_it_is_the_same_each_time():
    values, bad = two_groups(np.random.default_rng(4))
    assert limit_suggestion(values, bad) == limit_suggestion(values, bad)
    assert limit_suggestion(values, bad, seed=1).area_interval != limit_suggestion(values, bad).area_interval


@pytest.mark.parametrize(
    ("values", "bad", "code"),
    [
        ([1.0] * 10 + [2.0] * 9, [True] * 10 + [False] * 9, "few_cases"),
        ([1.0] * 4 + [2.0] * 30, [True] * 4 + [False] * 30, "few_of_a_class"),
        ([1.0] * 30, [True] * 10 + [False] * 20, "one_value"),
    ],
)
def test_it_refuses_too_little(values, bad, code):
    with pytest.raises(AnalysisError) as refused:
        limit_suggestion(values, bad)
    assert refused.value.reason.code == code


def test_it_refuses_impossible_numbers():
    good, bad = [1.0, 2.0] * 10, [True, False] * 10
    for call in (
        lambda: limit_suggestion(good[1:], bad),
        lambda: limit_suggestion(good, bad, sensitivity=1.0),
        lambda: limit_suggestion([float("nan"), *good[1:]], bad),
        lambda: limit_suggestion(good, bad, [0.0] * 20),
    ):
        with pytest.raises(ValueError, match=r"weight"):
            call()
