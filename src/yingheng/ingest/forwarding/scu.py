"""DICOM associations that we open: verification, and storing objects as they are.

Trouble with the partner as a whole (cannot be reached, refuses us, goes away) is raised as `PeerTrouble`; what it says
of one object is an `Answer`.  Codes of both have their words in `ingest.texts`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext, build_context

from yingheng.ingest.receiver.sockets import acknowledge_now, tune

VERIFICATION = "1.2.840.10008.1.1"
UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
MOST_CONTEXTS = 128  # PS3.8: odd numbers of one byte
LARGEST_PDU = 131072
OUT_OF_RESOURCES = range(0xA700, 0xA800)
WARNINGS = {0x0001, 0x0107, 0x0116, *range(0xB000, 0xC000)}
_CLASSES = (
    (OUT_OF_RESOURCES, "out_of_resources"),
    (range(0xA900, 0xAA00), "not_of_its_class"),
    (range(0xC000, 0xD000), "not_understood"),
    ((0x0122,), "class_not_supported"),
    ((0x0124,), "not_authorised"),
)

# Objects go out as they lie on disk, unread, wherever the partner takes their transfer syntax.
_config.STORE_SEND_CHUNKED_DATASET = True

Outcome = Literal["ok", "warning", "failed"]


class PeerTrouble(Exception):  # noqa: N818 - it reads as what there is
    """The partner cannot be used now: `code` says why, `detail` what was seen."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail[:200]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until we give up: connecting, agreeing on an association, an answer to one object."""

    connect: float = 10.0
    agree: float = 20.0
    answer: float = 60.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom to call, under which name; `tls` checks its certificate by `authorities` (PEM file; None: the system's)."""

    called: str
    host: str
    port: int
    calling: str
    tls: bool = False
    authorities: Path | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One stored object (PS3.10 file)."""

    sop_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    path: Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What the partner said of an object: `code` is "" when it was simply taken."""

    outcome: Outcome
    code: str = ""
    status: int | None = None
    n_bytes: int = 0

    @property
    def is_full(self) -> bool:
        """Whether the partner has no room now: the rest is better sent later."""
        return self.code == "out_of_resources"


def echo(peer: Peer) -> float:
    """Ask whether the partner answers (C-ECHO); seconds until it did.  Raises PeerTrouble."""
    _knock(peer, _address(peer))
    begun = monotonic()
    with Sending(peer, [build_context(VERIFICATION)]) as sending:
        status = sending.association.send_c_echo()
        if "Status" not in status:
            raise PeerTrouble("no_answer")
        if status.Status != 0:
            raise PeerTrouble("echo_status", f"0x{status.Status:04X}")
    return monotonic() - begun


def contexts_for(objects: Iterable[tuple[str, str]]) -> list[PresentationContext]:
    """Presentation contexts for pairs of SOP class and stored transfer syntax: each as stored, and uncompressed.

    Of more kinds than an association has room for, the first are taken; the rest need another association.
    """
    kinds = list(dict.fromkeys(objects))
    contexts: list[PresentationContext] = []
    for sop_class, syntax in kinds:
        wanted = [build_context(sop_class, syntax)]
        if not any(c.abstract_syntax == sop_class and len(c.transfer_syntax) > 1 for c in contexts):
            wanted.append(build_context(sop_class, list(UNCOMPRESSED)))
        if len(contexts) + len(wanted) <= MOST_CONTEXTS:
            contexts += wanted
    return contexts


class Sending:
    """An association that we opened; a context manager.  Entering raises PeerTrouble.

    `roles`: role selections (PS3.7 D.3.3.4), where we are not merely the user of a service.  `handlers`: of what the
    partner may ask on this association.
    """

    def __init__(
        self,
        peer: Peer,
        contexts: Sequence[PresentationContext],
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
        handlers: Sequence[tuple[evt.InterventionEvent, Callable[..., Any]]] = (),
    ) -> None:
        self._peer, self._contexts, self._roles = peer, list(contexts), list(roles)
        self._handlers = list(handlers)
        self._number = 0

    def __enter__(self) -> Self:
        peer = self._peer
        address = _address(peer)
        ae = AE(ae_title=peer.calling)
        ae.connection_timeout, ae.acse_timeout = peer.timeouts.connect, peer.timeouts.agree
        ae.dimse_timeout = ae.network_timeout = peer.timeouts.answer
        self.association: Association = ae.associate(
            address,
            peer.port,
            contexts=self._contexts,
            ae_title=peer.called,
            max_pdu=LARGEST_PDU,
            tls_args=_tls(peer),
            ext_neg=self._roles,
            evt_handlers=[(evt.EVT_CONN_OPEN, _undelayed), (evt.EVT_DATA_SENT, _answer_awaited), *self._handlers],
        )
        if not self.association.is_established:
            raise _not_established(peer, address, self.association)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.association.is_established:
            self.association.release()
        else:
            self.association.abort()

    def store(self, one: Outgoing) -> Answer:
        """Send one object; PeerTrouble when the partner goes away before it answers."""
        try:
            payload, size = self._payload(one)
        except PeerTrouble:
            raise
        except (OSError, InvalidDicomError):
            return Answer("failed", "object_unreadable")
        except Exception as exc:  # noqa: BLE001 - decoders raise anything; it concerns this object alone
            return Answer("failed", f"not_convertible:{type(exc).__name__}"[:64])
        if payload is None:
            return Answer("failed", "no_context")
        self._number = self._number % 65535 + 1
        try:
            status = self.association.send_c_store(payload, msg_id=self._number)
        except RuntimeError as exc:  # the association ended meanwhile
            raise PeerTrouble("went_away", str(exc)) from exc
        except (ValueError, AttributeError) as exc:
            return Answer("failed", "not_convertible", None, 0) if str(exc) else Answer("failed", "no_context")
        if "Status" not in status:
            raise PeerTrouble("went_away" if self.association.is_aborted else "no_answer")
        return answer_of(int(status.Status), size)

    def _payload(self, one: Outgoing) -> tuple[Path | Dataset | None, int]:
        """The file itself where its transfer syntax was agreed, else the data set uncompressed; None: not agreed."""
        accepted = self.association.accepted_contexts
        agreed = {str(c.transfer_syntax[0]) for c in accepted if c.abstract_syntax == one.sop_class_uid}
        size = one.path.stat().st_size
        if one.transfer_syntax_uid in agreed:
            meta = read_file_meta_info(one.path)
            told = str(meta.get("TransferSyntaxUID", "")), str(meta.get("MediaStorageSOPInstanceUID", ""))
            whole = told == (one.transfer_syntax_uid, one.sop_uid)
            return one.path if whole else dcmread(one.path), size
        if agreed.isdisjoint(UNCOMPRESSED):
            return None, size
        return uncompressed(dcmread(one.path)), size


def uncompressed(dataset: Dataset) -> Dataset:
    """The data set with its pixels decoded; raises whatever a decoder does, ValueError for big endian."""
    stored = UID(dataset.file_meta.TransferSyntaxUID)
    if not stored.is_little_endian:
        raise ValueError("big endian")
    if stored.is_compressed:
        dataset.decompress(generate_instance_uid=False)
    return dataset


def answer_of(status: int, n_bytes: int) -> Answer:
    """What a C-STORE status (PS3.4 B.2.3, PS3.7 annex C) means."""
    if status == 0:
        return Answer("ok", "", status, n_bytes)
    if status in WARNINGS:
        return Answer("warning", "coerced" if status == 0xB000 else "remark", status, n_bytes)
    code = next((code for statuses, code in _CLASSES if status in statuses), "refused_object")
    return Answer("failed", code, status)


def _undelayed(event: evt.Event) -> None:
    """Small requests are not kept back until the last one was acknowledged."""
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        tune(connection.socket)


def _answer_awaited(event: evt.Event) -> None:
    """Acknowledge what comes next at once: a partner that writes an answer in two parts waits for it in between."""
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        acknowledge_now(connection.socket)


def _address(peer: Peer) -> str:
    try:
        found = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise PeerTrouble("host_unknown", peer.host) from exc
    return str(found[0][4][0])


def _tls(peer: Peer) -> tuple[ssl.SSLContext, str] | None:
    if not peer.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=str(peer.authorities) if peer.authorities else None)
    except OSError as exc:
        raise PeerTrouble("tls_authorities", str(exc)) from exc
    return context, peer.host


