"""The seam: whoever serves a listening socket.  Which one does is a word on the command line."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from yingheng.ingest.receiver.config import Options, listener_open

NAMES = ("thin", "pynetdicom")


class Acceptor(Protocol):
    """Takes connections from a listening socket that it may share with other processes."""

    def start(self, listener: socket.socket) -> None:
        """Begin to serve, in threads; returns at once.  The listener is closed by `stop`."""

    def stop(self, grace_s: float) -> None:
        """No new connection from now on; objects under way are finished within the grace, then all is closed."""


def acceptor_make(name: str, options: Options) -> Acceptor:
    """The acceptor of that name: "thin" or "pynetdicom".  OSError or ssl.SSLError when TLS files are unusable."""
    if name == "thin":
        from yingheng.ingest.receiver.thin import ThinAcceptor  # noqa: PLC0415 - only one of the two is needed

        return ThinAcceptor(options)
    from yingheng.ingest.receiver.fallback import PynetdicomAcceptor  # noqa: PLC0415 - slow to import

    return PynetdicomAcceptor(options)


@contextmanager
def listening(options: Options, name: str = "thin", *, grace_s: float = 2.0) -> Iterator[int]:
    """A receiver in threads of this process, while the context lasts; its port (options.port 0: any free one)."""
    acceptor = acceptor_make(name, options)
    listener = listener_open(options.host, options.port)
    port = int(listener.getsockname()[1])
    acceptor.start(listener)
    try:
        yield port
    finally:
        acceptor.stop(grace_s)
