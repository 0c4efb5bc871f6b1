"""A meeting as an iCalendar file (RFC 5545), for the calendars people carry with them."""

from __future__ import annotations

import datetime as dt

from yingheng.governance.models import Meeting

_WIDTH = 75  # octets of a line (section 3.1)


def meeting_ics(meeting: Meeting, *, url: str, at: dt.datetime) -> str:
    """One event; the same meeting put off or cancelled replaces it by its UID and SEQUENCE."""
    cancelled = meeting.state == Meeting.State.CANCELLED
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Yingheng//Meetings//ZH",
        f"METHOD:{'CANCEL' if cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{meeting.pk}@yingheng",
        f"SEQUENCE:{meeting.sequence}",
        f"DTSTAMP:{_utc(at)}",
        f"DTSTART:{_utc(meeting.begins_at)}",
        f"DTEND:{_utc(meeting.ends_at)}",
        f"SUMMARY:{_escaped(meeting.title)}",
        f"DESCRIPTION:{_escaped(_agenda(meeting))}",
        f"URL:{url}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    if meeting.place:
        lines.insert(-4, f"LOCATION:{_escaped(meeting.place)}")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _agenda(meeting: Meeting) -> str:
    return "\n".join(f"{n}. {item.title}" for n, item in enumerate(meeting.items.all(), start=1))


def _utc(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """TEXT (section 3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: str) -> str:
    """Long lines go on after a line break and a space, never inside a character."""
    parts, rest = [], line
    while len(rest.encode()) > _WIDTH - bool(parts):
        cut = _WIDTH - bool(parts)
        while len(rest[:cut].encode()) > _WIDTH - bool(parts):
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join([*parts, rest])
