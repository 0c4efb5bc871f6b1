"""One connection as a stream that is read by length, with an eye on the clock."""

from __future__ import annotations

import socket
import ssl
import threading
import time

from yingheng.ingest.receiver.sockets import acknowledge_now


class Closed(Exception):  # noqa: N818 - what happened
    """The peer is gone."""


class TimedOut(Exception):  # noqa: N818
    """It took longer than it may."""


class Stopped(Exception):  # noqa: N818
    """This process is to end and its grace is over, or nothing is under way."""


class Leaving:
    """Shared by all associations of a process: whether it is to end, and when it has waited long enough."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._end = 0.0

    def ask(self, grace_s: float) -> None:
        self._end = time.monotonic() + grace_s
        self._asked.set()

    def is_asked(self) -> bool:
        return self._asked.is_set()

    def is_over(self) -> bool:
        return self._asked.is_set() and time.monotonic() >= self._end


class Channel:
    """Reads into one buffer that is never copied but for what is left when it is full; writes at once."""

    def __init__(self, connection: socket.socket, size: int, tick_s: float, leaving: Leaving) -> None:
        self._connection = connection
        self._view = memoryview(bytearray(size))
        self._start = self._end = 0  # of what was received and not taken
        self._leaving = leaving
        self.was_silent = True  # until the first byte
        connection.settimeout(tick_s)

    @property
    def is_empty(self) -> bool:
        """Whether all that was received was taken."""
        return self._start == self._end

    def take(self, n: int, deadline: float, *, is_idle: bool = False) -> memoryview:
        """The next `n` bytes; valid until the next call.

        Raises Closed, TimedOut at `deadline` (of time.monotonic), Stopped; between messages (`is_idle`) the process
        leaves without waiting for its grace to end.
        """
        while self._end - self._start < n:
            self._receive(n, deadline, is_idle=is_idle)
        taken = self._view[self._start : self._start + n]
        self._start += n
        return taken

    def drain(self, deadline: float) -> None:
        """Throw away whatever comes; returns when something came.  Raises as `take`."""
        self._start = self._end = 0
        self._receive(1, deadline, is_idle=False)
        self._start = self._end

    def send(self, data: bytes, deadline: float) -> None:
        """All of it.  Raises Closed, TimedOut, Stopped."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._connection.send(rest) :]
            except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._look_at_clock(deadline, is_idle=False)
            except OSError as error:
                raise Closed from error

    def _receive(self, n: int, deadline: float, *, is_idle: bool) -> None:
        self._make_room(n)
        try:
            count = self._connection.recv_into(self._view[self._end :])
        except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._look_at_clock(deadline, is_idle=is_idle)
            return
        except OSError as error:
            raise Closed from error
        if not count:
            raise Closed
        acknowledge_now(self._connection)
        self.was_silent = False
        self._end += count
        if self._end - self._start < n:
            self._look_at_clock(deadline, is_idle=False)

    def _make_room(self, n: int) -> None:
        waiting = self._end - self._start
        if not waiting:
            self._start = self._end = 0
        elif self._start + n > len(self._view):
            self._view[:waiting] = self._view[self._start : self._end]
            self._start, self._end = 0, waiting

    def _look_at_clock(self, deadline: float, *, is_idle: bool) -> None:
        if self._leaving.is_over() or (is_idle and self._leaving.is_asked()):
            raise Stopped
        if time.monotonic() >= deadline:
            raise TimedOut
