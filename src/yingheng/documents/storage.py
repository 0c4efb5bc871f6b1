"""Where the bytes of attached files lie: named by their SHA-256, written once and durably, one copy for all."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from django.conf import settings

from yingheng.common.durable import write_durably
from yingheng.common.errors import Invalid, NotFound

_SHA256 = re.compile(r"[0-9a-f]{64}")


def file_digest(data: bytes) -> str:
    """SHA-256 (64 hex digits)."""
    return hashlib.sha256(data).hexdigest()


def file_put(data: bytes) -> str:
    """Store the bytes; they survive a power cut once this returns.  Gives their SHA-256.

    Bytes that are there already are not written again; a file that was cut off is replaced.
    """
    sha256 = file_digest(data)
    path = _path(sha256)
    if not (path.is_file() and path.stat().st_size == len(data)):
        _folder_make(path.parent)
        write_durably(path, data)
    return sha256


def file_read(sha256: str) -> bytes:
    """The bytes; NotFound when they are gone, Invalid when they are no longer what they were."""
    path = _path(sha256)
    try:
        data = path.read_bytes()
    except FileNotFoundError as exc:
        raise NotFound("documents.file_missing") from exc
    if file_digest(data) != sha256:
        raise Invalid("documents.file_differs")
    return data


def _path(sha256: str) -> Path:
    if not _SHA256.fullmatch(sha256):  # a name never leads out of the store
        raise Invalid("documents.file_missing")
    return Path(settings.YINGHENG_HOME) / "documents" / sha256[:2] / sha256[2:4] / sha256


def _folder_make(folder: Path) -> None:
    """The folder and those above it, each known to the disk by its parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(one.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
