"""Processes beside the server: children that are started again when they die, and never outlive their parent."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_RESTART_S = 2.0
_STOP_S = 11.0  # beyond the grace that a worker gives its jobs
logger = logging.getLogger(__name__)


class Keeper:
    """Keeps `yingheng` children alive while the context lasts: one for each command line, e.g. ("worker",).

    Every command is given `--leave-with-stdin`: it reads its standard input only to learn that this process is gone,
    however it went.
    """

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._children = [_Child(tuple(words)) for words in commands]

    def __enter__(self) -> Self:
        for child in self._children:
            child.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.join()


class _Child:
    """One child, watched by a thread."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._name = words[0]
        self._command = [sys.executable, "-m", "yingheng.cli", *words, "--leave-with-stdin"]
        self._stopping = threading.Event()
        self._starting = threading.Lock()  # nothing is started once `_stopping` is set
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"{self._name}-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        with self._starting:
            self._stopping.set()
        if self._process is not None:
            self._process.terminate()

    def join(self) -> None:
        if self._process is not None:
            try:
                self._process.wait(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join(timeout=_RESTART_S)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._run_one()
            except OSError:  # no process could be started: try again
                logger.exception("the %s could not be started", self._name)
            self._stopping.wait(_RESTART_S)

    def _run_one(self) -> None:
        with self._starting:
            if self._stopping.is_set():
                return
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603 - our own module
        with self._process as process:
            code = process.wait()
        if not self._stopping.is_set():
            logger.warning("the %s ended with code %d; it is started again", self._name, code)