_REJECTED = {
    (1, 3): "rejected_calling",
    (1, 7): "rejected_called",
    (3, 1): "rejected_busy",
    (3, 2): "rejected_busy",
}


def _not_established(peer: Peer, address: str, association: Association) -> PeerTrouble:
    """Why there is no association, in the words of PS3.8 9.3.4, or of TCP where it did not come so far."""
    if association.is_rejected:
        said = association.acceptor.primitive
        source, why = getattr(said, "result_source", None), getattr(said, "diagnostic", None)
        return PeerTrouble(_REJECTED.get((source or 0, why or 0), "rejected"), f"{source}/{why}")
    if association.acceptor.primitive is not None:  # it answered, but agreed to nothing
        return PeerTrouble("no_context")
    _knock(peer, address)
    return PeerTrouble("tls_failed" if peer.tls else "no_association", f"{address}:{peer.port}")


def _knock(peer: Peer, address: str) -> None:
    """Whether TCP comes through at all; PeerTrouble says how it failed."""
    where = f"{address}:{peer.port}"
    try:
        socket.create_connection((address, peer.port), timeout=peer.timeouts.connect).close()
    except TimeoutError as exc:
        raise PeerTrouble("connect_timeout", where) from exc
    except ConnectionRefusedError as exc:
        raise PeerTrouble("connection_refused", where) from exc
    except OSError as exc:
        raise PeerTrouble("no_route", f"{where} {exc.strerror or ''}".strip()) from exc
