"""Shares over one axis."""

import re

from tests.apps.ui.rendering import html_of

from yingheng.common.ui.curves import Curve, Curves, Place, thinned


def test_it_places_points_and_names_the_ends():
    curves = Curves([Curve("caught", [(0.0, 1.0), (5.0, 0.5), (20.0, 0.0)])], [Place("in use", 5.0)], "limit, mm")
    html = html_of(curves)
    assert 'points="0.00,0.00 25.00,20.00 100.00,40.00"' in html
    assert 'x1="25.00"' in html
    assert "limit, mm" in html
    assert curves.end_texts == ("0", "20")
    assert html.count("in use") == 1
    assert " style=" not in html


def test_a_place_beyond_the_curves_stands_at_their_end():
    curves = Curves([Curve("caught", [(1.0, 1.0), (2.0, 0.0)])], [Place("low", -9.0), Place("high", 99.0)])
    assert [x for _place, x in curves.marks] == ["0.00", "100.00"]


def test_one_point_and_no_point_do_not_break_it():
    assert Curves([Curve("one", [(3.0, 0.5)])]).lines[0][1] == "50.00,20.00"
    assert re.search(r'points=""', html_of(Curves([Curve("none", [])])))


def test_it_thins_out_many_points_and_keeps_the_ends():
    points = [(float(i), 0.5) for i in range(1001)]
    kept = thinned(points)
    assert (len(kept), kept[0], kept[-1]) == (200, points[0], points[-1])
    assert thinned(points[:200]) == points[:200]
