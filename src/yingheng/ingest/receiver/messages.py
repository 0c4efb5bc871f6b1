"""DIMSE messages of one association: put together from fragments, carried out, answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yingheng.ingest.receiver.dimse import Command, Field, command_read
from yingheng.ingest.receiver.pdus import ProtocolError
from yingheng.ingest.receiver.reasons import SUCCESS, ObjectRefused, status_of
from yingheng.ingest.receiver.reception import Incoming, Visit
from yingheng.ingest.receiver.syntaxes import Service
from yingheng.ingest.spool import Kind

_STORAGE_COMMITMENT = 1  # the only action of its SOP class
# (service of the context, command): what is spooled
SPOOLED: dict[tuple[Service, int], Kind] = {
    (Service.STORAGE, Field.C_STORE): Kind.OBJECT,
    (Service.PROCEDURE_STEP, Field.N_CREATE): Kind.STEP_CREATE,
    (Service.PROCEDURE_STEP, Field.N_SET): Kind.STEP_SET,
    (Service.COMMITMENT, Field.N_ACTION): Kind.COMMITMENT,
    (Service.COMMITMENT, Field.N_EVENT_REPORT): Kind.COMMITMENT_REPORT,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted presentation context."""

    id: int
    service: Service
    abstract_syntax: str
    transfer_syntax: str


class Exchange:
    """Takes fragments in the order of their arrival and answers each message when it is whole.

    `answer(context id, command, status, comment)` sends a response.
    """

    def __init__(
        self,
        visit: Visit,
        contexts: dict[int, Accepted],
        max_command: int,
        answer: Callable[[int, Command, int, str], None],
    ) -> None:
        self._visit, self._contexts, self._max_command, self._answer = visit, contexts, max_command, answer
        self._context: Accepted | None = None  # of the message under way
        self._buffer = bytearray()
        self._command: Command | None = None  # once it is whole and its data set follows
        self._incoming: Incoming | None = None
        self._refusal = ""

    @property
    def is_under_way(self) -> bool:
        """Whether a message has begun and is not whole."""
        return self._context is not None

    def fragment(self, context_id: int, is_command: bool, is_last: bool, data: memoryview) -> None:  # noqa: FBT001
        """ProtocolError when it may not come now."""
        context = self._context or self._contexts.get(context_id)
        if context is None or context.id != context_id or is_command is (self._command is not None):
            raise ProtocolError("message_invalid")
        self._context = context
        if not is_command:
            self._data(data)
            if is_last:
                self._finish()
            return
        if len(self._buffer) + len(data) > self._max_command:
            raise ProtocolError("message_invalid")
        self._buffer += data
        if is_last:
            self._begin(context)

    def drop(self) -> None:
        """Forget the message under way: the association is over."""
        if self._incoming is not None:
            self._incoming.discard()
        self._clear()

    def _begin(self, context: Accepted) -> None:
        command = command_read(self._buffer)
        self._buffer.clear()
        self._command = command
        try:
            kind = self._kind(context, command)
            if kind is not None:
                self._incoming = self._visit.begin(
                    kind, command.class_uid, command.instance_uid, context.transfer_syntax
                )  # fmt: skip
        except ObjectRefused as refused:
            self._refusal = refused.reason
        if not command.has_data_set:
            self._finish()

    def _kind(self, context: Accepted, command: Command) -> Kind | None:
        """What to spool; None for what only asks for an answer.  ObjectRefused for what cannot be done."""
        if command.field == Field.C_CANCEL:
            return None
        if command.field == Field.C_ECHO and context.service is Service.VERIFICATION:
            return None
        kind = SPOOLED.get((context.service, command.field))
        if kind is None:
            raise ObjectRefused("command_unsupported")
        self._visit.check_class(command.class_uid, context.abstract_syntax)
        if kind is Kind.COMMITMENT and command.action != _STORAGE_COMMITMENT:
            raise ObjectRefused("action_unknown")
        if not command.has_data_set:
            raise ObjectRefused("object_empty")
        return kind

    def _data(self, data: memoryview) -> None:
        if self._incoming is None:
            return  # refused already, or nobody asked for a data set
        try:
            self._incoming.write(data)
        except ObjectRefused as refused:
            self._refuse(refused.reason)

    def _finish(self) -> None:
        """The message is whole: make it durable, then answer."""
        assert self._context is not None
        assert self._command is not None
        if self._incoming is not None:
            try:
                self._incoming.commit()
            except ObjectRefused as refused:
                self._refuse(refused.reason)
        context, command, reason = self._context, self._command, self._refusal
        self._clear()
        if command.field == Field.C_CANCEL:
            return  # there is nothing that could be cancelled, and no response to it
        if reason:
            self._visit.object_refused(reason)
        status = status_of(reason, of_store=command.field == Field.C_STORE) if reason else SUCCESS
        self._answer(context.id, command, status, reason.replace("_", " "))

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        if self._incoming is not None:
            self._incoming.discard()
            self._incoming = None

    def _clear(self) -> None:
        self._buffer.clear()
        self._context = self._command = self._incoming = None
        self._refusal = ""
