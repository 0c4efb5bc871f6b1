"""The content of a message as rows of a table: with names and numbers for those who may see them, else masked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from yingheng.catalog import keys
from yingheng.catalog.pseudonyms import MASK, masked
from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.reading import Message as Hl7
from yingheng.ingest.hl7.reading import Segment, read
from yingheng.ingest.models import Message

Row = tuple[str, str]  # place ("PID-5", "[0].patient.name") and what stands there
MOST_ROWS = 1000
# Segments that speak of a person: patient, kin, guarantor, insurance, employer, merge.
_PERSONAL = frozenset({"PID", "PD1", "NK1", "GT1", "IN1", "IN2", "IN3", "MRG", "ACC", "ARV", "STF"})
_HARMLESS = frozenset({("PID", 1), ("PID", 8), ("NK1", 1), ("IN1", 1), ("GT1", 1)})
_NAMING = {"PID": (2, 3, 4, 5, 6, 9, 11, 13, 14, 18, 19, 20), "MRG": (1, 4, 7), "NK1": (2, 4, 5), "PV1": (19,)}
_NAMED_KEYS = frozenset({"patient"})


def message_rows(row: Message, *, identified: bool) -> list[Row]:
    """Place and value of everything a message says; nothing for one that cannot be taken apart and must be masked."""
    if row.raw_removed_at:
        return []
    data = keys.bytes_decrypt(row.raw_cipher)
    if row.channel == Message.Channel.JSON:
        return _json_rows(data, identified=identified)
    try:
        message = read(data, default_encoding=row.source.encoding if row.source else "", zone=row.hospital.zone)
    except MessageError:
        return [("", data[:4000].decode("utf-8", "replace"))] if identified else []
    hidden = [] if identified else _identifying(message)
    return [
        (f"{segment.name}-{number}", _shown(segment, number, text, hidden, identified=identified))
        for segment in message.segments
        for number, text in segment.fields()
        if not (segment.name == "MSH" and number <= 2)
    ][:MOST_ROWS]


def _shown(segment: Segment, number: int, text: str, hidden: Sequence[str], *, identified: bool) -> str:
    if identified:
        return text
    if segment.name in _PERSONAL and (segment.name, number) not in _HARMLESS:
        return MASK
    return masked(text, hidden)


def _identifying(message: Hl7) -> list[str]:
    """Names and numbers of the people in a message, in every part and spelling."""
    found: list[str] = []
    for segment in message.segments:
        for number in _NAMING.get(segment.name, ()):
            for repetition in range(1, segment.repetitions(number) + 1):
                parts = [segment.text(number, n, repetition=repetition) for n in (1, 2, 3)]
                if number == 5 or segment.name == "NK1":  # a name: its parts alone say too much as well
                    found += [*parts, "".join(parts), " ".join(filter(None, parts)), "^".join(parts).strip("^")]
                else:
                    found.append(parts[0])
    return [text for text in found if text]


def _json_rows(data: bytes, *, identified: bool) -> list[Row]:
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return [("", data[:4000].decode("utf-8", "replace"))] if identified else []
    rows = list(_leaves("", body))[:MOST_ROWS]
    if identified:
        return [(path, text) for path, text, _personal in rows]
    hidden = [text for _path, text, personal in rows if personal]
    return [(path, MASK if personal else masked(text, hidden)) for path, text, personal in rows]


def _leaves(path: str, value: Any, *, personal: bool = False) -> Iterator[tuple[str, str, bool]]:
    if isinstance(value, dict):
        for name, one in value.items():
            below = f"{path}.{name}" if path else str(name)
            yield from _leaves(below, one, personal=personal or name in _NAMED_KEYS)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _leaves(f"{path}[{n}]", one, personal=personal)
    else:
        yield path, "" if value is None else str(value), personal and not path.endswith(".sex")
