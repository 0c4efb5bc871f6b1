"""Dates of a plan: counted from the first one, without drift."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.common.clock import local_day
from yingheng.schedule.recurrence import Recurrence, add_months, month_of, week_of

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2080, 12, 31))
RULES = st.builds(Recurrence, DAYS, st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 40))


def day(text):
    return dt.date.fromisoformat(text)


def test_it_keeps_the_31st_through_short_months():
    rule = Recurrence(day("2026-01-31"), "month")
    assert [str(rule.date(n)) for n in range(5)] == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31",
    ]  # fmt: skip


def test_it_keeps_the_leap_day():
    rule = Recurrence(day("2024-02-29"), "year")
    assert [str(rule.date(n)) for n in (1, 2, 3, 4)] == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_it_gives_a_single_date_once():
    rule = Recurrence(day("2026-05-01"), "once")
    assert list(rule.between(day("2026-01-01"), day("2030-01-01"))) == [day("2026-05-01")]
    assert rule.after(day("2026-05-01")) is None


def test_it_ends_with_the_calendar():
    assert Recurrence(day("9999-12-01"), "month").after(day("9999-12-31")) is None
    assert Recurrence(day("9999-12-31"), "day").date(1) is None


@pytest.mark.parametrize(("unit", "every"), [("month", 0), ("fortnight", 1), ("day", -1)])
def test_it_refuses_what_is_no_recurrence(unit, every):
    with pytest.raises(ValueError, match="no recurrence"):
        Recurrence(day("2026-01-01"), unit, every)


@given(RULES, st.integers(0, 200))
def test_it_never_drifts(rule, n):
    found = rule.date(n)
    if rule.unit in {"day", "week"}:
        assert (found - rule.first).days == n * rule.every * (7 if rule.unit == "week" else 1)
        return
    months = (found.year - rule.first.year) * 12 + found.month - rule.first.month
    assert months == n * rule.every * (12 if rule.unit == "year" else 1)
    last = month_of(found)[1].day
    assert found.day == min(rule.first.day, last)


@given(RULES, DAYS)
def test_it_finds_the_first_date_after_a_day(rule, after):
    n = rule.number_after(after)
    assert rule.date(n) > after
    assert n == 0 or rule.date(n - 1) <= after


@given(RULES, DAYS, st.integers(0, 400))
def test_it_lists_every_date_between_once_and_in_order(rule, after, length):
    until = after + dt.timedelta(days=length)
    found = list(rule.between(after, until))
    assert found == sorted(set(found))
    assert all(after < one <= until for one in found)
    n = rule.number_after(after) + len(found)
    assert rule.date(n) > until


@given(DAYS, st.integers(-600, 600))
def test_adding_months_keeps_the_day_or_takes_the_last(day_, months):
    found = add_months(day_, months)
    assert found.day == day_.day or (found.day < day_.day and found == month_of(found)[1])


@given(DAYS)
def test_a_day_is_within_its_week_and_month(day_):
    for first, last in (week_of(day_), month_of(day_)):
        assert first <= day_ <= last
    assert week_of(day_)[0].weekday() == 0


@given(
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]),
    st.dates(dt.date(2010, 1, 1), dt.date(2030, 12, 30)),
)
def test_a_local_day_begins_and_ends_at_midnight_even_when_clocks_change(zone, day_):
    place = ZoneInfo(zone)
    noon = dt.datetime.combine(day_, dt.time(12), tzinfo=place)
    if local_day(zone, noon.astimezone(dt.UTC)) != day_:  # Apia has no 30 December 2011
        assert (zone, str(day_)) == ("Pacific/Apia", "2011-12-30")
        return
    last = dt.datetime.combine(day_, dt.time(23, 59, 59), tzinfo=place)
    assert local_day(zone, last.astimezone(dt.UTC)) == day_
