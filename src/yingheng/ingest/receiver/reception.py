"""What every acceptor does with a visitor: admit or refuse, put what it brings into the spool, write it down."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self
from uuid import UUID

from yingheng.ingest.receiver.admission import Gate
from yingheng.ingest.receiver.config import Limits, Options
from yingheng.ingest.receiver.filemeta import head, uid_is_wellformed
from yingheng.ingest.receiver.log import AssociationLog, Entry, Event
from yingheng.ingest.receiver.reasons import ObjectRefused, Refused, storage_reason
from yingheng.ingest.spool import Kind, Spool, SpoolFile


class Reception:
    """One process's: its spool, who may come in, who is in, and the log."""

    def __init__(self, options: Options) -> None:
        self.limits: Limits = options.limits
        self.spool = Spool(options.home)
        self.log = AssociationLog(options.home)
        self.gate = Gate(options.home)
        self._lock = threading.Lock()
        self._admitted = 0

    def visit(self, address: str) -> Visit:
        """Somebody connected from there."""
        return Visit(self, plain_address(address))

    def enter(self) -> None:
        """Refused("too_many_associations") when all places are taken."""
        with self._lock:
            if self._admitted >= self.limits.max_associations:
                raise Refused("too_many_associations")
            self._admitted += 1

    def leave(self) -> None:
        with self._lock:
            self._admitted -= 1


class Visit:
    """One connection from its beginning to the line in the log."""

    def __init__(self, reception: Reception, address: str) -> None:
        self._reception = reception
        self.address = address
        self.calling = self.called = ""
        self.hospital_id: UUID | None = None
        self.n_objects = self.n_bytes = 0
        self._begun = time.monotonic()
        self._is_in = self._is_over = False
        self._refused: Counter[str] = Counter()

    def admit(self, called: str, calling: str) -> None:
        """Refused with the reason unless they may come in."""
        self.called, self.calling = called, calling
        directory = self._reception.gate.directory()
        self.hospital_id = directory.hospital_of(called)
        self.hospital_id = directory.admit(called, calling, self.address)
        self._reception.enter()
        self._is_in = True

    def begin(self, kind: Kind, sop_class: str, sop_instance: str, transfer_syntax: str) -> Incoming:
        """A file for what is about to come.  ObjectRefused when it cannot be taken."""
        if not (uid_is_wellformed(sop_class) and uid_is_wellformed(sop_instance)):
            raise ObjectRefused("uid_invalid")
        assert self.hospital_id is not None  # nobody sends before being admitted
        meta = head(sop_class, sop_instance, transfer_syntax, self.calling, self.called)
        try:
            file = self._reception.spool.begin(self.hospital_id, kind)
        except OSError as error:
            raise ObjectRefused(storage_reason(error)) from error
        return Incoming(self, file, meta, self._reception.limits.max_object, is_object=kind is Kind.OBJECT)

    def check_class(self, sop_class: str, abstract_syntax: str) -> None:
        """ObjectRefused when a command names another class than its presentation context."""
        if sop_class != abstract_syntax:
            raise ObjectRefused("class_mismatch")

    def stored(self, n_bytes: int, *, is_object: bool) -> None:
        """Objects are counted; the small data sets of other services only in bytes."""
        self.n_objects += is_object
        self.n_bytes += n_bytes

    def object_refused(self, reason: str) -> None:
        """Written at once the first time; repetitions are counted and written when the association ends."""
        self._refused[reason] += 1
        if self._refused[reason] == 1:
            self._write("object_refused", reason, 1)

    def end(self, event: Event, reason: str = "") -> None:
        """The line in the log, once; later calls change nothing."""
        if self._is_over:
            return
        self._is_over = True
        if self._is_in:
            self._reception.leave()
        for refusal, count in self._refused.items():
            if count > 1:
                self._write("object_refused", refusal, count - 1)
        self._write(event, reason, self.n_objects)

    def forget(self) -> None:
        """Nothing happened that is worth a line."""
        self._is_over = True

    def _write(self, event: Event, reason: str, n_objects: int) -> None:
        seconds = time.monotonic() - self._begun
        self._reception.log.write(
            Entry(event, self.calling, self.called, self.address, reason, n_objects, self.n_bytes, seconds,
                  self.hospital_id)
        )  # fmt: skip


class Incoming:
    """One data set on its way into the spool.  A context manager: what is not committed leaves nothing behind."""

    def __init__(self, visit: Visit, file: SpoolFile, meta: bytes, limit: int, *, is_object: bool) -> None:
        self._visit, self._file, self._limit, self._is_object = visit, file, limit, is_object
        self._pending: bytes = meta
        self._size = 0

    def write(self, fragment: bytes | memoryview) -> None:
        """The next bytes of the data set.  ObjectRefused when they cannot be kept."""
        self._size += len(fragment)
        if self._size > self._limit:
            raise ObjectRefused("object_too_big")
        try:
            if self._pending:
                self._file.write(self._pending)
                self._pending = b""
            self._file.write(fragment)
        except OSError as error:
            raise ObjectRefused(storage_reason(error)) from error

    def commit(self) -> None:
        """Durable once this returns.  ObjectRefused when it is not."""
        if not self._size:
            raise ObjectRefused("object_empty")
        try:
            self._file.commit()
        except OSError as error:
            raise ObjectRefused(storage_reason(error)) from error
        self._visit.stored(self._size, is_object=self._is_object)

    def discard(self) -> None:
        self._file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


def plain_address(address: str) -> str:
    """As people write it: an IPv4 address that came through an IPv6 socket without its prefix, no scope id."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
