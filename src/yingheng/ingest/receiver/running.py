"""Processes around an acceptor: one that serves by itself, or several that share the listening socket.

The socket is opened once, before anything is forked.  Unlike sockets that are bound several times over (SO_REUSEPORT),
a shared one hands each connection to a process that is free to take it, loses none that wait when a process dies, and
works the same on every system that forks.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from types import FrameType

from yingheng.ingest.pulse import BEAT_S, Pulse
from yingheng.ingest.receiver.acceptor import acceptor_make
from yingheng.ingest.receiver.config import Options

GRACE_S = 8.0  # for objects under way, within what the server waits for its children
_RESTART_S = 1.0
logger = logging.getLogger(__name__)


def run(options: Options, name: str, listener: socket.socket, processes: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    if processes > 1:
        _Family(options, name, listener, processes).run()
    else:
        serve(options, name, listener)


def serve(options: Options, name: str, listener: socket.socket) -> None:
    """Serve in this process until a signal; objects under way are finished."""
    leaving = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: leaving.set())
    acceptor = acceptor_make(name, options)
    acceptor.start(listener)
    pulse = Pulse(options.home, "receive")
    pulse.beat()
    while not leaving.wait(BEAT_S):
        pulse.beat()
    pulse.end()
    acceptor.stop(GRACE_S)


class _Family:
    """A parent that only keeps its children alive: a killed one is replaced, and a killed parent takes them along."""

    def __init__(self, options: Options, name: str, listener: socket.socket, processes: int) -> None:
        self._options, self._name, self._listener, self._processes = options, name, listener, processes
        self._alive_read, self._alive_write = os.pipe()  # closes when the parent is gone, however it went
        self._children: set[int] = set()
        self._is_leaving = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._leave)
        for _ in range(self._processes):
            self._fork()
        while self._children:
            pid, status = os.wait()
            self._children.discard(pid)
            if not self._is_leaving:
                code = os.waitstatus_to_exitcode(status)
                logger.warning("a receiver ended with code %d; it is started again", code)
                time.sleep(_RESTART_S)
                self._fork()

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        self._is_leaving = True
        for pid in self._children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _fork(self) -> None:
        # a signal between fork and the note of the child would leave it behind
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        if not self._is_leaving:
            pid = os.fork()
            if pid == 0:
                self._be_child()
            self._children.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

    def _be_child(self) -> None:
        code = 1
        try:
            os.close(self._alive_write)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
            threading.Thread(target=self._leave_with_parent, daemon=True).start()
            serve(self._options, self._name, self._listener)
            code = 0
        except Exception:
            logger.exception("a receiver failed")
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _leave_with_parent(self) -> None:
        os.read(self._alive_read, 1)
        os.kill(os.getpid(), signal.SIGTERM)
