"""The spool: what came in and is on disk, but not catalogued yet.  No database, no Django: receivers need neither.

    <home>/spool/tmp/                    being written; what is left after a crash was never acknowledged
    <home>/spool/<hospital id>/new/      acknowledged, one file each; the intake process empties it
    <home>/spool/<hospital id>/bad/      what intake could not read, kept until a person settles it

A file's name is `<time_ns>-<process>-<count>.<kind>`: in order of arrival, never twice.  Its time is when the first
byte came.  Whoever takes files out does so when what they say is durable elsewhere; doing a file again after a crash
must change nothing.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID


class Kind(Enum):
    """What a spooled file holds.

    Objects are DICOM files (PS3.10).  The data sets of MPPS and storage commitment are DICOM files too, with SOP class
    and affected or requested SOP Instance UID in the file meta.  All of them carry the calling AE title as
    SourceApplicationEntityTitle (0002,0016) and the called one as ReceivingApplicationEntityTitle (0002,0018).
    """

    OBJECT = "dcm"
    STEP_CREATE = "mpps-create"  # N-CREATE of a modality performed procedure step
    STEP_SET = "mpps-set"  # N-SET of one
    COMMITMENT = "commitment"  # N-ACTION of the storage commitment push model
    COMMITMENT_REPORT = "commitment-report"  # N-EVENT-REPORT of it: what a destination vouches for
    MESSAGE = "hl7"  # one HL7 v2 message without its MLLP frame; after a byte 0x1C a JSON note on who sent it


_NAME = re.compile(r"^(\d{20})-([0-9a-f]+)-([0-9a-f]+)\.([a-z0-9-]+)$")
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Spooled:
    """An acknowledged file: for which hospital, what it holds, when it came (ns since 1970 UTC)."""

    path: Path
    hospital_id: UUID
    kind: Kind
    received_ns: int


class SpoolFile:
    """One file on its way in; `commit` makes it durable, anything else leaves nothing behind.

    A context manager: leaving it without `commit` discards.  OSError of any call (disk full, failing device) means that
    the object was not stored; `discard` may still be called.
    """

    def __init__(self, spool: Spool, hospital_id: UUID, kind: Kind) -> None:
        self._spool, self._hospital_id = spool, hospital_id
        self.received_ns = time.time_ns()
        self.name = f"{self.received_ns:020d}-{os.getpid():x}-{next(_COUNT):x}.{kind.value}"
        self._temporary = f"{spool.temporary}/{self.name}"
        self._descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of `data`."""
        view = memoryview(data)
        while view:
            done = os.write(self._descriptor, view)
            self.size += done
            view = view[done:]

    def commit(self) -> None:
        """On disk with its name, whatever happens next, once this returns: file synced, renamed, folder synced."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        folder = self._spool.folder_of(self._hospital_id)
        os.rename(self._temporary, f"{folder}/{self.name}")  # noqa: PTH104 - Paths cost: ADR 0011
        sync_folder(folder)

    def discard(self) -> None:
        """Forget it; nothing happens after `commit`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        with suppress(FileNotFoundError):
            os.unlink(self._temporary)  # noqa: PTH108 - text, as above

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


_COUNT = itertools.count()


class Spool:
    """The spool below a data folder."""

    def __init__(self, home: Path) -> None:
        self.root = home / "spool"
        self.temporary = self.root / "tmp"
        self._folders: dict[UUID, Path] = {}
        self.temporary.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, hospital_id: UUID, kind: Kind) -> SpoolFile:
        """A new file for that hospital.  OSError when it cannot be made."""
        return SpoolFile(self, hospital_id, kind)

    def put(self, hospital_id: UUID, kind: Kind, data: bytes) -> Spooled:
        """A whole small file at once, durable when this returns."""
        with self.begin(hospital_id, kind) as file:
            file.write(data)
            file.commit()
            return Spooled(self.folder_of(hospital_id) / file.name, hospital_id, kind, file.received_ns)

    def waiting(self, limit: int) -> list[Spooled]:
        """The oldest acknowledged files, all hospitals together, at most `limit` of each hospital."""
        found: list[Spooled] = []
        for folder in sorted(self.root.glob("*/new")):
            hospital_id = _hospital(folder.parent.name)
            if hospital_id is not None:
                found += itertools.islice(self._files(folder, hospital_id), limit)
        return sorted(found, key=lambda one: one.path.name)

    def count(self) -> int:
        """How many acknowledged files wait."""
        return sum(sum(1 for _ in os.scandir(folder)) for folder in self.root.glob("*/new"))

    def set_aside(self, one: Spooled) -> Path:
        """Move a file that cannot be read out of the way, for a person to look at; returns where it lies."""
        folder = self.root / one.hospital_id.hex / "bad"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = folder / one.path.name
        one.path.rename(target)
        sync_folder(folder)
        return target

    def sweep(self, *, older_than_s: float) -> int:
        """Remove unacknowledged leftovers of killed receivers that old; returns how many."""
        removed = 0
        for path in self.temporary.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > older_than_s:
                    path.unlink()
                    removed += 1
        return removed

    def folder_of(self, hospital_id: UUID) -> Path:
        """Where acknowledged files of a hospital lie; made, durably, on first use."""
        folder = self._folders.get(hospital_id)
        if folder is None:
            folder = self.root / hospital_id.hex / "new"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for parent in (folder.parent, self.root, self.root.parent):
                sync_folder(parent)
            self._folders[hospital_id] = folder
        return folder

    def _files(self, folder: Path, hospital_id: UUID) -> Iterator[Spooled]:
        for name in sorted(entry.name for entry in os.scandir(folder)):
            match = _NAME.match(name)
            if match and match[4] in _KINDS:
                yield Spooled(folder / name, hospital_id, _KINDS[match[4]], int(match[1]))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hospital(name: str) -> UUID | None:
    try:
        return UUID(hex=name)
    except ValueError:
        return None
