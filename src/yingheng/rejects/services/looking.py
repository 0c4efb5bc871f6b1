"""Looking at a folder for logs: what is whole and quiet is imported, once; the rest is noted with its reason.

A file is settled by a row that is written in the transaction of its import, and moved away only afterwards.  Killed
between any two steps, the next look goes on.  What a look remembers of files that still grow is in the folder's row,
so that it may follow in another process.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.db import transaction

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.folders import PlainFile, file_read, file_set_aside, plain_files
from yingheng.notify.services import notify
from yingheng.rejects.logs.decoding import LARGEST
from yingheng.rejects.models import FolderFile, LogFile, LogFolder
from yingheng.rejects.services.folders import folder_allowed
from yingheng.rejects.services.taking import log_take
from yingheng.tenancy.permissions import DEVICE_EDIT
from yingheng.tenancy.roles import roles_with

TAKEN_FOLDER = "_taken"
AT_ONCE = 50  # files that one look takes; the next one follows at once
MOST_SEEN = 2000  # files that are remembered while they grow
_ENDINGS = (".csv", ".tsv", ".txt", ".log", ".dat", ".xlsx", ".xls")
_UNDONE = ("~$",)  # what programs put beside a file that they hold open
State = FolderFile.State
_Content = tuple[str, int, int]
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Looked:
    """What a look came to; `waiting` files were left: still growing, or for the next look."""

    taken: int = 0
    same: int = 0
    refused: int = 0
    waiting: int = 0
    trouble: str = ""
    more: bool = False
    first_refused: str = ""
    seen: dict[str, list[float]] = field(default_factory=dict)


def folder_look(folder_id: UUID) -> Looked:
    """Look at a folder once.  Trouble with it is noted and told, never raised."""
    row = LogFolder.objects.select_related("hospital", "device__hospital", "profile").get(pk=folder_id)
    found = Looked()
    if not row.is_active:
        return found
    try:
        root = _root(row)
        _files_take(row, root, sorted(_logs(root), key=lambda one: (one.mtime_ns, one.name)), found)
    except Invalid as exc:
        found.trouble = "rejects.folder_gone" if exc.code == "rejects.folder_none" else exc.code
    except OSError:
        logger.exception("a folder with logs: %s", row.path)
        found.trouble = "rejects.folder_unreadable"
    LogFolder.objects.filter(pk=row.pk).update(
        looked_at=now(), trouble=found.trouble, n_waiting=found.waiting, seen=found.seen
    )
    _tell(row, found)
    return found


def _root(row: LogFolder) -> Path:
    root = folder_allowed(Path(row.path), row.hospital)
    if str(root) != row.path:  # a link stands in its place by now
        raise Invalid("rejects.folder_root")
    return root


def _logs(root: Path) -> list[PlainFile]:
    return [
        one for one in plain_files(root) if one.name.lower().endswith(_ENDINGS) and not one.name.startswith(_UNDONE)
    ]


def _files_take(row: LogFolder, root: Path, files: list[PlainFile], found: Looked) -> None:
    settled = _settled(row)
    fresh = [one for one in files if (one.key, one.size, one.mtime_ns) not in settled]
    ready = _ready(row, fresh, found)
    for one in ready[:AT_ONCE]:
        try:
            _file_take(row, root, one, found)
        except OSError:
            logger.exception("a log in a folder: %s", row.path)
            found.trouble = "rejects.folder_file_unreadable"
    found.more = len(ready) > AT_ONCE
    found.waiting = len(fresh) - found.taken - found.same - found.refused
    if row.after == LogFolder.After.MOVE:
        _move(row, root, files, found)


def _settled(row: LogFolder) -> Mapping[_Content, str]:
    """State by name, size and time."""
    told = row.files.values_list("name_key", "size", "mtime_ns", "state")
    return {(key, size, mtime): state for key, size, mtime, state in told.iterator(5000)}


def _ready(row: LogFolder, fresh: list[PlainFile], found: Looked) -> list[PlainFile]:
    """Files that were the same at an earlier look, long enough ago; the others are remembered for the next one."""
    instant = now().timestamp()
    ready = []
    for one in fresh[:MOST_SEEN]:
        before = row.seen.get(one.key)
        same = before is not None and [one.size, one.mtime_ns] == before[:2] and before[2] <= instant
        since = before[2] if same else instant
        found.seen[one.key] = [one.size, one.mtime_ns, since]
        if instant - since >= row.stable_s:
            ready.append(one)
    return ready


def _file_take(row: LogFolder, root: Path, file: PlainFile, found: Looked) -> None:
    """One file; one that changed since the look waits for the next."""
    data = b"" if file.size > LARGEST else file_read(root, file)
    if data is None:
        found.seen.pop(file.key, None)
        return
    state = _note(row, file, data)
    found.seen.pop(file.key, None)
    setattr(found, state, getattr(found, state) + 1)
    if state == State.REFUSED:
        found.first_refused = found.first_refused or file.shown


@transaction.atomic
def _note(row: LogFolder, file: PlainFile, data: bytes) -> str:
    """Settle a file: imported, known by its content, or refused.  Two that look at once settle it once."""
    LogFolder.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=row.pk)
    known = row.files.filter(name_key=file.key, size=file.size, mtime_ns=file.mtime_ns).first()
    if known is not None:
        return known.state
    note = FolderFile(
        folder=row, name=file.shown, name_key=file.key, size=file.size, mtime_ns=file.mtime_ns,
        sha256=hashlib.sha256(data).hexdigest() if data or not file.size else "", state=State.SAME, at=now(),
    )  # fmt: skip
    note.log = _log_of(row, note.sha256)
    if note.log is None:
        _import(row, file, data, note)
    note.save(force_insert=True)
    return note.state


def _log_of(row: LogFolder, sha256: str) -> LogFile | None:
    """The import of this content: by this folder, also one taken back, else one of the device that counts."""
    before = row.files.filter(sha256=sha256, log__isnull=False).exclude(sha256="").select_related("log").first()
    if before is not None:
        return before.log
    live = (LogFile.State.IMPORTING, LogFile.State.DONE)
    return LogFile.objects.filter(device=row.device_id, sha256=sha256, state__in=live).first()


def _import(row: LogFolder, file: PlainFile, data: bytes, note: FolderFile) -> None:
    if file.size > LARGEST:
        note.state, note.why, note.params = State.REFUSED, "rejects.file_large", {"most": LARGEST // 1024 // 1024}
        return
    written = dt.datetime.fromtimestamp(file.mtime_ns / 1e9, dt.UTC)
    try:
        with transaction.atomic():
            note.log = log_take(folder=row, name=file.shown, data=data, written=written)
        note.state = State.TAKEN
    except (Invalid, Conflict) as exc:
        note.state, note.why, note.params = State.REFUSED, exc.code, exc.params


def _move(row: LogFolder, root: Path, files: list[PlainFile], found: Looked) -> None:
    """Put what is settled and not refused aside, also what an earlier look could not."""
    told = row.files.exclude(state=State.REFUSED).values_list("name_key", "size", "mtime_ns", "sha256")
    done = {(key, size, mtime): sha256 for key, size, mtime, sha256 in told.iterator(5000)}
    for one in files:
        sha256 = done.get((one.key, one.size, one.mtime_ns))
        if sha256 is None:
            continue
        try:
            file_set_aside(root, one.name, TAKEN_FOLDER, sha256[:12])
        except OSError:
            logger.exception("taken, but could not be moved: %s", row.path)
            found.trouble = found.trouble or "rejects.folder_move"
            return


def _tell(row: LogFolder, found: Looked) -> None:
    """Tell those who look after devices; of one folder once a day."""
    kinds: list[tuple[str, str, dict[str, str]]] = []
    if found.refused:
        kinds.append(("rejects.folder_refused", "", {"file": found.first_refused[:80]}))
    if found.trouble and found.trouble != row.trouble:
        kinds.append(("rejects.folder_trouble", found.trouble, {}))
    for kind, what, params in kinds:
        notify(
            key=f"{kind}:{row.pk}:{what}:{local_day(row.hospital.zone)}",
            kind=kind,
            params={"device": row.device.label, "folder": row.path, **params},
            roles=roles_with(DEVICE_EDIT),
            scope=row.hospital.path,
            subject=f"device:{row.device_id}",
            link=f"/retakes/rejects/folders/{row.pk}/",
        )
