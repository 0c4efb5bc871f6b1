"""Scores: points, dimensions, grades, vetoes, lines, levels, checks and suggestions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.sheets.making import SCORE, spec

from yingheng.sheets import defects
from yingheng.sheets.answers import read
from yingheng.sheets.applying import best_fit, fit_of
from yingheng.sheets.library import product
from yingheng.sheets.load import load
from yingheng.sheets.pages import score_words
from yingheng.sheets.recording import record_of
from yingheng.sheets.scoring import score_of
from yingheng.sheets.spec import Words
from yingheng.sheets.suggesting import auto_text, suggestions_of

WHOLE = """
key = "whole"
version = 1
kind = "score"
title = "评分"
title_en = "Score"
subject = "thing"
confidence = "expert"
source = "本系统缺省"
zero_best = "b"
lines = { excellent = 95, trace = 80 }
applies = { modality = ["DX", "CR"], view = ["PA"] }

[[dimension]]
key = "coverage"
label = "覆盖"
line = 90

[[dimension]]
key = "contrast"
label = "对比"

[[group]]
title = "一票否决"

[[group.item]]
key = "right"
type = "check"
label = "部位正确"
veto = true
weight = 10
dimension = "coverage"

[[group.item]]
key = "shown"
type = "check"
label = "范围齐全"
weight = 30
dimension = "coverage"

[[group]]
title = "影像"

[[group.item]]
key = "index"
type = "score"
label = "偏差指数"
weight = 10
dimension = "contrast"
auto = { quantity = "dx.deviation_index", magnitude = true, steps = [
  { at_most = 1, points = 10 }, { at_most = 2, points = 6 }, { points = 0 } ] }
levels = [
  { key = "one", label = "≤ 1", points = 10, quick = "1" },
  { key = "two", label = "≤ 2", points = 6, defect = "D-DX-011", quick = "2" },
  { key = "more", label = "> 2", points = 0, defect = "D-DX-011", quick = "3" },
]

[[group.item]]
key = "look"
type = "score"
label = "观感"
weight = 50
dimension = "contrast"
deductions = [
  { key = "noise", label = "噪声", points = 10, defect = "D-DX-045", quick = "n" },
  { key = "none", label = "不能诊断", points = 50, veto = true },
]

[[grade]]
key = "a"
label = "甲"
least = 90

[[grade]]
key = "b"
label = "乙"
least = 75

[[grade]]
key = "waste"
label = "废"
least = 0
"""
GRADED = """
key = "graded"
version = 1
kind = "score"
title = "评级"
subject = "thing"
lines = { trace_grade = "waste", excellent_grade = "a" }

[[group]]
title = "评级"

[[group.item]]
key = "grade"
type = "choice"
label = "等级"
grades = true
choices = [{ key = "a", label = "甲", quick = "a" }, { key = "b", label = "乙" }, { key = "waste", label = "废" }]

[[group.item]]
key = "reasons"
type = "score"
label = "原因"
weight = 0
shown_if = { item = "grade", is = ["b", "waste"] }
deductions = [
  { key = "noise", label = "噪声", points = 0, defect = "D-DX-045" },
  { key = "wrong", label = "差错", points = 0, veto = true },
]

[[grade]]
key = "a"
label = "甲"

[[grade]]
key = "b"
label = "乙"

