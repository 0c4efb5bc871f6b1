"""Rows of a log to facts: each is one exposure, the totals of one day, or refused with a reason."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from yingheng.common.errors import Invalid
from yingheng.rejects.logs.headings import PEOPLE, Columns
from yingheng.rejects.logs.positions import position_key
from yingheng.rejects.logs.values import is_rejected, moment, number, offset_of, order_shown, plain

_TEXT = {"reason": 200, "body_part": 64, "view": 64, "operator": 200, "accession": 64, "uid": 128}


@dataclass(frozen=True, slots=True)
class Told:
    """One exposure, or (`acquired` not None) the totals of a day.  `line` counts from 1, as programs show it."""

    line: int
    day: dt.date
    at: dt.datetime | None = None
    hour: int | None = None
    is_rejected: bool = True
    texts: Mapping[str, str] = field(default_factory=dict)
    acquired: int | None = None
    rejected: int = 0
    key: str = ""

    @property
    def position(self) -> str:
        """Body part and projection as they are counted."""
        return position_key(self.texts.get("body_part", ""), self.texts.get("view", ""))


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be taken; `cells` without anything about people."""

    line: int
    why: str
    params: Mapping[str, Any]
    cells: Mapping[str, str]


def rows_told(
    rows: Sequence[Sequence[str]], mapping: Columns, zone: ZoneInfo, today: dt.date, *, cut: bool = True
) -> Iterator[Told | Refused]:
    """Everything below the headings, in order; empty rows, headings again and sums are left out.

    `cut`: a separator cut the cells, so that one in a text moves those behind it: a row of more cells is refused.

    Of rejected exposures `key` is made of all that the row says, and of how many rows before it said exactly the same:
    the same rows in another file have the same keys.  An accepted row that repeats an identifier is left out.
    """
    seen: Counter[str] = Counter()
    days: set[dt.date] = set()
    mapping = _ordered(rows, mapping)
    head = rows[mapping.head] if mapping.head < len(rows) else ()
    for place in range(mapping.head + 1, len(rows)):
        cells = {name: rows[place][n].strip() for name, n in mapping.columns.items() if n < len(rows[place])}
        if not any(cells.values()) or _is_none(rows[place], head):
            continue
        try:
            _require_cells(rows[place], len(head) if cut else 0)
            told = _once(_told(place + 1, cells, mapping, zone, today), days)
        except Invalid as exc:
            shown = {name: text[:80] for name, text in cells.items() if name not in PEOPLE and text}
            yield Refused(place + 1, exc.code, exc.params, shown)
            continue
        keyed = _keyed(told, seen)
        if keyed is not None:
            yield keyed


_SUM = re.compile(
    r"(?:合计|总计|小计|共计|总数|(?:grand |sub)?totals?|sum|summe)[\s:=]*[\d.,%\s]*[张次条]?", re.IGNORECASE
)


def _is_none(row: Sequence[str], head: Sequence[str]) -> bool:
    """Whether a row is none: the headings on a new page, or a line of sums."""
    filled = [cell for cell in row if cell.strip()]
    return filled == [cell for cell in head if cell.strip()] or bool(filled and _SUM.fullmatch(plain(filled[0])))


def _require_cells(row: Sequence[str], most: int) -> None:
    if most and any(cell.strip() for cell in row[most:]):
        raise Invalid("rejects.row_cells", n=len(row), most=most)


def _ordered(rows: Sequence[Sequence[str]], mapping: Columns) -> Columns:
    """With the order of day and month that the file itself shows, where nobody chose one."""
    column = mapping.columns.get("day", mapping.columns.get("at"))
    if mapping.order or column is None:
        return mapping
    texts = (row[column] for row in rows[mapping.head + 1 :] if column < len(row))
    return replace(mapping, order=order_shown(texts))


def _told(line: int, cells: Mapping[str, str], mapping: Columns, zone: ZoneInfo, today: dt.date) -> Told:
    first = cells.get("day") or cells.get("at", "")
    clock = cells.get("time", "")
    day, time = moment(first, "" if _dated(clock) else clock, mapping.order)
    if _dated(clock):  # the column of the time holds the date too
        day, time = moment(clock, "", mapping.order)
    if day > today:
        raise Invalid("rejects.row_time_range", text=first[:40])
    if mapping.shape == "totals":
        acquired, rejected = number(cells.get("acquired", "")), number(cells.get("rejected", ""))
        if rejected > acquired:
            raise Invalid("rejects.row_more_rejected", rejected=rejected, acquired=acquired)
        return Told(line, day, acquired=acquired, rejected=rejected)
    out = mapping.shape == "every" and not is_rejected(cells["flag"], yes_is_accepted=mapping.yes_is_accepted)
    offset = offset_of(clock or first) if time else None
    at = dt.datetime.combine(day, time, offset or zone) if time else None
    if at is not None and offset is not None:  # the day and the hour are those of the hospital
        at = at.astimezone(zone)
        day, time = at.date(), at.time()
    texts = {name: cells[name][:most] for name, most in _TEXT.items() if cells.get(name)}
    return Told(line, day, at.astimezone(dt.UTC) if at else None, time.hour if time else None, not out, texts)


def _once(told: Told, days: set[dt.date]) -> Told:
    """The totals of a day stand in a file once."""
    if told.acquired is not None:
        if told.day in days:
            raise Invalid("rejects.row_twice")
        days.add(told.day)
    return told


def _dated(clock: str) -> bool:
    return len(clock) > 10 and any(sign in clock for sign in "-/年.") and ":" in clock


def _keyed(told: Told, seen: Counter[str]) -> Told | None:
    if told.acquired is not None:
        return told
    uid = told.texts.get("uid", "")
    if uid:
        seen[uid] += 1
        if seen[uid] > 1:
            return None
        said = f"uid|{uid}"
    else:
        parts = [told.day.isoformat(), told.at.isoformat() if told.at else ""]
        parts += [plain(told.texts.get(name, "")) for name in ("accession", "body_part", "view", "reason", "operator")]
        same = "|".join([*parts, str(told.is_rejected)])
        seen[same] += 1
        said = f"{same}|{seen[same]}"
    digest = hashlib.sha256(said.encode()).hexdigest()
    return Told(told.line, told.day, told.at, told.hour, told.is_rejected, told.texts, key=digest)
