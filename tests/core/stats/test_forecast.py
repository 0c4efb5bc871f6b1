"""When a drifting value will leave its limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.forecast import FEWEST, crossing

DAYS = list(range(0, 100, 5))


def drifting(slope, sd=0.3, seed=0, start=0.0, days=DAYS):
    noise = np.random.default_rng(seed).normal(0, sd, len(days))
    return [start + slope * d + float(e) for d, e in zip(days, noise, strict=True)]


def refusal(days, values, limits):
    with pytest.raises(AnalysisError) as caught:
        crossing(days, values, limits)
    return caught.value.reason.code


@given(st.floats(0.04, 0.06), st.sampled_from([0, 2, 3, 4, 5]), st.sampled_from([1, -1]))
def test_it_finds_the_day_of_a_known_drift(slope, seed, sign):
    """6 is met 6 / slope days after the start; the interval holds the truth nearly always, so here with room."""
    found = crossing(DAYS, [sign * v for v in drifting(slope, seed=seed, sd=0.01)], (-6, 6))
    truth = 6 / slope - DAYS[-1]
    width = (found.latest if found.latest is not None else 365) - found.earliest
    assert found.limit == sign * 6
    assert found.earliest - width <= truth <= found.earliest + 2 * width
    assert found.earliest <= found.days


def test_its_interval_holds_the_truth_as_often_as_it_says():
    truth = 6 / 0.05 - DAYS[-1]
    held = [seed for seed in range(400) if holds(seed, truth)]
    refused = [seed for seed in range(400) if holds(seed, truth) is None]
    assert len(refused) <= 12  # one in a hundred straight courses looks bent by chance
    assert 0.92 <= len(held) / (400 - len(refused)) <= 0.98


def holds(seed, truth):
    """None for a course that looks bent."""
    try:
        found = crossing(DAYS, drifting(0.05, seed=seed), (-6, 6))
    except AnalysisError:
        return None
    return found.earliest <= truth <= (math.inf if found.latest is None else found.latest)


def test_it_moves_with_the_calendar_only():
    values = drifting(0.05)
    later = crossing([d + 1000 for d in DAYS], values, (-6, 6))
    assert later.days == pytest.approx(crossing(DAYS, values, (-6, 6)).days)


def test_it_says_nothing_of_noise():
    told = [seed for seed in range(200) if refuses_drift(seed)]
    assert len(told) >= 190


def refuses_drift(seed):
    try:
        crossing(DAYS, drifting(0.0, seed=seed), (-6, 6))
    except AnalysisError as error:
        return error.reason.code in {"no_drift", "course_curved", "limit_far"}
    return False


def test_it_refuses_what_it_cannot_know():
    few = DAYS[: FEWEST - 1]
    assert refusal(few, drifting(0.05, days=few), (-6, 6)) == "too_few_values"
    assert refusal([1.0] * 20, drifting(0.05), (-6, 6)) == "too_few_values"
    assert refusal(DAYS, [math.inf, *drifting(0.05)[1:]], (-6, 6)) == "value_not_finite"
    assert refusal(DAYS, drifting(0.05, start=4), (-6, 6)) == "limit_passed"
    assert refusal(DAYS, drifting(0.01, sd=0.05), (-6, 6)) == "limit_far"
    assert refusal(DAYS, [(d / 40) ** 2 for d in DAYS], (-6, 6)) == "course_curved"
    assert refusal(DAYS, drifting(-0.05), (6,)) == "limit_passed"
    with pytest.raises(ValueError, match="number"):
        crossing(DAYS, [1.0], (6,))


def test_a_perfect_line_is_a_line():
    found = crossing(DAYS, [0.05 * d for d in DAYS], (-6, 6))
    assert found.days == pytest.approx(25)
    assert found.earliest == pytest.approx(25, abs=1e-6)
