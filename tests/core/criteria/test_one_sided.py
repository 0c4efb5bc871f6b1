import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.criteria.limits import check_limit
from imagingqc.criteria.model import Known, Limit
from imagingqc.criteria.one_sided import breaks_when_equal, excess, is_one_sided, moved, rounded_between
from imagingqc.errors import AnalysisError

KNOWN = Known(10.0, 2.0, 40, 1)
OPS = ["<", "<=", ">", ">=", "abs<="]
RELATIVE = ["within_pct", "within_abs", "within_mad"]
NUMBER = st.integers(-400, 400).map(lambda n: n / 4)


def limits():
    plain = st.builds(Limit, op=st.sampled_from(OPS), value=NUMBER)
    related = st.builds(
        Limit,
        op=st.sampled_from(RELATIVE),
        value=NUMBER.map(abs),
        of=st.just("baseline"),
        direction=st.sampled_from(["both", "above", "below"]),
    )
    return plain | related


@given(limits(), NUMBER)
def test_its_sign_is_the_verdict(limit, value):
    state = check_limit(limit, value, lambda _of: KNOWN).state
    found = excess(limit, value, KNOWN)
    assert found is not None
    if found == 0:
        assert state == ("breach" if breaks_when_equal(limit) else "pass")
    else:
        assert (found > 0) == (state == "breach")


@given(limits(), NUMBER, NUMBER)
def test_moving_a_limit_moves_the_excess_as_far(limit, value, by):
    looser = moved(limit, by)
    assert looser.op == limit.op
    assert excess(looser, value, KNOWN) == pytest.approx(excess(limit, value, KNOWN) - by, abs=1e-9)


@pytest.mark.parametrize(
    ("limit", "known", "answer"),
    [
        (Limit(op="<=", value=5), None, 2),
        (Limit(op=">=", value=5), None, -2),
        (Limit(op="abs<=", value=5), None, 2),
        (Limit(op="within_mad", value=1, of="baseline", direction="below"), Known(10, 1, 30), 3 / 1.4826 - 1),
    ],
)
def test_it_measures_in_the_unit_of_the_limit(limit, known, answer):
    assert excess(limit, 7, known) == pytest.approx(answer)


def test_it_says_nothing_without_a_number_a_reference_or_one_side():
    assert excess(Limit(op="<=", value=5), "seven") is None
    assert excess(Limit(op="<=", value=5), float("inf")) is None
    assert excess(Limit(op="within_mad", value=1, of="baseline"), 7) is None
    for limit in (Limit(op="between", value=(1, 2)), Limit(op="present"), Limit(op="one_of", value=(1, 2))):
        assert not is_one_sided(limit)
        assert excess(limit, 7) is None
        with pytest.raises(AnalysisError) as refused:
            moved(limit, 1)
        assert refused.value.reason.code == "limit_not_movable"
    assert not is_one_sided(None)
    assert not is_one_sided(Limit(any=(Limit(op="<=", value=5),)))


@given(limits(), NUMBER, st.integers(1, 400).map(lambda n: n / 4))
def test_a_rounded_limit_still_lies_between_the_two_values(limit, low, width):
    best = rounded_between(limit, low, low + width)
    by = best.value - limit.value if limit.op not in {">", ">="} else limit.value - best.value
    if breaks_when_equal(limit):
        assert low < by + 1e-9
        assert by <= low + width + 1e-9
    else:
        assert low <= by + 1e-9
        assert by < low + width + 1e-9


def test_it_keeps_whole_numbers_for_counts():
    assert rounded_between(Limit(op="<=", value=3), -3, -2) == Limit(op="<=", value=0)
    assert rounded_between(Limit(op="<", value=3), 0, 1) == Limit(op="<", value=4)
    assert rounded_between(Limit(op=">=", value=3), -1, 0) == Limit(op=">=", value=4)
