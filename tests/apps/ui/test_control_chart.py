"""Places of the control chart: every value inside, in order, and told in words too."""

import datetime as dt
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.ui.rendering import html_of

from yingheng.common.ui.control_chart import (
    BOTTOM,
    HEIGHT,
    TOP,
    ChartEvent,
    ChartForecast,
    ChartLimit,
    ChartPoint,
    ControlChart,
    Stretch,
)

DAY = dt.date(2026, 3, 1)
numbers = st.floats(-1e6, 1e6, allow_nan=False)


def chart(values, **more):
    return ControlChart(
        [ChartPoint(DAY + dt.timedelta(days=i), v, str(i)) for i, v in enumerate(values)], "噪声", **more
    )


@given(st.lists(numbers, min_size=1, max_size=60))
def test_every_value_lies_inside_and_in_order(values):
    shown = chart(values)
    places = [dot.x for dot in shown.dots]
    assert places == sorted(places)
    assert all(TOP - 0.01 <= dot.y <= HEIGHT - BOTTOM + 0.01 for dot in shown.dots)
    assert len(shown.y_ticks) >= 1
    assert all(TOP - 0.01 <= tick.at <= HEIGHT - BOTTOM + 0.01 for tick in shown.y_ticks)


@given(st.lists(numbers, min_size=2, max_size=30, unique=True))
def test_larger_values_lie_higher(values):
    dots = sorted(chart(values).dots, key=lambda dot: dot.point.value)
    assert [dot.y for dot in dots] == sorted((dot.y for dot in dots), reverse=True)


def test_a_wild_value_is_drawn_at_the_rim_and_leaves_the_band_readable():
    shown = chart([10.0] * 9 + [1e6], stretches=(Stretch(0, 9, 10.0, 9.0, 11.0),))
    assert [dot.rim for dot in shown.dots] == [False] * 9 + [True]
    band = shown.bands[0]
    assert band.height > 20
    assert band.top < band.middle < band.bottom


def test_the_average_is_broken_where_there_is_none():
    shown = chart([1.0] * 7, averages=[None, 1.0, 1.0, None, 1.0, 1.0, 1.0])
    assert [line.count(",") for line in shown.lines] == [2, 3]


def test_changes_stand_between_the_points_they_part():
    shown = chart([1.0, 2.0, 3.0], events=(ChartEvent(1, "a"), ChartEvent(3, "b")))
    xs = [dot.x for dot in shown.dots]
    (one, first, _), (two, last, _) = shown.marks
    assert (one, two) == (1, 2)
    assert xs[0] < first < xs[1]
    assert last > xs[2]


def test_changes_between_the_same_points_stand_side_by_side_in_order():
    shown = chart([1.0, 2.0], events=(ChartEvent(2, "a"), ChartEvent(2, "b")))
    (_, first, a), (_, second, b) = shown.marks
    assert (a.label, b.label) == ("a", "b")
    assert first < second


@pytest.mark.parametrize(("values", "ticks"), [([0.0, 1.0], "0.5"), ([10.0, 12.0], "10.5"), ([0.0, 5000.0], "2000")])
def test_ticks_are_round(values, ticks):
    assert ticks in [tick.text for tick in chart(values).y_ticks]


def test_it_is_drawn_with_a_link_for_each_exam_and_said_in_words():
    points = [ChartPoint(DAY, 1.0, "a", "/exams/1/"), ChartPoint(DAY, 9.0, "b", "/exams/2/", beyond=True)]
    page = html_of(ControlChart(points, "噪声", "mm"))
    assert re.findall(r'href="(/exams/\d/)"', page) == ["/exams/1/", "/exams/2/"]
    assert page.count('class="exam-dot beyond"') == 1
    assert "aria-label" in page
    assert "style=" not in page


def test_nothing_is_drawn_of_nothing():
    assert "<svg" not in html_of(ControlChart([], "噪声"))


