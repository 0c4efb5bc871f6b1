"""What must hold for every limit, value and order."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from tests.core.criteria.builders import QUANTITY, SERIES, UNHURRIED, criterion, measured, standard

from imagingqc.criteria.judge import judge
from imagingqc.criteria.model import Confidence, Context, Known, Limit, Outcome
from imagingqc.criteria.precedence import looser_than

REFERENCES = {(QUANTITY, "nominal"): Known(5.0), (QUANTITY, "baseline"): Known(8.0, 1.0)}

# A coarse grid, so that limits and values often meet exactly.
numbers = st.integers(-20, 20).map(lambda n: n / 2)
sizes = st.integers(0, 40).map(lambda n: n / 2)


def relative(op):
    return st.builds(
        Limit,
        st.just(op),
        sizes,
        st.sampled_from(["nominal", "baseline", "vendor"]),
        st.sampled_from(["both", "above", "below"]),
    )


numeric = st.one_of(
    st.builds(Limit, st.sampled_from(["<", "<=", ">", ">="]), numbers),
    st.builds(lambda a, b: Limit("between", (min(a, b), max(a, b))), numbers, numbers),
    st.builds(Limit, st.just("abs<="), sizes),
    st.builds(lambda v: Limit("one_of", tuple(v)), st.lists(numbers, min_size=1, max_size=3)),
    relative("within_abs"),
    relative("within_pct"),
)
others = st.sampled_from([Limit("present"), Limit("matches", "a.*"), Limit("one_of", ("a", "b"))])
limits = st.recursive(
    numeric | others,
    lambda parts: st.lists(parts, min_size=2, max_size=3).flatmap(
        lambda p: st.sampled_from([Limit(any=tuple(p)), Limit(all=tuple(p))])
    ),
    max_leaves=5,
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.text(max_size=2), max_size=3).map(tuple),
    st.lists(st.floats(), max_size=3).map(tuple),
)


def outcome(limit, found, **changes):
    c = criterion(limit, **changes)
    return judge(standard(c), c, {QUANTITY: found}, SERIES, REFERENCES).outcome


def has_no_number(value):
    parts = value if isinstance(value, tuple) else (value,)
    return any(isinstance(p, float) and not math.isfinite(p) for p in parts)


@UNHURRIED
@given(limits, values, st.sampled_from(["A", "B", "C"]), st.sampled_from(list(Confidence)))
def test_it_always_answers_and_never_passes_what_has_no_value(limit, value, grade, confidence):
    found = outcome(limit, measured(value), grade=grade, confidence=confidence)
    assert found in Outcome
    if value is None or has_no_number(value):
        assert found is not Outcome.PASS


@UNHURRIED
@given(limits, values, st.sampled_from([Confidence.EXPERT, Confidence.UNCONFIRMED]))
def test_it_never_fails_by_a_limit_that_nobody_confirmed(limit, value, confidence):
    assert outcome(limit, measured(value), confidence=confidence) is not Outcome.FAIL


@UNHURRIED
@given(limits, values)
def test_it_never_fails_a_grade_that_only_queues(limit, value):
    assert outcome(limit, measured(value), grade="C") is not Outcome.FAIL


@UNHURRIED
@given(limits, st.lists(values, min_size=1, max_size=4), st.randoms())
def test_it_does_not_depend_on_the_order_of_measurements(limit, several, random):
    found = [measured(v, sources=(str(n),)) for n, v in enumerate(several)]
    shuffled = random.sample(found, len(found))
    c = criterion(limit)
    first = judge(standard(c), c, {QUANTITY: found}, SERIES, REFERENCES)
    second = judge(standard(c), c, {QUANTITY: shuffled}, SERIES, REFERENCES)
    assert repr(first) == repr(second)


@UNHURRIED
@given(limits, st.lists(values, min_size=1, max_size=4))
def test_it_is_never_better_than_one_of_the_measurements(limit, several):
    worst_first = [Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE, Outcome.PASS]
    single = [outcome(limit, measured(v)) for v in several]
    assert outcome(limit, [measured(v) for v in several]) is min(single, key=worst_first.index)


@UNHURRIED
@given(limits, limits, numbers)
def test_it_never_turns_a_fail_into_a_pass_by_tightening(tight, loose, value):
    if looser_than(tight, loose) is False and outcome(loose, measured(value)) is Outcome.FAIL:
        assert outcome(tight, measured(value)) is not Outcome.PASS


@UNHURRIED
@given(numeric, numbers)
def test_it_gives_all_and_any_of_one_limit_the_same_answer(limit, value):
    alone = outcome(limit, measured(value))
    assert outcome(Limit(any=(limit, limit)), measured(value)) is alone
    assert outcome(Limit(all=(limit, limit)), measured(value)) is alone


@UNHURRIED
@given(limits, values)
def test_it_says_nothing_of_absence_while_images_still_arrive(limit, value):
    c = criterion(limit, absence=True)
    context = Context("series", {"modality": "CT"}, complete=False)
    verdict = judge(standard(c), c, {QUANTITY: measured(value)}, context, REFERENCES)
    assert (verdict.outcome, verdict.reason.code) == (Outcome.NOT_ASSESSABLE, "still_receiving")
