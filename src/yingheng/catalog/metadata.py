"""Headers of a series as DICOM JSON, kept ready: in full, and without what says who the patient is.

    <home>/cache/metadata/<first two digits>/<series id>-<fingerprint>.<full|plain>.gz

One line an instance: SOP Instance UID, SHA-256 of the object, JSON.  The fingerprint is of these UIDs and hashes, so a
file is right for ever or not looked at: an object that comes late gives another fingerprint, and only its own line is
made then.  `ROOT` stands for the address of the service and `PSEUDONYM` for the patient; whoever answers puts them in.
Everything here can be made again from the objects.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from imagingqc.dicom.json_model import instance_json
from imagingqc.errors import DataError
from yingheng.catalog.metadata_plain import plain_header
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.storage import Storage, default_storage
from yingheng.common.durable import write_durably
from yingheng.common.errors import NotFound

ROOT = "@yingheng-root@"
PSEUDONYM = "@yingheng-pseudonym@"
_FULL, _PLAIN = "full", "plain"
Lines = dict[tuple[str, str], bytes]  # by SOP Instance UID and SHA-256
logger = logging.getLogger(__name__)


def series_metadata(
    series: Series, study_uid: str, instances: Sequence[Instance], *, names: bool, storage: Storage | None = None
) -> dict[str, bytes]:
    """JSON of each of a series' `instances` (all of them, in the order wanted) by SOP Instance UID, from the cache or
    made now.  `names`: in full; else without what identifies.  Objects that are gone or cannot be read have none.
    """
    kind = _FULL if names else _PLAIN
    lines = _read(_path(series.pk, instances, kind))
    if lines is None:
        lines = _make(series, study_uid, instances, storage or default_storage())[kind]
    return {uid: line for (uid, _sha256), line in lines.items()}


def series_metadata_cache(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_READY`: have the headers ready before somebody asks."""
    series = Series.objects.select_related("exam").filter(pk=natural_key).first()
    if series is None or series.pixels_gone_at is not None:
        return
    instances = list(Instance.objects.filter(series=series).order_by("sop_uid"))
    if instances and not _path(series.pk, instances, _PLAIN).is_file():
        _make(series, series.exam.study_uid, instances, default_storage())


def series_metadata_forget(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.PIXELS_EXPIRED`: what the objects said goes with them."""
    _remove(_files(UUID(natural_key)))


def _make(series: Series, study_uid: str, instances: Sequence[Instance], storage: Storage) -> dict[str, Lines]:
    """Lines by kind, written to both files; those of earlier files are used again."""
    earlier = _files(series.pk)
    known = {kind: _newest(earlier, kind) for kind in (_FULL, _PLAIN)}
    made: dict[str, Lines] = {_FULL: {}, _PLAIN: {}}
    for row in sorted(instances, key=lambda one: one.sop_uid):
        key = (row.sop_uid, row.sha256)
        if all(key in lines for lines in known.values()):
            fresh = {kind: lines[key] for kind, lines in known.items()}
        else:
            fresh = _lines(row, f"{ROOT}/studies/{study_uid}/series/{series.series_uid}", storage)
        for kind, line in fresh.items():
            made[kind][key] = line
    try:
        for kind, lines in made.items():
            _write(_path(series.pk, instances, kind), lines)
        _remove([path for path in earlier if _fingerprint(instances) not in path.name])
    except OSError:  # a full disk: headers are read from the objects each time
        logger.exception("headers of series %s could not be kept", series.pk)
    return made


def _lines(row: Instance, series_root: str, storage: Storage) -> dict[str, bytes]:
    """One line by kind; none when the object is gone or cannot be read."""
    root = f"{series_root}/instances/{row.sop_uid}/bulkdata/"
    try:
        header = instance_json(storage.local_path(row.storage_key), lambda place: root + place)
    except (DataError, NotFound) as exc:
        logger.warning("header of %s cannot be read: %s", row.sop_uid, exc)
        return {}
    return {_FULL: _dumped(header), _PLAIN: _dumped(plain_header(header, PSEUDONYM))}


def _dumped(header: Mapping[str, Any]) -> bytes:
    # as ASCII without line breaks: one line, and the place holders cannot be hidden by an encoding
    return json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")


def _write(path: Path, lines: Lines) -> None:
    data = b"\n".join(b" ".join((uid.encode(), sha256.encode(), line)) for (uid, sha256), line in lines.items())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(path, gzip.compress(data, compresslevel=1, mtime=0))


def _read(path: Path) -> Lines | None:
    """None when there is no such file, or a damaged one."""
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return None
    found: Lines = {}
    for line in data.split(b"\n"):
        uid, _blank, rest = line.partition(b" ")
        sha256, _blank, text = rest.partition(b" ")
        if text:
            found[uid.decode(), sha256.decode()] = text
    return found


def _newest(paths: Iterable[Path], kind: str) -> Lines:
    own = [path for path in paths if path.name.endswith(f".{kind}.gz")]
    return (_read(max(own, key=_written)) if own else None) or {}


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has just replaced it
        return 0.0


def _path(series_id: UUID, instances: Sequence[Instance], kind: str) -> Path:
    return _folder(series_id) / f"{series_id.hex}-{_fingerprint(instances)}.{kind}.gz"


def _files(series_id: UUID) -> list[Path]:
    return sorted(_folder(series_id).glob(f"{series_id.hex}-*.gz"))


def _folder(series_id: UUID) -> Path:
    return Path(settings.YINGHENG_HOME) / "cache" / "metadata" / series_id.hex[-2:]


def _fingerprint(instances: Sequence[Instance]) -> str:
    keys = sorted(f"{row.sop_uid} {row.sha256}" for row in instances)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def lines_joined(lines: Iterable[bytes], root: str, pseudonym: str) -> Iterator[bytes]:
    """A JSON list of headers with address and pseudonym put in."""
    told, shown = json.dumps(root)[1:-1].encode(), json.dumps(pseudonym)[1:-1].encode()
    before = b"["
    for line in lines:
        yield before + line.replace(ROOT.encode(), told).replace(PSEUDONYM.encode(), shown)
        before = b","
    yield b"[]" if before == b"[" else b"]"
