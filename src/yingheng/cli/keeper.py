"""The worker beside the server: one child process that is started again when it dies, and never outlives its parent."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

_RESTART_S = 2.0
_STOP_S = 11.0  # beyond the grace that the worker gives its jobs
logger = logging.getLogger(__name__)


class WorkerKeeper:
    """Keeps one `yingheng worker` child alive while the context lasts (none when `concurrency` is 0)."""

    def __init__(self, concurrency: int) -> None:
        worker = [sys.executable, "-m", "yingheng.cli", "worker"]
        self._command = [*worker, "--leave-with-stdin", "--concurrency", str(concurrency)]
        self._wanted = concurrency > 0
        self._stopping = threading.Event()
        self._starting = threading.Lock()  # nothing is started once `_stopping` is set
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)

    def __enter__(self) -> Self:
        if self._wanted:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._starting:
            self._stopping.set()
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
        if self._wanted:
            self._thread.join(timeout=_RESTART_S)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._run_one()
            except OSError:  # no process could be started: try again
                logger.exception("the worker could not be started")
            self._stopping.wait(_RESTART_S)

    def _run_one(self) -> None:
        with self._starting:
            if self._stopping.is_set():
                return
            # The child reads its standard input only to learn that this process is gone, however it went.
            self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603 - our own module
        with self._child as child:
            code = child.wait()
        if not self._stopping.is_set():
            logger.warning("the worker ended with code %d; it is started again", code)
