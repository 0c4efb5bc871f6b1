"""What one cell says: a date, a time, accepted or rejected, a number.  Invalid `rejects.row_...` where it cannot be."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from yingheng.common.errors import Invalid

Order = Literal["", "dmy", "mdy"]
REJECTED_WORDS = frozenset({
    "rejected", "reject", "rej", "repeat", "repeated", "discarded", "deleted", "fail", "failed", "ng", "拒绝", "已拒绝",
    "拒片", "拒收", "已拒收", "废片", "废", "重拍", "重照", "不合格", "作废", "已作废", "剔除", "删除",
})  # fmt: skip
ACCEPTED_WORDS = frozenset({
    "accepted", "accept", "acc", "ok", "pass", "passed", "good", "used", "sent", "接受", "已接受", "接收", "已接收",
    "合格", "正常", "通过", "有效",
})  # fmt: skip
_YES = frozenset({"1", "y", "yes", "true", "t", "是", "√", "x"})
_NO = frozenset({"0", "n", "no", "false", "f", "否", "-", "×"})
_FIRST_YEAR = 1990
_PLAIN = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?")  # "8:0" is a line that was cut off
_TIME_WORDS = re.compile(r"(\d{1,2})[时點点](\d{1,2})分?(?:(\d{1,2})秒?)?")
_TIME_PLAIN = re.compile(r"(\d{2})(\d{2})(\d{2})(?:\.\d+)?")
_AFTERNOON = re.compile(r"pm|p\.m\.|下午|晚上")
_MORNING = re.compile(r"am|a\.m\.|上午|早上|凌晨|中午")
_ZONE = re.compile(r"(z|[+-]\d{2}:?\d{2})$")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")  # a day as table programs count it, from 1899-12-30
_FRACTION = re.compile(r"0?[.,]\d{2,}")  # a time of day as they do
_SERIAL_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - sheets have no zones


def plain(text: str) -> str:
    """A text as it is compared: NFKC, no case, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def moment(text: str, clock: str = "", order: Order = "") -> tuple[dt.date, dt.time | None]:
    """The date, and the time where there is one, of a cell (and of a second one with the time of day).

    A text of two numbers and a year at the end is taken only where one of them exceeds 12, or `order` says which is
    the day.  Points between numbers are the German way: day first.
    """
    whole = plain(text)
    if not whole:
        raise Invalid("rejects.row_no_time")
    if _SERIAL.fullmatch(whole):
        return _serial(whole, text, clock)
    found, rest = _date(whole, text, order)
    time = _time(plain(clock) or rest.strip(" t,"), text)
    return found, time


def offset_of(text: str) -> dt.tzinfo | None:
    """The offset from UTC that a text with a time of day ends in; None where it says none."""
    told = plain(text)
    match = _ZONE.search(told) if ":" in told else None
    if match is None or (match[1] != "z" and ":" not in told[: match.start()]):
        return None
    if match[1] == "z":
        return dt.UTC
    digits = match[1].replace(":", "")
    minutes = 60 * int(digits[1:3]) + int(digits[3:5])
    return dt.timezone(dt.timedelta(minutes=minutes if digits[0] == "+" else -minutes)) if minutes <= 900 else None


def order_shown(texts: Iterable[str]) -> Order:
    """Which of two numbers is the day, as far as other dates of the same column show it; "" where they do not agree."""
    shown: set[Order] = set()
    for text in texts:
        match = _YEAR_LAST.match(plain(text))
        if match and match[2] != ".":
            first, second = int(match[1]), int(match[3])
            shown |= {"dmy"} if first > 12 >= second else {"mdy"} if second > 12 >= first else set()
    return shown.pop() if len(shown) == 1 else ""


def _date(whole: str, text: str, order: Order) -> tuple[dt.date, str]:
    for pattern in (_YEAR_FIRST, _PLAIN):
        if match := pattern.match(whole):
            return _day(text, *map(int, match.groups())), whole[match.end() :]
    match = _YEAR_LAST.match(whole)
    if match is None:
        raise Invalid("rejects.row_time", text=text[:40])
    first, sign, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
    day_first = sign == "." or order == "dmy" or first > 12
    if not day_first and order != "mdy" and second <= 12 and first != second:
        raise Invalid("rejects.row_time_order", text=text[:40])
    day, month = (first, second) if day_first else (second, first)
    return _day(text, year, month, day), whole[match.end() :]


def _serial(whole: str, text: str, clock: str) -> tuple[dt.date, dt.time | None]:
    days = float(whole.replace(",", "."))
    at = _SERIAL_EPOCH + dt.timedelta(seconds=round(days * 86400))
    day = _day(text, at.year, at.month, at.day)
    if plain(clock):
        return day, _time(plain(clock), text)
    return day, None if days.is_integer() else at.time()


def _day(text: str, year: int, month: int, day: int) -> dt.date:
    try:
        found = dt.date(year, month, day)
    except ValueError as exc:
        raise Invalid("rejects.row_time", text=text[:40]) from exc
    if year < _FIRST_YEAR:
        raise Invalid("rejects.row_time_range", text=text[:40])
    return found


def _time(told: str, text: str) -> dt.time | None:
    if not told:
        return None
    if _FRACTION.fullmatch(told):
        return (_SERIAL_EPOCH + dt.timedelta(seconds=round(float(told.replace(",", ".")) * 86400))).time()
    after, before = bool(_AFTERNOON.search(told)), bool(_MORNING.search(told))
    bare = _MORNING.sub("", _AFTERNOON.sub("", _ZONE.sub("", told) if ":" in told else told)).strip()
    match = _TIME.fullmatch(bare) or _TIME_WORDS.fullmatch(bare) or _TIME_PLAIN.fullmatch(bare)
    if match is None:
        raise Invalid("rejects.row_time", text=f"{text} {told}"[:40])
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if after and hour < 12:
        hour += 12
    elif before and hour == 12 and "中午" not in told:
        hour = 0
    try:
        return dt.time(hour, minute, min(second, 59))
    except ValueError as exc:
        raise Invalid("rejects.row_time", text=f"{text} {told}"[:40]) from exc


def is_rejected(text: str, *, yes_is_accepted: bool = False) -> bool:
    """Whether a cell says that the exposure was rejected; a plain yes or no by what the column asks."""
    told = plain(text)
    if told in REJECTED_WORDS:
        return True
    if told in ACCEPTED_WORDS:
        return False
    if told in _YES:
        return not yes_is_accepted
    if told in _NO:
        return yes_is_accepted
    raise Invalid("rejects.row_flag", text=text[:40])


def number(text: str) -> int:
    """A whole number of exposures, with or without marks between thousands."""
    told = plain(text).replace(",", "").replace(" ", "")
    match = re.fullmatch(r"(\d{1,7})(?:\.0+)?", told)
    if match is None:
        raise Invalid("rejects.row_number", text=text[:40])
    return int(match[1])
