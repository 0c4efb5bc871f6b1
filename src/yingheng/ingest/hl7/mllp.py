"""Minimal Lower Layer Protocol: a message stands between 0x0B and 0x1C 0x0D; anything outside of that is noise."""

from __future__ import annotations

from dataclasses import dataclass, field

START, END, RETURN = b"\x0b", b"\x1c", b"\x0d"


class TooLargeError(Exception):
    """A frame grew beyond the limit."""


@dataclass(slots=True)
class FrameReader:
    """Bytes in as they come, whole messages out.

    Tolerated: noise before a frame, an end without the carriage return, a frame that begins anew before the last one
    ended (its beginning is then lost and counted as noise).  `n_noise` counts the bytes that belonged to no frame.
    """

    limit: int
    n_noise: int = 0
    _inside: bool = False
    _buffer: bytearray = field(default_factory=bytearray)

    @property
    def is_inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes.  TooLargeError once a frame holds more than `limit` bytes."""
        found: list[bytes] = []
        rest = data
        while rest:
            rest = self._within(rest, found) if self._inside else self._between(rest)
        return found

    def _between(self, data: bytes) -> bytes:
        noise, start, rest = data.partition(START)
        self.n_noise += len(noise.strip(RETURN + b"\n" + END))
        self._inside = bool(start)
        return rest

    def _within(self, data: bytes, found: list[bytes]) -> bytes:
        body, end, rest = data.partition(END)
        again = body.rfind(START)
        if again >= 0:
            self.n_noise += len(self._buffer) + again
            self._buffer.clear()
            body = body[again + 1 :]
        self._buffer += body
        if len(self._buffer) > self.limit:
            self._buffer.clear()
            raise TooLargeError
        if end:
            found.append(bytes(self._buffer))
            self._buffer.clear()
            self._inside = False
        return rest


def framed(message: bytes) -> bytes:
    """A message in its frame."""
    return START + message + END + RETURN
