"""Rows of the first visible sheet of an .xlsx workbook that has any (ECMA-376 Part 1, 18.2 - 18.8), as text.

Files are brought by people.  Parts are read as a stream and never beyond what is allowed in all; one with a document
type, by which XML can be made to grow or to read other files, is refused.  Dates are numbers of days: a cell is a date
when its number format is one.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO
from xml.etree import ElementTree as ET

#: What damaged, protected or foreign files make the readers below raise.
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, ET.ParseError, LookupError, ValueError, OverflowError, EOFError,
          RuntimeError)  # fmt: skip
LONGEST_CELL = 32_767  # characters, as the programs have it
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})  # 18.8.30
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_EPOCH, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - sheets have no zones
_WHOLE = re.compile(r"(-?[0-9]+)(?:\.0+)?")
_MARK = b"<!DOCTYPE"


class TooLarge(Exception):  # noqa: N818 - says what it is
    """The parts of the workbook unpack to more than allowed."""


@dataclass(frozen=True, slots=True)
class _Book:
    """What cells mean: the shared texts, which styles are dates, and the day that is counted from."""

    shared: list[str]
    dates: frozenset[int]
    epoch: dt.datetime


class _Parts:
    """The parts of a workbook, of which at most `most` bytes are read in all."""

    def __init__(self, archive: zipfile.ZipFile, most: int) -> None:
        self.archive, self.left = archive, most
        if sum(one.file_size for one in archive.infolist() if one.filename.endswith((".xml", ".rels"))) > most:
            raise TooLarge

    def __contains__(self, name: str) -> bool:
        return name in self.archive.NameToInfo

    def elements(self, name: str, *tags: str) -> Iterator[tuple[str, ET.Element]]:
        """Each element of that part with one of these names, whole, in the order of their ends; then forgotten."""
        if self.archive.getinfo(name).compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("compression")
        with self.archive.open(name) as stream:
            for _event, node in ET.iterparse(_Watched(stream, self)):  # noqa: S314 - no document type
                tag = _local(node)
                if tag in tags:
                    yield tag, node
                    node.clear()


class _Watched:
    """A part as it is read: counted, in UTF-8 (no other encoding hides the mark), and without a document type."""

    def __init__(self, stream: IO[bytes], parts: _Parts) -> None:
        self.stream, self.parts, self.tail = stream, parts, b""

    def read(self, size: int = 65_536) -> bytes:
        found = self.stream.read(size)
        self.parts.left -= len(found)
        if self.parts.left < 0:
            raise TooLarge
        if b"\0" in found or _MARK in self.tail + found:
            raise ValueError("document type")
        self.tail = (self.tail + found)[1 - len(_MARK) :]
        return found


def workbook_rows(data: bytes, *, most_unpacked: int, columns: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The filled rows of the first visible sheet that has any, each with its number in the sheet from 1.

    Cells beyond `columns` are left out.  TooLarge, or one of BROKEN, as soon as it is met.
    """
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = _Parts(archive, most_unpacked)
        sheets, epoch = _sheets(parts)
        book = _Book(_shared(parts), _date_styles(parts), epoch)
        for name in sheets:
            filled = False
            for number, row in _rows(parts, name, book, columns):
                filled = True
                yield number, row
            if filled:
                return


def _local(node: ET.Element) -> str:
    """The name without its namespace: there are two, transitional and strict."""
    return node.tag.rpartition("}")[2]


def _child(node: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in node if _local(one) == name), None)


def _sheets(parts: _Parts) -> tuple[list[str], dt.datetime]:
    """Parts of the visible sheets in the order in which programs show them, and the first day."""
    links = {node.get("Id"): node.get("Target", "")
             for _tag, node in parts.elements("xl/_rels/workbook.xml.rels", "Relationship")}  # fmt: skip
    found, epoch = [], _EPOCH
    for tag, node in parts.elements("xl/workbook.xml", "workbookPr", "sheet"):
        if tag == "workbookPr":
            epoch = _EPOCH_1904 if node.get("date1904") in {"1", "true"} else _EPOCH
        elif node.get("state", "visible") == "visible":
            target = links[next((value for key, value in node.items() if key.endswith("}id")), None)]
            found.append(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
    return [name for name in found if "worksheets/" in name], epoch  # the others are charts


def _shared(parts: _Parts) -> list[str]:
    name = "xl/sharedStrings.xml"
    return [_text(node) for _tag, node in parts.elements(name, "si")] if name in parts else []


def _text(node: ET.Element) -> str:
    """The text of a string without its phonetic guide."""
    runs = [_child(one, "t") if _local(one) == "r" else one for one in node if _local(one) in {"r", "t"}]
    return "".join(one.text or "" for one in runs if one is not None).strip()[:LONGEST_CELL]


def _date_styles(parts: _Parts) -> frozenset[int]:
    """Numbers of the cell styles whose format is a date or time."""
    own: dict[int, str] = {}
    styles: list[int] = []
    if "xl/styles.xml" in parts:
        for tag, node in parts.elements("xl/styles.xml", "numFmt", "cellXfs"):
            if tag == "numFmt":
                own[int(node.get("numFmtId", "0"))] = node.get("formatCode", "")
            else:
                styles = [int(one.get("numFmtId", "0")) for one in node]
    known = (_DATE_FORMATS - set(own)) | {
        number for number, code in own.items() if re.search(r"[ymdhs]", _LITERAL.sub("", code).lower())
    }
    return frozenset(place for place, number in enumerate(styles) if number in known)


def _rows(parts: _Parts, name: str, book: _Book, columns: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    last = 0
    for _tag, node in parts.elements(name, "row"):
        last = max(last + 1, int(node.get("r", "0")))
        cells: dict[int, str] = {}
        for place, cell in enumerate(one for one in node if _local(one) == "c"):
            column = _column(cell.get("r", ""), place)
            text = _cell(cell, book) if column < columns else ""
            if text:
                cells[column] = text
        if cells:
            yield last, tuple(cells.get(at, "") for at in range(max(cells) + 1))


def _column(reference: str, place: int) -> int:
    letters = reference.upper().rstrip("0123456789")
    if not letters.isascii() or not letters.isalpha():
        return place
    number = 0
    for letter in letters[:3]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(cell: ET.Element, book: _Book) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inner = _child(cell, "is")
        return _text(inner) if inner is not None else ""
    held = _child(cell, "v")
    value = ((held.text or "") if held is not None else "").strip()[:LONGEST_CELL]
    if kind == "s":
        return book.shared[int(value)] if value else ""
    if kind in {"str", "b", "e", "d"} or not value:
        return value if kind != "e" else ""
    if int(cell.get("s", "0")) in book.dates:
        return _date(float(value), book.epoch)
    whole = _WHOLE.fullmatch(value)
    if whole:  # as it stands: long numbers keep all their digits
        return whole[1]
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def _date(days: float, epoch: dt.datetime) -> str:
    at = epoch + dt.timedelta(seconds=round(days * 86400))
    if days < 1:
        return f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d}" if days.is_integer() else f"{at:%Y-%m-%d %H:%M:%S}"
