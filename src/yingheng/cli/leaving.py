"""Children of the server end when it is gone, however it went: the other end of their standard input closes."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import click

_LEAVING_S = 12.0
logger = logging.getLogger(__name__)

leave_with_stdin_option: Callable[[Any], Any] = click.option(
    "--leave-with-stdin", is_flag=True, hidden=True, help="end when standard input closes"
)


def watch_stdin(name: str) -> None:
    """Send this process SIGTERM once its standard input is closed; end it a while later should that not help."""
    threading.Thread(target=_watch, args=(name,), name="leave-with-stdin", daemon=True).start()


def _watch(name: str) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    logger.warning("the server is gone; the %s stops", name)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LEAVING_S)
    os._exit(1)
