"""Shares of a sample add up, keep to what each stratum has, and follow the published rule of the largest remainder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.stats.allocation import balanced, proportional

SIZES = st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(0, 40), min_size=1)


@pytest.mark.parametrize(("seats", "given_"), [(10, (4, 4, 2)), (11, (5, 5, 1))])
def test_it_shows_the_paradox_of_alabama(seats, given_):
    """Balinski and Young, Fair Representation (1982): with one seat more the small state loses one."""
    states = {"A": 6, "B": 6, "C": 2}
    room = dict.fromkeys(states, 100)
    assert tuple(proportional(seats, states, room, list("ABC")).values()) == given_


@given(SIZES, st.integers(0, 200))
def test_balanced_shares_add_up_and_differ_by_one_where_there_is_room(sizes, n):
    given_ = balanced(n, sizes, sorted(sizes))
    assert sum(given_.values()) == min(n, sum(sizes.values()))
    assert all(0 <= given_[s] <= sizes[s] for s in sizes)
    with_room = [given_[s] for s in sizes if given_[s] < sizes[s]]
    assert not with_room or max(given_.values()) - min(with_room) <= 1


@given(SIZES, st.integers(0, 200), st.integers(0, 4))
def test_proportional_shares_add_up_and_keep_their_bounds(sizes, n, least):
    floors = sum(min(least, size) for size in sizes.values())
    if floors > n:
        with pytest.raises(ValueError, match="least"):
            proportional(n, sizes, sizes, sorted(sizes), least)
        return
    given_ = proportional(n, sizes, sizes, sorted(sizes), least)
    assert sum(given_.values()) == min(n, sum(sizes.values()))
    assert all(min(least, sizes[s]) <= given_[s] <= sizes[s] for s in sizes)
    if least == 0 and sum(sizes.values()) >= n > 0:
        assert all(abs(given_[s] - n * sizes[s] / sum(sizes.values())) < 1 for s in sizes)


@given(SIZES, st.data())
def test_shares_keep_caps_of_their_own(weights, data):
    caps = {s: data.draw(st.integers(0, 10)) for s in weights}
    n = data.draw(st.integers(0, 100))
    given_ = proportional(n, weights, caps, sorted(weights))
    assert sum(given_.values()) == min(n, sum(caps.values()))
    assert all(0 <= given_[s] <= caps[s] for s in weights)