[[grade]]
key = "waste"
label = "废"
"""
GOOD = {"right": "yes", "shown": "yes", "index": "one", "look": "seen"}


def scored(text, typed):
    made = spec(text)
    found = read(made, typed)
    assert found.errors == {}
    return score_of(made, found.answers)


def test_points_come_by_dimension_and_item():
    score = scored(WHOLE, GOOD | {"index": "two", "look.faults": ["noise"]})
    assert (score.points, score.grade, score.vetoed) == (86.0, "b", ())
    assert {d.key: (d.points, d.line) for d in score.dimensions} == {"coverage": (100, 90), "contrast": (76.67, None)}
    assert {i.key: (i.points, i.most, i.level) for i in score.items} == {
        "right": (10, 10, ""), "shown": (30, 30, ""), "index": (6, 10, "two"), "look": (40, 50, ""),
    }  # fmt: skip
    assert score.defects == ("D-DX-011", "D-DX-045")
    assert (score.excellent, score.trace) == (False, False)
    told = score.as_dict()
    assert told["items"][3]["faults"] == ["noise"]
    assert told["dimensions"][0] == {"key": "coverage", "points": 100.0, "line": 90.0}


@pytest.mark.parametrize(
    ("changes", "points", "grade", "lines"),
    [
        ({}, 100, "a", (True, False)),
        ({"index": "more"}, 90, "b", (False, False)),  # an item without points leaves no 甲
        ({"shown": "no", "shown.reason": "左侧"}, 70, "waste", (False, True)),
        ({"shown": "na"}, 100, "a", (True, False)),
        ({"right": "no", "right.reason": "错"}, 90, "waste", (False, True)),
        ({"look.faults": ["none"]}, 50, "waste", (False, True)),
    ],
)
def test_grades_vetoes_and_lines(changes, points, grade, lines):
    score = scored(WHOLE, GOOD | changes)
    assert (score.points, score.grade, (score.excellent, score.trace)) == (points, grade, lines)
    vetoed = {"right": "right.no", "look.faults": "look.none"}
    assert list(score.vetoed) == [vetoed[key] for key in changes if key in vetoed]


def test_what_fails_is_said_and_what_does_not_apply_is_not_counted():
    made = spec(WHOLE)
    assert set(read(made, GOOD | {"shown": "no"}).errors) == {"shown"}
    assert read(made, GOOD | {"shown": "na"}).errors == {}
    assert [i.key for i in scored(WHOLE, GOOD | {"shown": "na"}).items] == ["right", "index", "look"]


def test_there_is_no_score_before_every_item_has_an_answer():
    made = spec(WHOLE)
    for key in GOOD:
        part = {name: value for name, value in GOOD.items() if name != key}
        assert score_of(made, read(made, part, whole=False).answers) is None
    assert set(read(made, GOOD | {"index": "four"}).errors) == {"index"}


def test_a_person_gives_the_grade_itself():
    score = scored(GRADED, {"grade": "a"})
    assert (score.points, score.grade, score.excellent, score.trace, score.items) == (None, "a", True, False, ())
    made = spec(GRADED)
    assert set(read(made, {"grade": "b"}).errors) == {"reasons"}
    assert set(read(made, {"grade": "b", "reasons": "seen"}).errors) == {"reasons"}  # a list of reasons wants one
    score = scored(GRADED, {"grade": "b", "reasons.faults": ["noise"]})
    assert (score.points, score.grade, score.defects) == (None, "b", ("D-DX-045",))
    score = scored(GRADED, {"grade": "b", "reasons.faults": ["wrong"]})
    assert (score.grade, score.vetoed, score.trace) == ("waste", ("reasons.wrong",), True)
    assert score_of(made, {}) is None


def test_dimensions_may_have_the_weights():
    text = WHOLE.replace('label = "覆盖"', 'label = "覆盖"\nweight = 3').replace(
        'label = "对比"\n', 'label = "对比"\nweight = 1\n', 1
    )
    score = scored(text, GOOD | {"shown": "no", "shown.reason": "x"})
    assert score.points == 43.75  # three quarters of 25 points and a quarter of 100


def test_grades_may_go_by_the_number_of_failed_items():
    text = WHOLE.replace("least = 90", "faults = 0").replace("least = 75", "faults = 1").replace('zero_best = "b"', "")
    assert scored(text, GOOD).grade == "a"
    assert scored(text, GOOD | {"index": "more"}).grade == "b"
    assert scored(text, GOOD | {"index": "two", "look.faults": ["noise"]}).grade == "waste"


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_a_larger_deviation_never_suggests_more(one, other):
    made = spec(WHOLE)
    small, large = sorted((one, other), key=abs)
    points = [suggestions_of(made, {"dx.deviation_index": v})["index"].points for v in (small, large)]
    assert points[0] >= points[1]


@pytest.mark.parametrize(
    ("value", "points", "level"), [(-1, 10, "one"), (1.01, 6, "two"), (2, 6, "two"), (-9, 0, "more")]
)
def test_a_measurement_suggests_points_and_answers_nothing(value, points, level):
    made = spec(WHOLE)
    found = suggestions_of(made, {"dx.deviation_index": value})["index"]
    assert (found.points, found.level, found.value) == (points, level, value)
    assert suggestions_of(made, {"ct.noise.hu": 3.0}) == {}
    assert suggestions_of(made, {}) == {}
    assert "≤ 1 → 10" in auto_text(made.item("index").auto)


def test_the_sheet_that_fits_most_closely_is_chosen():
    narrow, wide = spec(WHOLE), spec(SCORE)
    assert fit_of(narrow, {"modality": "CR", "view": "PA", "body_part": "CHEST"}) == 2
    assert fit_of(narrow, {"modality": "DX"}) is None  # what is not known does not fit
    assert fit_of(wide, {}) == 0
    assert best_fit([wide, narrow], {"modality": "DX", "view": "PA"}) is narrow
    assert best_fit([wide, narrow], {"modality": "CT"}) is wide
    assert best_fit([narrow], {"modality": "CT"}) is None


def test_a_score_is_told_in_words():
    made = spec(WHOLE)
    score = scored(WHOLE, GOOD | {"index": "two"}).as_dict()
    assert score_words(made, score, "zh") == "96 分（满分 100） · 甲 · 覆盖 100 · 对比 93.33"
    graded = scored(GRADED, {"grade": "a"}).as_dict()
    assert score_words(spec(GRADED), graded, "zh") == "甲"
    ten = product("ultrasound-ten").spec  # of more than four dimensions only those that lost points are told
    typed = {i.key: "10" for i in ten.items() if i.weight} | {"planes": "one"}
    assert (
        score_words(ten, score_of(ten, read(ten, typed).answers).as_dict(), "zh") == "98 分（满分 100） · 甲 · 范围 90"
    )


def test_the_record_names_the_level():
    made = spec(WHOLE)
    answers = read(made, GOOD | {"index": "two"}).answers
    rows = {i["key"]: i["value"] for g in record_of(made, answers, GOOD) for i in g["items"]}
    assert rows["index"] == {"points": 6.0, "of": 10.0, "faults": [{"zh": "≤ 2", "en": "≤ 2"}]}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('confidence = "expert"', 'confidence = "sure"', "sheet: confidence"),
        ('zero_best = "b"', 'zero_best = "z"', "grade"),
        ("excellent = 95", "excellent = 70", "lines"),
        ("trace = 80", 'trace_grade = "z"', "grade"),
        ('view = ["PA"]', 'colour = ["red"]', "applies: colour"),
        ('view = ["PA"]', 'view = "PA"', "applies: view"),
        ("line = 90", "line = 190", "sheet, dimension 1: line"),
        ('label = "覆盖"', 'label = "覆盖"\nweight = 1', "dimension"),
        ('label = "对比"\n', 'label = "对比"\n\n[[dimension]]\nkey = "idle"\nlabel = "空"\n', "dimension idle"),
        ('weight = 50\ndimension = "contrast"', 'weight = 50\ndimension = "mood"', "look: dimension"),
        ('"dx.deviation_index"', '"dx.mood"', "group 2, item 1 (index): auto"),
        ("at_most = 2, points = 6", "at_most = 1, points = 6", "group 2, item 1 (index): auto"),
        ("at_most = 2, points = 6", "at_most = 2, points = 7", "group 2, item 1 (index): auto"),
        ("at_most = 2, points = 6", "at_least = 2, points = 6", "group 2, item 1 (index): auto"),
        ('key = "one", label = "≤ 1", points = 10', 'key = "one", label = "≤ 1", points = 9',
         "group 2, item 1 (index): levels"),
        ('quick = "n"', 'quick = "1"', "look: quick"),
        ('quick = "n"', 'quick = "Enter"', "group 2, item 2 (look), deductions 1: quick"),
        ("least = 75", "least = 95", "grade"),
        ("least = 75", "faults = 1", "grade"),
    ],
)  # fmt: skip
def test_it_refuses_a_score_sheet_that_cannot_be(old, new, place):
    assert old in WHOLE
    found = load(WHOLE.replace(old, new, 1))
    assert found.spec is None
    assert place in [problem.place for problem in found.problems]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{ key = "b", label = "乙" }', '{ key = "z", label = "乙" }'),
        ("grades = true", 'grades = "yes"'),
        ('kind = "score"', 'kind = "checklist"'),
        ("points = 0, defect", "points = 5, defect"),
    ],
)
def test_it_refuses_a_grade_that_cannot_be_given(old, new):
    assert old in GRADED
    assert load(GRADED.replace(old, new, 1)).spec is None


def test_codes_of_defects_are_looked_up_where_there_is_a_dictionary(monkeypatch):
    monkeypatch.setattr(defects, "_found", [lambda code: Words("x", "x") if code == "D-DX-045" else None])
    assert [p.place for p in load(WHOLE).problems] == ["index: two", "index: more"]
    assert load(WHOLE, stored=True).spec is not None  # what was accepted once can be read for ever
    monkeypatch.setattr(defects, "_found", [])
    assert load(WHOLE).spec is not None
