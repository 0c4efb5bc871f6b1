"""Watched folders: what appears there as a file, whole and quiet, goes into the spool.

A file is copied and on disk before its row is written, and its row is written before it is moved away: killed between
any two steps, the same steps follow again, and an object that comes twice changes nothing.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from imagingqc.dicom.header import read_instance
from imagingqc.errors import DataError, Reason
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.folders import folder_below
from yingheng.ingest.models import WatchedFile, WatchedFolder
from yingheng.ingest.spool import Kind, Spool, SpoolFile, sync_folder
from yingheng.tenancy.models import Organisation

TAKEN_FOLDER = "_taken"
LOOK_S = 5.0
_PIECE = 1 << 20
_LAZY = 20.0  # times what a look took: looking costs at most a twentieth of one core
_MOST_KNOWN = 2_000_000
_OUR_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchFields:
    """What a person says of a folder."""

    path: str
    after: str = WatchedFolder.After.KEEP
    stable_s: int = 10


def watch_roots() -> list[Path]:
    """The folders below which folders may be watched (YINGHENG_WATCH_ROOTS), as they really are."""
    return [Path(root).resolve() for root in settings.YINGHENG_WATCH_ROOTS]


def folder_allowed(path: Path) -> Path:
    """The folder itself, links followed.

    Invalid `ingest.watch_root` when it is not below an allowed one or holds or lies in the data folder,
    `ingest.watch_folder` when it is no folder.
    """
    real = folder_below(path, watch_roots(), Path(settings.YINGHENG_HOME))
    if real is None:
        raise Invalid("ingest.watch_root")
    if not real.is_dir():
        raise Invalid("ingest.watch_folder")
    return real


@transaction.atomic
def watched_folder_put(
    *, actor: Actor, hospital: Organisation, fields: WatchFields, row: WatchedFolder | None = None
) -> WatchedFolder:
    """Watch a folder, or change how; Invalid and Conflict say in words what is wrong."""
    real = folder_allowed(Path(fields.path.strip()))
    if fields.after not in WatchedFolder.After.values or not 1 <= fields.stable_s <= 3600:
        raise Invalid("ingest.watch_stable")
    for other in WatchedFolder.objects.exclude(pk=row.pk if row else None).values_list("path", flat=True):
        if Path(other) == real or Path(other) in real.parents or real in Path(other).parents:
            raise Conflict("ingest.watch_known")
    before = _shown(row) if row else None
    fresh = row or WatchedFolder(hospital=hospital)
    fresh.path, fresh.after, fresh.stable_s = str(real), fields.after, fields.stable_s
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError as exc:
        raise Conflict("ingest.watch_known") from exc
    _record(actor, "ingest.watch_put", fresh, before, _shown(fresh))
    return fresh


@transaction.atomic
def watched_folder_switch(*, actor: Actor, row: WatchedFolder, active: bool) -> None:
    """Watch it no longer, or again."""
    WatchedFolder.objects.filter(pk=row.pk).update(is_active=active, trouble="")
    _record(actor, "ingest.watch_switch", row, {"in_use": row.is_active}, {"in_use": active})


@transaction.atomic
def refused_again(*, actor: Actor, row: WatchedFolder) -> int:
    """Look once more at the files that were refused; returns how many."""
    n, _each = row.files.filter(state=WatchedFile.State.REFUSED).delete()
    _record(actor, "ingest.watch_again", row, None, {"files": n})
    return n


def _shown(row: WatchedFolder) -> dict[str, Any]:
    return {"path": row.path, "after": row.after, "stable_s": row.stable_s}


def _record(
    actor: Actor, action: str, row: WatchedFolder, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    subject = f"watched_folder:{row.pk}"
    audit.record(actor=actor, action=action, subject=subject, scope=row.hospital.path, before=before, after=after)


Content = tuple[str, int, int]  # key of the path, size, time of the last change in ns


@dataclass(slots=True)
class _Watched:
    """What this process remembers of a folder: contents settled, and files that are being written."""

    settled: set[Content]
    n_refused: int
    seen: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    next_look: float = 0.0


class Watcher:
    """Looks at all watched folders in turn; one for each process."""

    def __init__(self) -> None:
        self._known: dict[UUID, _Watched] = {}

    def look(self, stop: threading.Event | None = None) -> int:
        """Take what is whole and quiet; returns how many files were taken or refused."""
        rows = list(WatchedFolder.objects.filter(is_active=True).select_related("hospital"))
        for gone in self._known.keys() - {row.pk for row in rows}:
            del self._known[gone]
        return sum(self._look(row, stop) for row in rows if stop is None or not stop.is_set())

    def _look(self, row: WatchedFolder, stop: threading.Event | None) -> int:
        begun = time.monotonic()
        memory = self._memory(row)
        if begun < memory.next_look:
            return 0
        n, trouble, still = 0, "", set()
        missed: list[str] = []
        try:
            root = folder_allowed(Path(row.path))
            for relative, size, mtime_ns in _files(root, missed):
                if stop is not None and stop.is_set():
                    return n
                still.add(relative)
                if self._is_quiet(memory, row, relative, (size, mtime_ns)):
                    n += _take(row, root, relative, (size, mtime_ns), memory)
        except Invalid as exc:
            trouble = exc.code
        except OSError as exc:
            logger.exception("a watched folder: %s", row.path)
            trouble = "ingest.watch_disk" if exc.errno in _OUR_DISK else "ingest.watch_unreadable"
        if missed and not trouble:
            trouble = "ingest.watch_unreadable"
        for relative in memory.seen.keys() - still:
            del memory.seen[relative]
        WatchedFolder.objects.filter(pk=row.pk).update(looked_at=now(), trouble=trouble)
        memory.next_look = time.monotonic() + _LAZY * (time.monotonic() - begun)
        return n

    def _memory(self, row: WatchedFolder) -> _Watched:
        """What is settled, from the table on the first look and after somebody asked to look at refused ones again."""
        n = row.files.filter(state=WatchedFile.State.REFUSED).count()
        memory = self._known.get(row.pk)
        if memory is None or n < memory.n_refused or len(memory.settled) > _MOST_KNOWN:
            settled = set(row.files.values_list("path_key", "size", "mtime_ns"))
            memory = self._known[row.pk] = _Watched(settled, n)
        memory.n_refused = n
        return memory

    def _is_quiet(self, memory: _Watched, row: WatchedFolder, relative: str, content: tuple[int, int]) -> bool:
        """Whether a file that is not settled was the same at an earlier look, long enough ago."""
        if (path_key(relative), *content) in memory.settled:
            memory.seen.pop(relative, None)
            return False
        before = memory.seen.get(relative)
        if before is None or before[:2] != content:
            memory.seen[relative] = (*content, time.monotonic())
            return False
        return time.monotonic() - before[2] >= row.stable_s


def path_key(relative: str) -> str:
    """SHA-256 of a path within a folder, whatever bytes its name has."""
    return hashlib.sha256(os.fsencode(relative)).hexdigest()


def _files(root: Path, missed: list[str]) -> Iterator[tuple[str, int, int]]:
    """Plain files below a folder with size and time: no links, nothing hidden, nothing already taken.

    Folders below it that cannot be read go to `missed`; OSError when it cannot be read itself.
    """
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
        except OSError:
            if not below:
                raise
            missed.append(below)
            continue
        for entry in entries:
            relative = os.path.join(below, entry.name)  # noqa: PTH118 - a relative text, bytes and all
            if entry.name.startswith(".") or (not below and entry.name == TAKEN_FOLDER):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(relative)
            elif (told := _told(entry)) is not None:
                yield relative, told.st_size, told.st_mtime_ns


def _told(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Size and time of a plain file; None for anything else and for what is gone."""
    try:
        return entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
    except OSError:
        return None


