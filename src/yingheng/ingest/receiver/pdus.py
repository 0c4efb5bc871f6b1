"""Protocol data units of the upper layer (PS3.8 §9.3), read strictly and written."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum


class PduType(IntEnum):
    """First byte of a PDU."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class ProtocolError(Exception):
    """What came breaks the protocol: the association is aborted for `reason`, a key of `reasons.WORDS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


HEADER = struct.Struct(">BxI")  # type, length of what follows
_ITEM = struct.Struct(">BxH")
_PDV = struct.Struct(">IBB")  # length from the next byte on, context id, control
PDV_HEADER = _PDV.size
_COMMAND, _LAST = 1, 2  # bits of the control
_FIXED = 68  # of an A-ASSOCIATE-RQ, before its items
_DEFAULT_MAX_PDU = 16_384  # for a peer that does not say
_SHORT = 4  # body of the PDUs that carry no items
MAX_REQUEST = 262_144  # 128 contexts with 50 transfer syntaxes each
# source and reason of an A-ABORT (PS3.8 table 9-26)
ABORTS: dict[str, tuple[int, int]] = {
    "pdu_unrecognised": (2, 1),
    "not_dicom": (2, 1),
    "pdu_unexpected": (2, 2),
    "pdu_invalid": (2, 6),
    "pdu_too_long": (2, 6),
}


@dataclass(frozen=True, slots=True)
class Context:
    """A proposed presentation context."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ.  `titles` are the 64 bytes that the answer repeats."""

    version: int
    called: str
    calling: str
    titles: bytes
    application_context: str
    contexts: tuple[Context, ...]
    max_pdu: int  # of P-DATA-TF that the peer reads; 0 is without limit
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role selection (PS3.7 D.3.3.4): as what the peer proposes to act for a SOP class."""

    abstract_syntax: str
    is_user: bool
    is_provider: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one proposed context: a transfer syntax and 0, or the reason why not (PS3.8 table 9-18)."""

    id: int
    result: int
    transfer_syntax: str


def associate_request_read(body: memoryview) -> AssociateRequest:
    """ProtocolError when lengths do not fit, a part is missing or there twice, or a value cannot be."""
    if len(body) < _FIXED:
        raise ProtocolError("pdu_invalid")
    applications: list[str] = []
    contexts: list[Context] = []
    users: list[int] = []
    roles: list[Role] = []
    for kind, value in _items(body[_FIXED:]):
        if kind == 0x10:
            applications.append(_text(value))
        elif kind == 0x20:
            contexts.append(_context(value))
        elif kind == 0x50:
            users.append(_max_pdu(value))
            roles += _roles(value)
    ids = {context.id for context in contexts}
    if len(applications) != 1 or len(users) != 1 or not contexts or len(ids) != len(contexts):
        raise ProtocolError("pdu_invalid")
    return AssociateRequest(
        version=int.from_bytes(body[:2], "big"),
        called=_text(body[4:20]),
        calling=_text(body[20:36]),
        titles=bytes(body[4:68]),
        application_context=applications[0],
        contexts=tuple(contexts),
        max_pdu=users[0],
        roles=tuple(roles),
    )


def fragments(body: memoryview) -> Iterator[tuple[int, bool, bool, memoryview]]:
    """The values of a P-DATA-TF: context id, whether of a command, whether the last of its set, the bytes."""
    position, end = 0, len(body)
    if not end:
        raise ProtocolError("pdu_invalid")
    while position < end:
        if end - position < PDV_HEADER:
            raise ProtocolError("pdu_invalid")
        length, context_id, control = _PDV.unpack_from(body, position)
        following = position + 4 + length
        if length < 2 or following > end:
            raise ProtocolError("pdu_invalid")
        yield context_id, bool(control & _COMMAND), bool(control & _LAST), body[position + PDV_HEADER : following]
        position = following


def length_check(kind: int, length: int, max_pdu: int) -> None:
    """ProtocolError for a header that no PDU may have; before anything of its body is read."""
    if kind not in _LENGTHS:
        raise ProtocolError("pdu_unrecognised")
    least, most = _LENGTHS[kind]
    if kind == PduType.DATA:
        most = max_pdu
    if length > most:
        raise ProtocolError("pdu_too_long" if most > _SHORT else "pdu_invalid")
    if length < least:
        raise ProtocolError("pdu_invalid")


_LENGTHS: dict[int, tuple[int, int]] = {
    PduType.ASSOCIATE_RQ: (_FIXED, MAX_REQUEST),
    PduType.ASSOCIATE_AC: (_FIXED, MAX_REQUEST),
    PduType.ASSOCIATE_RJ: (_SHORT, _SHORT),
    PduType.DATA: (PDV_HEADER, 0),
    PduType.RELEASE_RQ: (_SHORT, _SHORT),
    PduType.RELEASE_RP: (_SHORT, _SHORT),
    PduType.ABORT: (_SHORT, _SHORT),
}


