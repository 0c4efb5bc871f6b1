"""Answers: what was typed is kept, what is doubtful is refused, limits and weights say what they say."""

import math
from contextlib import suppress

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.sheets.making import BASIS, GOOD, SCORE, TEXT, spec

from yingheng.sheets.answers import plain_number, read, shown_keys, typed_of
from yingheng.sheets.judging import judge_sheet
from yingheng.sheets.recording import record_of


def test_it_keeps_what_was_typed_as_it_came():
    posted = QueryDict("temperature=warm&humidity=50&humidity=&humidity=54&humidity=&lamp=na&lamp.reason=x&other=1")
    typed = typed_of(posted, spec())
    assert typed == {"temperature": "warm", "humidity": ["50", "", "54"], "lamp": "na", "lamp.reason": "x"}


def test_it_reads_good_answers():
    found = read(spec(), GOOD)
    assert (found.answers, found.errors) == (
        {"temperature": 21.5, "humidity": [50.0, 54.0], "lamp": "yes", "use": "yes"},
        {},
    )


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": "215"}, "temperature"),
        ({"temperature": "21.55"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"temperature": ""}, "temperature"),
        ({"humidity": ["50"]}, "humidity"),
        ({"humidity": ["50", "", "54"]}, "humidity"),
        ({"humidity": ["1", "2", "3", "4", "5"]}, "humidity"),
        ({"lamp": "na"}, "lamp"),
        ({"lamp": "no", "since": "2026-11-22"}, "lamp"),
        ({"lamp": "perhaps"}, "lamp"),
        ({"lamp": "no", "lamp.reason": "out"}, "since"),
        ({"lamp": "no", "lamp.reason": "out", "since": "yesterday"}, "since"),
        ({"use": "maybe"}, "use"),
    ],
)
def test_it_refuses_what_is_missing_or_cannot_be(changes, item):
    assert set(read(spec(), GOOD | changes).errors) == {item}


def test_an_item_that_is_not_asked_is_left_out():
    typed = GOOD | {"since": "2026-11-22"}
    assert "since" not in shown_keys(spec(), typed)
    assert "since" not in read(spec(), typed).answers
    assert "since" in read(spec(), typed | {"lamp": "no", "lamp.reason": "x"}).answers


@pytest.mark.parametrize(("typed", "value"), [("２１．５", 21.5), ("21。5", 21.5), ("−3", -3), (" 7 ", 7), (".5", 0.5)])
def test_it_reads_the_numbers_of_a_chinese_keyboard(typed, value):
    assert plain_number(typed) == value


@given(st.text(max_size=30))
def test_no_text_becomes_a_number_that_is_none(text):
    with suppress(ValueError):  # refused, which is right too
        assert math.isfinite(plain_number(text))


def test_limits_judge_values_and_means():
    judged = judge_sheet(spec(), {"temperature": 30.0, "humidity": [50.0, 54.0]}, BASIS)
    outcomes = {v.quantity: v.outcome.value for v in judged.verdicts}
    assert outcomes == {"room.temperature": "FAIL", "room.humidity": "PASS"}
    assert next(v for v in judged.verdicts if v.quantity == "room.humidity").value == 52
    assert judged.outcome == "FAIL"


def test_what_is_not_entered_is_never_a_pass():
    judged = judge_sheet(spec(), {}, BASIS)
    assert {v.outcome.value for v in judged.verdicts} == {"NOT_ASSESSABLE"}
    assert all(v.limit for v in judged.verdicts)


def test_a_formula_is_done_or_says_why_not():
    made = spec(TEXT.replace("[[group.item]]", 'reading = "ct.ctdi"\n\n[[group.item]]', 1))
    assert judge_sheet(made, {}, BASIS).measurements == ()
    partly = {"centre": [3.0, 3.0], "phantom": "head"}
    assert (judge_sheet(made, partly, BASIS).measurements, judge_sheet(made, partly, BASIS).refused) == ((), {})
    whole = partly | {"edge": [3.0, 3.0, 3.0, 3.0], "collimation": 10.0}
    found = {m.quantity: m.value for m in judge_sheet(made, whole, BASIS).measurements}
    assert found["ct.phantom.ctdi.head"] == pytest.approx(3.0)  # 3 mGy cm over 1 cm
    refused = judge_sheet(made, whole | {"collimation": 1e9}, BASIS).refused
    assert refused["ct.ctdi"].code == "reading_implausible"


def test_weights_and_faults_make_the_score():
    made = spec(SCORE)
    assert judge_sheet(made, read(made, {"contrast": "20"}, whole=False).answers, BASIS).score is None
    typed = {"position.faults": ["cut"], "contrast": "10"}
    score = judge_sheet(made, read(made, typed).answers, BASIS).score
    assert (score.points, score.grade) == (62.5, "b")
    full = judge_sheet(made, read(made, {"position": "seen", "contrast": "20"}).answers, BASIS).score
    assert (full.points, full.grade) == (100.0, "a")
    veto = judge_sheet(made, read(made, {"position.faults": ["wrong"], "contrast": "20"}).answers, BASIS).score
    assert (veto.grade, veto.vetoed) == ("waste", ("position.wrong",))
    assert set(read(made, {"contrast": "21"}).errors) == {"position", "contrast"}


def test_the_record_reads_without_the_template():
    found = read(spec(), GOOD)
    groups = record_of(spec(), found.answers, GOOD)
    assert [g["title"]["zh"] for g in groups] == ["环境", "状态"]
    rows = {i["key"]: i["value"] for g in groups for i in g["items"]}
    assert rows["lamp"] == {"zh": "是", "en": "yes"}
    assert rows["use"]["zh"] == "可用"
    assert rows["note"] is None
    assert "since" not in rows
