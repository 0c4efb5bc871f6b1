"""One association, from the connection to its end: the state table put to work."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from yingheng.ingest.receiver import pdus
from yingheng.ingest.receiver.channel import Channel, Closed, Leaving, Stopped, TimedOut
from yingheng.ingest.receiver.config import IMPLEMENTATION_NAME, IMPLEMENTATION_UID, Limits
from yingheng.ingest.receiver.dimse import Command, response
from yingheng.ingest.receiver.log import Event as LogEvent
from yingheng.ingest.receiver.messages import Accepted, Exchange
from yingheng.ingest.receiver.pdus import Answer, AssociateRequest, ProtocolError
from yingheng.ingest.receiver.reasons import REJECTIONS, Refused
from yingheng.ingest.receiver.reception import Visit
from yingheng.ingest.receiver.states import RECEIVED, TRANSITIONS, Action, Event, State
from yingheng.ingest.receiver.syntaxes import APPLICATION_CONTEXT, Service, service_of, syntax_choose

_VERSION = 1  # bit 0 of the protocol version
_ACCEPTED, _NO_ABSTRACT_SYNTAX, _NO_TRANSFER_SYNTAX = 0, 3, 4


class Association:
    """Runs in the thread that calls `run`, and holds nothing but that thread and its connection."""

    def __init__(self, connection: socket.socket, visit: Visit, limits: Limits, leaving: Leaving) -> None:
        self._visit, self._limits, self._leaving = visit, limits, leaving
        size = max(4 * (limits.max_pdu + pdus.HEADER.size), pdus.MAX_REQUEST + pdus.HEADER.size)
        self._channel = Channel(connection, size, limits.tick_s, leaving)
        self._state = State.IDLE
        self._reason = ""  # of the abort or refusal that is about to happen
        self._deadline = 0.0  # of the states that wait for one thing (ARTIM)
        self._in_step = True  # whether what comes next can still be read as PDUs
        self._peer_max_pdu = 0
        self._exchange: Exchange | None = None
        self._actions = self._action_table()

    def run(self) -> None:
        """Until the connection may be closed; never raises for anything that the peer does."""
        self._happen(Event.CONNECTED)
        while self._state is not State.IDLE:
            self._happen(*self._next_event())

    def _next_event(self) -> tuple[Event, memoryview | None]:
        try:
            return self._receive()
        except Closed:
            return Event.CLOSED, None
        except TimedOut:
            self._reason = self._timeout_reason()
            return Event.TIMED_OUT, None
        except Stopped:
            self._reason = "stopping"
            return self._stop_event(), None
        except ProtocolError as error:
            self._reason = error.reason
            return Event.INVALID, None

    def _happen(self, event: Event, body: memoryview | None = None) -> None:
        action, self._state = TRANSITIONS[self._state, event]
        try:
            self._actions[action](body)
        except ProtocolError as error:  # found out only while doing it: the contents of a P-DATA-TF
            self._reason = error.reason
            self._happen(Event.INVALID)
        except Closed:
            self._happen(Event.CLOSED)
        except (TimedOut, Stopped):  # the peer does not even read what we answer
            self._reason = "timed_out_stalled"
            self._happen(Event.TIMED_OUT)

    def _action_table(self) -> dict[Action, Callable[[memoryview | None], None]]:
        return {
            Action.WAIT: self._wait,
            Action.DECIDE: self._decide,
            Action.SEND_ACCEPT: self._send_accept,
            Action.SEND_REJECT: self._send_reject,
            Action.TAKE_DATA: self._take_data,
            Action.SEND_RELEASE: self._send_release,
            Action.RELEASE_ASKED: self._release_asked,
            Action.RELEASED: self._released,
            Action.ANSWER_RELEASE: self._answer_release,
            Action.CLOSE: self._close,
            Action.DROP_DATA: self._ignore,
            Action.COLLIDE: self._collide,
            Action.COLLISION_CONFIRMED: self._collision_confirmed,
            Action.SEND_ABORT: self._send_abort,
            Action.PEER_ABORTED: self._peer_aborted,
            Action.LOST: self._lost,
            Action.IGNORE: self._ignore,
            Action.REPEAT_ABORT: self._repeat_abort,
        }

    # --- what comes

    def _receive(self) -> tuple[Event, memoryview | None]:
        if self._state is State.AWAITING_CLOSE and not self._in_step:
            while True:
                self._channel.drain(self._deadline)
        is_idle = self._state is State.ESTABLISHED and not self._is_busy
        if is_idle and self._channel.is_empty and self._leaving.is_asked():
            raise Stopped
        header = self._channel.take(pdus.HEADER.size, self._header_deadline(), is_idle=is_idle)
        kind, length = pdus.HEADER.unpack(header)
        try:
            pdus.length_check(kind, length, self._limits.max_pdu)
        except ProtocolError as error:
            self._in_step = False
            if self._state is State.AWAITING_REQUEST and error.reason == "pdu_unrecognised":
                raise ProtocolError("not_dicom") from error
            raise
        if self._state is State.ESTABLISHED:
            self._deadline = time.monotonic() + self._limits.stalled_s
        return RECEIVED[kind], self._channel.take(length, self._deadline)

    def _header_deadline(self) -> float:
        if self._state is not State.ESTABLISHED:
            return self._deadline
        return time.monotonic() + (self._limits.stalled_s if self._is_busy else self._limits.idle_s)

    @property
    def _is_busy(self) -> bool:
        return self._exchange is not None and self._exchange.is_under_way

    def _timeout_reason(self) -> str:
        if self._state is State.AWAITING_REQUEST:
            return "timed_out_request"
        if self._state is State.ESTABLISHED:
            return "timed_out_stalled" if self._is_busy or not self._channel.is_empty else "timed_out_idle"
        return "stopping"

    def _stop_event(self) -> Event:
        if self._state is State.ESTABLISHED and not self._is_busy and not self._leaving.is_over():
            return Event.RELEASE
        return Event.TIMED_OUT

    # --- actions of the state table

    def _wait(self, _body: memoryview | None) -> None:
        self._deadline = time.monotonic() + self._limits.request_s

    def _decide(self, body: memoryview | None) -> None:
        assert body is not None
        request = pdus.associate_request_read(body)
        try:
            _check_protocol(request)
            self._visit.admit(request.called, request.calling)
        except Refused as refused:
            self._visit.called, self._visit.calling = request.called, request.calling
            self._reason = refused.reason
            self._happen(Event.REJECT)
            return
        self._accept(request)

    def _accept(self, request: AssociateRequest) -> None:
        contexts: dict[int, Accepted] = {}
        answers: list[Answer] = []
        for one in request.contexts:
            service = service_of(one.abstract_syntax)
            chosen = None if service is None else syntax_choose(service, one.transfer_syntaxes)
            if service is None:
                answers.append(Answer(one.id, _NO_ABSTRACT_SYNTAX, one.transfer_syntaxes[0]))
            elif chosen is None:
                answers.append(Answer(one.id, _NO_TRANSFER_SYNTAX, one.transfer_syntaxes[0]))
            else:
                answers.append(Answer(one.id, _ACCEPTED, chosen))
                contexts[one.id] = Accepted(one.id, service, one.abstract_syntax, chosen)
        self._peer_max_pdu = request.max_pdu
        self._exchange = Exchange(self._visit, contexts, self._limits.max_command, self._answer)
        ours = (IMPLEMENTATION_UID, IMPLEMENTATION_NAME)
        # a destination that reports on storage commitment calls us and is the provider all the same
        roles = [one for one in request.roles if service_of(one.abstract_syntax) is Service.COMMITMENT]
        self._outgoing = pdus.associate_accept(request, answers, self._limits.max_pdu, ours, roles)
        self._happen(Event.ACCEPT)

    def _send_accept(self, _body: memoryview | None) -> None:
        self._send(self._outgoing)

    def _send_reject(self, _body: memoryview | None) -> None:
        self._over("refused", self._reason)
        self._send(pdus.associate_reject(*REJECTIONS[self._reason]))

    def _take_data(self, body: memoryview | None) -> None:
        assert body is not None
        assert self._exchange is not None
        for context_id, is_command, is_last, data in pdus.fragments(body):
            self._exchange.fragment(context_id, is_command, is_last, data)

    def _answer(self, context_id: int, command: Command, status: int, comment: str) -> None:
        self._send(pdus.command_data(context_id, response(command, status, comment), self._peer_max_pdu))

    def _send_release(self, _body: memoryview | None) -> None:
        self._deadline = time.monotonic() + self._limits.closing_s
        self._send(pdus.release_request())

    def _release_asked(self, _body: memoryview | None) -> None:
        self._reason = "message_invalid" if self._is_busy else ""
        self._happen(Event.RELEASE_ANSWER)

    def _collide(self, _body: memoryview | None) -> None:
        """Both asked for release: the peer, who requested the association, answers first."""

    def _collision_confirmed(self, _body: memoryview | None) -> None:
        self._happen(Event.RELEASE_ANSWER)

    def _answer_release(self, _body: memoryview | None) -> None:
        self._over("closed", self._reason)
        self._send(pdus.release_response())

    def _released(self, _body: memoryview | None) -> None:
        self._over("closed", self._reason)

    def _send_abort(self, _body: memoryview | None) -> None:
        reason = self._reason or "pdu_unexpected"
        self._over("aborted", reason)
        with suppress(Closed, TimedOut, Stopped):
            self._channel.send(pdus.abort(reason), time.monotonic() + self._limits.tick_s)

    def _repeat_abort(self, _body: memoryview | None) -> None:
        self._send(pdus.abort("pdu_unexpected"))

    def _peer_aborted(self, _body: memoryview | None) -> None:
        self._over("aborted", "peer_aborted")

    def _lost(self, _body: memoryview | None) -> None:
        if self._channel.was_silent:  # somebody only looked whether the port is open
            self._visit.forget()
        self._over("aborted", "connection_lost")

    def _close(self, _body: memoryview | None) -> None:
        self._over("aborted", self._reason)

    def _ignore(self, _body: memoryview | None) -> None:
        """What comes after the end, or after our request to end, changes nothing."""

    def _over(self, event: LogEvent, reason: str) -> None:
        """No data set is taken from now on; only the connection has to be closed in good order."""
        if self._exchange is not None:
            self._exchange.drop()
        self._visit.end(event, reason)
        self._deadline = time.monotonic() + self._limits.closing_s

    def _send(self, data: bytes) -> None:
        self._channel.send(data, time.monotonic() + self._limits.stalled_s)


def _check_protocol(request: AssociateRequest) -> None:
    if not request.version & _VERSION:
        raise Refused("protocol_version_unsupported")
    if request.application_context != APPLICATION_CONTEXT:
        raise Refused("application_context_unknown")