def associate_accept(
    request: AssociateRequest,
    answers: Sequence[Answer],
    max_pdu: int,
    implementation: tuple[str, str],
    roles: Sequence[Role] = (),
) -> bytes:
    """An A-ASSOCIATE-AC; `implementation` is our class UID and version name, `roles` are those we agree to."""
    contexts = b"".join(
        _item(0x21, bytes((one.id, 0, one.result, 0)) + _item(0x40, one.transfer_syntax.encode())) for one in answers
    )
    uid, name = implementation
    agreed = b"".join(_item(0x54, _role(one)) for one in roles)
    user = _item(0x51, struct.pack(">I", max_pdu)) + _item(0x52, uid.encode()) + agreed + _item(0x55, name.encode())
    application = _item(0x10, request.application_context.encode())
    return _pdu(
        PduType.ASSOCIATE_AC, struct.pack(">HH", 1, 0) + request.titles + application + contexts + _item(0x50, user)
    )


def associate_reject(result: int, source: int, reason: int) -> bytes:
    return _pdu(PduType.ASSOCIATE_RJ, bytes((0, result, source, reason)))


def release_request() -> bytes:
    return _pdu(PduType.RELEASE_RQ, bytes(4))


def release_response() -> bytes:
    return _pdu(PduType.RELEASE_RP, bytes(4))


def abort(reason: str) -> bytes:
    """By the provider for what breaks the protocol, else by the user."""
    source, diagnostic = ABORTS.get(reason, (0, 0))
    return _pdu(PduType.ABORT, bytes((0, 0, source, diagnostic)))


def command_data(context_id: int, command: bytes, max_pdu: int) -> bytes:
    """A command set as P-DATA-TF, in as many as the peer's limit asks for (0: one)."""
    room = max_pdu - PDV_HEADER if max_pdu else len(command)
    parts = [command[i : i + room] for i in range(0, len(command), room)]
    last = len(parts) - 1
    return b"".join(
        _pdu(PduType.DATA, _PDV.pack(len(part) + 2, context_id, _COMMAND | (_LAST if n == last else 0)) + part)
        for n, part in enumerate(parts)
    )


def _pdu(kind: PduType, body: bytes) -> bytes:
    return HEADER.pack(kind, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _items(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    position = 0
    while position < len(data):
        if len(data) - position < _ITEM.size:
            raise ProtocolError("pdu_invalid")
        kind, length = _ITEM.unpack_from(data, position)
        position += _ITEM.size
        if position + length > len(data):
            raise ProtocolError("pdu_invalid")
        yield kind, data[position : position + length]
        position += length


def _context(value: memoryview) -> Context:
    if len(value) < 4 or value[0] % 2 == 0:
        raise ProtocolError("pdu_invalid")
    abstracts: list[str] = []
    transfers: list[str] = []
    for kind, text in _items(value[4:]):
        if kind == 0x30:
            abstracts.append(_uid(text))
        elif kind == 0x40:
            transfers.append(_uid(text))
    if len(abstracts) != 1 or not transfers:
        raise ProtocolError("pdu_invalid")
    return Context(value[0], abstracts[0], tuple(transfers))


def _max_pdu(value: memoryview) -> int:
    found = _DEFAULT_MAX_PDU
    for kind, data in _items(value):
        if kind == 0x51:
            if len(data) != 4:
                raise ProtocolError("pdu_invalid")
            found = int.from_bytes(data, "big")
    if 0 < found <= PDV_HEADER:
        raise ProtocolError("pdu_invalid")
    return found


def _roles(value: memoryview) -> Iterator[Role]:
    for kind, data in _items(value):
        if kind == 0x54:
            length = int.from_bytes(data[:2], "big")
            if len(data) != length + 4:
                raise ProtocolError("pdu_invalid")
            yield Role(_uid(data[2 : 2 + length]), bool(data[-2]), bool(data[-1]))


def _role(one: Role) -> bytes:
    uid = one.abstract_syntax.encode()
    return struct.pack(">H", len(uid)) + uid + bytes((one.is_user, one.is_provider))


def _text(value: memoryview) -> str:
    return bytes(value).decode("ascii", "replace").strip(" \0")


def _uid(value: memoryview) -> str:
    text = _text(value)
    if not text or len(text) > 64 or not set(text) <= set("0123456789."):
        raise ProtocolError("pdu_invalid")
    return text