def test_limits_have_letters_and_one_far_away_is_named_but_not_drawn():
    limits = (ChartLimit(4.0, "upper"), ChartLimit(-4.0, "lower", used=False), ChartLimit(900.0, "far"))
    shown = chart([1.0, 2.0, 3.0], limits=limits)
    assert [(m.letter, m.limit.label, m.shown) for m in shown.limit_marks] == [
        ("A", "far", False),
        ("B", "upper", True),
        ("C", "lower", True),
    ]
    page = html_of(shown)
    assert page.count('<g class="limit') == 2
    assert page.count('<g class="limit used"') == 1
    assert "far (" in page


def test_letters_of_limits_close_together_stand_side_by_side():
    shown = chart([0.0, 100.0], limits=(ChartLimit(50.0, "a"), ChartLimit(50.5, "b"), ChartLimit(90.0, "c")))
    first, second, third = shown.limit_marks
    assert first.limit.label == "c"
    assert third.x < second.x == first.x


@given(st.floats(0.5, 300), st.floats(0, 1), st.one_of(st.none(), st.floats(1, 20)))
def test_a_forecast_leads_from_the_last_value_to_the_limit_within_the_chart(days, early, late):
    latest = None if late is None else days * late
    found = ChartForecast(6.0, 0.1, days, days * early, latest, "soon")
    shown = chart([1.0, 2.0, 3.0, 4.0], forecast=found)
    start, end = ([float(n) for n in pair.split(",")] for pair in shown.ahead_line.split())
    assert start[0] == pytest.approx(shown.dots[-1].x, abs=0.01)
    assert start[0] < end[0] <= shown.right
    assert end[1] == pytest.approx(shown.y(6.0), abs=0.01)
    left, right, y = shown.ahead_span
    assert start[0] - 0.01 <= left <= end[0] + 0.01 <= right + 0.02 <= shown.right + 0.03
    assert y == shown.y(6.0)


def test_judged_values_and_broken_rules_are_marked_and_explained():
    points = [
        ChartPoint(DAY, 1.0, "a", outcome="PASS"),
        ChartPoint(DAY, 9.0, "b", outcome="FAIL", rules=("1_3s: far",)),
        ChartPoint(DAY, 5.0, "c", outcome="NEEDS_HUMAN"),
    ]
    page = html_of(ControlChart(points, "噪声", noun="一次检测"))
    assert page.count('class="exam-dot failed"') == 1
    assert page.count('class="exam-dot asked"') == 1
    assert page.count('class="rule-ring"') == 1
    assert "b: 9 · 1_3s: far" in page
    assert all(key in page for key in ("failed-key", "asked-key", "rule-key", "一次检测"))


def test_a_band_without_width_does_not_hide_the_values():
    shown = chart([1.0, 2.0, 9.0], stretches=(Stretch(0, 2, 1.5, 1.5, 1.5),))
    assert not any(dot.rim for dot in shown.dots)


def named(shown):
    return [(mark.text, mark.row) for mark in shown.event_marks]


def test_changes_carry_the_name_of_their_kind_where_there_is_room():
    apart = (
        ChartEvent(4, "2026-01-05 维修 · 换电缆", "维修"),
        ChartEvent(9, "x", "球管更换"),
        ChartEvent(10, "y", "移机"),
    )
    shown = chart([1.0] * 12, events=apart)
    assert named(shown) == [("1 维修", 0), ("2 球管更换", 0), ("3 移机", 0)]
    page = html_of(shown)
    assert ">1 维修</text>" in page
    assert "<title>2026-01-05 维修 · 换电缆</title>" in page


def test_names_that_would_cover_others_stand_higher_or_not_at_all():
    beside = chart([1.0] * 40, events=tuple(ChartEvent(20, str(n), "软件变更") for n in range(4)))
    texts = named(beside)
    assert ("1 软件变更", 1) in texts
    assert [text for text, _row in texts[1:3]] == ["2", "3"]
    for row in (0, 1):
        spans = sorted(mark.span for mark in beside.event_marks if mark.row == row)
        assert all(a[1] <= b[0] + 4 for a, b in itertools.pairwise(spans))


def test_a_name_stays_inside_of_the_picture():
    shown = chart([1.0] * 100, events=(ChartEvent(100, "x", "moved to another place"),))
    assert named(shown) == [("1", 0)]
