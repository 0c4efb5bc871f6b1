"""Signs of life of processes beside the server, by files alone: receivers have no database.

<home>/run/<name>-<pid>.pulse    written anew every BEAT_S seconds; its time is the last sign of life
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BEAT_S = 10.0
SILENT_S = 45.0  # without a beat for so long, a process is taken for dead or stuck
_FORGET_S = 86_400.0
logger = logging.getLogger(__name__)


class Pulse:
    """Of this process.  A disk that does not take it is said in the log, and nothing else suffers."""

    def __init__(self, home: Path, name: str) -> None:
        self._folder = home / "run"
        self._path = self._folder / f"{name}-{os.getpid()}.pulse"

    def beat(self) -> None:
        """Alive."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._path.touch(mode=0o600)
        except OSError:
            logger.exception("no sign of life could be written")

    def end(self) -> None:
        """Gone in good order."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Vital:
    """Processes of one name: how many live, and the newest sign of life of any (None: there never was one)."""

    n_alive: int
    last_at: dt.datetime | None


def vital(home: Path, name: str) -> Vital:
    """What the files say.  Those of processes that died are forgotten after a day, while others live."""
    times: dict[Path, float] = {}
    for path in (home / "run").glob(f"{name}-*.pulse"):
        with suppress(OSError):
            times[path] = path.stat().st_mtime
    alive = sum(time.time() - at <= SILENT_S for at in times.values())
    for path, at in times.items():
        if alive and time.time() - at > _FORGET_S:
            path.unlink(missing_ok=True)
    return Vital(alive, dt.datetime.fromtimestamp(max(times.values()), dt.UTC) if times else None)
