"""Scores of exercises: worked by hand, then what must hold for any answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.exercise import Place, Said, f1, is_hit, score_answer, summary

GRADES = ("a", "b", "c", "waste")
CODES = st.frozensets(st.sampled_from("ABCDEF"))
ANSWERS = st.builds(Said, st.sampled_from(["", *GRADES]), CODES, st.booleans())
AGREED = st.builds(Said, st.sampled_from(GRADES), CODES, st.booleans())


def said(grade, defects="", *, veto=False, places=()):
    return Said(grade, frozenset(defects), veto, tuple(places))


@pytest.mark.parametrize(
    ("answer", "agreed", "points"),
    [
        (said("a"), said("a"), 100),
        (said("b"), said("a"), 100 * (25 + 30) / 80),  # one step off: half of the 50, no defect to name
        (said("c"), said("a"), 100 * 30 / 80),
        (said(""), said("a"), 0),  # no answer
        (said("b", "AB"), said("b", "AC"), 100 * (50 + 15) / 80),  # F1 = 2·1 / (2 + 2)
        (said("b", ""), said("b", "A"), 100 * 50 / 80),
        (said("waste", "A", veto=True), said("waste", "A", veto=True), 100),
        (said("waste", "A"), said("waste", "A", veto=True), 100 * 80 / 90),
        (said("a", veto=True), said("a"), 100 * 80 / 90),
    ],
)
def test_it_gives_the_points_that_the_rules_say(answer, agreed, points):
    assert score_answer(answer, agreed, GRADES).points == pytest.approx(points)


def test_it_counts_places_only_where_they_are_asked_for_and_agreed():
    box = Place(0, 3, (10, 10, 30, 40))
    agreed, inside = said("b", "A", places=[box]), said("b", "A", places=[Place(0, 3, (20, 20, 20, 20))])
    beside = said("b", "A", places=[Place(0, 3, (80, 80, 80, 80))])
    assert score_answer(inside, agreed, GRADES, diagonal=200, with_places=True).points == 100
    assert score_answer(beside, agreed, GRADES, diagonal=200, with_places=True).points == pytest.approx(100 * 80 / 90)
    assert score_answer(beside, agreed, GRADES, diagonal=200).points == 100
    assert "place" not in score_answer(inside, said("b", "A"), GRADES, diagonal=200, with_places=True).parts


@pytest.mark.parametrize(
    ("mark", "hit"),
    [
        ((20, 20, 20, 20), True),
        ((38, 20, 38, 20), True),  # 8 pixels beside, 5 % of 200 are 10
        ((41, 20, 41, 20), False),
        ((0, 0, 40, 50), True),  # a larger box around it: its middle counts
        ((37, 47, 37, 47), True),  # off the corner by 9.9
        ((38, 48, 38, 48), False),  # by 11.3
    ],
)
def test_it_takes_a_mark_in_or_near_the_box(mark, hit):
    assert is_hit(Place(0, 0, mark), Place(0, 0, (30, 40, 10, 10)), 200) is hit
    assert not is_hit(Place(0, 1, mark), Place(0, 0, (30, 40, 10, 10)), 200)


def test_it_refuses_without_an_agreed_grade():
    for grade in ("", "x"):
        with pytest.raises(AnalysisError) as refused:
            score_answer(said("a"), said(grade), GRADES)
        assert refused.value.reason.code == "exercise_no_reference"
    with pytest.raises(AnalysisError):
        summary([], GRADES)


def test_it_sums_up_what_somebody_gets_wrong():
    pairs = [
        (said("a"), said("a")),
        (said("b", "A"), said("c", "AB")),
        (said("", "C"), said("waste", "B", veto=True)),
    ]
    found = summary([(one, agreed, score_answer(one, agreed, GRADES)) for one, agreed in pairs], GRADES)
    assert found.confusion == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert (found.n, found.ungraded) == (3, 1)
    assert found.missed == {"A": (0, 1), "B": (2, 2)}
    assert found.added == {"C": 1}
    assert found.score == pytest.approx((100 + 100 * (25 + 30 * 2 / 3) / 80 + 0) / 3)


@given(ANSWERS, AGREED)
def test_it_stays_between_none_and_all_and_rewards_the_agreed_answer(answer, agreed):
    scored = score_answer(answer, agreed, GRADES)
    assert 0 <= scored.points <= 100
    assert score_answer(agreed, agreed, GRADES).points == pytest.approx(100)
    assert set(scored.missed) == agreed.defects - answer.defects


@given(CODES, CODES)
def test_it_gives_the_same_f1_either_way(first, second):
    assert f1(first, second) == f1(second, first)
    assert (f1(first, second) == 1) == (first == second)
