"""Folders of this machine in which others leave files: allowed ones alone, and in them plain files alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file as a look finds it; `name` may hold bytes that are no text (PEP 383)."""

    name: str
    size: int
    mtime_ns: int

    @property
    def key(self) -> str:
        """SHA-256 of the name, whatever bytes it has."""
        return hashlib.sha256(os.fsencode(self.name)).hexdigest()

    @property
    def shown(self) -> str:
        """The name as text."""
        return os.fsencode(self.name).decode("utf-8", "replace")


def folder_below(path: Path, roots: Iterable[Path], home: Path) -> Path | None:
    """The folder as it really is, links followed; None when it is not below a root, or holds or lies in `home`."""
    if not path.is_absolute():
        return None
    real, own = path.resolve(), home.resolve()
    allowed = [root.resolve() for root in roots]
    if not any(real == root or root in real.parents for root in allowed):
        return None
    return None if real == own or own in real.parents or real in own.parents else real


def plain_files(folder: Path) -> Iterator[PlainFile]:
    """The files in a folder itself: no links, nothing hidden, none of its folders.  OSError when it cannot be read."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                told = entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
            except OSError:  # gone meanwhile
                continue
            if told is not None:
                yield PlainFile(entry.name, told.st_size, told.st_mtime_ns)


def file_read(folder: Path, file: PlainFile) -> bytes | None:
    """The bytes of a file; None when it is not what the look found any more.  OSError when it cannot be read."""
    try:
        descriptor = os.open(folder / file.name, os.O_RDONLY | _PLAIN)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as source:
        data = source.read(file.size + 1)
        told = os.fstat(descriptor)
    same = (told.st_size, told.st_mtime_ns, len(data)) == (file.size, file.mtime_ns, file.size)
    return data if same and _is_plain(told) else None


_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _is_plain(told: os.stat_result) -> bool:
    return (told.st_mode & 0o170000) == 0o100000


def file_set_aside(folder: Path, name: str, below: str, mark: str) -> None:
    """Move a file into the folder `below` of its own; one of the same name there stays, this one gets `mark` added.

    OSError when that cannot be done.
    """
    target = folder / below
    if target.is_symlink():
        raise NotADirectoryError(target)
    target.mkdir(exist_ok=True)
    stem, dot, ending = name.rpartition(".")
    marked = f"{stem}-{mark}.{ending}" if dot and stem else f"{name}-{mark}"
    for wanted in (name, marked):
        if not os.path.lexists(target / wanted):
            (folder / name).rename(target / wanted)
            return
    raise FileExistsError(target / marked)
