"""The acceptor that is used: our own upper layer, one thread for each association."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from contextlib import suppress

from yingheng.ingest.receiver.association import Association
from yingheng.ingest.receiver.channel import Leaving
from yingheng.ingest.receiver.config import Options
from yingheng.ingest.receiver.reception import Reception, Visit
from yingheng.ingest.receiver.sockets import tune

_POLL_S = 0.2
_MARGIN_S = 1.0  # beyond the grace, for threads to notice
_SPARE = 16  # connections beside the places, to be told that there is none
logger = logging.getLogger(__name__)


class ThinAcceptor:
    """Reads PDUs into one buffer and writes data sets from there straight into the spool."""

    def __init__(self, options: Options) -> None:
        self.reception = Reception(options)
        self._limits = options.limits
        self._tls = options.tls.context() if options.tls else None
        self._leaving = Leaving()
        self._listening: threading.Thread | None = None
        self._threads: set[threading.Thread] = set()
        self._most = 2 * options.limits.max_associations + _SPARE

    def start(self, listener: socket.socket) -> None:
        listener.settimeout(_POLL_S)
        self._listening = threading.Thread(target=self._listen, args=(listener,), name="dicom-listener", daemon=True)
        self._listening.start()

    def stop(self, grace_s: float) -> None:
        self._leaving.ask(grace_s)
        if self._listening is not None:
            self._listening.join()
        end = time.monotonic() + grace_s + _MARGIN_S
        for thread in list(self._threads):
            thread.join(timeout=max(end - time.monotonic(), 0))
        self.reception.log.close()

    def _listen(self, listener: socket.socket) -> None:
        with listener:
            while not self._leaving.is_asked():
                try:
                    connection, address = listener.accept()
                except TimeoutError:
                    continue
                except OSError:  # no descriptors left, or the peer gave up already
                    logger.exception("a connection could not be taken")
                    time.sleep(_POLL_S)
                    continue
                self._take(connection, str(address[0]))

    def _take(self, connection: socket.socket, address: str) -> None:
        visit = self.reception.visit(address)
        if len(self._threads) >= self._most:
            connection.close()
            visit.end("refused", "too_many_connections")
            return
        thread = threading.Thread(target=self._serve, args=(connection, visit), name="dicom-association", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had
            self._threads.discard(thread)
            connection.close()
            visit.end("refused", "too_many_connections")

    def _serve(self, connection: socket.socket, visit: Visit) -> None:
        """All of one connection; whatever happens, it ends here."""
        try:
            tune(connection)
            secured = self._secured(connection)
            try:
                Association(secured, visit, self._limits, self._leaving).run()
            finally:
                secured.close()
        except (OSError, ssl.SSLError):
            visit.end("refused", "tls_failed")
        except Exception:
            logger.exception("an association from %s failed", visit.address)
            visit.end("aborted", "internal_error")
        finally:
            with suppress(OSError):
                connection.close()
            self._threads.discard(threading.current_thread())

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        connection.settimeout(self._limits.request_s)
        return self._tls.wrap_socket(connection, server_side=True)
