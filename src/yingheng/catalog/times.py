"""Dates, times and ages of DICOM headers; what cannot be read or is absurd counts as absent."""

from __future__ import annotations

import datetime as dt
import re

from imagingqc.dicom.model import Instance

_EARLIEST = 1980  # before DICOM and digital archives: a default of some device, not a date
_AHEAD = dt.timedelta(days=1)
_TIMES = ("Acquisition", "Content", "Series", "Study")
_AGE = re.compile(r"^(\d{3})([DWMY])$")
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
_TIME = re.compile(r"^(\d{2})(\d{2})?(\d{2})?(?:\.(\d{1,6}))?$")
_STAMP = re.compile(r"^(\d{8})(\d{2}[\d.]*)([+-]\d{4})?$")
_OFFSET = re.compile(r"^([+-])(\d{2})(\d{2})$")


def dicom_date(text: str) -> dt.date | None:
    """A DICOM DA ("20260131", also the old "2026.01.31")."""
    digits = text.strip().replace(".", "")
    if not re.fullmatch(r"\d{8}", digits):
        return None
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def dicom_time(text: str) -> dt.time | None:
    """A DICOM TM, with trailing parts missing; a leap second counts as second 59."""
    match = _TIME.match(text.strip().replace(":", ""))
    if not match:
        return None
    hour, minute, second, fraction = match.groups()
    try:
        return dt.time(int(hour), int(minute or 0), min(int(second or 0), 59), int((fraction or "0").ljust(6, "0")))
    except ValueError:
        return None


def age_years(birth: dt.date | None, age: str, day: dt.date) -> float | None:
    """Age at the exam in years: from the date of birth, else from a DICOM AS ("012M"); None when neither is usable."""
    if birth is not None and 0 <= (day - birth).days <= 130 * 366:
        return _years_between(birth, day)
    match = _AGE.match(age.strip().upper())
    return round(int(match[1]) * _DAYS[match[2]] / 365.25, 4) if match else None


def _years_between(birth: dt.date, day: dt.date) -> float:
    """Completed years exactly, plus the fraction of the running year: 18 on the birthday itself, not a day before."""
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    last = _birthday(birth, birth.year + years)
    following = _birthday(birth, birth.year + years + 1)
    return round(years + min((day - last).days / (following - last).days, 0.9999), 4)


def _birthday(birth: dt.date, year: int) -> dt.date:
    """The birthday in `year`; 29 February falls on 1 March in other years."""
    try:
        return birth.replace(year=year)
    except ValueError:
        return dt.date(year, 3, 1)


def instance_time(instance: Instance, zone: dt.tzinfo, received_at: dt.datetime) -> dt.datetime | None:
    """When the object was acquired: AcquisitionDateTime, else acquisition, content, series date and time; in UTC."""
    local = _offset(instance) or zone
    stamp = _STAMP.match((instance.text("AcquisitionDateTime") or "").strip())
    found = header_moment(stamp[1], stamp[2], _zone(stamp[3]) or local, received_at) if stamp else None
    for what in _TIMES[:-1]:
        found = found or _pair(instance, f"{what}Date", f"{what}Time", local, received_at)
    return found


def study_time(instance: Instance, zone: dt.tzinfo, received_at: dt.datetime) -> dt.datetime | None:
    """Study date and time in UTC."""
    return _pair(instance, "StudyDate", "StudyTime", _offset(instance) or zone, received_at)


def _pair(instance: Instance, date: str, time: str, zone: dt.tzinfo, received_at: dt.datetime) -> dt.datetime | None:
    return header_moment(instance.text(date) or "", instance.text(time) or "", zone, received_at)


def header_moment(date: str, time: str, zone: dt.tzinfo, received_at: dt.datetime) -> dt.datetime | None:
    """A DICOM DA and TM in UTC; None when one is missing, or when the two cannot be true: see `is_doubtful`."""
    day, clock = dicom_date(date), dicom_time(time)
    if day is None or clock is None or day.year < _EARLIEST:
        return None
    moment = dt.datetime.combine(day, clock, zone).astimezone(dt.UTC)
    # a device clock may be off by hours, but an exam of the day after tomorrow is an error
    return moment if moment <= received_at + _AHEAD else None


def is_doubtful(instance: Instance, zone: dt.tzinfo, received_at: dt.datetime) -> bool:
    """Whether a date and time of the header is whole and still cannot be true: from before 1980, or a day ahead of
    its arrival."""
    local = _offset(instance) or zone
    for what in _TIMES:
        date, time = instance.text(f"{what}Date") or "", instance.text(f"{what}Time") or ""
        whole = dicom_date(date) is not None and dicom_time(time) is not None
        if whole and header_moment(date, time, local, received_at) is None:
            return True
    return False


def _offset(instance: Instance) -> dt.tzinfo | None:
    return _zone(instance.text("TimezoneOffsetFromUTC"))


def _zone(offset: str | None) -> dt.tzinfo | None:
    match = _OFFSET.match((offset or "").strip())
    if not match:
        return None
    delta = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
    return dt.timezone(-delta if match[1] == "-" else delta) if delta < dt.timedelta(hours=15) else None
