"""Tables that people send, as rows of text, whatever program wrote them: CSV, TSV or XLSX; UTF-8, UTF-16 or GB 18030.

One reader for all of them.  Who calls it says how much may come in (`Limits`) and which of its own words stand for
each reason of `TableRefused`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from yingheng.common.workbook import BROKEN, LONGEST_CELL, TooLarge, workbook_rows

Why = Literal["empty", "bytes", "unpacked", "rows", "encoding", "quotes", "workbook"]

_SEPARATORS = (",", ";", "\t", "|", "，")  # some programs do write the Chinese comma
_NONE = "\x1f"  # separates nothing: texts with it are refused
_LOOKED_AT = 30  # lines
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_END = {ord("\x1a"): None, ord("\f"): None}  # ends of files and pages, as old programs write them


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read: bytes of the file, bytes of a workbook unpacked, rows, columns (what is beyond is left out).

    `log`: a device wrote it: lines of its own may precede the headings, and quotes are taken as they come.
    """

    size: int
    rows: int
    unpacked: int = 60_000_000
    columns: int = 128
    log: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of texts without blanks at their ends, each in the place of its line.

    `encoding` and `separator` are "" for a workbook, `separator` alone for a text of one column.
    """

    rows: tuple[tuple[str, ...], ...]
    encoding: str = ""
    separator: str = ""


class TableRefused(Exception):  # noqa: N818 - says what happened
    """Why a file is no table: `why`, and how much is allowed where it is too much."""

    def __init__(self, why: Why, most: int = 0) -> None:
        super().__init__(why)
        self.why, self.most = why, most


def table_read(data: bytes, limits: Limits) -> Sheet:
    """The rows of a file.  TableRefused for what cannot be read, holds nothing or is too large."""
    if len(data) > limits.size:
        raise TableRefused("bytes", limits.size)
    if not data.strip():
        raise TableRefused("empty")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # the second: .xls, and protected .xlsx
        return Sheet(_workbook(data, limits))
    text, encoding = _decoded(data)
    separator = _separator(text, limits)
    try:
        rows = tuple(
            _cut(row, limits) for row in islice(_lines(text, separator, strict=not limits.log), limits.rows + 1)
        )
    except csv.Error as exc:
        raise TableRefused("quotes") from exc
    if len(rows) > limits.rows:
        raise TableRefused("rows", limits.rows)
    if not any(any(row) for row in rows):
        raise TableRefused("empty")
    return Sheet(rows, encoding, separator)


def _workbook(data: bytes, limits: Limits) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    try:
        for number, row in workbook_rows(data, most_unpacked=limits.unpacked, columns=limits.columns):
            if number > limits.rows:
                raise TableRefused("rows", limits.rows)
            rows += [()] * (number - 1 - len(rows))  # empty rows are often not written
            rows.append(row)
    except TooLarge as exc:
        raise TableRefused("unpacked", limits.unpacked) from exc
    except BROKEN as exc:
        raise TableRefused("workbook") from exc
    if not rows:
        raise TableRefused("empty")
    return tuple(rows)


def _cut(row: list[str], limits: Limits) -> tuple[str, ...]:
    return tuple(cell.strip()[:LONGEST_CELL] for cell in row[: limits.columns])


def _decoded(data: bytes) -> tuple[str, str]:
    """The text and how it was encoded; UTF-16 is told by its mark, or by the zeros that it is full of."""
    head = data[:2000]
    names = ["utf-8-sig", "gb18030"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        names = ["utf-16"]
    elif head.count(0) > len(head) // 5:
        names = ["utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"]
    for name in names:
        try:
            text = data.decode(name).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if _CONTROLS.search(text):
            break
        return text.translate(_END) if "\x1a" in text or "\f" in text else text, name.removesuffix("-sig")
    raise TableRefused("encoding")


def _lines(text: str, separator: str, *, strict: bool) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator or _NONE, strict=strict)


def _separator(text: str, limits: Limits) -> str:
    """The character that cuts most of the first lines into the same number of cells, and into most; "" for none.

    Where nothing precedes the headings, it is one that stands between them: cells may hold the others.
    """
    head = text.lstrip("\r\n ").partition("\n")[0]
    best: tuple[int, int, str] = (0, 0, "")
    for separator in _SEPARATORS:
        if not limits.log and separator not in head:
            continue
        try:
            told = [len(row) for row in islice(_lines(text, separator, strict=False), _LOOKED_AT)]
        except csv.Error:
            continue
        widths = Counter(n for n in told if n > 1)
        if widths:
            width, lines = max(widths.items(), key=lambda one: (one[1], one[0]))
            best = max(best, (lines, width, separator))
    return best[2]
