"""Where the bytes of instances lie: content-addressed, written once, never changed.

`Storage` is the seam for other stores; `FileStorage` keeps files below the data folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

from yingheng.common.errors import Invalid, NotFound

_KEY = re.compile(r"^objects/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})\.dcm$")
_CHUNK = 1 << 20
_SYNCS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored object: its key, the SHA-256 of its bytes (64 hex digits) and its size in bytes."""

    key: str
    sha256: str
    size: int


class Storage(Protocol):
    """A content-addressed store.  Writing the same bytes again changes nothing and gives the same key."""

    def put(self, source: bytes | BinaryIO) -> Stored:
        """Store all bytes of `source` durably: they survive a power cut once this returns."""
        ...

    def adopt(self, paths: Sequence[Path]) -> list[Stored]:
        """Store whole files that nobody writes to any more, durably, without moving bytes where that can be helped.

        The files stay where they are; whoever calls removes them when nothing needs their names any more.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes, opened for reading.  NotFound when they are gone."""
        ...

    def local_path(self, key: str) -> Path:
        """A file on this machine with these bytes, for readers that need a path.  NotFound when they are gone."""
        ...

    def exists(self, key: str) -> bool: ...

    def verify(self, key: str) -> None:
        """Read everything again; Invalid when the bytes do not match the key."""
        ...

    def remove(self, key: str) -> None:
        """Delete; nothing happens when it is gone already."""
        ...

    def sweep(self, *, older_than_s: float) -> int:
        """Remove what writers that were killed left unfinished that long ago; returns how many files."""
        ...


def storage_key(sha256: str) -> str:
    """`objects/ab/cd/<sha256>.dcm`."""
    return f"objects/{sha256[:2]}/{sha256[2:4]}/{sha256}.dcm"


class FileStorage:
    """Files below one folder: temporary file, fsync, atomic rename, fsync of the folders."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: bytes | BinaryIO) -> Stored:
        incoming = self.root / "objects" / "tmp"
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = incoming / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            sha256, size = _write(temporary, source)
            key = storage_key(sha256)
            target = self.root / key
            if not (target.exists() and target.stat().st_size == size):
                self._folder_make(target.parent)
                temporary.replace(target)
            # also for a file that was there: its writer may not have come to this line before a crash
            _sync(target.parent)
            return Stored(key, sha256, size)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()

    def adopt(self, paths: Sequence[Path]) -> list[Stored]:
        """See `Storage.adopt`.  A file on the same file system gets a second name in the store (a hard link), whose
        bytes its writer has synced; any other is copied.  The folders of all of them are synced at the end."""
        stored, changed = [], set[Path]()
        for path in paths:
            sha256, size = _digest(path)
            one = Stored(storage_key(sha256), sha256, size)
            stored.append(one)
            target = self.root / one.key
            changed |= _made(target.parent)
            changed.add(target.parent)  # also for a file that was there: see `put`
            self._link(path, target, size)
        _sync_all(changed)
        return stored

    def _link(self, path: Path, target: Path, size: int) -> None:
        if target.exists() and target.stat().st_size == size:
            return
        temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        try:
            os.link(path, temporary)
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one without hard links
            with path.open("rb") as source:
                self.put(source)
            return
        temporary.replace(target)
        temporary.unlink(missing_ok=True)  # to rename onto another name of the same file does nothing

    def open(self, key: str) -> BinaryIO:
        return self.local_path(key).open("rb")

    def local_path(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NotFound("catalog.object_missing")
        return path

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def verify(self, key: str) -> None:
        digest = hashlib.sha256()
        with self.open(key) as file:
            for chunk in _chunks(file):
                digest.update(chunk)
        if storage_key(digest.hexdigest()) != key:
            raise Invalid("catalog.object_differs")

    def remove(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._path(key).unlink()

    def sweep(self, *, older_than_s: float) -> int:
        removed = 0
        for path in (self.root / "objects" / "tmp").glob("*"):
            with suppress(FileNotFoundError):  # its writer may be at work on it
                if time.time() - path.stat().st_mtime > older_than_s:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):  # a key never leads out of the store
            raise Invalid("catalog.storage_key")
        return self.root / key

    def _folder_make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for parent in (folder.parent, folder.parent.parent):
            _sync(parent)


def default_storage() -> Storage:
    """The store of this installation: below the data folder."""
    return FileStorage(Path(settings.YINGHENG_HOME))


def _write(path: Path, source: bytes | BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in [source] if isinstance(source, bytes) else _chunks(source):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def _made(folder: Path) -> set[Path]:
    """Make a folder; returns the folders whose content changed thereby."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    return {one.parent for one in missing}


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _sync_all(folders: Collection[Path]) -> None:
    """Sync many folders at once: the file system writes its journal once for those that wait together."""
    if folders:
        with ThreadPoolExecutor(max_workers=min(_SYNCS_AT_ONCE, len(folders))) as pool:
            list(pool.map(_sync, sorted(folders)))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
