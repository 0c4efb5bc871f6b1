"""Every op at the limit, just inside and just outside; combinations; values of the wrong kind."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from imagingqc.criteria.limits import check_limit, finite
from imagingqc.criteria.model import Known, Limit

REFERENCES = {"nominal": 5.0, "baseline": 200.0, "vendor": 0.0}


def look_up(references: dict[str, float]) -> Callable[[str], Known | None]:
    return lambda of: Known(references[of], spread=1.0) if of in references else None


def state(limit: Limit, value: object, references: dict[str, float] | None = None) -> str:
    return check_limit(limit, value, look_up(REFERENCES if references is None else references)).state


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        (Limit("<", 0.45), 0.45 * (1 - 1e-6), "pass"),
        (Limit("<", 0.45), 0.45, "breach"),
        (Limit("<", 0.3), 0.1 + 0.2, "breach"),  # 0.30000000000000004 is 0.3
        (Limit("<", 0.3), 0.29999999999999993, "breach"),  # and so is this
        (Limit("<", 0.45), 0.45 * (1 + 1e-6), "breach"),
        (Limit("<=", 0.3), 0.1 + 0.2, "pass"),
        (Limit("<=", 5.0), 5.0, "pass"),
        (Limit("<=", 5.0), 5.00001, "breach"),
        (Limit(">", 5.0), 5.0, "breach"),
        (Limit(">", 5.0), 5.00001, "pass"),
        (Limit(">", 5.0), 4.99999, "breach"),
        (Limit(">=", 512), 512, "pass"),
        (Limit(">=", 512), 511, "breach"),
        (Limit(">=", 512), 513, "pass"),
        (Limit("between", (18, 24)), 18, "pass"),
        (Limit("between", (18, 24)), 24.0, "pass"),
        (Limit("between", (18, 24)), 17.999, "breach"),
        (Limit("between", (18, 24)), 24.001, "breach"),
        (Limit("abs<=", 6), -6, "pass"),
        (Limit("abs<=", 6), 6.0, "pass"),
        (Limit("abs<=", 6), -6.001, "breach"),
        (Limit("abs<=", 6), 6.001, "breach"),
        (Limit("one_of", (0,)), 0, "pass"),
        (Limit("one_of", (0,)), 1, "breach"),
        (Limit("one_of", (0.5, 1.5)), 1.5, "pass"),
        (Limit("one_of", ("PA", "AP")), "AP", "pass"),
        (Limit("one_of", ("PA", "AP")), "LL", "breach"),
        (Limit("one_of", ("T1", "T2")), ("T2", "T1"), "pass"),
        (Limit("one_of", ("T1", "T2")), ("T2", "DWI"), "breach"),
        (Limit("one_of", ("T1", "T2")), (), "breach"),
        (Limit("matches", "B.*"), (), "breach"),
        (Limit("one_of", (False,)), False, "pass"),
        (Limit("one_of", (False,)), True, "breach"),
        (Limit("present"), "L", "pass"),
        (Limit("present"), "  ", "breach"),
        (Limit("present"), (), "breach"),
        (Limit("present"), 0, "pass"),
        (Limit("present"), False, "pass"),
        (Limit("matches", "[LR]"), "L", "pass"),
        (Limit("matches", "[LR]"), "LR", "breach"),
        (Limit("matches", "B.*"), ("B30f", "B60f"), "pass"),
        (Limit("matches", "B.*"), ("B30f", "H30"), "breach"),
        (Limit("within_abs", 1, "nominal"), 6.0, "pass"),
        (Limit("within_abs", 1, "nominal"), 4.0, "pass"),
        (Limit("within_abs", 1, "nominal"), 6.001, "breach"),
        (Limit("within_abs", 1, "nominal"), 3.999, "breach"),
        (Limit("within_pct", 50, "baseline"), 300.0, "pass"),
        (Limit("within_pct", 50, "baseline"), 100.0, "pass"),
        (Limit("within_pct", 50, "baseline"), 300.1, "breach"),
        (Limit("within_pct", 50, "baseline"), 99.9, "breach"),
        (Limit("within_pct", 5, "nominal"), 5 * 1.05, "pass"),
        (Limit("within_abs", 0, "vendor", "above"), 0.0, "pass"),
        (Limit("within_abs", 0, "vendor", "above"), -40.0, "pass"),
        (Limit("within_abs", 0, "vendor", "above"), 0.1, "breach"),
        (Limit("within_pct", 10, "baseline", "below"), 180.0, "pass"),
        (Limit("within_pct", 10, "baseline", "below"), 900.0, "pass"),
        (Limit("within_pct", 10, "baseline", "below"), 179.9, "breach"),
    ],
)
def test_it_knows_both_sides_of_every_limit(limit, value, expected):
    assert state(limit, value) == expected


def test_it_measures_percent_against_the_size_of_a_negative_reference():
    assert state(Limit("within_pct", 10, "baseline"), -109, {"baseline": -100.0}) == "pass"
    assert state(Limit("within_pct", 10, "baseline"), -111, {"baseline": -100.0}) == "breach"
    assert state(Limit("within_pct", 10, "baseline", "above"), -80, {"baseline": -100.0}) == "breach"
    assert state(Limit("within_pct", 10, "baseline", "below"), -80, {"baseline": -100.0}) == "pass"


def test_it_forgives_the_rounding_of_a_small_difference_of_large_numbers():
    large = {"nominal": 1e9}
    assert 1e9 + 0.1 - 1e9 > 0.1
    assert state(Limit("within_abs", 0.1, "nominal"), 1e9 + 0.1, large) == "pass"
    assert state(Limit("within_abs", 0.1, "nominal"), 1e9 + 0.10001, large) == "breach"


@pytest.mark.parametrize(
    ("limit", "value", "margin"),
    [
        (Limit("<=", 5), 7.0, 2.0),
        (Limit(">=", 5), 2.0, 3.0),
        (Limit("between", (1, 5)), 8.0, 3.0),
        (Limit("one_of", (0, 10)), 4, 4),
        (Limit(any=(Limit("<", 1), Limit("<", 5))), 7.0, 2.0),
        (Limit(all=(Limit("<", 1), Limit("<", 5))), 7.0, 6.0),
        (Limit(any=(Limit("<", 9), Limit("<", 8))), 7.0, -2.0),
        (Limit(all=(Limit("<", 9), Limit("<", 8))), 7.0, -1.0),
    ],
)
def test_it_says_how_far_beyond_the_limit_a_value_is(limit, value, margin):
    assert check_limit(limit, value, look_up(REFERENCES)).margin == margin


@pytest.mark.parametrize(
    ("limit", "references", "code"),
    [
        (Limit("within_abs", 1, "nominal"), {}, "no_nominal"),
        (Limit("within_pct", 1, "baseline"), {"baseline": math.nan}, "no_baseline"),
        (Limit("within_pct", 1, "vendor"), {"nominal": 5.0}, "no_vendor"),
        (Limit("within_pct", 1, "vendor"), {"vendor": 0.0}, "reference_zero"),
    ],
)
def test_it_says_which_reference_is_missing(limit, references, code):
    check = check_limit(limit, 5.0, look_up(references))
    assert check.state == "unknown"
    assert check.reason.code == code


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        (Limit("<=", 5), "5"),
        (Limit("<=", 5), True),
        (Limit("between", (0, 1)), (0.5, 0.6)),
        (Limit("abs<=", 5), "x"),
        (Limit("within_abs", 5, "nominal"), "x"),
        (Limit("within_abs", 5, "nominal"), False),
        (Limit("one_of", ("PA",)), 1),
        (Limit("one_of", (0,)), "0"),
        (Limit("one_of", (0,)), False),
        (Limit("one_of", (False,)), 0),
        (Limit("matches", "5"), 5),
    ],
)
def test_it_finds_a_value_of_another_kind_undecidable(limit, value):
    check = check_limit(limit, value, look_up(REFERENCES))
    assert (check.state, check.reason.code) == ("unknown", "value_wrong_kind")


PASS, BREACH, UNKNOWN = Limit("<=", 9), Limit("<=", 1), Limit("within_abs", 1, "baseline")


@pytest.mark.parametrize(
    ("parts", "any_of", "all_of"),
    [
        ((PASS, PASS), "pass", "pass"),
        ((PASS, BREACH), "pass", "breach"),
        ((BREACH, BREACH), "breach", "breach"),
        ((PASS, UNKNOWN), "pass", "unknown"),
        ((BREACH, UNKNOWN), "unknown", "breach"),
        ((UNKNOWN, UNKNOWN), "unknown", "unknown"),
        ((PASS, BREACH, UNKNOWN), "pass", "breach"),
    ],
)
def test_it_combines_parts_that_are_unknown(parts, any_of, all_of):
    for ordered in (parts, parts[::-1]):
        assert state(Limit(any=ordered), 5.0, {}) == any_of
        assert state(Limit(all=ordered), 5.0, {}) == all_of


def test_it_nests_combinations():
    larger_of_two = Limit(any=(Limit("within_pct", 5, "nominal"), Limit(all=(PASS, Limit(">", 4)))))
    assert state(larger_of_two, 4.5) == "pass"
    assert state(larger_of_two, 3.5) == "breach"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, True), (math.nan, False), (-math.inf, False), (10**400, False), ((1.0, math.nan), False), ("nan", True)],
)
def test_it_knows_which_values_are_finite(value, expected):
    assert finite(value) is expected
