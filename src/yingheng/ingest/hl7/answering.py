"""What becomes of a message at the door: to whom it belongs, on disk first, then the acknowledgement.

No Django and no database: sources are given, messages go to the spool.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from yingheng.ingest.hl7.encoding import NAMES, UTF8
from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.reading import Message, read
from yingheng.ingest.spool import Kind, Spool

ACCEPT, ERROR, REJECT = "AA", "AE", "AR"  # taken; not taken, try again; never taken
_COMMIT = {ACCEPT: "CA", ERROR: "CE", REJECT: "CR"}  # the enhanced mode asks for these (MSH-15)
_CODES = {"message.unknown_source": "207", "message.not_stored": "207", "message.not_ready": "207"}  # table 0357
_SHOWN = 160
_COUNT = itertools.count(1)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceRule:
    """Who may send for a hospital: from these addresses or networks (none: any), under these names ("": any)."""

    id: UUID
    hospital_id: UUID
    addresses: tuple[str, ...] = ()
    application: str = ""
    facility: str = ""
    encoding: str = ""
    zone: str = "Asia/Shanghai"

    def allows(self, address: str) -> bool:
        """Whether it may call from that address."""
        if not self.addresses:
            return True
        try:
            caller = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(caller, "ipv4_mapped", None)
        caller = mapped or caller
        return any(caller in ipaddress.ip_network(one, strict=False) for one in self.addresses)

    def names(self, message: Message) -> bool:
        """Whether the message bears its names (MSH-3, MSH-4), by their first part or the whole."""
        given = ((self.application, 3), (self.facility, 4))
        return all(
            not name or name in {message.header.text(field), message.header.whole(field)} for name, field in given
        )

    @property
    def closeness(self) -> int:
        """How much it asks for: of two that fit, the closer one counts."""
        return 4 * bool(self.addresses) + 2 * bool(self.application) + bool(self.facility)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was turned away, as far as it could be read; `hospital_id`: of those who may call from there."""

    address: str
    code: str
    values: Mapping[str, str]
    size: int
    application: str = ""
    facility: str = ""
    kind: str = ""
    control_id: str = ""
    hospital_id: UUID | None = None


Sources = Callable[[], Sequence[SourceRule]]
Words = Callable[[str, dict[str, str]], str]


@dataclass(frozen=True, slots=True)
class Door:
    """Where messages come in: who may send, where they are kept, and the words for what is refused."""

    spool: Spool
    sources: Sources
    words: Words
    refused: Callable[[Refusal], None] = lambda _refusal: None

    def may_call(self, address: str) -> bool:
        """Whether anybody at all may call from that address."""
        try:
            return any(rule.allows(address) for rule in self.sources())
        except MessageError:  # not known yet: each message is answered so
            return True

    def answer(self, data: bytes, address: str) -> bytes | None:
        """Take a message; returns its acknowledgement, None when the sender wants none.

        "AA" is said only after the bytes are durably in the spool.
        """
        message: Message | None = None
        rules: list[SourceRule] = []
        try:
            rules = sorted((r for r in self.sources() if r.allows(address)), key=lambda r: -r.closeness)
            encodings = {r.encoding for r in rules}
            message = read(data, default_encoding=encodings.pop() if len(encodings) == 1 else "")
            self._keep(data, address, _rule_of(message, rules))
        except MessageError as error:
            code = ERROR if error.code in {"message.not_stored", "message.not_ready"} else REJECT
            logger.warning("message from %s refused: %s", address, error.code)
            self.refused(_refusal(error, address, len(data), message, rules))
            return acknowledgement(message, code, error.code, self.words(error.code, error.values))
        if message.header.text(15).upper() == "NE":
            return None
        return acknowledgement(message, ACCEPT)

    def refuse(self, code: str, values: dict[str, str], address: str = "") -> bytes:
        """The acknowledgement of something that could not be read at all."""
        try:
            rules = [rule for rule in self.sources() if rule.allows(address)]
        except MessageError:  # not known yet
            rules = []
        self.refused(_refusal(MessageError(code, **values), address, 0, None, rules))
        return acknowledgement(None, REJECT, code, self.words(code, values))

    def _keep(self, data: bytes, address: str, rule: SourceRule) -> None:
        envelope = json.dumps({"source": str(rule.id), "address": address}).encode()
        try:
            self.spool.put(rule.hospital_id, Kind.MESSAGE, data + b"\x1c" + envelope)
        except OSError as exc:
            logger.exception("a message from %s could not be stored", address)
            raise MessageError("message.not_stored") from exc


def _refusal(
    error: MessageError, address: str, size: int, message: Message | None, rules: Sequence[SourceRule]
) -> Refusal:
    hospitals = {rule.hospital_id for rule in rules}
    header = message.header if message else None
    return Refusal(
        address=address,
        code=error.code,
        values=error.values,
        size=size,
        application=header.text(3) if header else "",
        facility=header.text(4) if header else "",
        kind=message.kind if message else "",
        control_id=message.control_id if message else "",
        hospital_id=hospitals.pop() if len(hospitals) == 1 else None,
    )


def _rule_of(message: Message, rules: Sequence[SourceRule]) -> SourceRule:
    for rule in rules:
        if rule.names(message):
            return rule
    raise MessageError("message.unknown_source")


def acknowledgement(message: Message | None, code: str, error: str = "", words: str = "") -> bytes:
    """An ACK for a message, in its own separators and characters; `message` None: one that could not be read."""
    if message is not None and message.header.text(15):
        code = _COMMIT[code]
    field, component, repeat, escape, subcomponent = _separators(message)
    header = message.header if message else None

    def given(number: int) -> str:
        return header.raw(number) if header else ""

    trigger = header.text(9, 2) if header else ""
    kind = component.join(filter(None, ("ACK", trigger, "ACK" if trigger else "")))
    encoding = message.encoding if message else UTF8
    now = dt.datetime.now(dt.UTC)
    stamp = now.strftime("%Y%m%d%H%M%S+0000")
    control = f"YH{now:%Y%m%d%H%M%S}{next(_COUNT) % 1_000_000:06d}"
    ours, theirs = [given(5), given(6)], [given(3), given(4)]
    after = [given(11) or "P", given(12) or "2.4", *[""] * 5, NAMES.get(encoding, "")]
    msh = ["MSH", f"{component}{repeat}{escape}{subcomponent}", *ours, *theirs, stamp, "", kind, control, *after]
    told = _escaped(words[:_SHOWN], field, component, repeat, escape, subcomponent)
    lines = [field.join(msh).rstrip(field), field.join(["MSA", code, given(10), told]).rstrip(field)]
    if error:
        lines.append(field.join(["ERR", "", "", _CODES.get(error, "101"), "E", error, "", "", told]))
    return ("\r".join(lines) + "\r").encode(encoding if encoding != "ascii" else UTF8, "replace")


def _separators(message: Message | None) -> tuple[str, str, str, str, str]:
    if message is None:
        return "|", "^", "~", "\\", "&"
    field, component, repeat, subcomponent = message.header.separators[:4]
    return field, component, repeat, message.header.escape, subcomponent


def _escaped(text: str, field: str, component: str, repeat: str, escape: str, subcomponent: str) -> str:
    codes = {escape: "E", field: "F", component: "S", repeat: "R", subcomponent: "T"}
    return "".join(f"{escape}{codes[c]}{escape}" if c in codes else " " if c in "\r\n" else c for c in text)
