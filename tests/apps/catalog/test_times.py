"""Dates, times, zones and ages of headers."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.catalog.making import RECEIVED, item

from yingheng.catalog.arrivals import arrival
from yingheng.catalog.times import age_years, dicom_date, dicom_time, instance_time

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260228", dt.date(2026, 2, 28)),
        ("2026.02.28", dt.date(2026, 2, 28)),
        ("20260230", None),
        ("2026", None),
        ("", None),
        ("bad", None),
    ],
)
def test_it_reads_dates(text, expected):
    assert dicom_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("083015.25", dt.time(8, 30, 15, 250000)),
        ("0830", dt.time(8, 30)),
        ("08", dt.time(8)),
        ("235960", dt.time(23, 59, 59)),
        ("256000", None),
        ("", None),
    ],
)
def test_it_reads_times(text, expected):
    assert dicom_time(text) == expected


def test_it_prefers_an_offset_in_the_header_to_the_zone_of_the_hospital():
    def at(**changes):
        return instance_time(item(1, **changes).instance, SHANGHAI, RECEIVED)

    assert at() == dt.datetime(2026, 3, 5, 0, 35, tzinfo=dt.UTC)
    assert at(TimezoneOffsetFromUTC="+0900") == dt.datetime(2026, 3, 4, 23, 35, tzinfo=dt.UTC)
    assert at(AcquisitionDateTime="20260305080000.5+0700") == dt.datetime(2026, 3, 5, 1, 0, 0, 500000, tzinfo=dt.UTC)
    assert at(AcquisitionDate="19000101", AcquisitionTime="120000") is None
    assert at(AcquisitionDate="20991231", SeriesDate="20260305", SeriesTime="01") == dt.datetime(
        2026, 3, 4, 17, tzinfo=dt.UTC
    )


def test_it_is_adult_on_the_eighteenth_birthday_and_not_a_day_before():
    birth = dt.date(2008, 3, 5)
    assert age_years(birth, "", dt.date(2026, 3, 5)) == 18.0
    assert age_years(birth, "", dt.date(2026, 3, 4)) < 18
    assert arrival(item(1, PatientBirthDate="20080305"), "Asia/Shanghai").age_band == "adult"
    assert arrival(item(1, PatientBirthDate="20080306"), "Asia/Shanghai").age_band == "paediatric"
    assert arrival(item(1, PatientBirthDate=None, PatientAge=None), "Asia/Shanghai").age_band == ""


@given(st.dates(dt.date(1920, 1, 1), dt.date(2026, 1, 1)), st.integers(0, 36000))
def test_its_completed_years_are_those_of_the_calendar(birth, days):
    day = birth + dt.timedelta(days=days)
    years = age_years(birth, "", day)
    completed = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    assert int(years) == completed


@pytest.mark.parametrize(("text", "years"), [("018Y", 18.0), ("006M", 0.5), ("010D", 0.0274), ("18", None), ("", None)])
def test_it_reads_the_age_where_there_is_no_birth_date(text, years):
    assert age_years(None, text, dt.date(2026, 3, 5)) == years
