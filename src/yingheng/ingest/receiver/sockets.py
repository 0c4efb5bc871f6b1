"""What both acceptors ask of a connection.

Stock senders write a PDU's header and its body apart and leave Nagle's algorithm on: they wait for our acknowledgement
between the two, which the kernel delays by some 40 ms.  Acknowledging at once, asked for anew after every read, cures
that from our side.
"""

from __future__ import annotations

import socket
from contextlib import suppress

_QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux


def tune(connection: socket.socket) -> None:
    """For a connection that was just accepted.  Nothing happens where it is not TCP."""
    with suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    acknowledge_now(connection)


def acknowledge_now(connection: socket.socket) -> None:
    """After every read: the setting does not last."""
    if _QUICKACK is not None:
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
