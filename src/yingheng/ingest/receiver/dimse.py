"""Command sets (PS3.7 §9, annex E): read from implicit little endian, and the responses to them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from yingheng.ingest.receiver.pdus import ProtocolError


class Field(IntEnum):
    """Command Field (0000,0100) of the requests that mean something here."""

    C_STORE = 0x0001
    C_ECHO = 0x0030
    N_EVENT_REPORT = 0x0100
    N_SET = 0x0120
    N_ACTION = 0x0130
    N_CREATE = 0x0140
    C_CANCEL = 0x0FFF


_ELEMENT = struct.Struct("<HHI")
_NO_DATA_SET = 0x0101
_RESPONSE = 0x8000
_COMMENT = 64  # characters of (0000,0902)


@dataclass(frozen=True, slots=True)
class Command:
    """A request.  UIDs as sent but for padding; "" where there is none."""

    field: int
    message_id: int
    class_uid: str
    instance_uid: str
    action: int | None
    has_data_set: bool


def command_read(data: bytes | bytearray) -> Command:
    """ProtocolError when it is no command set, lacks what every request has, or is a response."""
    elements = _elements(data)
    field, message_id = _number(elements, 0x0100), _number(elements, 0x0110)
    if field == Field.C_CANCEL:
        message_id = _number(elements, 0x0120)  # the request that is to be cancelled
    data_set = _number(elements, 0x0800)
    if field is None or message_id is None or data_set is None or field & _RESPONSE:
        raise ProtocolError("message_invalid")
    return Command(
        field=field,
        message_id=message_id,
        class_uid=_text(elements, 0x0002) or _text(elements, 0x0003),
        instance_uid=_text(elements, 0x1000) or _text(elements, 0x1001),
        action=_number(elements, 0x1008),
        has_data_set=data_set != _NO_DATA_SET,
    )


def response(command: Command, status: int, comment: str = "") -> bytes:
    """The command set that answers a request, without a data set."""
    parts = []
    if command.class_uid:
        parts.append(_element(0x0002, _padded(command.class_uid)))
    parts += [
        _element(0x0100, struct.pack("<H", command.field | _RESPONSE)),
        _element(0x0120, struct.pack("<H", command.message_id)),
        _element(0x0800, struct.pack("<H", _NO_DATA_SET)),
        _element(0x0900, struct.pack("<H", status)),
    ]
    if comment:
        parts.append(_element(0x0902, _padded(comment[:_COMMENT], b" ")))
    if command.instance_uid:
        parts.append(_element(0x1000, _padded(command.instance_uid)))
    if command.field == Field.N_ACTION and command.action is not None:
        parts.append(_element(0x1008, struct.pack("<H", command.action)))
    body = b"".join(parts)
    return _element(0x0000, struct.pack("<I", len(body))) + body


def _elements(data: bytes | bytearray) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position, end = 0, len(data)
    while position < end:
        if end - position < _ELEMENT.size:
            raise ProtocolError("message_invalid")
        group, element, length = _ELEMENT.unpack_from(data, position)
        position += _ELEMENT.size
        if group != 0 or position + length > end or element in found:
            raise ProtocolError("message_invalid")
        found[element] = bytes(data[position : position + length])
        position += length
    return found


def _number(elements: dict[int, bytes], element: int) -> int | None:
    value = elements.get(element)
    if value is None:
        return None
    if len(value) != 2:
        raise ProtocolError("message_invalid")
    return int.from_bytes(value, "little")


def _text(elements: dict[int, bytes], element: int) -> str:
    return elements.get(element, b"").decode("ascii", "replace").strip(" \0")


def _element(element: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, element, len(value)) + value


def _padded(text: str, filler: bytes = b"\0") -> bytes:
    value = text.encode("ascii", "replace")
    return value + filler if len(value) % 2 else value
