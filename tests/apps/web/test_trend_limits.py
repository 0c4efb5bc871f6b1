"""What a limit allows as a range, which of several a course meets first, and how an end is said."""

import math

import pytest
from django.utils import translation

from imagingqc.criteria.model import Outcome
from yingheng.web.trend_limits import Asked, end_text, limit_lines, range_of, tightest, to_meet

INF = math.inf


@pytest.mark.parametrize(
    ("limit", "reference", "allowed"),
    [
        ({"op": "abs<=", "value": 6}, None, (-6.0, 6.0)),
        ({"op": ">=", "value": 75}, None, (75, INF)),
        ({"op": "within_abs", "value": 4, "of": "baseline"}, 1.5, (-2.5, 5.5)),
        ({"op": "within_pct", "value": 10, "of": "baseline", "direction": "above"}, 50.0, (-INF, 55.0)),
        ({"op": "within_abs", "value": 4, "of": "baseline"}, None, None),
        ({"all": [{"op": ">=", "value": 1}, {"op": "<=", "value": 5}, {"op": "<", "value": 4}]}, None, (1, 4)),
        ({"any": [{"op": "within_abs", "value": 1}, {"op": "within_pct", "value": 50}]}, 10.0, (5.0, 15.0)),
        ({"any": [{"op": "<=", "value": 1}, {"op": ">=", "value": 2}]}, None, None),
        ({"any": [{"op": "<=", "value": 1}, {"op": "present"}]}, None, None),
        ({"op": "one_of", "value": ["a"]}, None, None),
        (None, None, None),
    ],
)
def test_a_limit_is_a_range(limit, reference, allowed):
    assert range_of(limit, reference) == allowed


def asked(low, high, occasion="status", *, used=True, clause="6"):
    verdict = {
        "standard": "ws-519-2019", "criterion": "c", "clause": clause, "outcome": Outcome.PASS.value,
        "unit": "[hnsf'U]", "confidence": "secondary", "limit": {"op": "between", "value": [low, high]},
    }  # fmt: skip
    return Asked(verdict, (low, high), occasion, used)


def test_of_several_limits_the_tightest_are_met_first():
    outer, inner = asked(-6.0, 6.0), asked(-INF, 4.0)
    assert tightest([outer, inner]) == {-6.0: outer, 4.0: inner}
    assert tightest([asked(-INF, INF)]) == {}


def test_a_course_without_limits_of_its_own_heads_for_those_of_a_status_test():
    status, acceptance = asked(-6.0, 6.0, used=False), asked(-4.0, 4.0, "acceptance", used=False)
    assert set(to_meet([status, acceptance])) == {-6.0, 6.0}
    assert set(to_meet([status, acceptance, asked(-5.0, 5.0, "constancy")])) == {-5.0, 5.0}


def test_limits_of_one_value_share_a_line_that_names_both_sources():
    lines = limit_lines([asked(-6.0, 6.0, clause="A"), asked(-INF, 6.0, clause="B", used=False)], "mm")
    assert sorted(line.value for line in lines) == [-6.0, 6.0]
    top = next(line for line in lines if line.value == 6.0)
    assert "WS 519-2019 A" in top.label
    assert "WS 519-2019 B" in top.label
    assert top.used


@pytest.mark.parametrize(
    ("value", "allowed", "said"),
    [(6.0, (-6.0, 6.0), "+6 mm"), (-6.0, (-6.0, 6.0), "-6 mm"), (5.5, (1.0, 5.5), "上限 5.5 mm"),
     (75.0, (75.0, INF), "下限 75 mm")],
)  # fmt: skip
def test_an_end_is_said_with_its_sign_about_zero(value, allowed, said):
    with translation.override("zh-hans"):
        assert end_text(value, allowed, "mm") == said
