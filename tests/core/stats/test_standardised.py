"""Directly standardised means, and places that intervals leave open."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.standardised import places, standardised_mean

_SCORES = st.lists(st.floats(0, 100), min_size=3, max_size=8)


def test_it_gives_the_known_answer():
    """By hand: means 90 and 80, weights 3 : 1, pooled variance (2 + 8) / 4 = 2.5."""
    found = standardised_mean({"ct": [89, 90, 91], "dx": [78, 80, 82]}, {"ct": 30, "dx": 10})
    assert found.value == pytest.approx(87.5)
    assert found.se == pytest.approx(math.sqrt(2.5 * (0.75**2 + 0.25**2) / 3))
    assert (found.n, found.covered) == (6, 1.0)
    assert found.interval[1] - found.value == pytest.approx(2.7764451 * found.se)  # Student's t, 4 degrees of freedom


def test_groups_of_equal_quality_and_unlike_composition_become_alike():
    weights = {"ct": 1.0, "mg": 1.0}
    mostly_ct = {"ct": [90.0, 92.0] * 10, "mg": [70.0, 72.0]}
    mostly_mg = {"ct": [90.0, 92.0], "mg": [70.0, 72.0] * 10}
    first, second = standardised_mean(mostly_ct, weights), standardised_mean(mostly_mg, weights)
    assert first.value == second.value == pytest.approx(81.0)


@given(_SCORES, _SCORES, st.floats(0.1, 9), st.floats(0.1, 9))
def test_it_lies_between_the_means_and_does_not_depend_on_the_scale_of_the_weights(a, b, first, second):
    found = standardised_mean({"a": a, "b": b}, {"a": first, "b": second}, spread=5.0)
    low, high = sorted((sum(a) / len(a), sum(b) / len(b)))
    assert low - 1e-9 <= found.value <= high + 1e-9
    assert found.interval[0] <= found.value <= found.interval[1]
    again = standardised_mean({"a": a, "b": b}, {"a": 7 * first, "b": 7 * second}, spread=5.0)
    assert again.value == pytest.approx(found.value)
    assert again.se == pytest.approx(found.se)


def test_a_composition_that_a_group_has_little_of_is_refused():
    with pytest.raises(AnalysisError) as caught:
        standardised_mean({"ct": [90.0] * 9}, {"ct": 70, "mg": 30})
    assert caught.value.reason.code == "mix_uncovered"
    assert standardised_mean({"ct": [90.0, 91.0] * 5}, {"ct": 85, "mg": 15}).covered == pytest.approx(0.85)


@pytest.mark.parametrize(
    ("values", "code"),
    [({"a": [90.0] * 4}, "few_cases"), ({"a": [90.0] * 4 + [math.nan]}, "value_not_finite"), ({}, "few_cases")],
)
def test_what_cannot_be_said_is_refused(values, code):
    with pytest.raises(AnalysisError) as caught:
        standardised_mean(values, {"a": 1.0})
    assert caught.value.reason.code == code


def test_strata_of_one_value_borrow_the_spread_of_the_whole():
    values = {str(i): [80.0 + i] for i in range(5)}
    weights = dict.fromkeys(values, 1.0)
    with pytest.raises(AnalysisError):
        standardised_mean(values, weights)
    found = standardised_mean(values, weights, spread=6.0)
    assert found.se == pytest.approx(6.0 / math.sqrt(5))


def test_negative_weights_are_no_composition():
    with pytest.raises(ValueError, match="not negative"):
        standardised_mean({"a": [1.0] * 5}, {"a": -1.0})


def test_a_place_is_certain_only_apart_from_all_others():
    told = places({"a": (90, 92), "b": (80, 85), "c": (84, 86), "d": (60, 70)})
    assert told == {"a": (1, 1), "b": (2, 3), "c": (2, 3), "d": (4, 4)}
    assert places({"a": (1, 2)}) == {"a": (1, 1)}
    assert places({"a": (1, 2), "b": (2, 3)}) == {"a": (1, 2), "b": (1, 2)}  # touching is no difference


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.tuples(st.floats(0, 100), st.floats(0, 20)), min_size=1))
def test_places_hold_every_order_that_the_intervals_allow(told):
    intervals = {name: (low, low + width) for name, (low, width) in told.items()}
    found = places(intervals)
    order = sorted(intervals, key=lambda name: -sum(intervals[name]))
    for at, name in enumerate(order, start=1):
        best, worst = found[name]
        assert 1 <= best <= worst <= len(order)
        assert best <= at <= worst
