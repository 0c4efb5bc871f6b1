"""The acceptor by pynetdicom: slower, somebody else's upper layer, and so the second opinion on our own.

It differs from the other one in two things: storage is only what pynetdicom knows as storage, and an object is held in
memory until it is whole.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.acse import ACSE
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import ServiceClass, StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from yingheng.ingest.receiver.config import IMPLEMENTATION_NAME, IMPLEMENTATION_UID, Options
from yingheng.ingest.receiver.reasons import REJECTIONS, SUCCESS, ObjectRefused, Refused, status_of
from yingheng.ingest.receiver.reception import Reception, Visit
from yingheng.ingest.receiver.sockets import acknowledge_now, tune
from yingheng.ingest.receiver.syntaxes import Service, service_of, syntax_choose, syntax_rank
from yingheng.ingest.spool import Kind

_POLL_S = 0.1
_MANY = 1_000_000  # pynetdicom is not to count: the reception does
logger = logging.getLogger(__name__)


class PynetdicomAcceptor:
    """Serves with two threads for each association."""

    def __init__(self, options: Options) -> None:
        self.reception = Reception(options)
        self._tls = options.tls.context() if options.tls else None
        limits = options.limits
        self._entity = entity = ApplicationEntity("YINGHENG")
        entity.maximum_associations = _MANY
        entity.maximum_pdu_size = limits.max_pdu
        entity.acse_timeout = limits.request_s
        entity.dimse_timeout = limits.stalled_s
        entity.network_timeout = limits.idle_s
        entity.implementation_class_uid = IMPLEMENTATION_UID
        entity.implementation_version_name = IMPLEMENTATION_NAME
        entity.add_supported_context("1.2.840.10008.1.1")  # one is asked for; each association brings its own
        self._server: _Server | None = None

    def start(self, listener: socket.socket) -> None:
        self._server = _Server(self._entity, listener, self.reception, self._tls)
        self._entity._servers.append(self._server)  # noqa: SLF001 - its shutdown removes it from there
        threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="pynetdicom-listener", daemon=True
        ).start()

    def stop(self, grace_s: float) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        end = time.monotonic() + grace_s
        for association in server.active_associations:
            server.stopping.add(association)
            while association.is_alive() and server.is_busy(association) and time.monotonic() < end:
                time.sleep(_POLL_S / 2)
            association.abort()
        for thread in list(server.visitors):
            thread.join(timeout=1)
        self.reception.log.close()


class _Server(ThreadedAssociationServer):
    """On a socket that is open already, and possibly shared."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, entity: ApplicationEntity, listener: socket.socket, reception: Reception, tls: ssl.SSLContext | None
    ) -> None:
        self._listener = listener
        self.reception, self.tls = reception, tls
        self.stopping: set[Association] = set()
        self.visitors: set[threading.Thread] = set()
        handlers = [
            (evt.EVT_C_ECHO, _echo), (evt.EVT_C_STORE, _store), (evt.EVT_N_CREATE, _step_create),
            (evt.EVT_N_SET, _step_set), (evt.EVT_N_ACTION, _commitment), (evt.EVT_N_EVENT_REPORT, _report),
        ]  # fmt: skip
        address = listener.getsockname()
        super().__init__(
            entity, address, entity.ae_title, entity.supported_contexts, evt_handlers=handlers, request_handler=_Handler
        )  # fmt: skip

    def server_bind(self) -> None:
        self.socket.close()
        self.socket = self._listener
        self.socket.settimeout(0)  # another process may have been faster to take the connection

    def server_activate(self) -> None:
        """It listens already."""

    def is_busy(self, association: Association) -> bool:
        """Whether a message is under way."""
        return bool(association.dimse.message) or not association._is_paused  # noqa: SLF001


class _Handler(RequestHandler):
    """One connection, in a thread of its own that waits for the end of its association."""

    server: _Server

    def handle(self) -> None:
        visit = self.server.reception.visit(str(self.client_address[0]))
        self.server.visitors.add(threading.current_thread())
        try:
            self._serve(visit)
        except (OSError, ssl.SSLError):
            visit.end("refused", "tls_failed")
        except Exception:
            logger.exception("an association from %s failed", visit.address)
            visit.end("aborted", "internal_error")
        finally:
            self.request.close()
            self.server.visitors.discard(threading.current_thread())

    def _serve(self, visit: Visit) -> None:
        tune(self.request)
        limits = self.server.reception.limits
        if self.server.tls is not None:
            self.request.settimeout(limits.request_s)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.request.settimeout(limits.stalled_s)  # for the rest of a PDU that has begun
        association = self._create_association()
        association.visit = visit
        association.acse = _Acse(association)
        stream = association.dul.socket
        assert stream is not None
        stream.recv = _reader(self.request)  # type: ignore[method-assign]
        aborted: list[str] = []
        association.bind(evt.EVT_ABORTED, lambda _event: aborted.append("peer_aborted"))
        association.start()
        association.join()
        self._end(visit, association, aborted)

    def _end(self, visit: Visit, association: Association, aborted: list[str]) -> None:
        if association.is_released:
            visit.end("closed")
        elif association in self.server.stopping:
            visit.end("aborted", "stopping")
        elif association._sent_abort:  # noqa: SLF001 - the only trace that the abort was ours
            visit.end("aborted", "timed_out_idle")
        elif not visit.called:
            visit.end("aborted", "not_dicom")
        else:
            visit.end("aborted", aborted[0] if aborted else "connection_lost")


