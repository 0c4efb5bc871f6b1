"""Telling somebody over HTTP: one signed POST, to an address that may be called, without following anything.

X-Yingheng-Timestamp: 1795400000
X-Yingheng-Signature: sha256=<HMAC-SHA-256 of "<timestamp>.<body>" with the shared secret, hex>
X-Yingheng-Delivery:  <id of the notice; the same when it is told again>
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from yingheng.ingest.forwarding.scu import PeerTrouble

TIMEOUT_S = 10.0
_READ = 64 * 1024
_GONE = {404, 410}
_REFUSED = {400, 401, 403, 405, 411, 413, 414, 415, 422, 451}


class Refused(Exception):  # noqa: N818 - it reads as what happened
    """The receiver will not take this notice, however often it is told; `code` and `detail` as in PeerTrouble."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Told:
    """What the receiver answered."""

    status: int


def url_split(url: str) -> SplitResult | None:
    """The parts of an http or https address with a host; None for anything else."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0
    return parts if whole and not (parts.username or parts.password or parts.fragment) else None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the signature header."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def post(url: str, body: bytes, *, secret: str, notice_id: str, allow_local: bool = False) -> Told:
    """Tell it once; 2xx is an answer.  PeerTrouble: later again.  Refused: never again for this notice.

    The name is resolved once and that address is called, so that a name cannot lead elsewhere after the check.
    """
    parts = url_split(url)
    if parts is None:
        raise Refused("address_forbidden", url[:80])
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Yingheng",
        "X-Yingheng-Timestamp": stamp,
        "X-Yingheng-Signature": signature(secret, stamp, body),
        "X-Yingheng-Delivery": notice_id,
    }
    connection = _connection(parts, allow_local=allow_local)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(_READ)
        return _judge(answer.status)
    except TimeoutError as exc:
        raise PeerTrouble("http_timeout") from exc
    except (http.client.HTTPException, OSError) as exc:
        raise PeerTrouble("http_broken", type(exc).__name__) from exc
    finally:
        connection.close()


def is_forbidden(address: str) -> bool:
    """Whether an address lies on this machine, on the link, or is none of a single other machine."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        found = mapped
    return found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved


def _judge(status: int) -> Told:
    if 200 <= status < 300:
        return Told(status)
    if status in _GONE:
        raise Refused("http_gone", str(status))
    if status in _REFUSED:
        raise Refused("http_status", str(status))
    raise PeerTrouble("http_status", str(status))  # also a redirect: nothing is followed


def _connection(parts: SplitResult, *, allow_local: bool) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise PeerTrouble("host_unknown", host[:80]) from exc
    address = str(found[0][4][0])
    if is_forbidden(address) and not allow_local:
        raise Refused("address_forbidden", address)
    try:
        raw = socket.create_connection((address, port), timeout=TIMEOUT_S)
    except TimeoutError as exc:
        raise PeerTrouble("connect_timeout", f"{address}:{port}") from exc
    except ConnectionRefusedError as exc:
        raise PeerTrouble("connection_refused", f"{address}:{port}") from exc
    except OSError as exc:
        raise PeerTrouble("no_route", f"{address}:{port}") from exc
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    connection.sock = _secured(raw, host) if secure else raw
    return connection


def _secured(raw: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    except OSError as exc:
        raw.close()
        raise PeerTrouble("tls_failed", str(exc)[:80]) from exc
