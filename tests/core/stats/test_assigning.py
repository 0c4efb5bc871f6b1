"""Nobody reads in conflict, two different readers a case, loads even, and the same every time."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.stats.assigning import assign

READERS = [f"r{i}" for i in range(5)]
CONFLICTS = st.lists(st.sets(st.sampled_from(READERS)), max_size=12)
BEFORE = st.dictionaries(st.sampled_from(READERS), st.integers(0, 4))


@given(CONFLICTS, BEFORE, st.integers(1, 3), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_it_never_gives_a_case_in_conflict_and_says_why_not(barred, loads, slots, rng):
    conflicts = {f"c{i}": who for i, who in enumerate(barred)}
    cases = [*conflicts, "free"]
    found = assign(cases, READERS, "s", slots=slots, conflicts=conflicts, loads=loads)
    assert found == assign(
        rng.sample(cases, len(cases)), rng.sample(READERS, 5), "s", slots=slots, conflicts=conflicts, loads=loads
    )
    assert found.given.keys() | found.refused.keys() == set(cases)
    for case, readers in found.given.items():
        assert len(set(readers)) == len(readers) == slots
        assert not set(readers) & conflicts.get(case, set())
    for case, reason in found.refused.items():
        assert reason.code == "assign_conflict"
        assert len(READERS) - len(conflicts[case]) < slots
    for reader in READERS:
        assert found.loads[reader] == loads.get(reader, 0) + sum(reader in who for who in found.given.values())


@given(st.lists(st.sets(st.sampled_from("xyz"), max_size=2), max_size=6), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_its_loads_are_as_even_as_conflicts_allow(barred, seed):
    """Against all assignments: no other has a smaller sum of squares of the loads."""
    conflicts = {f"c{i}": who for i, who in enumerate(barred)}
    found = assign(list(conflicts), list("xyz"), str(seed), slots=1, conflicts=conflicts)
    choices = [sorted(set("xyz") - who) for who in barred]
    best = min(sum(choice.count(r) ** 2 for r in "xyz") for choice in itertools.product(*choices))
    assert sum(load**2 for load in found.loads.values()) == best


@given(st.lists(st.sets(st.sampled_from("wxyz"), max_size=3), max_size=7), st.integers(1, 2))
@settings(max_examples=50, deadline=None)
def test_it_makes_room_by_exchange_before_it_calls_readers_full(barred, most):
    conflicts = {f"c{i}": who for i, who in enumerate(barred)}
    bound = dict.fromkeys("wxyz", most)
    found = assign(list(conflicts), list("wxyz"), "s", slots=1, conflicts=conflicts, most=bound)
    assert max(found.loads.values()) <= most
    choices = [[*sorted(set("wxyz") - who), None] for who in barred]
    possible = max(
        sum(c is not None for c in choice)
        for choice in itertools.product(*choices)
        if all(choice.count(r) <= most for r in "wxyz")
    )
    assert len(found.given) == possible


def test_even_loads_within_one_without_conflicts_and_pairs_that_vary():
    cases = [f"c{i}" for i in range(101)]
    found = assign(cases, READERS, "2026-11", loads={"r0": 10})
    assert max(found.loads.values()) - min(found.loads.values()) <= 1
    assert len({frozenset(pair) for pair in found.given.values()}) == 10
    assert assign(cases, READERS, "2026-12", loads={"r0": 10}).given != found.given


def test_it_says_when_readers_are_full():
    found = assign(["a", "b", "c"], ["r", "s"], "1", most={"r": 2})
    assert len(found.given) == 2
    assert [reason.code for reason in found.refused.values()] == ["assign_full"]
    assert found.loads == {"r": 2, "s": 2}


def test_it_refuses_names_that_come_twice():
    for cases, readers, slots in ((["a", "a"], ["r"], 1), (["a"], ["r", "r"], 1), (["a"], ["r"], 0)):
        with pytest.raises(ValueError, match="once"):
            assign(cases, readers, "s", slots=slots)
