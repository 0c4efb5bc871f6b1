"""Which column of a log is what, by a table of known headings (headings.tsv)."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from yingheng.common.errors import Invalid

Shape = Literal["rejected", "every", "totals"]
FIELDS = ("at", "day", "time", "flag", "reason", "body_part", "view", "operator", "accession", "uid", "acquired",
          "rejected")  # fmt: skip
PEOPLE = frozenset({"operator", "accession", "uid"})  # never shown again, neither in previews nor with refused rows
_LOOKED_AT = 30  # rows among which the headings are looked for
# What numbers a heading: "一、", "(三)", "2.", and "④" as NFKC writes it.
_NUMBER = re.compile(
    r"^(?:第?[一二三四五六七八九十\d]{1,3}\s*[、.:)\]项栏]\s*|[(\[][一二三四五六七八九十\d]{1,3}[)\]]\s*|\d{1,2}(?=[^\d\W_a-z]))"
)
_FEWEST = 2  # headings that make a row the row of headings


@dataclass(frozen=True, slots=True)
class Columns:
    """How a log is read: its row of headings (from 0), the column (from 0) of each field, and two choices.

    `order` "dmy" or "mdy" says which of two numbers is the day; `yes_is_accepted` what a plain yes of `flag` means.
    """

    head: int
    columns: Mapping[str, int]
    order: Literal["", "dmy", "mdy"] = ""
    yes_is_accepted: bool = False

    @property
    def shape(self) -> Shape:
        """What its rows are."""
        if "acquired" in self.columns:
            return "totals"
        return "every" if "flag" in self.columns else "rejected"

    def as_dict(self) -> dict[str, Any]:
        return {
            "head": self.head,
            "columns": dict(self.columns),
            "order": self.order,
            "yes_is_accepted": self.yes_is_accepted,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Columns:
        order = told.get("order", "")
        return cls(
            int(told["head"]),
            {name: int(n) for name, n in told["columns"].items() if name in FIELDS},
            order if order in {"dmy", "mdy"} else "",
            bool(told.get("yes_is_accepted")),
        )


@cache
def known_headings() -> Mapping[str, str]:
    """Field by heading, as `bare` writes it."""
    text = files(__package__).joinpath("headings.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {bare(one): row["field"] for row in rows for one in row["headings"].split("|")}


def bare(text: str) -> str:
    """A heading as it is compared: NFKC, no case, letters and digits alone, without its number and unit."""
    plain = _NUMBER.sub("", unicodedata.normalize("NFKC", text).casefold().strip())
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[].*?[)\]]", "", plain))


def guessed(rows: Sequence[Sequence[str]]) -> Columns:
    """The mapping that known headings give: of the first rows the one with most of them.

    Invalid `rejects.file_no_headings` when no row has two.
    """
    told = [_named(row) for row in rows[:_LOOKED_AT]]
    head = max(range(len(told)), key=lambda i: (len(told[i]), -i), default=0)
    if not told or len(told[head]) < _FEWEST:
        raise Invalid("rejects.file_no_headings")
    return Columns(head, told[head], yes_is_accepted=_asks_accepted(rows[head], told[head].get("flag")))


def named_again(rows: Sequence[Sequence[str]], head: int) -> Columns:
    """The mapping by the headings of the row that a person named."""
    row = rows[head] if head < len(rows) else ()
    columns = _named(row)
    return Columns(head, columns, yes_is_accepted=_asks_accepted(row, columns.get("flag")))


def titles_of(rows: Sequence[Sequence[str]], mapping: Columns) -> dict[str, str]:
    """The heading of each column that a mapping uses, by field, as it is compared."""
    row = rows[mapping.head] if mapping.head < len(rows) else ()
    return {name: bare(row[n]) if n < len(row) else "" for name, n in mapping.columns.items()}


def found_again(rows: Sequence[Sequence[str]], kept: Mapping[str, Any]) -> Columns | None:
    """A kept mapping for these rows, its headings looked for among the first ones; None where they are others.

    One that was kept without headings is taken as it is where the row has as many cells.
    """
    mapping, titles = Columns.from_dict(kept), kept.get("titles")
    if not titles:
        width = len(rows[mapping.head]) if mapping.head < len(rows) else 0
        return mapping if all(n < width for n in mapping.columns.values()) else None
    places = [mapping.head, *range(min(len(rows), _LOOKED_AT))]
    fits = (place for place in places if titles_of(rows, replace(mapping, head=place)) == titles)
    place = next(fits, None)
    return None if place is None else replace(mapping, head=place)


def checked(mapping: Columns, width: int) -> Columns:
    """The mapping itself; Invalid `rejects.columns_...` where rows could not be read by it."""
    if not {"at", "day"} & set(mapping.columns):
        raise Invalid("rejects.columns_no_time")
    if ("acquired" in mapping.columns) != ("rejected" in mapping.columns):
        raise Invalid("rejects.columns_no_numbers")
    taken: dict[int, str] = {}
    for name, column in mapping.columns.items():
        if not 0 <= column < width:
            raise Invalid("rejects.columns_unknown", number=column + 1)
        if column in taken:
            raise Invalid("rejects.columns_twice", name=str(column + 1))
        taken[column] = name
    return mapping


def _named(row: Sequence[str]) -> dict[str, int]:
    """The first column of each field; a date with a time beside it is a date alone."""
    found: dict[str, int] = {}
    for column, text in enumerate(row):
        name = known_headings().get(bare(text))
        if name and name not in found:
            found[name] = column
    if "day" in found and "at" in found:  # "检查日期" and "检查时间": the second holds the time of day alone, or all
        found.setdefault("time", found["at"])
        del found["at"]
        if found["time"] == found.get("day"):
            del found["time"]
    if "acquired" in found and "rejected" not in found and bare(row[found.get("flag", 0)]) in _COUNTED:
        found["rejected"] = found.pop("flag")  # beside a total the word heads a number
    if "acquired" in found and "rejected" not in found:
        del found["acquired"]
    return found


_COUNTED = frozenset({"rejected", "reject"})


def _asks_accepted(row: Sequence[str], column: int | None) -> bool:
    text = bare(row[column]) if column is not None and column < len(row) else ""
    return bool(re.search(r"accept|合格|接受", text)) and not re.search(r"reject|拒", text)
