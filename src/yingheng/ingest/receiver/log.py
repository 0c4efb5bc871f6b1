"""The association log: one JSON line for every association that ended or was refused, and for refused objects.

<home>/log/associations-YYYYMMDD.jsonl     days of UTC, several processes append
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

KEEP_DAYS = 90
_BLOCK = 65_536
_PATTERN = "associations-*.jsonl"
Event = Literal["closed", "aborted", "refused", "object_refused"]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.  `reason` is a key of `reasons.WORDS`, or empty for an association that was released in order.

    n_objects and n_bytes count what was stored during the association; in an "object_refused" n_objects counts objects
    that were refused for that reason, and several such lines of one association add up.
    """

    event: Event
    calling: str
    called: str
    address: str
    reason: str
    n_objects: int
    n_bytes: int
    seconds: float
    hospital: UUID | None


class AssociationLog:
    """Appends; a line that cannot be written is said in the process's own log, and nothing else suffers."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "log"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._day = ""
        self._descriptor = -1

    def write(self, entry: Entry) -> None:
        now = datetime.now(UTC)
        row = {"at": now.isoformat(timespec="milliseconds")} | asdict(entry)
        row["hospital"] = None if entry.hospital is None else str(entry.hospital)
        row["seconds"] = round(entry.seconds, 3)
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        try:
            with self._lock:
                os.write(self._opened(now.strftime("%Y%m%d")), line)
        except OSError:
            logger.exception("the association log could not be written: %s", line.decode().rstrip())

    def close(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._day, self._descriptor = "", -1

    def _opened(self, day: str) -> int:
        if day != self._day:
            path = self._folder / f"associations-{day}.jsonl"
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._day, self._descriptor = day, descriptor
            self._forget_old()
        return self._descriptor

    def _forget_old(self) -> None:
        oldest = f"associations-{datetime.fromtimestamp(time.time() - KEEP_DAYS * 86_400, UTC):%Y%m%d}.jsonl"
        for path in self._folder.glob(_PATTERN):
            if path.name < oldest:
                path.unlink(missing_ok=True)


def association_log_tail(
    home: Path, hospital_ids: Collection[UUID] | None, limit: int, *, unassigned: bool = False
) -> list[dict[str, Any]]:
    """The newest lines first, at most `limit`: of these hospitals, or of all for None.

    Lines without a hospital (nobody's title was called, or garbage came) belong to all, or are asked for by
    `unassigned`.
    """
    wanted = None if hospital_ids is None else {str(one) for one in hospital_ids}
    found: list[dict[str, Any]] = []
    for path in sorted((home / "log").glob(_PATTERN), reverse=True):
        for line in _lines_backwards(path):
            row = _parsed(line)
            if row is None:
                continue
            hospital = row["hospital"]
            if wanted is None or hospital in wanted or (hospital is None and unassigned):
                if len(found) == limit:
                    return found
                found.append(row)
    return found


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A whole line; None for what a full disk cut off."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "hospital" in row else None


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file that may still grow, the last first, without reading all of it."""
    with path.open("rb") as file:
        position, rest = file.seek(0, os.SEEK_END), b""
        while position > 0:
            start = max(position - _BLOCK, 0)
            file.seek(start)
            first, *lines = (file.read(position - start) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
            position, rest = start, first
        if rest:
            yield rest
