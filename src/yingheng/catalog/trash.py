"""Removing stored objects so that one arriving with the same bytes at that moment is not lost.

An object is first moved aside.  After a while it is deleted, unless a row has come to name it meanwhile: a writer may
have found the bytes there, and catalogued them after they were moved.  Then it is put back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from yingheng.catalog.models import Instance, Quarantine
from yingheng.catalog.storage import FileStorage, Storage, storage_key
from yingheng.tenancy.models import Organisation

ASIDE_S = 600.0
_NAME = re.compile(r"^([0-9a-f]{64})_([0-9.]+)\.dcm$")
_BATCH = 500


def put_aside(store: Storage, objects: Iterable[tuple[str, str]]) -> None:
    """Take objects (storage key, SOP Instance UID) out of the store; one that is gone already is skipped."""
    if not isinstance(store, FileStorage):
        for key, _uid in objects:
            store.remove(key)
        return
    folder = _folder(store)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for key, uid in objects:
        path = store.root / key
        target = folder / f"{path.stem}_{uid}.dcm"
        with suppress(FileNotFoundError):
            path.replace(target)
            target.touch()


def trash_empty(store: Storage, *, older_than_s: float = ASIDE_S) -> int:
    """Delete what was put aside that long ago, put back what is named again; returns how many were deleted."""
    if not isinstance(store, FileStorage):
        return 0
    due = [path for path in _folder(store).glob("*.dcm") if _age(path) > older_than_s]
    deleted = 0
    for start in range(0, len(due), _BATCH):
        batch = {path: match for path in due[start : start + _BATCH] if (match := _NAME.match(path.name))}
        needed = named({(storage_key(m[1]), m[2]) for m in batch.values()})
        for path, match in batch.items():
            deleted += _settle(store, path, storage_key(match[1]), needed=storage_key(match[1]) in needed)
    return deleted


def named(objects: Iterable[tuple[str, str]]) -> set[str]:
    """Of objects (storage key, SOP Instance UID) the keys that a row of any hospital names.  Three queries."""
    wanted = dict(objects)
    uids = list(wanted.values())
    hospitals = list(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL).values_list("pk", flat=True))
    instances = Instance.objects.filter(hospital__in=hospitals, sop_uid__in=uids)  # by the index of its natural key
    aside = Quarantine.objects.filter(hospital__in=hospitals, sop_uid__in=uids, state=Quarantine.State.WAITING)
    keys = {*instances.values_list("storage_key", flat=True), *aside.values_list("storage_key", flat=True)}
    return keys & wanted.keys()


def _settle(store: FileStorage, path: Path, key: str, *, needed: bool) -> bool:
    target = store.root / key
    with suppress(FileNotFoundError):
        if needed and not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(target)
            return False
        path.unlink()
        return True
    return False


def _folder(store: FileStorage) -> Path:
    return store.root / "objects" / "aside"


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
