"""How a receiver listens: address, limits, time limits, TLS."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

AE_TITLE = "YINGHENG"  # the title that a new installation answers under
PORT = 11112  # registered for DICOM; 104 needs privileges
# A UUID of our own in the 2.25 arc (PS3.5 B.2).  It and the name never change: they are part of every file's meta
# information, which must be the same for the same object sent twice.
IMPLEMENTATION_UID = "2.25.144857661211172090767047242869399182083"
IMPLEMENTATION_NAME = "YINGHENG"
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process lets its visitors take.  Sizes in bytes, times in seconds."""

    max_pdu: int = 131_072  # the largest P-DATA-TF that we offer to read, as PS3.8 D.1 counts it
    max_command: int = 16_384  # all fragments of one command set
    max_object: int = 4 << 30  # all fragments of one data set
    max_associations: int = 64
    request_s: float = 30.0  # from the connection to the end of its A-ASSOCIATE-RQ (ARTIM)
    closing_s: float = 5.0  # for the peer to close, or to answer our request to release (ARTIM)
    idle_s: float = 600.0  # between messages
    stalled_s: float = 60.0  # for the rest of a message that has begun, each time something arrives

    @property
    def tick_s(self) -> float:
        """How often a waiting thread looks at the clock."""
        return max(min(0.5, self.request_s / 4, self.closing_s / 4, self.idle_s / 4, self.stalled_s / 4), 0.01)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the listener's certificate and key; with `authority`, senders must show a certificate signed by it."""

    certificate: Path
    key: Path
    authority: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For a listener: TLS 1.2 or newer (the floor of PS3.15 B.12).  OSError or ssl.SSLError for unusable files."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        if self.authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority)
        return context


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that a receiver is started with."""

    home: Path
    host: str = "127.0.0.1"
    port: int = PORT
    limits: Limits = field(default_factory=Limits)
    tls: Tls | None = None


def listener_open(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free.  OSError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
