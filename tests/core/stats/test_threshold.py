"""Sweeping a threshold: counts by hand, and no promise from noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.threshold import compare_thresholds, round_between

SOUND = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
FAULTY = [8.5, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0]
SCORES, TRUTH = SOUND + FAULTY, [False] * len(SOUND) + [True] * len(FAULTY)


def test_it_counts_by_hand():
    found = compare_thresholds(SCORES, TRUTH, present=10)
    counts = found.present
    assert (counts.caught, counts.missed, counts.false_alarms, counts.passed) == (9, 1, 2, 10)
    assert counts.sensitivity == pytest.approx(0.9)
    assert counts.false_alarm_rate == pytest.approx(2 / 12)
    best = found.best
    assert best.at == pytest.approx(12.5)  # nine of ten caught, no false alarm
    assert (best.counts.caught, best.counts.false_alarms) == (9, 0)
    assert len(found.points) == len(SCORES) - 1


def test_it_minds_whether_the_limit_itself_fails():
    at_eight = compare_thresholds(SCORES, TRUTH, present=8, inclusive=True).present
    beyond_eight = compare_thresholds(SCORES, TRUTH, present=8).present
    assert at_eight.false_alarms == beyond_eight.false_alarms + 1


def test_it_tells_a_limit_that_is_clearly_wrong():
    rng = np.random.default_rng(4)
    scores = np.concatenate([rng.normal(0, 1, 80), rng.normal(4, 1, 40)])
    truth = [False] * 80 + [True] * 40
    wrong = compare_thresholds(scores, truth, present=-0.5)
    assert wrong.better
    assert wrong.gain[0] > 0
    assert 1 < wrong.best.at < 3
    right = compare_thresholds(scores, truth, present=2.0)
    assert not right.better


def test_it_rarely_finds_a_gain_in_noise():
    rng = np.random.default_rng(7)
    found = 0
    for trial in range(40):
        scores, truth = rng.normal(size=60), rng.permutation([True] * 20 + [False] * 40)
        found += compare_thresholds(scores, truth, present=0.0, seed=trial).better
    assert found <= 3


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=20, max_size=60),
    st.integers(-2, 32),
    st.floats(0.1, 50),
)
def test_it_is_no_worse_than_the_present_limit_and_scales_with_the_unit(cases, present, unit):
    scores, truth = [float(s) for s, _ in cases], [t for _, t in cases]
    n_bad = sum(truth)
    if min(n_bad, len(truth) - n_bad) < 5 or len(set(scores)) == 1:
        with pytest.raises(AnalysisError):
            compare_thresholds(scores, truth, present=present)
        return
    found = compare_thresholds(scores, truth, present=present)
    inner = min(scores) <= present < max(scores)
    assert not inner or found.best.counts.youden >= found.present.youden - 1e-12
    assert [p.at for p in found.points] == sorted(p.at for p in found.points)
    for point in found.points:
        assert sum((point.counts.caught, point.counts.missed)) == sum(truth)
        assert sum((point.counts.false_alarms, point.counts.passed)) == len(truth) - sum(truth)
    scaled = compare_thresholds([s * unit for s in scores], truth, present=present * unit)
    assert scaled.present == found.present


def test_it_is_the_same_each_time():
    assert compare_thresholds(SCORES, TRUTH, present=9, seed=3) == compare_thresholds(SCORES, TRUTH, present=9, seed=3)


@pytest.mark.parametrize(
    ("scores", "truth", "code"),
    [
        (SCORES[:19], TRUTH[:19], "few_cases"),
        (SCORES, [False] * 18 + [True] * 4, "few_of_a_class"),
        ([3.0] * 22, TRUTH, "one_value"),
    ],
)
def test_it_refuses_what_tells_nothing(scores, truth, code):
    with pytest.raises(AnalysisError) as refused:
        compare_thresholds(scores, truth, present=1)
    assert refused.value.reason.code == code


def test_it_refuses_scores_that_are_no_numbers():
    with pytest.raises(ValueError, match="finite"):
        compare_thresholds([*SCORES[:-1], float("nan")], TRUTH, present=1)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(12, 13, "12.5"), (3.2, 7.9, "6"), (0.4512, 0.4531, "0.452"), (-3, 4, "0"), (95, 260, "200")],
)
def test_it_writes_a_threshold_as_people_would(low, high, text):
    assert f"{round_between(low, high):g}" == text


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_it_rounds_only_within_the_gap(low, width):
    high = low + width
    if not low < (low + high) / 2 < high:
        return
    assert low < round_between(low, high) < high
    with pytest.raises(ValueError, match="between"):
        round_between(high, low)


def test_it_may_use_an_end_that_counts():
    assert round_between(0, 1) == 0.5
    assert round_between(0, 1, "low") == 0
    assert round_between(3, 4, "high") == 4