def _take(row: WatchedFolder, root: Path, relative: str, content: tuple[int, int], memory: _Watched) -> int:
    """Copy, note, move; what cannot be read is noted with its reason and stays where it is."""
    reason = None
    try:
        if not _copy(row, root / relative, content):
            return 0  # it changed meanwhile: looked at again
    except DataError as error:
        reason = error.reason
    _note(row, relative, content, reason)
    memory.settled.add((path_key(relative), *content))
    memory.seen.pop(relative, None)
    if reason is None and row.after == WatchedFolder.After.MOVE:
        _move(root, relative)
    memory.n_refused += reason is not None
    return 1


def _copy(row: WatchedFolder, path: Path, content: tuple[int, int]) -> bool:
    """Into the spool, durably; False when the file is another by now.  DataError when it is no DICOM object."""
    try:
        read_instance(path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise DataError("file_unreadable") from exc
    with os.fdopen(descriptor, "rb") as source, _spool().begin(row.hospital_id, Kind.OBJECT) as target:
        _pour(source, target)
        told = os.fstat(descriptor)
        if (told.st_size, told.st_mtime_ns) != content or not stat.S_ISREG(told.st_mode) or target.size != content[0]:
            return False
        target.commit()
    return True


def _pour(source: Any, target: SpoolFile) -> None:
    while True:
        try:
            piece = source.read(_PIECE)
        except OSError as exc:
            raise DataError("file_unreadable") from exc
        if not piece:
            return
        target.write(piece)


def _spool() -> Spool:
    return Spool(Path(settings.YINGHENG_HOME))


def _note(row: WatchedFolder, relative: str, content: tuple[int, int], reason: Reason | None) -> None:
    state = WatchedFile.State.REFUSED if reason else WatchedFile.State.TAKEN
    values: Mapping[str, Any] = reason.values if reason else {}
    file = WatchedFile(
        folder=row,
        path=os.fsencode(relative).decode("utf-8", "replace"),
        path_key=path_key(relative),
        size=content[0],
        mtime_ns=content[1],
        state=state,
        reason=reason.code if reason else "",
        reason_values=dict(values),
        at=now(),
    )
    WatchedFile.objects.bulk_create([file], ignore_conflicts=True)


def _move(root: Path, relative: str) -> None:
    """Beside it, so that it stays on its disk; one of the same name there gives way."""
    target = root / TAKEN_FOLDER / relative
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        (root / relative).replace(target)
        sync_folder(target.parent)
    except OSError:
        logger.exception("taken, but could not be moved: %s", relative)


_watcher = Watcher()


def folders_watch(stop: threading.Event) -> bool:
    """The loop of the intake process."""
    _watcher.look(stop)
    return False
