"""The MLLP listener: a thread that accepts, and one for each connection; both end with `stop`."""

from __future__ import annotations

import logging
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from yingheng.ingest.hl7.answering import Door
from yingheng.ingest.hl7.mllp import FrameReader, TooLargeError, framed

_POLL_S = 0.5
_CHUNK = 65536
_BACKLOG = 64
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long: bytes of a message, seconds for one to arrive whole, seconds of silence, connections,
    and bytes of noise after which a caller is taken for something else than an information system."""

    largest: int = 20_000_000
    frame_s: float = 30.0
    idle_s: float = 3600.0
    connections: int = 100
    noise: int = 65536


# A caller that no source allows is told so once, and costs next to nothing.
_STRANGER = Limits(largest=65536, frame_s=5.0, idle_s=5.0, noise=64)


class Listener:
    """Listens from `start` to `stop`; `port` is the one it got when it was asked for port 0."""

    def __init__(self, door: Door, host: str, port: int, limits: Limits | None = None) -> None:
        self._door, self._limits = door, limits or Limits()
        self._stop = threading.Event()
        self._room = threading.BoundedSemaphore(self._limits.connections)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._socket.settimeout(_POLL_S)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="mllp", daemon=True)
        self._workers: set[threading.Thread] = set()

    def start(self) -> Self:
        """Begin; starting it once more changes nothing."""
        if self._thread.ident is None:
            self._thread.start()
        return self

    def stop(self) -> None:
        """Accept nobody more, let every connection end after the message it is at."""
        self._stop.set()
        self._thread.join()
        for worker in list(self._workers):
            worker.join(timeout=self._limits.frame_s)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        with self._socket:
            while not self._stop.is_set():
                try:
                    connection, caller = self._socket.accept()
                except TimeoutError:
                    continue
                except OSError:
                    logger.exception("MLLP: accepting failed; trying again")
                    self._stop.wait(_POLL_S)
                    continue
                self._take_in(connection, str(caller[0]))

    def _take_in(self, connection: socket.socket, address: str) -> None:
        if not self._room.acquire(blocking=False):
            logger.warning("MLLP: %s turned away: too many connections", address)
            connection.close()
            return
        worker = threading.Thread(target=self._serve, args=(connection, address), name=f"mllp-{address}", daemon=True)
        self._workers = {one for one in self._workers if one.is_alive()} | {worker}
        worker.start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        try:
            with connection:
                connection.settimeout(_POLL_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                limits = self._limits if self._door.may_call(address) else _STRANGER
                _Conversation(connection, address, self._door, limits, self._stop).go_on()
        except OSError as error:
            logger.info("MLLP: %s went away (%s)", address, error)
        except Exception:
            logger.exception("MLLP: the connection of %s failed", address)
        finally:
            self._room.release()


class _Conversation:
    """One connection: messages in, acknowledgements out, in their order."""

    def __init__(
        self, connection: socket.socket, address: str, door: Door, limits: Limits, stop: threading.Event
    ) -> None:
        self._connection, self._address, self._door, self._limits, self._stop = connection, address, door, limits, stop
        self._frames = FrameReader(limits.largest)

    def go_on(self) -> None:
        heard = began = time.monotonic()
        while True:
            data = self._receive()
            now = time.monotonic()
            if data is None:
                if self._is_over(now - heard, now - began):
                    return
                continue
            if not data:
                return
            heard = now
            if not self._frames.is_inside:
                began = now
            if not self._hear(data) or (self._frames.is_inside and now - began > self._limits.frame_s):
                return

    def _receive(self) -> bytes | None:
        """What came; None when nothing came for a moment, b"" at the end."""
        try:
            return self._connection.recv(_CHUNK)
        except TimeoutError:
            return None

    def _is_over(self, silent_s: float, frame_s: float) -> bool:
        if self._frames.is_inside:
            return frame_s > self._limits.frame_s
        return self._stop.is_set() or silent_s > self._limits.idle_s

    def _hear(self, data: bytes) -> bool:
        """Answer every message that is whole now; whether the conversation goes on."""
        try:
            messages = self._frames.feed(data)
        except TooLargeError:
            values = {"most": str(self._limits.largest)}
            self._connection.sendall(framed(self._door.refuse("message.too_large", values, self._address)))
            return False
        for message in messages:
            answer = self._door.answer(message, self._address)
            if answer is not None:
                self._connection.sendall(framed(answer))
        if self._frames.n_noise > self._limits.noise:
            logger.warning("MLLP: %s speaks something else; closed", self._address)
            return False
        if messages and self._limits is _STRANGER:
            return False
        return not self._stop.is_set() or self._frames.is_inside
