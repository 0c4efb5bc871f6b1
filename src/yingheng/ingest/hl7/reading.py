"""A message as segments and fields, read tolerantly: what is not there reads as "".

Splitting is that of the library `hl7`; escape sequences (HL7 v2, chapter 2.7) are decoded here, after splitting.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import hl7

from yingheng.ingest.hl7.encoding import ASCII, decode
from yingheng.ingest.hl7.facts import CLEAR, MessageError

_LINE_ENDS = re.compile(r"\r\n|\n|\r")
_SEGMENT = re.compile(r"^[A-Z][A-Z0-9]{2}(?:[^A-Za-z0-9\s]|$)")
_HEADER = re.compile(r"^MSH([^A-Za-z0-9\s])(\S{2,5}?)\1")
_MOMENT = re.compile(
    r"^(\d{4})[-/]?(\d{2})[-/]?(\d{2})[ T]?(?:(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6})\d*)?)?)?"
    r"\s*([+-]\d{2}:?\d{2}|Z)?$"
)
_HEX = re.compile(r"^(?:[0-9A-Fa-f]{2})+$")
_EARLIEST = 1900
_MOST_SEGMENTS = 5000


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; fields, components and subcomponents count from 1 as in the standard."""

    name: str
    parts: hl7.Segment
    escape: str
    separators: str  # field, component, repetition, subcomponent
    encoding: str

    def raw(self, field: int) -> str:
        """The whole field as it stands, not decoded."""
        return str(self.parts[field]) if 0 < field < len(self.parts) else ""

    def text(self, field: int, component: int = 1, subcomponent: int = 1, *, repetition: int = 1) -> str:
        """One value, decoded, without blanks at either end; `""` (explicitly empty) as it stands."""
        value = _part(_part(_part(self.field(field), repetition), component), subcomponent)
        return unescape(str(value), self).strip()

    def whole(self, field: int, *, repetition: int = 1) -> str:
        """A repetition of a field with separators and all, decoded: for texts whose sender does not escape."""
        return unescape(str(_part(self.field(field), repetition)), self).strip()

    def repetitions(self, field: int) -> int:
        """How many repetitions a field has; 0 when it is empty."""
        found = self.field(field)
        return (len(found) if isinstance(found, hl7.Field) else 1) if str(found) else 0

    def field(self, number: int) -> object:
        return self.parts[number] if 0 < number < len(self.parts) else ""

    def fields(self) -> Iterator[tuple[int, str]]:
        """Number and decoded text of every field that says something."""
        for number in range(1, len(self.parts)):
            if self.raw(number):
                told = self.raw(number) if self.name == "MSH" and number <= 2 else unescape(self.raw(number), self)
                yield number, told


