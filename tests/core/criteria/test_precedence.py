"""A lower standard may tighten a limit of a higher one, never loosen it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.criteria.builders import QUANTITY, SERIES, UNHURRIED, criterion, measured, standard
from tests.core.criteria.test_judge_properties import limits, numbers, numeric

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.limits import check_limit
from imagingqc.criteria.model import Known, Limit, Outcome
from imagingqc.criteria.precedence import effective, in_force, loosenings, looser_than


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (Limit("<", 0.45), Limit("<", 0.45), False),
        (Limit("<=", 0.45), Limit("<", 0.45), True),
        (Limit("<", 0.45), Limit("<=", 0.45), False),
        (Limit(">=", 5), Limit(">", 5), True),
        (Limit(">", 5), Limit(">=", 5), False),
        (Limit(">=", 400), Limit(">=", 512), True),
        (Limit(">=", 1024), Limit(">=", 512), False),
        (Limit("between", (19, 23)), Limit("between", (18, 24)), False),
        (Limit("between", (17, 23)), Limit("between", (18, 24)), True),
        (Limit("abs<=", 4), Limit("between", (-6, 6)), False),
        (Limit("abs<=", 4), Limit("<=", 3), True),
        (Limit("one_of", (0,)), Limit("<=", 2), False),
        (Limit("<=", 2), Limit("one_of", (0,)), True),
        (Limit("one_of", ("PA",)), Limit("one_of", ("PA", "AP")), False),
        (Limit("one_of", ("PA", "LL")), Limit("one_of", ("PA", "AP")), True),
        (Limit("present"), Limit("one_of", ("PA",)), True),
        (Limit("one_of", ("PA",)), Limit("present"), False),
        (Limit("within_pct", 10, "baseline"), Limit("within_pct", 20, "baseline"), False),
        (Limit("within_pct", 20, "baseline"), Limit("within_pct", 10, "baseline"), True),
        (Limit("within_pct", 10, "baseline", "above"), Limit("within_pct", 10, "baseline"), True),
        (Limit("within_pct", 10, "baseline"), Limit("within_pct", 10, "vendor"), None),
        (Limit("within_pct", 10, "baseline"), Limit("within_abs", 10, "baseline"), None),
        (Limit("within_abs", 1, "nominal"), Limit("<=", 5), None),
        (Limit("matches", "a"), Limit("matches", "a"), False),
        (Limit("matches", "a"), Limit("matches", "b"), None),
        (Limit(any=(Limit("<", 1), Limit(">", 9))), Limit("<", 1), True),
        (Limit(all=(Limit(">", 1), Limit("<", 5))), Limit("between", (1, 5)), False),
        (Limit(all=(Limit(">", 5), Limit("<=", 5))), Limit("one_of", (0,)), False),  # accepts nothing at all
        (Limit(any=(Limit("between", (0, 10)), Limit("between", (2, 3)))), Limit("<=", 5), True),
        (Limit(any=(Limit("<", 5), Limit(">=", 5))), Limit("present"), False),
        (Limit("<", 9), Limit(any=(Limit("<", 5), Limit(">=", 5))), False),
        (Limit(any=(Limit("<", 5), Limit("within_abs", 1, "nominal"))), Limit("<", 5), None),
    ],
)
def test_it_knows_which_of_two_limits_is_looser(a, b, expected):
    assert looser_than(a, b) is expected


@UNHURRIED
@given(numeric, numeric, numbers)
def test_it_finds_nothing_that_a_tighter_limit_accepts_and_the_other_refuses(a, b, value):
    references = {"nominal": Known(5.0, 1.0), "baseline": Known(8.0, 1.0), "vendor": Known(3.0, 1.0)}
    if looser_than(a, b) is False and check_limit(a, value, references.get).state == "pass":
        assert check_limit(b, value, references.get).state == "pass"


@UNHURRIED
@given(limits)
def test_it_never_finds_a_limit_looser_than_itself(limit):
    assert looser_than(limit, limit) is False


@UNHURRIED
@given(limits, limits, limits)
def test_it_orders_limits_without_a_circle(a, b, c):
    if looser_than(a, b) is False and looser_than(b, c) is False:
        assert looser_than(a, c) is not True


@UNHURRIED
@given(limits, limits)
def test_it_calls_a_limit_with_one_more_condition_no_looser(a, b):
    assert looser_than(Limit(all=(a, b)), a) is not True
    assert looser_than(a, Limit(any=(a, b))) is not True


def test_it_refuses_a_hospital_rule_that_loosens_the_city():
    city = standard(criterion(Limit(">=", 512), id="city.matrix"), level="city", id="city-1")
    hospital = standard(criterion(Limit(">=", 256), id="own.matrix"), level="hospital", id="own-1")
    (error,) = loosenings(hospital, [city], "own-1.toml")
    assert error.reason.text("en") == (
        "own-1.toml:own.matrix:limit: looser than city.matrix of the higher standard city-1"
    )
    stricter = standard(criterion(Limit(">=", 1024)), level="hospital")
    assert loosenings(stricter, [city], "own-1.toml") == []


def test_it_lets_nobody_loosen_by_a_line_that_only_asks_for_a_look():
    hint = standard(criterion(Limit(">=", 512), grade="C"), level="city", id="city-1")
    hospital = standard(criterion(Limit(">=", 256)), level="hospital", id="own-1")
    assert loosenings(hospital, [hint], "own-1.toml") == []


@pytest.mark.parametrize(
    "change",
    [
        {"level": "national"},
        {"level": "product"},
    ],
)
def test_it_leaves_standards_alone_that_are_not_below_the_other(change):
    city = standard(criterion(Limit(">=", 512)), level="city")
    assert loosenings(standard(criterion(Limit(">=", 256)), **change), [city], "x.toml") == []


@pytest.mark.parametrize(
    ("mine", "theirs", "meets"),
    [
        ({"modality": ("CT",)}, {"modality": ("CT", "MR")}, True),
        ({"modality": ("CT",)}, {"modality": ("MR",)}, False),
        ({"modality": ("CT",)}, {}, True),
        ({"test": ("status",)}, {"test": ("acceptance",)}, False),
        ({"test": ("status",)}, {}, False),
        ({"slice_thickness": (0.0, 1.0)}, {"slice_thickness": (1.0, 2.0)}, True),
        ({"slice_thickness": (0.0, 0.9)}, {"slice_thickness": (1.0, 2.0)}, False),
    ],
)
def test_it_compares_only_criteria_that_may_meet(mine, theirs, meets):
    lower = standard(criterion(Limit("<=", 9), applies=mine), level="hospital")
    higher = standard(criterion(Limit("<=", 5), applies=theirs), level="national")
    assert bool(loosenings(lower, [higher], "x.toml")) is meets


def test_it_fails_when_any_standard_fails_and_shows_the_conflict():
    national = standard(criterion(Limit("<=", 5)), level="national", id="nation-1")
    city = standard(criterion(Limit("<=", 9)), level="city", id="city-1")
    found = {QUANTITY: measured(7.0)}
    judged = [(s, judge_all(s, found, SERIES)) for s in (city, national)]
    for ordered in (judged, judged[::-1]):
        result = effective(ordered)
        assert result.outcome is Outcome.FAIL
        assert [v.standard for v in result.deciding] == ["nation-1"]
        (conflict,) = result.conflicts
        assert (conflict.higher.standard, conflict.lower.standard, conflict.looser) == ("nation-1", "city-1", True)


def test_it_shows_a_looser_limit_even_when_both_pass():
    national = standard(criterion(Limit("<=", 5)), level="national")
    city = standard(criterion(Limit("<=", 9)), level="city")
    found = {QUANTITY: measured(4.0)}
    result = effective([(s, judge_all(s, found, SERIES)) for s in (national, city)])
    assert (result.outcome, [c.looser for c in result.conflicts]) == (Outcome.PASS, [True])


def test_it_sees_no_conflict_where_the_lower_standard_only_tightens():
    national = standard(criterion(Limit("<=", 9)), level="national", id="nation-1")
    city = standard(criterion(Limit("<=", 5)), level="city", id="city-1")
    found = {QUANTITY: measured(4.0)}
    result = effective([(s, judge_all(s, found, SERIES)) for s in (national, city)])
    assert (result.outcome, result.conflicts) == (Outcome.PASS, ())
    assert effective([]).outcome is Outcome.NOT_ASSESSABLE


def test_it_counts_validity_in_whole_days_and_an_unknown_start_as_begun():
    edition = standard(valid_from=dt.date(2019, 7, 1), valid_to=dt.date(2021, 4, 30))
    assert not in_force(edition, dt.date(2019, 6, 30))
    assert in_force(edition, dt.date(2019, 7, 1))
    assert in_force(edition, dt.date(2021, 4, 30))
    assert not in_force(edition, dt.date(2021, 5, 1))
    assert in_force(standard(), dt.date(1999, 1, 1))


@UNHURRIED
@given(st.sampled_from(["international", "national", "province", "city", "hospital"]), limits, limits)
def test_it_never_refuses_within_one_level(level, a, b):
    first, second = standard(criterion(a), level=level), standard(criterion(b), level=level)
    assert loosenings(first, [second], "x.toml") == []
