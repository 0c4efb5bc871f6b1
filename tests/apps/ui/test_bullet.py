import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.common.ui.bullet import allowed_range, bullet

FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("limit", "reference", "expected"),
    [
        ({"op": "<=", "value": 5}, None, (-math.inf, 5)),
        ({"op": ">", "value": 5}, None, (5, math.inf)),
        ({"op": "abs<=", "value": -2}, None, (-2, 2)),
        ({"op": "between", "value": [1, 3]}, None, (1, 3)),
        ({"op": "within_pct", "value": 10, "of": "baseline", "direction": "both"}, 50, (45, 55)),
        ({"op": "within_abs", "value": 4, "of": "nominal", "direction": "above"}, 50, (-math.inf, 54)),
        ({"op": "within_abs", "value": 4, "of": "nominal", "direction": "below"}, 50, (46, math.inf)),
        ({"op": "within_pct", "value": 10, "of": "baseline"}, None, None),
        ({"op": "one_of", "value": ["a"]}, None, None),
        ({"op": "present"}, None, None),
        ({"any": [{"op": "<", "value": 1}]}, None, None),
    ],
)
def test_it_knows_the_allowed_range(limit, reference, expected):
    assert allowed_range(limit, reference) == expected


def test_it_places_value_and_limit_on_one_axis():
    # axis 0 … 7.5 for "≤ 5": the limit lies at two thirds
    bar = bullet({"op": "<=", "value": 5}, 2.5)
    assert bar.good == ((0, 66.67),)
    assert bar.edges == (66.67,)
    assert bar.value == 33.33
    assert not bar.beyond


@pytest.mark.parametrize("value", [None, "B30f", True, math.nan, ["a"]])
def test_it_draws_no_bar_without_a_number(value):
    assert bullet({"op": "<=", "value": 5}, value) is None


def test_it_pins_a_wild_value_to_the_rim():
    bar = bullet({"op": "<=", "value": 5}, 5000)
    assert bar.value == 100
    assert bar.beyond


@given(value=FINITE, limit=FINITE, op=st.sampled_from(["<", "<=", ">", ">=", "abs<="]))
def test_it_stays_inside_the_bar_and_agrees_with_the_judgement(value, limit, op):
    bar = bullet({"op": op, "value": limit}, value)
    if bar is None:  # only where the numbers are too small to tell apart
        assert abs(limit) < 1e-300
        return
    assert 0 <= bar.value <= 100
    for x, width in bar.good:
        assert x >= -0.01
        assert x + width <= 100.02
    low, high = allowed_range({"op": op, "value": limit}, None)
    if low < value < high and not bar.beyond:
        x, width = bar.good[0]
        assert x - 0.02 <= bar.value <= x + width + 0.02