def _part(value: object, number: int) -> object:
    """The part with that number; a value that is not divided is its own first part."""
    if isinstance(value, hl7.Container):
        return value[number - 1] if number <= len(value) else ""
    return value if number == 1 else ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its segments in their order, its encoding, and the zone for times without an offset."""

    segments: tuple[Segment, ...]
    encoding: str
    zone: dt.tzinfo

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        return next((s for s in self.segments if s.name == name), None)

    def all(self, name: str) -> list[Segment]:
        """Every segment of that name."""
        return [s for s in self.segments if s.name == name]

    @property
    def kind(self) -> str:
        """Type and trigger event, e.g. "ORM^O01"."""
        return "^".join(filter(None, (self.header.text(9, 1), self.header.text(9, 2)))).upper()

    @property
    def control_id(self) -> str:
        return self.header.text(10)

    @property
    def sent_at(self) -> dt.datetime | None:
        return self.moment(self.header, 7)

    def moment(self, segment: Segment | None, field: int, component: int = 1) -> dt.datetime | None:
        """A time stamp in UTC; None unless it has at least hours and minutes, since a day alone is no moment."""
        return moment(segment.text(field, component), self.zone) if segment else None


def read(data: bytes, *, default_encoding: str = "", zone: str = "Asia/Shanghai") -> Message:
    """Read one message.  Raises MessageError: `message.empty`, `.encoding`, `.no_header`, `.batch`, `.unreadable`."""
    if not data.strip(b"\x00\r\n\t \x0b\x1c"):
        raise MessageError("message.empty")
    text, encoding = decode(data, default_encoding)
    return read_text(text, encoding, ZoneInfo(zone))


def read_text(text: str, encoding: str, zone: dt.tzinfo) -> Message:
    """Read a decoded message."""
    lines = _segment_lines(text.strip("\x00\r\n\t \x0b\x1c\ufeff"))
    if not lines or lines[0][:3] in {"FHS", "BHS"}:
        raise MessageError("message.batch")
    found = _HEADER.match(lines[0])
    if found is None:
        raise MessageError("message.no_header")
    if len(lines) > _MOST_SEGMENTS:
        raise MessageError("message.unreadable", why=f"{len(lines)} segments")
    given = found[1] + found[2]
    separators = given[:1] + (given[1:] + "^~\\&"[len(given) - 1 :])[:4]
    field, component, repeat, escape, subcomponent = separators[:5]
    if len(set(separators)) != len(separators):
        raise MessageError("message.unreadable", why="MSH-2")
    try:
        parsed = hl7.parse("\r".join(lines))
    except (hl7.HL7Exception, ValueError, IndexError, AssertionError) as exc:
        raise MessageError("message.unreadable", why=type(exc).__name__) from exc
    between = field + component + repeat + subcomponent
    segments = tuple(Segment(str(part[0]), part, escape, between, encoding) for part in parsed)
    return Message(segments, encoding, zone)


def _segment_lines(text: str) -> list[str]:
    """Segments by carriage return or whatever the sender uses; a line that begins no segment goes on with the last.

    Senders put line feeds into report texts; the standard's own way is the escape sequence for it.
    """
    lines: list[str] = []
    for line in _LINE_ENDS.split(text):
        if not line.strip():
            continue
        if not lines or _SEGMENT.match(line):
            lines.append(line)
        else:
            lines[-1] += f"{_break_of(lines[0])}{line}"
    return lines


def _break_of(header: str) -> str:
    found = _HEADER.match(header)
    escape = found[2][2] if found and len(found[2]) > 2 else "\\"
    return f"{escape}.br{escape}"


def unescape(text: str, segment: Segment) -> str:
    """Decode escape sequences; one that is not known or not closed stays as it is.  NUL is left out."""
    mark = segment.escape
    if mark not in text:
        return text.replace("\x00", "")
    out, rest = [], text
    while True:
        before, found, rest = rest.partition(mark)
        out.append(before)
        if not found:
            return "".join(out).replace("\x00", "")
        code, closed, after = rest.partition(mark)
        told = _sequence(code, segment) if closed else None
        if told is None:
            out.append(mark)
        else:
            out.append(told)
            rest = after


def _sequence(code: str, segment: Segment) -> str | None:
    field, component, repeat, subcomponent = segment.separators[:4]
    plain = {"F": field, "S": component, "R": repeat, "T": subcomponent, "E": segment.escape, "H": "", "N": ""}
    if code in plain:
        return plain[code]
    if code[:1] == "X" and _HEX.match(code[1:]):
        data = bytes.fromhex(code[1:])
        encoding = "utf-8" if segment.encoding == ASCII else segment.encoding
        return data.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
    if code[:1] == ".":
        return _formatting(code[1:])
    if code[:1] in {"C", "M"} and _HEX.match(code[1:]):  # a switch of character set within a text: decoded already
        return ""
    return "" if code[:1] == "Z" and code[1:].isalnum() else None


def _formatting(command: str) -> str | None:
    """Formatted text (2.7.6): line breaks and blanks are kept, layout is not."""
    if command in {"br", "ce"} or re.fullmatch(r"sp(?:[+]?\d*)?", command):
        return "\n"
    if re.fullmatch(r"sk[+]?\d+", command):
        return " "
    return "" if re.fullmatch(r"(?:fi|nf|in[+-]?\d+|ti[+-]?\d+)", command) else None


def moment(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    """An HL7 time stamp in UTC; also with dashes and colons.  None without hours and minutes, or when it is absurd."""
    found = _MOMENT.match(text.strip())
    if not found or found[4] is None:
        return None
    year, month, day, hour, minute = (int(found[i]) for i in range(1, 6))
    second, fraction = int(found[6] or 0), int((found[7] or "0").ljust(6, "0"))
    if year < _EARLIEST:
        return None
    try:
        local = dt.datetime(year, month, day, hour, minute, min(second, 59), fraction, tzinfo=_offset(found[8]) or zone)
        return local.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> dt.date | None:
    """The date of a time stamp; None when there is none."""
    found = re.match(r"^(\d{4})[-/]?(\d{2})[-/]?(\d{2})", text.strip())
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])) if found and int(found[1]) >= _EARLIEST else None
    except ValueError:
        return None


def _offset(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return dt.UTC
    digits = text[1:].replace(":", "")
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-delta if text[0] == "-" else delta)


def said(text: str) -> str:
    """A value for a column: `""` (explicitly empty) says nothing either, where nothing can be taken back."""
    return "" if text == CLEAR else text


def joined(texts: Sequence[str], between: str = "\n") -> str:
    """Texts that say something, in their order."""
    return between.join(text for text in texts if text and text != CLEAR)
