"""What changed between two editions of a sheet."""

from django.utils.translation import override
from tests.apps.sheets.making import SCORE, TEXT, spec

from yingheng.sheets.comparing import differences


def told(before, after):
    with override("en"):
        return [(one.place, one.what, one.before, one.after) for one in differences(spec(before), spec(after))]


def test_nothing_changed_says_nothing():
    assert told(SCORE, SCORE) == []
    assert told(SCORE, SCORE.replace("version = 1", "version = 2")) == []


def test_changed_points_lines_and_grades_are_told():
    changed = SCORE.replace("weight = 20", "weight = 40").replace("points = 20", "points = 30", 1)
    changed = changed.replace("least = 60", "least = 70").replace(
        'subject = "thing"', 'subject = "thing"\nlines = { excellent = 95 }'
    )
    assert told(SCORE, changed) == [
        ("Sheet", "Lines", "", "excellent from 95 points on"),
        ("体位", "Answers", "缺边 −20; 体位错误 veto", "缺边 −30; 体位错误 veto"),
        ("对比", "Points", "20", "40"),
        ("乙", "From points", "60", "70"),
    ]


def test_an_item_that_comes_or_goes_counts_once():
    more = (
        SCORE
        + '\n[[group]]\ntitle = "标识"\n\n[[group.item]]\nkey = "marks"\ntype = "score"\nlabel = "标识"\nweight = 20\n'
    )
    assert told(SCORE, more) == [("标识", "Item", "", "标识")]
    assert told(more, SCORE) == [("标识", "Item", "标识", "")]


def test_other_sheets_are_compared_too():
    assert told(TEXT, TEXT.replace("plausible = [0, 50]", "plausible = [5, 50]")) == [
        ("Temperature", "Plausible", "0～50 °C", "5～50 °C")
    ]