class _Acse(ACSE):
    """Admission and the choice of contexts by our rules."""

    def _negotiate_as_acceptor(self) -> None:
        visit: Visit = self.assoc.visit
        request = self.requestor.primitive
        try:
            visit.admit(request.called_ae_title.strip(), request.calling_ae_title.strip())
        except Refused as refused:
            self.send_reject(*REJECTIONS[refused.reason])
            visit.end("refused", refused.reason)
            self.assoc.kill()
            return
        proposed: dict[str, list[str]] = {}
        for context in request.presentation_context_definition_list:
            offered = proposed.setdefault(str(context.abstract_syntax), [])
            offered += [str(one) for one in context.transfer_syntax]
        self.acceptor.supported_contexts = [
            made for made in (_context(uid, offered) for uid, offered in proposed.items()) if made
        ]
        super()._negotiate_as_acceptor()


def _context(abstract_syntax: str, offered: list[str]) -> PresentationContext | None:
    service = service_of(abstract_syntax)
    if service is None or syntax_choose(service, offered) is None:
        return None
    known = uid_to_service_class(abstract_syntax)
    if known is ServiceClass or (service is Service.STORAGE and not issubclass(known, StorageServiceClass)):
        return None
    context = PresentationContext()
    context.abstract_syntax = abstract_syntax
    usable = [one for one in offered if syntax_choose(service, [one])]
    if service is Service.COMMITMENT:  # whoever reports on it calls us and is the provider all the same
        context.scu_role = context.scp_role = True
    context.transfer_syntax = sorted(dict.fromkeys(usable), key=syntax_rank)
    return context


def _reader(connection: socket.socket) -> Callable[[int], bytearray]:
    """Reads as many bytes as asked for, fewer at the end; in large pieces, each acknowledged at once."""

    def recv(n: int) -> bytearray:
        data = bytearray(n)
        view, done = memoryview(data), 0
        while done < n:
            count = connection.recv_into(view[done:])
            acknowledge_now(connection)
            if not count:
                break
            done += count
        return data[:done]

    return recv


def _echo(_event: evt.Event) -> int:
    return SUCCESS


def _store(event: evt.Event) -> int:
    request = event.request
    return _spool(event, Kind.OBJECT, request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, request.DataSet)


def _step_create(event: evt.Event) -> tuple[int, Dataset | None]:
    request = event.request
    data = request.AttributeList
    status = _spool(event, Kind.STEP_CREATE, request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, data)
    return status, None


def _step_set(event: evt.Event) -> tuple[int, Dataset | None]:
    request = event.request
    data = request.ModificationList
    return _spool(event, Kind.STEP_SET, request.RequestedSOPClassUID, request.RequestedSOPInstanceUID, data), None


def _commitment(event: evt.Event) -> tuple[int, Dataset | None]:
    request = event.request
    if request.ActionTypeID != 1:
        event.assoc.visit.object_refused("action_unknown")
        return status_of("action_unknown", of_store=False), None
    data = request.ActionInformation
    return _spool(event, Kind.COMMITMENT, request.RequestedSOPClassUID, request.RequestedSOPInstanceUID, data), None


def _report(event: evt.Event) -> tuple[int, Dataset | None]:
    request = event.request
    uids = request.AffectedSOPClassUID, request.AffectedSOPInstanceUID
    return _spool(event, Kind.COMMITMENT_REPORT, *uids, request.EventInformation), None


def _spool(event: evt.Event, kind: Kind, sop_class: Any, sop_instance: Any, data: BytesIO | None) -> int:
    """The status to answer."""
    visit: Visit = event.assoc.visit
    try:
        visit.check_class(str(sop_class), str(event.context.abstract_syntax))
        content = b"" if data is None else data.getbuffer()
        with visit.begin(kind, str(sop_class), str(sop_instance or ""), str(event.context.transfer_syntax)) as incoming:
            incoming.write(content)
            incoming.commit()
    except ObjectRefused as refused:
        visit.object_refused(refused.reason)
        return status_of(refused.reason, of_store=kind is Kind.OBJECT)
    return SUCCESS
