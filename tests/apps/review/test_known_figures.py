"""Figures of the pages against arithmetic of their own: no formula here comes from the code."""

import calendar
import datetime as dt
import math
from statistics import fmean, stdev

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yingheng.review.statistics.sums import Asked, added_up, by_month, film_grades, grouped
from yingheng.review.summing import rate, summary_of
from yingheng.rollups.models import Cell, MonthSum, StaleMonth
from yingheng.rollups.months import months_sum
from yingheng.rollups.services import CellDelta, cells_change
from yingheng.tenancy.scope import Scope

ALL = Scope.everything()


def row(score, grade="b", **flags):
    return {"score": score, "grade": grade, "flags": flags}


def test_waste_is_of_the_films_whose_sheet_knows_waste():
    """Cells count it so, and pages of months read these: a sample must not come to another rate."""
    rows = [row(70, waste=True), row(90, waste=False), row(91, grade="good", waste=None), row(92, grade="fair")]
    found = summary_of(rows, "b")
    assert (found.waste.numerator, found.waste.denominator) == (1, 2)
    assert (found.best.numerator, found.best.denominator) == (2, 4)


def test_a_sheet_without_waste_has_no_rate_of_it():
    found = summary_of([row(90, grade="good", waste=None)] * 3, "good")
    assert found.waste.percent is None


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # Newcombe, Stat Med 17:857 (1998), table I, method 3
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
    ],
)
def test_shares_have_the_published_intervals(k, n, low, high):
    assert rate(k, n).interval == pytest.approx((low, high), abs=0.006)


def test_a_share_of_nothing_has_no_value():
    none = rate(0, 0)
    assert (none.percent, none.interval) == (None, None)


# --- sums of months against the films themselves ------------------------------------------------------------------

_FILM = st.tuples(
    st.dates(dt.date(2023, 11, 28), dt.date(2024, 3, 2)),  # over a year's end and a leap day
    st.sampled_from([None, "d1", "d2"]),
    st.sampled_from([None, "p1"]),
    st.sampled_from(["daily", "monthly"]),
    st.integers(0, 10_000).map(lambda hundredths: hundredths / 100),
    st.sampled_from(["a", "b", "c", "waste"]),
)


def deltas(hospital, film):
    day, device, person, purpose, score, grade = film
    told = {"purpose": purpose, "subject": "exam", "device": device, "modality": "CT", "body_part": "", "item": None,
            "performer": person}  # fmt: skip
    one = lambda k, values=(), **more: CellDelta(hospital.pk, day, told | more, k, 1, values)  # noqa: E731 - short
    return [("review.score", one(0, (score,))), ("review.excellent", one(int(score >= 95))),
            ("review.waste", one(int(grade == "waste"))), ("review.grade", one(1, grade=grade))]  # fmt: skip


def expected_interval(films):
    """Students' t with the cells (day, device, person, purpose) as what was drawn: the ratio estimate, by hand."""
    cells = {}
    for day, device, person, purpose, score, _grade in films:
        cells.setdefault((day, device, person, purpose), []).append(score)
    mean, m = fmean(film[4] for film in films), len(cells)
    if m < 2:
        return None
    squares = sum(sum(score - mean for score in own) ** 2 for own in cells.values())
    return mean, math.sqrt(m / (m - 1) * squares) / len(films), m - 1


T_975 = {1: 12.7062, 2: 4.30265, 3: 3.18245, 4: 2.77645, 5: 2.57058, 6: 2.44691, 7: 2.36462, 8: 2.306, 9: 2.26216}


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(films=st.lists(_FILM, min_size=1, max_size=10), gone=st.integers(0, 3), summed=st.booleans(), data=st.data())
def test_sums_equal_the_films_whatever_was_added_up(hospital, films, gone, summed, data):
    """Films come and some are ruled anew; months may have been added up before, between and after, or never."""
    for model in (Cell, MonthSum, StaleMonth):
        model.objects.all().delete()
    cells_change(added=[one for film in films for one in deltas(hospital, film)])
    if summed:
        months_sum()
    changed = films[:gone]
    anew = [(*film[:4], data.draw(st.integers(0, 100)) * 1.0, "c") for film in changed]
    cells_change(removed=[one for film in changed for one in deltas(hospital, film)],
                 added=[one for film in anew for one in deltas(hospital, film)])  # fmt: skip
    films = [*films[gone:], *anew]
    if data.draw(st.booleans()):
        months_sum()
    asked = Asked(ALL, dt.date(2023, 11, 1), dt.date(2024, 3, 31))
    total = added_up(one for _key, one in grouped(asked, "device"))
    assert total.n == len(films)
    assert total.mean == pytest.approx(fmean(film[4] for film in films))
    assert (total.excellent, total.excellent_of) == (sum(film[4] >= 95 for film in films), len(films))
    assert (total.waste, total.graded) == (sum(film[5] == "waste" for film in films), len(films))
    by_hand = expected_interval(films)
    if by_hand and by_hand[1] > 1e-4:
        mean, error, free = by_hand
        low, high = mean - T_975[free] * error, mean + T_975[free] * error
        assert total.interval == pytest.approx((max(0, low), min(100, high)), abs=1e-3)
    elif by_hand is None:
        assert total.interval is None
    for by, place in (("device", 1), ("performer", 2)):
        wanted = {}
        for film in films:
            wanted.setdefault(film[place] or "", []).append(film[4])
        assert {key: (one.n, round(one.mean, 6)) for key, one in grouped(asked, by)} == {
            key: (len(own), round(fmean(own), 6)) for key, own in wanted.items()
        }
    months = {}
    for film in films:
        months.setdefault(f"{film[0]:%Y-%m}", []).append(film[4])
    assert [(key, one.n) for key, one in by_month(asked)] == sorted((key, len(own)) for key, own in months.items())
    grades = film_grades(asked)
    assert {key: n for key, n in grades.items() if n} == {
        grade: sum(film[5] == grade for film in films) for grade in {film[5] for film in films}
    }
    # Part of a month, and a month alone: nothing of the day before or after.
    month = films[0][0]
    first, last = month.replace(day=1), month.replace(day=calendar.monthrange(month.year, month.month)[1])
    for begin, end in ((first, last), (month, month)):
        part = [film for film in films if begin <= film[0] <= end]
        told = added_up(one for _key, one in grouped(Asked(ALL, begin, end), "device"))
        assert (told.n, round(told.total, 4)) == (len(part), round(sum(film[4] for film in part), 4))


def test_the_interval_of_unclustered_films_is_students_own():
    from yingheng.review.summing import mean_interval  # noqa: PLC0415 - beside its only use

    scores = [88.0, 91.5, 79.0, 95.0, 90.25]
    half = 2.77645 * stdev(scores) / math.sqrt(5)
    assert mean_interval(scores) == pytest.approx((fmean(scores) - half, fmean(scores) + half), rel=1e-5)
