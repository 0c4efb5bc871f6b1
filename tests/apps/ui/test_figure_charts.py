"""Pictures of figures: scales hold what they show, round numbers stand on axes, one value is no course."""

import pytest

from yingheng.common.ui.charts import Point
from yingheng.common.ui.differences import Differences
from yingheng.common.ui.period_chart import Period, PeriodChart
from yingheng.common.ui.tiles import Tile


def chart(*values, **more):
    periods = [Period(f"2026-{n:02d}", value, 40, None) for n, value in enumerate(values, start=1)]
    return PeriodChart("平均分", periods, **{"minimum_n": 30, **more})


def test_the_scale_of_a_chart_holds_points_intervals_and_target():
    one = PeriodChart("平均分", [Period("a", 91.0, 40, (88.2, 93.8)), Period("b", None), Period("c", 95.0, 5, None)],
                      target=92.0, minimum_n=30)  # fmt: skip
    ticks = [float(text) for _at, text in one.y_ticks]
    assert ticks[0] <= 88.2
    assert ticks[-1] >= 95.0
    assert ticks == sorted(set(ticks))
    assert [dot.few for dot in one.dots] == [False, True]
    assert one.dots[0].ends == tuple(sorted(one.dots[0].ends, reverse=True))
    assert one.target_text == "目标 ≥ 92"
    assert len(one.dots) == 2  # a gap is no zero


def test_a_single_period_is_no_picture():
    assert not chart(91.0).shown
    assert chart(91.0, 92.0).shown
    assert not chart(None, 92.0).shown


def test_a_chart_of_equal_values_has_a_scale_and_stays_within_its_limits():
    one = chart(100.0, 100.0)
    values = [float(text) for _at, text in one.y_ticks]
    assert values[-1] == 100.0
    assert values[0] < 100.0
    assert len({dot.y for dot in one.dots}) == 1


def test_names_below_a_long_chart_do_not_run_into_each_other():
    assert len(chart(*range(60, 90)).x_ticks) <= 12


@pytest.mark.parametrize("points", [[(79.5, 0.0), (91.0, 2.0), (100.0, 0.0)], [(79.5, 0.0)], [(79, -3.7), (88, 12.1)]])
def test_differences_stand_on_round_numbers_with_zero_among_them(points):
    one = Differences(points, "mean", "difference", 4.2, (-18.3, 26.7))
    texts = [text for _at, text in one.y_ticks]
    assert "0" in texts
    assert len(set(texts)) == len(texts)
    for ticks in (one.x_ticks, one.y_ticks):
        assert 2 <= len(ticks) <= 8


def test_a_single_month_is_no_trend():
    assert Tile("q", 1.0, points=[Point("2026-01", 1.0), Point("2026-02", None)]).trend is None
    assert Tile("q", 1.0, points=[Point("2026-01", 1.0), Point("2026-02", 2.0)]).trend is not None
