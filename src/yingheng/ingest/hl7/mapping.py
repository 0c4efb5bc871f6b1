"""What follows from each type of message: the one table, and the one way from bytes to facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yingheng.ingest.hl7.facts import Fact, Said
from yingheng.ingest.hl7.options import Options
from yingheng.ingest.hl7.orders import appointments, orders
from yingheng.ingest.hl7.patients import adt
from yingheng.ingest.hl7.reading import Message, read
from yingheng.ingest.hl7.reports import documents, results

Mapper = Callable[[Message, Options], tuple[Fact, ...]]
# type, or type and trigger event; a type alone takes every event that is not named
MAPPERS: Mapping[str, Mapper] = {
    "ORM": orders,
    "OMG": orders,
    "OMI": orders,
    "ORU": results,
    "MDM": documents,
    "SIU": appointments,
    **dict.fromkeys(
        (f"ADT^A{n}" for n in ("01", "04", "05", "08", "18", "28", "30", "31", "34", "36", "39", "40", "47")), adt
    ),
}


def message_facts(data: bytes, options: Options | None = None, *, default_encoding: str = "", zone: str) -> Said:
    """What the bytes of a message say.  MessageError when they cannot be read or lack what their type needs.

    A type that we do not use has no facts and says so in `ignored`.
    """
    message = read(data, default_encoding=default_encoding, zone=zone)
    mapper = MAPPERS.get(message.kind) or MAPPERS.get(message.kind.partition("^")[0])
    facts = mapper(message, options or Options()) if mapper else ()
    ignored = "" if facts else ("message.nothing_said" if mapper else "message.kind_unused")
    return Said(
        kind=message.kind[:32],
        control_id=message.control_id[:199],
        sent_at=message.sent_at,
        encoding=message.encoding,
        facts=tuple(facts),
        ignored=ignored,
        ignored_values={"kind": message.kind} if ignored else {},
    )
