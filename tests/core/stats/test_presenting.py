"""Each reader has an order of his own, and repeats come late enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.presenting import presentation


@given(st.integers(0, 40), st.integers(0, 12), st.integers(0, 12), st.integers(0, 3), st.randoms(use_true_random=False))
def test_repeats_keep_their_distance_and_each_case_comes_once(n, repeats, gap, seed, rng):
    cases = [f"c{i}" for i in range(n)]
    if repeats > max(0, n - gap):
        with pytest.raises(AnalysisError) as refused:
            presentation(cases, "r", str(seed), repeats=repeats, gap=gap)
        assert refused.value.reason.code == "repeats_too_many"
        return
    shown = presentation(cases, "r", str(seed), repeats=repeats, gap=gap)
    assert shown == presentation(rng.sample(cases, n), "r", str(seed), repeats=repeats, gap=gap)
    assert sorted(one.case for one in shown if not one.repeat) == sorted(cases)
    again = [one.case for one in shown if one.repeat]
    assert len(set(again)) == len(again) == repeats
    for place, one in enumerate(shown):
        if one.repeat:
            first = next(i for i, other in enumerate(shown) if other.case == one.case)
            assert place - first - 1 >= gap


def test_readers_and_seeds_have_orders_of_their_own():
    cases = [f"c{i}" for i in range(30)]
    orders = {tuple(one.case for one in presentation(cases, r, s)) for r in ("a", "b") for s in ("1", "2")}
    assert len(orders) == 4


def test_it_refuses_a_case_twice_and_negative_numbers():
    for call in (
        lambda: presentation(["a", "a"], "r", "s"),
        lambda: presentation(["a"], "r", "s", repeats=-1),
        lambda: presentation(["a"], "r", "s", gap=-1),
    ):
        with pytest.raises(ValueError, match="once"):
            call()
